import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';

import {mean, type Series} from '../src/lib/core/index.js';
import {
  type Forecast,
  maseOf,
  naive2,
  scoreForecast,
  scoreInterval,
  SEASON_STEPS,
} from '../src/lib/forecasting/index.js';

/** A granularity of the M4 competition as we run it. */
export interface Competition {
  readonly name: 'm4-hourly' | 'm4-weekly';
  readonly files: string;
  readonly horizonSteps: number;
  readonly stepSeconds: number;
  readonly seasonSteps: readonly number[];
  /** The season that the competition scales errors by, and that its seasonal naive repeats. */
  readonly scaleSteps: number;
}

export const HOURLY: Competition = {
  name: 'm4-hourly',
  files: 'hourly',
  horizonSteps: 48,
  stepSeconds: 3600,
  seasonSteps: SEASON_STEPS.hourly,
  scaleSteps: 24,
};
export const WEEKLY: Competition = {
  name: 'm4-weekly',
  files: 'weekly',
  horizonSteps: 13,
  stepSeconds: 604_800,
  seasonSteps: SEASON_STEPS.weekly,
  scaleSteps: 1,
};

/** The competition's series, and what came after those of which that is at hand. */
export interface CompetitionData {
  readonly panel: readonly Series[];
  readonly truths: ReadonlyMap<string, Float64Array>;
}

/** Where the competition's files are unless `--data` names a folder. */
export function competitionFolder(data: string | undefined): string {
  return data ?? path.join(import.meta.dirname, '..', '..', 'shared', 'data', 'm4');
}

/**
 * Reads the competition's files: all training series, the true values of the odd half. `isHeldOut`: the last horizon of
 * every training series is taken off and is the truth instead, so that a choice can be judged without the real one.
 */
export async function readCompetition(
  folder: string,
  competition: Competition,
  isHeldOut = false,
): Promise<CompetitionData> {
  const {files, horizonSteps} = competition;
  const panel = await readWide(path.join(folder, `${files}-train.csv.gz`), competition);
  if (isHeldOut) {
    return {
      panel: panel.map((series) => ({...series, values: series.values.subarray(0, -horizonSteps)})),
      truths: new Map(panel.map(({id, values}) => [id, values.subarray(-horizonSteps)])),
    };
  }
  const tests = await readWide(path.join(folder, `${files}-test-odd.csv`), competition);
  return {panel, truths: new Map(tests.map(({id, values}) => [id, values]))};
}

export type CompetitionScores = Readonly<Record<'smape' | 'mase' | 'owa' | 'coverage95' | 'msis', number>>;

/**
 * The competition's measures of forecasts with the levels `INTERVAL_LEVELS`, means over the series whose truth is at hand. OWA is
 * relative to Naive2 on the same series.
 */
export function scoreCompetition(
  forecasts: readonly Forecast[],
  data: CompetitionData,
  competition: Competition,
): CompetitionScores {
  const own = meanScores(forecasts, data, competition);
  const {horizonSteps, scaleSteps} = competition;
  const histories = new Map(data.panel.map(({id, values}) => [id, values]));
  const plain = forecasts.map((forecast) => {
    const history = histories.get(forecast.id) ?? new Float64Array();
    return {...forecast, point: naive2(history, scaleSteps, horizonSteps)};
  });
  const peer = meanScores(plain, data, competition);
  return {...own, owa: (own.smape / peer.smape + own.mase / peer.mase) / 2};
}

function meanScores(
  forecasts: readonly Forecast[],
  {panel, truths}: CompetitionData,
  {scaleSteps}: Competition,
): Omit<CompetitionScores, 'owa'> {
  const histories = new Map(panel.map(({id, values}) => [id, values]));
  const rows = forecasts.flatMap((forecast) => {
    const [history, truth] = [histories.get(forecast.id), truths.get(forecast.id)];
    return history && truth ? [scoreSeries(forecast, history, truth, scaleSteps)] : [];
  });
  const meanOf = (name: keyof (typeof rows)[number]): number => mean(rows.map((row) => row[name]));
  return {
    smape: meanOf('smape'),
    mase: meanOf('mase'),
    coverage95: meanOf('coverage95'),
    msis: meanOf('msis'),
  };
}

function scoreSeries(
  forecast: Forecast,
  history: Float64Array,
  truth: Float64Array,
  scaleSteps: number,
): Omit<CompetitionScores, 'owa'> {
  const score = scoreForecast(forecast, history, truth, [scaleSteps]);
  if (!score) throw new Error(`nothing was foreseen for ${forecast.id}`);
  const [low, high] = forecast.quantiles;
  const {intervalSum, insideSteps} = scoreInterval(low, high, truth);
  return {
    smape: score.smapeSum / score.stepCount,
    mase: maseOf(score) ?? Number.NaN,
    coverage95: insideSteps / truth.length,
    msis: intervalSum / truth.length / score.scale,
  };
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

/** CPU time of this process so far, user and system. */
export function cpuUs(): number {
  const {user, system} = process.cpuUsage();
  return user + system;
}
