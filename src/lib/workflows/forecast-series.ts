import {
  canonicalJson,
  createRandom,
  GRANULARITY_SECONDS,
  sha256Hex,
  US_PER_SECOND,
  UsageError,
  type Granularity,
  type Series,
} from '../core/index.js';
import {
  fitCalibrated,
  forecastAdapted,
  forecastCsv,
  forecastModel,
  forecastQuantiles,
  foreseeingUnmarked,
  horizonStepsOf,
  onThreads,
  readChosenModel,
  readPanel,
  readShard,
  SEASON_STEPS,
  shardMark,
  withModelThreads,
  type CalibratedModel,
  type FittedModel,
  type FitProgress,
  type Forecast,
  type ModelFileChoice,
  type ModelThreads,
  type PanelSource,
  type Shard,
} from '../forecasting/index.js';
import {openShadowStore, type Metric} from '../shadow-store/index.js';
import {forecastBoundaries, type BoundaryForecasts, type BoundarySums} from './forecast-boundaries.js';
import {KEPT_LEVELS} from '../monitoring/index.js';
import type {KeptForecastSummary} from './keep-forecast.js';
import {keepWithReference, type KeepOrder} from './keep-with-reference.js';
import {readMarks} from './read-marks.js';
import {writeForecast} from './write-forecast.js';

/** A model file, or what to fit now. */
export type ForecastSource =
  | {readonly kind: 'file'; readonly choice: ModelFileChoice}
  | {
      readonly kind: 'fit';
      readonly model: string;
      readonly granularity: Granularity;
      readonly metric: Metric;
      readonly seed: number;
    };

export interface ForecastOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  readonly source: ForecastSource;
  /** The model file's when absent; 7 days when fitted now. */
  readonly horizonSeconds?: number | undefined;
  readonly levels: readonly number[];
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  readonly asOfUs: number;
  /** Only the volumes of one part of the fleet; needs a model file, as a model fitted now would learn from that part only. */
  readonly shard?: Shard | undefined;
  /** Move the levels by what happened since the model file was trained (`forecastAdapted`). */
  readonly adapt?: boolean | undefined;
  /** Path of an anomalies file: its stretches are not repeated, and a model fitted now does not learn from them. */
  readonly anomaliesPath?: string | undefined;
  /** Foresee the sums of its risk boundaries, too. */
  readonly topologyPath?: string | undefined;
  /** What of the topology is added up; its risk boundaries when absent. */
  readonly groupsOf?: BoundarySums['groupsOf'];
  /** Path of the CSV or .parquet file of the boundaries. */
  readonly boundariesOut?: string | undefined;
  /** Keep it in the history of the store, to be scored when the truth is there. */
  readonly keep?: KeepOrder | undefined;
  /** As many as there are cores when absent. */
  readonly threads?: number | undefined;
  /** Path of the CSV or .parquet file; none is written when absent. */
  readonly out?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FitProgress) => void;
}

/** What is foreseen of one volume; arrays hold one value a step, in the metric's unit. */
export interface VolumeForecast {
  readonly volume: string;
  /** The last known value of the history. */
  readonly last: number;
  readonly point: readonly number[];
  readonly quantiles: readonly {readonly level: number; readonly values: readonly number[]}[];
}

export interface ForecastSummary {
  readonly model: string;
  readonly metric: Metric;
  readonly granularity: Granularity;
  /** Start of the first step foreseen. */
  readonly originUs: number;
  readonly stepSeconds: number;
  readonly horizonSteps: number;
  readonly levels: readonly number[];
  readonly out?: string;
  readonly notes: Readonly<Record<string, string | number>>;
  /** What the reader should know before relying on it. */
  readonly warnings: readonly string[];
  readonly volumes: readonly VolumeForecast[];
  /** What risk boundaries hold: all replicas in them together. */
  readonly boundaries?: readonly BoundaryForecast[];
  /** What was kept in the history of the store. */
  readonly kept?: readonly KeptForecastSummary[];
}

