import {createRandom, writeFileAtomically, type Granularity} from '../core/index.js';
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
  type FoldFailure,
  type FoldScore,
  type ModelAccuracy,
  type PanelSource,
} from '../forecasting/index.js';
import {openShadowStore, type Metric} from '../shadow-store/index.js';

export interface EvaluateOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  /** The seasonal naive is always among them, named or not. */
  readonly models: readonly string[];
  readonly granularity: Granularity;
  readonly metric: Metric;
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  readonly horizonSeconds: number;
  readonly folds: number;
  readonly levels: readonly number[];
  readonly asOfUs: number;
  readonly seed: number;
  /** As many as there are cores when absent. */
  readonly threads?: number | undefined;
  /** Path of a CSV of the models' accuracies; none is written when absent. */
  readonly csv?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly model: string; readonly fold: number}) => void;
}

/** How one volume was foreseen by one model in one fold; `mase` is absent where its history never moved. */
export interface VolumeScore {
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

/** What an evaluation found. */
export interface Evaluation {
  readonly metric: Metric;
  readonly granularity: Granularity;
  readonly horizonSteps: number;
  readonly folds: number;
  readonly levels: readonly number[];
  readonly series: number;
  readonly steps: number;
  /** The model that others have to beat. */
  readonly toBeat: string;
  /** Best first. */
  readonly models: readonly ModelAccuracy[];
  readonly failures: readonly FoldFailure[];
  readonly volumes: readonly VolumeScore[];
}

const TO_BEAT = 'seasonal-naive';

/**
 * Backtests models on the store's history at rolling origins. Throws UsageError for an unknown model, InputError when
 * the store cannot be used or is too short for the folds.
 */
export async function evaluateModels(options: EvaluateOptions): Promise<Evaluation> {
  const {granularity, metric, folds, seed, signal, onProgress} = options;
  const models = [...new Set([TO_BEAT, ...options.models])].map(forecastModel);
  const levels = options.levels.toSorted((left, right) => left - right);
  const horizonSteps = horizonStepsOf(options.horizonSeconds, granularity);
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const panel = await readPanel(store, options);
    const seasonSteps = SEASON_STEPS[granularity];
    const settings = {horizonSteps, folds, levels, seasonSteps, lowest: 0, signal, onProgress};
    const {threads: count, csv} = options;
    const result = await withModelThreads({count, series: panel.length, signal}, (threads) =>
      backtest(models, panel, {...settings, threads, random: createRandom(seed)}),
    );
    const names = models.map(({name}) => name);
    const ranked = await rankModels(result, names, levels);
    if (csv !== undefined) await writeFileAtomically(csv, await accuracyCsv(ranked));
    return {
      ...{metric, granularity, horizonSteps, folds, levels, toBeat: TO_BEAT},
      series: panel.length,
      steps: panel[0]?.values.length ?? 0,
      models: ranked,
      failures: result.failures,
      volumes: result.scores.map(describeScore),
    };
  } finally {
    store.close();
  }
}

function describeScore(score: FoldScore): VolumeScore {
  const {model, fold, id, originUs, stepCount, smapeSum, quantileLoss, coveredSteps} = score;
  const mase = maseOf(score);
  return {
    ...{model, fold, volume: id, originUs, steps: stepCount, quantileLoss},
    ...(mase !== undefined && {mase}),
    smape: smapeSum / stepCount,
    coverage: coveredSteps.map((steps) => steps / stepCount),
  };
}
