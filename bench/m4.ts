import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {createRandom} from '../src/lib/core/index.js';
import {
  fitCalibrated,
  type Forecast,
  forecastModel,
  forecastQuantiles,
  INTERVAL_LEVELS,
} from '../src/lib/forecasting/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {
  type Competition,
  type CompetitionData,
  competitionFolder,
  type CompetitionScores,
  cpuUs,
  HOURLY,
  readCompetition,
  scoreCompetition,
  WEEKLY,
} from './m4-competition.js';

/**
 * M4: forecasts of all series, written to bench/out/<name>.csv (those of the best model), and scored as the competition
 * does for the odd half, whose true values are at hand. Models across series learn from all. Each is calibrated on the end
 * of its history as the product does it. `data` is the folder with the competition's files; `models` a list with commas;
 * `heldOut` scores the last horizon of all training series instead, and writes nothing.
 */
function benchOf(competition: Competition): (options: BenchOptions) => Promise<BenchResult> {
  return async (options) => {
    const isHeldOut = options.heldOut ?? false;
    const data = await readCompetition(competitionFolder(options.data), competition, isHeldOut);
    const table: Record<string, string | number>[] = [];
    const figures: Record<string, number> = {};
    for (const name of (options.models ?? 'seasonal-naive,theta,ets,arima,ensemble').split(',')) {
      const {scores, forecasts, members} = await scoreModel(name, data, competition);
      table.push({
        model: name,
        ...mapValues(scores, (value) => Number(value.toPrecision(4))),
        ...(members !== undefined && {members}),
      });
      for (const [figure, value] of Object.entries(scores)) figures[`${figure} ${name}`] = value;
      if (scores.owa > (figures['owa'] ?? Infinity)) continue;
      Object.assign(figures, scores);
      if (!isHeldOut) await writeForecasts(competition.name, forecasts);
    }
    return {name: competition.name, figures, table};
  };
}

/** `npm run bench -- m4-hourly` */
export const hourly = {bench: benchOf(HOURLY)};
/** `npm run bench -- m4-weekly` */
export const weekly = {bench: benchOf(WEEKLY)};

async function writeForecasts(name: string, forecasts: readonly Forecast[]): Promise<void> {
  const folder = path.join(import.meta.dirname, 'out');
  const lines = forecasts.flatMap(({id, point, quantiles: [low, high]}) =>
    Array.from(point, (value, step) => [id, step + 1, value, low?.[step], high?.[step]].join(',')),
  );
  await mkdir(folder, {recursive: true});
  await writeFile(path.join(folder, `${name}.csv`), `series_id,step,point,lo95,hi95\n${lines.join('\n')}\n`);
}

type Scores = CompetitionScores & {readonly cpu_seconds_per_series: number};

/** Fits, calibrates and asks one of our models on the whole panel, and scores it. */
export async function scoreModel(
  name: string,
  data: CompetitionData,
  competition: Competition,
): Promise<{scores: Scores; forecasts: readonly Forecast[]; members?: string}> {
  const {panel} = data;
  const {horizonSteps, scaleSteps} = competition;
  // The competition's seasonal naive repeats its scale's season.
  const seasonSteps = name === 'seasonal-naive' ? [scaleSteps] : competition.seasonSteps;
  const startedUs = cpuUs();
  const {fitted, calibration} = await fitCalibrated(forecastModel(name), panel, {
    ...{horizonSteps, seasonSteps, random: createRandom(1)},
  });
  const forecasts = await forecastQuantiles(fitted, calibration, panel, {
    ...{horizonSteps, levels: INTERVAL_LEVELS, lowest: 0},
  });
  const cpuSeconds = (cpuUs() - startedUs) / 1e6;
  const members = fitted.notes?.['members'];
  return {
    scores: {
      ...scoreCompetition(forecasts, data, competition),
      cpu_seconds_per_series: cpuSeconds / panel.length,
    },
    forecasts,
    ...(typeof members === 'string' && {members}),
  };
}

function mapValues(scores: Scores, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, change(value)]));
}