/** As a volume's, of all replicas in a risk boundary. */
export type BoundaryForecast = Omit<VolumeForecast, 'volume'> & {readonly boundary: string};

export interface ForecastResult {
  readonly summary: ForecastSummary;
  readonly csv: string;
}

const DEFAULT_HORIZON_SECONDS = 604_800;

/**
 * Forecasts volumes from the whole steps of the store that had ended at `asOfUs`. A volume of which nothing is known
 * by then is left out, with a warning. Throws InputError when the model file or the store cannot be used, UsageError
 * when the horizon is longer than the model was trained for.
 */
export async function forecastSeries(options: ForecastOptions): Promise<ForecastResult> {
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const ready = await prepare(store, options);
    const levels = options.levels.toSorted((left, right) => left - right);
    const foreseen = await foresee(ready, joinLevels(levels, options.keep ? KEPT_LEVELS : []), options);
    const {fitted, forecasts, sums} = foreseen;
    const kept = await keepIfAsked({...ready, forecasts, sums, model: fitted.model}, options);
    const told = forecasts.map((forecast) => pickLevels(forecast, levels));
    const known = told.filter(({point}) => !point.some((value) => Number.isNaN(value)));
    const csv = forecastCsv(known, levels, ready.shardMark);
    if (options.out !== undefined) await writeForecast(csv, options.out);
    const toldSums = sums?.forecasts.map((forecast) => pickLevels(forecast, levels));
    await writeSums(toldSums, levels, options);
    const summary: ForecastSummary = {
      ...headOf(ready, foreseen, levels),
      ...(options.out !== undefined && {out: options.out}),
      notes: fitted.notes ?? {},
      warnings: [...ready.warnings, ...unknownVolumes(forecasts.length - known.length)],
      volumes: withLast(known, ready.panel).map(({id, ...row}) => ({volume: id, ...row})),
      ...(toldSums && {
        boundaries: withLast(toldSums, sums?.panel ?? []).map(({id, ...row}) => ({boundary: id, ...row})),
      }),
      ...(kept && {kept}),
    };
    return {summary, csv};
  } finally {
    store.close();
  }
}

async function writeSums(
  sums: readonly Forecast[] | undefined,
  levels: readonly number[],
  {boundariesOut}: ForecastOptions,
): Promise<void> {
  if (sums === undefined || boundariesOut === undefined) return;
  await writeForecast(forecastCsv(sums, levels, undefined, 'boundary'), boundariesOut);
}

interface ForeseenSeries {
  readonly fitted: FittedModel;
  readonly forecasts: readonly Forecast[];
  readonly sums: BoundaryForecasts | undefined;
}

function foresee(ready: Ready, levels: readonly number[], options: ForecastOptions): Promise<ForeseenSeries> {
  const {panel, horizonSteps, granularity, newSteps} = ready;
  const {signal, threads: count} = options;
  return withModelThreads({count, series: panel.length, signal}, async (threads) => {
    const {fitted, calibration} = await ready.calibrated(threads);
    const quantiles = {horizonSteps, levels, lowest: 0};
    return {
      fitted,
      forecasts:
        newSteps === undefined
          ? await forecastQuantiles(fitted, calibration, panel, quantiles)
          : await forecastAdapted(fitted, calibration, panel, {...quantiles, newSteps}),
      sums: await sumsOf(fitted, panel, {...options, ...quantiles, seasonSteps: SEASON_STEPS[granularity]}),
    };
  });
}

function headOf(
  {metric, granularity, horizonSteps}: Ready,
  {fitted, forecasts}: ForeseenSeries,
  levels: readonly number[],
): Pick<
  ForecastSummary,
  'model' | 'metric' | 'granularity' | 'horizonSteps' | 'levels' | 'originUs' | 'stepSeconds'
> {
  const {startUs = 0, stepSeconds = 0} = forecasts[0] ?? {};
  return {
    ...{model: fitted.model, metric, granularity, horizonSteps, levels},
    ...{originUs: startUs, stepSeconds},
  };
}

