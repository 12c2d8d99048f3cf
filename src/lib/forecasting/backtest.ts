import {InputError, ToolError, US_PER_SECOND, type Random, type Series} from '../core/index.js';
import {
  INTERVAL_LEVELS,
  scoreForecast,
  scoreInterval,
  type IntervalScore,
  type SeriesScore,
} from './accuracy.js';
import {fitCalibrated} from './calibrated-fit.js';
import {forecastQuantiles} from './conformal.js';
import type {MarkedStretch} from './hide-marked.js';
import {cutEnd, panelSteps, scaleSeason} from './history.js';
import type {FitProgress, Forecast, ForecastModel, ModelThreads} from './model.js';
import {naive2} from './naive2.js';

export interface BacktestOptions {
  readonly horizonSteps: number;
  /** Origins, one horizon apart; the last one is a horizon before the end of the history. */
  readonly folds: number;
  readonly levels: readonly number[];
  readonly seasonSteps: readonly number[];
  /** No quantile or point is under it. */
  readonly lowest: number;
  readonly random: Random;
  /** Hidden from fits and forecasts, not from what is scored (`fitCalibrated`). */
  readonly marks?: readonly MarkedStretch[];
  readonly threads?: ModelThreads | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {readonly model: string; readonly fold: number}) => void;
  /** Of the fit that goes on. */
  readonly onFit?: (progress: FitProgress) => void;
}

interface FoldOf {
  readonly model: string;
  /** From 1, the oldest. */
  readonly fold: number;
  /** Start of the first step foreseen. */
  readonly originUs: number;
}

/** With the interval at `INTERVAL_LEVELS`, and what Naive2 reached on the same steps. */
export type FoldScore = SeriesScore &
  IntervalScore &
  FoldOf & {readonly naive2: Pick<SeriesScore, 'absoluteError' | 'smapeSum'>};

/** What a model could not do: one series, or all of a fold where `series` is absent. */
export type FoldFailure = FoldOf & {readonly series?: string; readonly reason: string};

export interface BacktestResult {
  readonly scores: readonly FoldScore[];
  readonly failures: readonly FoldFailure[];
}

/**
 * Rolling-origin evaluation (Tashman 2000): at each origin every model is fitted, calibrated and asked using only the
 * steps before it, then scored on the horizon after it. All series end at the same time; a series that begins after
 * an origin is not scored there. Throws InputError when the history is shorter than the folds need.
 */
export async function backtest(
  models: readonly ForecastModel[],
  panel: readonly Series[],
  options: BacktestOptions,
): Promise<BacktestResult> {
  requireHistory(panel, options);
  const scores: FoldScore[] = [];
  const failures: FoldFailure[] = [];
  for (let fold = 1; fold <= options.folds; fold += 1) {
    const heldSteps = (options.folds - fold + 1) * options.horizonSteps;
    for (const model of models) {
      options.signal?.throwIfAborted();
      options.onProgress?.({model: model.name, fold});
      const result = await backtestFold(model, panel, {...options, fold, heldSteps});
      scores.push(...result.scores);
      failures.push(...result.failures);
    }
  }
  return {scores, failures};
}

async function backtestFold(
  model: ForecastModel,
  panel: readonly Series[],
  options: BacktestOptions & {readonly fold: number; readonly heldSteps: number},
): Promise<BacktestResult> {
  const {horizonSteps, heldSteps, seasonSteps, fold, levels, lowest, signal, onFit} = options;
  const histories = panel.map((series) => cutEnd(series, heldSteps));
  const of: FoldOf = {model: model.name, fold, originUs: endUs(histories[0])};
  const random = options.random.fork(`${model.name}/${fold}`);
  try {
    const {fitted, calibration} = await fitCalibrated(model, histories, {
      horizonSteps,
      seasonSteps,
      random,
      threads: options.threads,
      ...(options.marks && {marks: options.marks}),
      ...(signal && {signal}),
      ...(onFit && {onProgress: onFit}),
    });
    const asked = [...new Set([...levels, ...INTERVAL_LEVELS])].sort((left, right) => left - right);
    const quantiles = {horizonSteps, levels: asked, lowest};
    const forecasts = await forecastQuantiles(fitted, calibration, histories, quantiles);
    const results = forecasts.map((forecast, index) => {
      const history = histories[index]?.values ?? new Float64Array();
      const outcome = panel[index]?.values.subarray(history.length, history.length + horizonSteps);
      return scoreFold(forecast, history, outcome ?? new Float64Array(), {seasonSteps, levels});
    });
    return {
      scores: results.flatMap((score) => (score ? [{...score, ...of}] : [])),
      failures: results.flatMap((score, index) => {
        return score ? [] : failureOf(of, panel[index], heldSteps, horizonSteps);
      }),
    };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return {scores: [], failures: [{...of, reason: error.message}]};
  }
}

/** Undefined as for `scoreForecast`. */
function scoreFold(
  forecast: Forecast,
  history: Float64Array,
  outcome: Float64Array,
  {seasonSteps, levels}: Pick<BacktestOptions, 'seasonSteps' | 'levels'>,
): Omit<FoldScore, keyof FoldOf> | undefined {
  const pathAt = (level: number): Float64Array | undefined =>
    forecast.quantiles[forecast.levels.indexOf(level)];
  const quantiles = levels.map((level) => pathAt(level) ?? new Float64Array());
  const score = scoreForecast({...forecast, levels, quantiles}, history, outcome, seasonSteps);
  const point = naive2(history, scaleSeason(history, seasonSteps), outcome.length);
  const plain = scoreForecast({...forecast, point, levels: [], quantiles: []}, history, outcome, seasonSteps);
  if (!score || !plain) return undefined;
  const {absoluteError, smapeSum} = plain;
  const [low, high] = INTERVAL_LEVELS.map(pathAt);
  const interval = scoreInterval(low, high, outcome);
  return {...score, ...interval, naive2: {absoluteError, smapeSum}};
}

/** A series that begins after the origin, or has no outcome, is nobody's failure. */
function failureOf(
  of: FoldOf,
  series: Series | undefined,
  heldSteps: number,
  horizonSteps: number,
): FoldFailure[] {
  const origin = (series?.values.length ?? 0) - heldSteps;
  const isKnown = (value: number): boolean => !Number.isNaN(value);
  const hadHistory = series?.values.subarray(0, Math.max(0, origin)).some(isKnown) ?? false;
  const hadOutcome = series?.values.subarray(origin, origin + horizonSteps).some(isKnown) ?? false;
  if (!series || !hadHistory || !hadOutcome) return [];
  return [{...of, series: series.id, reason: `${of.model} foresaw nothing for it`}];
}

function requireHistory(panel: readonly Series[], {folds, horizonSteps}: BacktestOptions): void {
  const steps = panelSteps(panel);
  const neededSteps = (folds + 1) * horizonSteps;
  if (steps >= neededSteps) return;
  const fitting = Math.floor(steps / horizonSteps) - 1;
  throw new InputError(
    'history-too-short',
    `history of ${steps} steps is too short for ${folds} folds of ${horizonSteps} steps and as many to learn from (${neededSteps})`,
    {hints: [fitting > 0 ? `use --folds ${fitting}, or a shorter --horizon` : 'use a shorter --horizon']},
  );
}

function endUs(series: Series | undefined): number {
  return series ? series.startUs + series.values.length * series.stepSeconds * US_PER_SECOND : 0;
}
