import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';

import {createRandom, mean, type Series} from '../src/lib/core/index.js';
import {
  fitCalibrated,
  type Forecast,
  forecastModel,
  forecastQuantiles,
  maseOf,
  scoreForecast,
} from '../src/lib/forecasting/index.js';
import type {BenchOptions, BenchResult} from './bench.js';

const HORIZON = 48;
/** The season that the competition scales errors by, and that its seasonal naive repeats. */
const DAY = [24];
/** Naive2 on the odd half, from the data's README. */
const NAIVE2 = {smape: 18.224, mase: 2.432};
const LEVELS = [0.025, 0.975];
const MSIS_PENALTY = 40;

/**
 * M4 Hourly: forecasts of 48 steps for the 207 series whose true values are at hand, scored as the competition does.
 * Models across series learn from all 414. Each is calibrated on the end of its history as the product does it.
 * `data` is the folder with hourly-train.csv.gz and hourly-test-odd.csv; `models` a list with commas.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const folder = options.data ?? path.join(import.meta.dirname, '..', '..', 'shared', 'data', 'm4');
  const panel = await readWide(path.join(folder, 'hourly-train.csv.gz'));
  const truths = new Map(
    (await readWide(path.join(folder, 'hourly-test-odd.csv'))).map(({id, values}) => [id, values]),
  );
  const names = (options.models ?? 'seasonal-naive,ets,lstm').split(',');
  const table: Record<string, string | number>[] = [];
  const figures: Record<string, number> = {};
  for (const name of names) {
    const scores = await scoreModel(name, panel, truths);
    table.push({model: name, ...mapValues(scores, (value) => Number(value.toPrecision(4)))});
    for (const [figure, value] of Object.entries(scores)) figures[`${figure} ${name}`] = value;
    if (scores.owa <= (figures['owa'] ?? Infinity)) Object.assign(figures, scores);
  }
  return {name: 'm4-hourly', figures, table};
}

type Scores = Readonly<
  Record<'smape' | 'mase' | 'owa' | 'coverage95' | 'msis' | 'cpu_seconds_per_series', number>
>;

async function scoreModel(
  name: string,
  panel: readonly Series[],
  truths: ReadonlyMap<string, Float64Array>,
): Promise<Scores> {
  const model = forecastModel(name);
  const scored = panel.filter(({id}) => truths.has(id));
  const learned = model.scope === 'panel' ? panel : scored;
  const seasonSteps = name === 'seasonal-naive' ? DAY : [24, 168];
  const startedUs = cpuUs();
  const random = createRandom(1);
  const {fitted, calibration} = await fitCalibrated(model, learned, {
    horizonSteps: HORIZON,
    seasonSteps,
    random,
  });
  const forecasts = await forecastQuantiles(fitted, calibration, scored, {
    ...{horizonSteps: HORIZON, levels: LEVELS, lowest: 0},
  });
  if (process.env['NOTES']) console.error(name, fitted.notes);
  const cpuSeconds = (cpuUs() - startedUs) / 1e6;
  const rows = forecasts.map((forecast, index) => {
    const history = scored[index]?.values ?? new Float64Array();
    return scoreSeries(forecast, history, truths.get(forecast.id) ?? new Float64Array());
  });
  const smape = mean(rows.map((row) => row.smape));
  const mase = mean(rows.map((row) => row.mase));
  return {
    ...{smape, mase, owa: (smape / NAIVE2.smape + mase / NAIVE2.mase) / 2},
    coverage95: mean(rows.map((row) => row.coverage95)),
    msis: mean(rows.map((row) => row.msis)),
    cpu_seconds_per_series: cpuSeconds / learned.length,
  };
}

function scoreSeries(
  forecast: Forecast,
  history: Float64Array,
  truth: Float64Array,
): {smape: number; mase: number; coverage95: number; msis: number} {
  const score = scoreForecast(forecast, history, truth, DAY);
  if (!score) throw new Error(`nothing was foreseen for ${forecast.id}`);
  const [lows = new Float64Array(), highs = new Float64Array()] = forecast.quantiles;
  let [width, inside] = [0, 0];
  for (const [step, y] of truth.entries()) {
    const [low, high] = [lows[step] ?? Number.NaN, highs[step] ?? Number.NaN];
    width += high - low + MSIS_PENALTY * (Math.max(0, low - y) + Math.max(0, y - high));
    if (low <= y && y <= high) inside += 1;
  }
  return {
    smape: score.smapeSum / score.stepCount,
    mase: maseOf(score) ?? Number.NaN,
    coverage95: inside / truth.length,
    msis: width / truth.length / score.scale,
  };
}

/** A row a series: id, then its values in quotes, until the first empty cell; made to end at the same time. */
async function readWide(file: string): Promise<readonly Series[]> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [id = '', ...cells] = line.split(',').map((cell) => cell.replaceAll('"', '').trim());
      const values = Float64Array.from(cells.filter((cell) => cell !== '').map(Number));
      return {id, startUs: -values.length * 3600 * 1e6, stepSeconds: 3600, values};
    });
}

function cpuUs(): number {
  const {user, system} = process.cpuUsage();
  return user + system;
}

function mapValues(scores: Scores, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, change(value)]));
}
