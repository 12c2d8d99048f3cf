import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {createRandom, type Series} from '../src/lib/core/index.js';
import {
  backtest,
  type Forecast,
  FORECAST_MODELS,
  forecastModel,
  fitCalibrated,
  forecastQuantiles,
  rankModels,
  SEASON_STEPS,
} from '../src/lib/forecasting/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {readInstanceLog} from './instance-log.js';
import {
  BITBRAINS_FILE,
  CLOUDPHYSICS_FILE,
  readBitbrains,
  readCloudphysics,
  readRows,
} from './real-volumes.js';

interface DataSet {
  readonly name: string;
  readonly file: string;
  readonly horizonSteps: number;
  readonly folds: number;
  readonly read: (file: string) => Promise<readonly Series[]>;
}

const HOUR_SECONDS = 3600;
const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const BAND = [0.025, 0.975];

const VOLUMES: readonly DataSet[] = [
  {
    name: 'cloudphysics-write',
    file: CLOUDPHYSICS_FILE,
    horizonSteps: 24,
    folds: 2,
    read: (file) => readCloudphysics(file, 'write_bytes'),
  },
  {
    name: 'cloudphysics-read',
    file: CLOUDPHYSICS_FILE,
    horizonSteps: 24,
    folds: 2,
    read: (file) => readCloudphysics(file, 'read_bytes'),
  },
  {
    name: 'bitbrains-disk',
    file: BITBRAINS_FILE,
    horizonSteps: 48,
    folds: 2,
    read: readBitbrains,
  },
];

const CAPACITY: readonly DataSet[] = [
  {
    name: 'capacity-apps',
    file: 'capacity/dlrm-disk-allocations-odd.csv.gz',
    horizonSteps: 72,
    folds: 3,
    read: readApps,
  },
];

/** `npm run bench -- volumes`: rolling origins on real volumes, quantile loss against the seasonal naive and the best single model. */
export const volumes = {bench: benchOf('volumes', VOLUMES)};
/** `npm run bench -- capacity`: the same on what applications had allocated. */
export const capacity = {bench: benchOf('capacity', CAPACITY)};

function benchOf(name: string, sets: readonly DataSet[]): (options: BenchOptions) => Promise<BenchResult> {
  return async (options) => {
    const folder = options.data ?? path.join(import.meta.dirname, '..', '..', 'shared', 'data');
    const table: Record<string, string | number>[] = [];
    const figures: Record<string, number> = {};
    const lines: string[] = [];
    for (const set of sets.filter(({name: known}) => isAsked(known, options.sets))) {
      const file = path.join(folder, set.file);
      if (!existsSync(file)) {
        process.stderr.write(`skipped: ${set.file} is not there (--data)\n`);
        continue;
      }
      const result = await scoreSet(set, await set.read(file), options.models);
      table.push(...result.table);
      Object.assign(figures, result.figures);
      lines.push(...forecastLines(set.name, result.forecasts));
    }
    for (const against of ['seasonal_naive', 'best_single']) {
      const ratios = Object.entries(figures).flatMap(([key, value]) =>
        key.startsWith(`wql_vs_${against} `) ? [value] : [],
      );
      if (ratios.length > 0) figures[`wql_vs_${against}`] = Math.max(...ratios);
    }
    await mkdir(path.join(import.meta.dirname, 'out'), {recursive: true});
    const text = `series_id,step,point,lo95,hi95\n${lines.join('\n')}\n`;
    await writeFile(path.join(import.meta.dirname, 'out', `${name}.csv`), text);
    return {name, figures, table};
  };
}

function isAsked(name: string, sets: string | undefined): boolean {
  return sets === undefined || sets.split(',').includes(name);
}

async function scoreSet(
  {name, horizonSteps, folds}: DataSet,
  panel: readonly Series[],
  chosen: string | undefined,
): Promise<{
  table: Record<string, string | number>[];
  figures: Record<string, number>;
  forecasts: readonly Forecast[];
}> {
  const singles = FORECAST_MODELS.filter(({scope}) => scope === 'each').map((model) => model.name);
  // Prophet is fitted anew for every series and origin, which takes hours here: name it by --models.
  const names = chosen?.split(',') ?? [...singles.filter((name) => name !== 'prophet'), 'ensemble'];
  const seasonSteps = SEASON_STEPS.hourly;
  const models = names.map(forecastModel);
  const result = await backtest(models, panel, {
    ...{horizonSteps, folds, levels: QUANTILES, seasonSteps, lowest: 0, random: createRandom(1)},
  });
  const ranked = await rankModels(result, names, QUANTILES);
  const wqlOf = (model: string): number => ranked.find((row) => row.model === model)?.wql ?? Number.NaN;
  const single = Math.min(
    ...names
      .filter((one) => singles.includes(one))
      .map(wqlOf)
      .filter(Number.isFinite),
  );
  const last = models.at(-1) ?? forecastModel('ensemble');
  const options = {horizonSteps, seasonSteps, random: createRandom(1)};
  const {fitted, calibration} = await fitCalibrated(last, panel, options);
  return {
    table: ranked.map(({model, wql, mase, smape, failed}) => ({
      ...{data: name, model, series: panel.length, failed},
      ...{wql: rounded(wql), mase: rounded(mase), smape: rounded(smape)},
    })),
    figures: {
      [`wql_vs_seasonal_naive ${name}`]: wqlOf(last.name) / wqlOf('seasonal-naive'),
      [`wql_vs_best_single ${name}`]: wqlOf(last.name) / single,
    },
    forecasts: await forecastQuantiles(fitted, calibration, panel, {horizonSteps, levels: BAND, lowest: 0}),
  };
}

function rounded(value: number | undefined): number {
  return Number((value ?? Number.NaN).toPrecision(4));
}

function forecastLines(set: string, forecasts: readonly Forecast[]): readonly string[] {
  return forecasts.flatMap(({id, point, quantiles: [low, high]}) =>
    Array.from(point, (value, step) =>
      [`${set}/${id}`, step + 1, value, low?.[step], high?.[step]].join(','),
    ),
  );
}

/** GiB allocated by each application, hour by hour. */
async function readApps(file: string): Promise<readonly Series[]> {
  const apps = (await readRows(file)).map((row) => row['app_name'] ?? '');
  const sums = new Map<string, Float64Array>();
  for (const [index, {values}] of (await readInstanceLog(file)).entries()) {
    const app = apps[index] ?? '';
    const total = sums.get(app) ?? new Float64Array(values.length);
    sums.set(app, total);
    for (const [step, bytes] of values.entries())
      if (!Number.isNaN(bytes)) total[step] = (total[step] ?? 0) + bytes / 2 ** 30;
  }
  return [...sums].map(([id, values]) => ({id, startUs: 0, stepSeconds: HOUR_SECONDS, values}));
}
