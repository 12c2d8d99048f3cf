import {matchUsage, type Plan, type VolumeUsage, widenForecast} from '../allocation/index.js';
import {
  canonicalJson,
  createRandom,
  formatDurationSeconds,
  type Granularity,
  type Series,
  sha256Hex,
} from '../core/index.js';
import {
  calibrationWindow,
  comparedSteps,
  type FittedModel,
  forecastModel,
  forecastPeaks,
  horizonStepsOf,
  type ModelFileChoice,
  type OriginMemory,
  type PanelSource,
  type PeakForecast,
  type PeakOptions,
  readChosenModel,
  type ReadModel,
  readPanel,
  SEASON_STEPS,
} from '../forecasting/index.js';
import {LEAST_GROWTHS, suddenGrowth, type SuddenGrowth} from '../patterns/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import type {Topology} from '../topology/index.js';

/** A model file that `train` wrote, or a model to fit now. */
export type PlanModel =
  | {readonly kind: 'file'; readonly choice: ModelFileChoice}
  | {readonly kind: 'fit'; readonly model: string; readonly granularity: Granularity};

/** What of a shadow store is needed to plan from it. */
export interface PlanStore extends PanelSource {
  info(): {
    readonly firstUs?: number;
    readonly endUs?: number;
    readonly batches: readonly {readonly batchId: string}[];
  };
  close(): void;
}

export interface ForeseeOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PlanStore>;
  readonly model: PlanModel;
  /** Peaks are foreseen over so long. */
  readonly horizonSeconds: number;
  /** Later data are not looked at. */
  readonly nowUs: number;
  /** Whether sudden growth that any volume may have is a term of its own. */
  readonly withSuddenGrowth: boolean;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (stage: string) => void;
}

/** Past origins from which a forecast's errors are learned, at most: as in replay. */
const ORIGIN_COUNT = 40;

/** What is known of a topology's volumes, and foreseen. */
export interface Foreseen {
  readonly usage: VolumeUsage;
  readonly forecast: PeakForecast;
  readonly inputs: Plan['inputs'];
  readonly warnings: readonly string[];
  /** Absent: not asked for, or no volume has a history. */
  readonly suddenGrowth?: ForeseenSuddenGrowth;
  /** How past origins are foreseen with the same model; absent when no volume has a history. */
  readonly past?: PastForecasts;
}

/** What a history tells of sudden growth. */
export interface ForeseenSuddenGrowth {
  readonly events: number;
  /** Volumes that had any. */
  readonly volumes: number;
  readonly watchedSeconds: number;
  /** What is foreseen where it is an error of the volumes that had it, like any other. */
  readonly without: PeakForecast;
}

/** What would have been foreseen from past origins that the model was not fitted on. */
export interface PastForecasts {
  /** Origins: that many steps are left out at the end. */
  readonly heldSteps: readonly number[];
  /** Steps that came after each origin, as far as the horizon reaches. */
  readonly compareSteps: number;
  forecastAt(heldSteps: number): Promise<PeakForecast>;
}

/** What a store tells of a topology's volumes, before anything is foreseen. */
export interface UsageHistory {
  readonly usage: VolumeUsage;
  /** Every volume of the store, also those that the topology does not list. */
  readonly histories: readonly Series[];
  readonly granularity: Granularity;
  /** What was read from a model file. */
  readonly trained?: {readonly fitted: FittedModel; readonly horizonSteps: number};
  readonly inputs: Plan['inputs'];
}

/**
 * Reads the history of all volumes of a topology from a store: what does not depend on the horizon. Throws UsageError for
 * an unknown model, InputError when store or model cannot be used or nothing is known of how much a volume holds.
 */
export async function readUsageHistory(
  topology: Topology,
  options: Omit<ForeseeOptions, 'horizonSeconds'>,
): Promise<UsageHistory> {
  const {model, nowUs, onProgress} = options;
  onProgress('history');
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const trained =
      model.kind === 'file' ? await readChosenModel(model.choice, options.storePath) : undefined;
    const granularity = model.kind === 'fit' ? model.granularity : (trained?.granularity ?? 'hourly');
    const histories = await readPanel(store, {granularity, metric: 'used-bytes', asOfUs: nowUs});
    return {
      ...{usage: matchUsage(topology, histories), histories, granularity},
      ...(trained && {trained: {fitted: trained.fitted, horizonSteps: trained.horizonSteps}}),
      inputs: [
        {kind: 'store', name: options.storePath, sha256: hashOfStore(store)},
        {kind: 'model', ...describeModel(options, trained)},
      ],
    };
  } finally {
    store.close();
  }
}