interface Ready {
  readonly calibrated: (threads: ModelThreads | undefined) => Promise<CalibratedModel>;
  readonly panel: readonly Series[];
  readonly metric: Metric;
  readonly granularity: Granularity;
  readonly horizonSteps: number;
  readonly warnings: readonly string[];
  readonly shardMark?: string;
  /** Steps that came after training, where levels are to be adapted by them. */
  readonly newSteps?: number;
  /** Of the model: its file, or what it was fitted with now. */
  readonly modelSha256: string;
  readonly trainedUntilUs: number;
}

function prepare(store: PanelSource, options: ForecastOptions): Promise<Ready> {
  const {source, shard} = options;
  if (options.keep !== undefined && (shard !== undefined || options.volumes !== undefined)) {
    throw new UsageError(
      'keep-of-part',
      '--keep keeps forecasts of all volumes, so that nights can be compared: --shard and --volume leave some out',
      {hints: ['leave out --keep, or --shard and --volume']},
    );
  }
  if (options.adapt === true && source.kind !== 'file') {
    throw new UsageError(
      'adapt-without-model',
      '--adapt needs --model-file: nothing happened since a fit of now',
      {
        hints: ['foreshadow train', '--model-file latest'],
      },
    );
  }
  if (shard !== undefined && options.topologyPath !== undefined) {
    throw new UsageError(
      'shard-of-sums',
      '--topology adds up all volumes of a boundary, a --shard has only some',
      {
        hints: ['leave one of them out'],
      },
    );
  }
  if (shard !== undefined && source.kind !== 'file') {
    throw new UsageError(
      'shard-without-model',
      '--shard needs --model-file: a model fitted now would learn from a part of the volumes only',
      {
        hints: ['foreshadow train', '--model-file latest'],
      },
    );
  }
  return source.kind === 'file' ? load(store, source.choice, options) : fitNow(store, source, options);
}

async function load(store: PanelSource, choice: ModelFileChoice, options: ForecastOptions): Promise<Ready> {
  const trained = await readChosenModel(choice, options.storePath);
  const {metric, granularity} = trained;
  const {horizonSeconds, volumes, asOfUs} = options;
  const {shard} = options;
  const query = {granularity, metric, volumes, asOfUs};
  const part = shard && (await readShard(store, query, shard));
  const panel = part?.panel ?? (await readPanel(store, query));
  const horizonSteps =
    horizonSeconds === undefined ? trained.horizonSteps : horizonStepsOf(horizonSeconds, granularity);
  const seen = new Set(trained.series);
  const unseen = panel.filter(({id}) => !seen.has(id)).length;
  const endUs = endOf(panel);
  const warnings = [
    ...(unseen > 0 ? [`${unseen} volumes were not there when the model was trained`] : []),
    ...(trained.trainedOn.untilUs > endUs
      ? ['the model was trained on later data than it is asked to foresee from']
      : []),
    ...(horizonSteps > trained.horizonSteps
      ? ['the horizon is longer than the model was calibrated for']
      : []),
  ];
  const marks = await readMarks(options.anomaliesPath, metric);
  return {
    calibrated: async (threads) => ({
      ...trained,
      fitted: foreseeingUnmarked(await followedBy(threads, trained.fitted), marks),
    }),
    ...{panel, metric, granularity, horizonSteps, warnings},
    ...{modelSha256: trained.sha256, trainedUntilUs: trained.trainedOn.untilUs},
    ...(options.adapt === true && {newSteps: newStepsOf(trained.trainedOn.untilUs, endUs, granularity)}),
    ...(shard && part && {shardMark: shardMark(shard, part.knownVolumes, trained.sha256)}),
  };
}

/** Where the longest series ends. */
function endOf(panel: readonly Series[]): number {
  return panel.reduce(
    (latest, {startUs, values, stepSeconds}) =>
      Math.max(latest, startUs + values.length * stepSeconds * US_PER_SECOND),
    0,
  );
}

