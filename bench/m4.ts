import {mkdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';

import {createRandom, mean, type Series} from '../src/lib/core/index.js';
import {
  fitCalibrated,
  type Forecast,
  forecastModel,
  forecastQuantiles,
  INTERVAL_LEVELS,
  maseOf,
  naive2,
  scoreForecast,
  scoreInterval,
  SEASON_STEPS,
  type SeriesScore,
} from '../src/lib/forecasting/index.js';
import type {BenchOptions, BenchResult} from './bench.js';

interface Competition {
  readonly name: 'm4-hourly' | 'm4-weekly';
  readonly files: string;
  readonly horizonSteps: number;
  readonly stepSeconds: number;
  readonly seasonSteps: readonly number[];
  /** The season that the competition scales errors by, and that its seasonal naive repeats. */
  readonly scaleSteps: number;
}

const HOURLY: Competition = {
  name: 'm4-hourly',
  files: 'hourly',
  horizonSteps: 48,
  stepSeconds: 3600,
  seasonSteps: SEASON_STEPS.hourly,
  scaleSteps: 24,
};
const WEEKLY: Competition = {
  name: 'm4-weekly',
  files: 'weekly',
  horizonSteps: 13,
  stepSeconds: 604_800,
  seasonSteps: SEASON_STEPS.weekly,
  scaleSteps: 1,
};

/**
 * M4: forecasts of all series, written to bench/out/<name>.csv (those of the best model), and scored as the competition
 * does for the odd half, whose true values are at hand. Models across series learn from all. Each is calibrated on the end
 * of its history as the product does it. `data` is the folder with the competition's files; `models` a list with commas.
 */
function benchOf(competition: Competition): (options: BenchOptions) => Promise<BenchResult> {
  return async (options) => {
    const folder = options.data ?? path.join(import.meta.dirname, '..', '..', 'shared', 'data', 'm4');
    const panel = await readWide(path.join(folder, `${competition.files}-train.csv.gz`), competition);
    const tests = await readWide(path.join(folder, `${competition.files}-test-odd.csv`), competition);
    const truths = new Map(tests.map(({id, values}) => [id, values]));
    const table: Record<string, string | number>[] = [];
    const figures: Record<string, number> = {};
    for (const name of (options.models ?? 'seasonal-naive,theta,ets,arima,ensemble').split(',')) {
      const {scores, forecasts, members} = await scoreModel(name, panel, truths, competition);
      table.push({
        model: name,
        ...mapValues(scores, (value) => Number(value.toPrecision(4))),
        ...(members !== undefined && {members}),
      });
      for (const [figure, value] of Object.entries(scores)) figures[`${figure} ${name}`] = value;
      if (scores.owa > (figures['owa'] ?? Infinity)) continue;
      Object.assign(figures, scores);
      await writeForecasts(competition.name, forecasts);
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

type Scores = Readonly<
  Record<'smape' | 'mase' | 'owa' | 'coverage95' | 'msis' | 'cpu_seconds_per_series', number>
>;

async function scoreModel(
  name: string,
  panel: readonly Series[],
  truths: ReadonlyMap<string, Float64Array>,
  {horizonSteps, seasonSteps, scaleSteps}: Competition,
): Promise<{scores: Scores; forecasts: readonly Forecast[]; members?: string}> {
  // The competition's seasonal naive repeats its scale's season.
  const seasons = name === 'seasonal-naive' ? [scaleSteps] : seasonSteps;
  const startedUs = cpuUs();
  const {fitted, calibration} = await fitCalibrated(forecastModel(name), panel, {
    ...{horizonSteps, seasonSteps: seasons, random: createRandom(1)},
  });
  const forecasts = await forecastQuantiles(fitted, calibration, panel, {
    ...{horizonSteps, levels: INTERVAL_LEVELS, lowest: 0},
  });
  const cpuSeconds = (cpuUs() - startedUs) / 1e6;
  const rows = forecasts.flatMap((forecast, index) => {
    const truth = truths.get(forecast.id);
    return truth
      ? [scoreSeries(forecast, panel[index]?.values ?? new Float64Array(), truth, scaleSteps)]
      : [];
  });
  const smape = mean(rows.map((row) => row.smape));
  const mase = mean(rows.map((row) => row.mase));
  const members = fitted.notes?.['members'];
  return {
    scores: {
      ...{
        smape,
        mase,
        owa:
          (smape / mean(rows.map((row) => row.naive2.smape)) +
            mase / mean(rows.map((row) => row.naive2.mase))) /
          2,
      },
      coverage95: mean(rows.map((row) => row.coverage95)),
      msis: mean(rows.map((row) => row.msis)),
      cpu_seconds_per_series: cpuSeconds / panel.length,
    },
    forecasts,
    ...(typeof members === 'string' && {members}),
  };
}

interface SeriesFigures {
  readonly smape: number;
  readonly mase: number;
  readonly coverage95: number;
  readonly msis: number;
  /** The competition's benchmark on the same series. */
  readonly naive2: {readonly smape: number; readonly mase: number};
}

function scoreSeries(
  forecast: Forecast,
  history: Float64Array,
  truth: Float64Array,
  scaleSteps: number,
): SeriesFigures {
  const score = scoreForecast(forecast, history, truth, [scaleSteps]);
  const point = naive2(history, scaleSteps, truth.length);
  const plain = scoreForecast({...forecast, point}, history, truth, [scaleSteps]);
  if (!score || !plain) throw new Error(`nothing was foreseen for ${forecast.id}`);
  const [low, high] = forecast.quantiles;
  const {intervalSum, insideSteps} = scoreInterval(low, high, truth);
  return {
    ...relativeErrors(score),
    coverage95: insideSteps / truth.length,
    msis: intervalSum / truth.length / score.scale,
    naive2: relativeErrors(plain),
  };
}

function relativeErrors(score: SeriesScore): {smape: number; mase: number} {
  return {smape: score.smapeSum / score.stepCount, mase: maseOf(score) ?? Number.NaN};
}

/** A row a series: id, then its values in quotes, until the first empty cell; made to end at the same time. */
async function readWide(file: string, {stepSeconds}: Competition): Promise<readonly Series[]> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [id = '', ...cells] = line.split(',').map((cell) => cell.replaceAll('"', '').trim());
      const values = Float64Array.from(cells.filter((cell) => cell !== '').map(Number));
      return {id, startUs: -values.length * stepSeconds * 1e6, stepSeconds, values};
    });
}

function cpuUs(): number {
  const {user, system} = process.cpuUsage();
  return user + system;
}

function mapValues(scores: Scores, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, change(value)]));
}