/** The second half. */
export async function foreseeFrom(
  {usage, granularity, trained, inputs}: UsageHistory,
  options: Omit<ForeseeOptions, 'storePath' | 'openStore'>,
): Promise<Foreseen> {
  const {horizonSeconds, seed, onProgress} = options;
  const horizonSteps = horizonStepsOf(horizonSeconds, granularity);
  onProgress('forecast');
  const fitted = trained?.fitted ?? (await fitNow(usage, {...options, horizonSteps, granularity}));
  const warnings = [
    ...usage.warnings,
    ...warnOfHorizon(trained?.horizonSteps, horizonSteps),
    ...warnOfHistory(usage.series, horizonSteps),
  ];
  if (!fitted) return {usage, forecast: widenForecast(usage, undefined), inputs, warnings};
  const sudden = options.withSuddenGrowth ? usage.series.map(({values}) => suddenGrowth(values)) : undefined;
  const memory: OriginMemory = {everySteps: 1, origins: new Map()};
  const peaksWith = async (known: typeof sudden): Promise<PeakForecast> =>
    widenForecast(
      usage,
      await foreseePeaks(fitted, usage.series, {horizonSteps, seed, memory, sudden: known}),
    );
  return {
    usage,
    forecast: await peaksWith(sudden),
    ...(sudden && {suddenGrowth: tellSuddenGrowth(usage, sudden, await peaksWith(undefined))}),
    past: pastForecasts(fitted, usage.series, {horizonSteps, seed, sudden}),
    inputs,
    warnings,
  };
}

function tellSuddenGrowth(
  {series}: VolumeUsage,
  sudden: readonly (readonly SuddenGrowth[])[],
  without: PeakForecast,
): ForeseenSuddenGrowth {
  const [{values, stepSeconds} = {values: [], stepSeconds: 0}] = series;
  return {
    events: sudden.reduce((count, {length}) => count + length, 0),
    volumes: sudden.filter(({length}) => length > 0).length,
    watchedSeconds: Math.max(0, values.length - LEAST_GROWTHS) * stepSeconds,
    without,
  };
}

/** Undefined when no volume has a history. The end is kept from the model: its errors there are to be honest. */
async function fitNow(
  {series}: VolumeUsage,
  options: Pick<ForeseeOptions, 'model' | 'seed' | 'signal'> & {
    readonly horizonSteps: number;
    readonly granularity: Granularity;
  },
): Promise<FittedModel | undefined> {
  const {model, horizonSteps, granularity, seed, signal} = options;
  if (series.length === 0 || model.kind !== 'fit') return undefined;
  const steps = series[0]?.values.length ?? 0;
  const {tailSteps} = calibrationWindow(steps, horizonSteps);
  const known = series.map((one) => ({...one, values: one.values.subarray(0, steps - tailSteps)}));
  const random = createRandom(seed).fork('fit');
  return forecastModel(model.model).fit(known, {
    ...{horizonSteps, seasonSteps: SEASON_STEPS[granularity], random, signal},
  });
}

interface PeakQuestion extends Pick<PeakOptions, 'horizonSteps' | 'sudden'> {
  readonly seed: number;
}

function foreseePeaks(
  fitted: FittedModel,
  series: readonly Series[],
  {seed, ...question}: PeakQuestion & Required<Pick<PeakOptions, 'memory'>>,
): Promise<PeakForecast> {
  const random = createRandom(seed).fork('peaks');
  return forecastPeaks(fitted, series, {
    ...question,
    ...{random, originCount: ORIGIN_COUNT, sampleCount: ORIGIN_COUNT},
  });
}

/** The origins of the tail that `fitNow` keeps from the model. */
function pastForecasts(
  fitted: FittedModel,
  series: readonly Series[],
  {horizonSteps, ...question}: PeakQuestion,
): PastForecasts {
  const steps = series[0]?.values.length ?? 0;
  const {compareSteps, originCount, strideSteps} = calibrationWindow(steps, horizonSteps);
  const memory: OriginMemory = {everySteps: strideSteps, origins: new Map()};
  return {
    heldSteps: Array.from({length: originCount}, (_, origin) => compareSteps + origin * strideSteps),
    compareSteps,
    forecastAt: (held) => {
      const known = series.map((one) => ({...one, values: one.values.subarray(0, steps - held)}));
      return foreseePeaks(fitted, known, {...question, horizonSteps: compareSteps, memory});
    },
  };
}

function warnOfHorizon(trainedSteps: number | undefined, horizonSteps: number): string[] {
  return trainedSteps !== undefined && horizonSteps > trainedSteps
    ? [`the horizon has ${horizonSteps} steps, the model was trained for ${trainedSteps}`]
    : [];
}

/** A level is a promise about horizons: a history of few of them can hardly keep it. */
function warnOfHistory(series: readonly Series[], horizonSteps: number): string[] {
  const [{values, stepSeconds} = {values: [], stepSeconds: 0}] = series;
  const compared = comparedSteps(values.length, horizonSteps);
  if (values.length === 0 || compared === horizonSteps) return [];
  const [known, learned] = [values.length, compared].map((steps) =>
    formatDurationSeconds(steps * stepSeconds),
  );
  return [
    `${known ?? ''} of history are few for a horizon of ${formatDurationSeconds(horizonSteps * stepSeconds)}: errors were learned over ${learned ?? ''} and scaled up`,
  ];
}

function hashOfStore(store: PlanStore): string {
  return sha256Hex(canonicalJson(store.info().batches.map(({batchId}) => batchId)));
}

function describeModel(
  {model, seed}: Pick<ForeseeOptions, 'model' | 'seed'>,
  read: ReadModel | undefined,
): {name: string; sha256: string} {
  return read
    ? {name: read.filePath, sha256: read.sha256}
    : {name: model.kind === 'fit' ? model.model : '', sha256: sha256Hex(canonicalJson({...model, seed}))};
}
