import {createRandom, InputError, writeFileAtomically, type Granularity} from '../core/index.js';
import {
  backtest,
  forecastModel,
  horizonStepsOf,
  maseOf,
  rankModels,
  accuracyCsv,
  readPanel,
  SEASON_STEPS,
  withModelThreads,
  type BacktestOptions,
  type FitProgress,
  type FoldFailure,
  type FoldScore,
  type ForecastModel,
  type ModelAccuracy,
  type PanelSource,
} from '../forecasting/index.js';
import {openShadowStore, type Metric} from '../shadow-store/index.js';
import {readMarks} from './read-marks.js';

export interface EvaluateOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  /** The seasonal naive is always among them, named or not. */
  readonly models: readonly string[];
  readonly granularities: readonly Granularity[];
  readonly metric: Metric;
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  readonly horizonSeconds: number;
  readonly folds: number;
  readonly levels: readonly number[];
  readonly asOfUs: number;
  readonly seed: number;
  /** Path of an anomalies file: its stretches are hidden from fits and forecasts, not from what is scored. */
  readonly anomaliesPath?: string | undefined;
  /** As many as there are cores when absent. */
  readonly threads?: number | undefined;
  /** Path of a CSV of the models' accuracies; none is written when absent. */
  readonly csv?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EvaluationProgress) => void;
}

/** How far an evaluation is: so many fits of the total have ended. */
export interface EvaluationProgress {
  readonly granularity: Granularity;
  readonly model: string;
  readonly fold: number;
  readonly done: number;
  readonly total: number;
  /** Of the fit that goes on. */
  readonly fit?: FitProgress;
}

/** How one volume was foreseen by one model in one fold; `mase` is absent where its history never moved. */
export interface VolumeScore {
  readonly granularity: Granularity;
  readonly model: string;
  readonly fold: number;
  readonly volume: string;
  readonly originUs: number;
  readonly steps: number;
  readonly mase?: number;
  readonly smape: number;
  /** Sum over steps of 2 x pinball loss, mean over levels, in the metric's unit. */
  readonly quantileLoss: number;
  readonly coverage: readonly number[];
}

/** What an evaluation found; the lists hold all granularities, one after the other. */
export interface Evaluation {
  readonly metric: Metric;
  readonly folds: number;
  readonly levels: readonly number[];
  /** The model that others have to beat. */
  readonly toBeat: string;
  readonly granularities: readonly {
    readonly granularity: Granularity;
    readonly horizonSteps: number;
    readonly series: number;
    readonly steps: number;
  }[];
  /** Of several granularities, those that the history is too short for. */
  readonly skipped: readonly {readonly granularity: Granularity; readonly reason: string}[];
  /** Best first within a granularity. */
  readonly models: readonly (ModelAccuracy & {readonly granularity: Granularity})[];
  readonly failures: readonly (FoldFailure & {readonly granularity: Granularity})[];
  readonly volumes: readonly VolumeScore[];
}

const TO_BEAT = 'seasonal-naive';

/**
 * Backtests models on the store's history at rolling origins, at each granularity. Throws UsageError for an unknown model,
 * InputError when the store cannot be used or is too short for the folds at every granularity.
 */
export async function evaluateModels(options: EvaluateOptions): Promise<Evaluation> {
  const models = [...new Set([TO_BEAT, ...options.models])].map(forecastModel);
  const levels = options.levels.toSorted((left, right) => left - right);
  const {metric, folds, csv} = options;
  const granularities = [...new Set(options.granularities)];
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const parts: GranularityResult[] = [];
    const skipped: {granularity: Granularity; error: InputError}[] = [];
    for (const [index, granularity] of granularities.entries()) {
      const place = {index, count: granularities.length};
      try {
        parts.push(await evaluateAt(granularity, store, {...options, levels}, models, place));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        skipped.push({granularity, error});
      }
    }
    const [first] = skipped;
    if (parts.length === 0 && first) throw first.error;
    const ranked = parts.flatMap((part) => part.models);
    if (csv !== undefined) await writeFileAtomically(csv, await accuracyCsv(ranked));
    return {
      ...{metric, folds, levels, toBeat: TO_BEAT, models: ranked},
      granularities: parts.map(({about}) => about),
      skipped: skipped.map(({granularity, error}) => ({granularity, reason: error.message})),
      failures: parts.flatMap((part) => part.failures),
      volumes: parts.flatMap((part) => part.volumes),
    };
  } finally {
    store.close();
  }
}

type GranularityResult = Pick<Evaluation, 'models' | 'failures' | 'volumes'> & {
  readonly about: Evaluation['granularities'][number];
};

async function evaluateAt(
  granularity: Granularity,
  store: PanelSource,
  options: EvaluateOptions,
  models: readonly ForecastModel[],
  {index, count}: {readonly index: number; readonly count: number},
): Promise<GranularityResult> {
  const {folds, levels, seed, signal, threads: threadCount} = options;
  const panel = await readPanel(store, {...options, granularity});
  const horizonSteps = horizonStepsOf(options.horizonSeconds, granularity);
  const fits = folds * models.length;
  const total = count * fits;
  let now: EvaluationProgress = {granularity, model: '', fold: 0, done: index * fits, total};
  const settings: BacktestOptions = {
    ...{horizonSteps, folds, levels, seasonSteps: SEASON_STEPS[granularity], lowest: 0, signal},
    random: createRandom(seed),
    onProgress: ({model, fold}) => {
      const before = (fold - 1) * models.length + models.findIndex(({name}) => name === model);
      now = {granularity, model, fold, done: index * fits + before, total};
      options.onProgress(now);
    },
    onFit: (fit) => {
      options.onProgress({...now, fit});
    },
  };
  const marks = await readMarks(options.anomaliesPath, options.metric);
  const result = await withModelThreads({count: threadCount, series: panel.length, signal}, (threads) =>
    backtest(models, panel, {...settings, marks, threads}),
  );
  const names = models.map(({name}) => name);
  const ranked = await rankModels(result, names, levels);
  return {
    about: {granularity, horizonSteps, series: panel.length, steps: panel[0]?.values.length ?? 0},
    models: ranked.map((row) => ({...row, granularity})),
    failures: result.failures.map((failure) => ({...failure, granularity})),
    volumes: result.scores.map((score) => describeScore(score, granularity)),
  };
}

function describeScore(score: FoldScore, granularity: Granularity): VolumeScore {
  const {model, fold, id, originUs, stepCount, smapeSum, quantileLoss, coveredSteps} = score;
  const mase = maseOf(score);
  return {
    ...{granularity, model, fold, volume: id, originUs, steps: stepCount, quantileLoss},
    ...(mase !== undefined && {mase}),
    smape: smapeSum / stepCount,
    coverage: coveredSteps.map((steps) => steps / stepCount),
  };
}