function newStepsOf(trainedUntilUs: number, endUs: number, granularity: Granularity): number {
  return Math.max(0, Math.floor((endUs - trainedUntilUs) / US_PER_SECOND / GRANULARITY_SECONDS[granularity]));
}

/** The same model, with threads to predict where there are any. */
async function followedBy(threads: ModelThreads | undefined, fitted: FittedModel): Promise<FittedModel> {
  return threads === undefined ? fitted : onThreads(forecastModel(fitted.model), threads).load(fitted.save());
}

async function fitNow(
  store: PanelSource,
  {model, granularity, metric, seed}: ForecastSource & {readonly kind: 'fit'},
  {horizonSeconds, volumes, asOfUs, anomaliesPath, signal, onProgress}: ForecastOptions,
): Promise<Ready> {
  const chosen = forecastModel(model);
  const horizonSteps = horizonStepsOf(horizonSeconds ?? DEFAULT_HORIZON_SECONDS, granularity);
  const panel = await readPanel(store, {granularity, metric, volumes, asOfUs});
  const seasonSteps = SEASON_STEPS[granularity];
  const random = createRandom(seed);
  const marks = await readMarks(anomaliesPath, metric);
  const calibrated = (threads: ModelThreads | undefined): Promise<CalibratedModel> =>
    fitCalibrated(chosen, panel, {horizonSteps, seasonSteps, marks, random, signal, onProgress, threads});
  const modelSha256 = sha256Hex(canonicalJson({model, granularity, metric, seed}));
  const trainedUntilUs = endOf(panel);
  return {
    ...{calibrated, panel, metric, granularity, horizonSteps},
    warnings: [],
    modelSha256,
    trainedUntilUs,
  };
}

/** Keeps the forecast, at `KEPT_LEVELS` among others, where that was ordered. */
async function keepIfAsked(
  made: Ready & {
    readonly model: string;
    readonly forecasts: readonly Forecast[];
    readonly sums: BoundaryForecasts | undefined;
  },
  {keep, storePath, topologyPath, signal}: ForecastOptions,
): Promise<readonly KeptForecastSummary[] | undefined> {
  return keep && keepWithReference({...made, storePath, topologyPath, signal}, keep);
}

function joinLevels(some: readonly number[], others: readonly number[]): readonly number[] {
  return [...new Set([...some, ...others])].sort((left, right) => left - right);
}

function pickLevels(forecast: Forecast, levels: readonly number[]): Forecast {
  const quantiles = levels.map(
    (level) => forecast.quantiles[forecast.levels.indexOf(level)] ?? forecast.point,
  );
  return {...forecast, levels, quantiles};
}

/** Forecasts as they are told, with the last known value of each one's history. */
function withLast(
  forecasts: readonly Forecast[],
  panel: readonly Series[],
): readonly (Omit<VolumeForecast, 'volume'> & {readonly id: string})[] {
  const lastValues = new Map(panel.map((series) => [series.id, lastKnown(series)]));
  return forecasts.map(({id, point, levels, quantiles}) => ({
    id,
    last: lastValues.get(id) ?? 0,
    point: [...point],
    quantiles: levels.map((level, index) => ({level, values: [...(quantiles[index] ?? [])]})),
  }));
}

function unknownVolumes(count: number): readonly string[] {
  return count === 0 ? [] : [`${count} volumes are left out: nothing is known of them by then`];
}

function lastKnown(series: Series): number {
  return series.values.findLast((value) => !Number.isNaN(value)) ?? 0;
}

async function sumsOf(
  fitted: FittedModel,
  panel: readonly Series[],
  {
    topologyPath,
    ...options
  }: Omit<BoundarySums, 'topologyPath'> & {readonly topologyPath?: string | undefined},
): Promise<BoundaryForecasts | undefined> {
  return topologyPath === undefined
    ? undefined
    : forecastBoundaries(fitted, panel, {topologyPath, ...options});
}
