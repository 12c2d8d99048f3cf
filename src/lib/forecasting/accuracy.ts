import {scaleSeason, seasonalScale} from './history.js';
import type {Forecast} from './model.js';

/**
 * How one forecast of one series did, as sums over the steps whose outcome is known, so that many can be pooled.
 * Absolute errors, pinball losses and outcomes are in the unit of the series.
 */
export interface SeriesScore {
  readonly id: string;
  readonly stepCount: number;
  readonly absoluteError: number;
  /** Sum of 200 |y - f| / (|y| + |f|); 0 where both are 0. */
  readonly smapeSum: number;
  /** Denominator of MASE: mean absolute difference one season apart in the history; 0 when it never moved. */
  readonly scale: number;
  /** Sum over steps of the mean over levels of 2 x pinball loss. */
  readonly quantileLoss: number;
  readonly absoluteOutcome: number;
  /** Per level, the steps whose outcome was at or under the quantile. */
  readonly coveredSteps: readonly number[];
}

/**
 * Scores a forecast against what came. Steps with a gap are left out. Undefined when the model foresaw nothing (NaN)
 * or no outcome is known.
 */
export function scoreForecast(
  forecast: Forecast,
  history: Float64Array,
  outcome: Float64Array,
  seasonSteps: readonly number[],
): SeriesScore | undefined {
  const {point, levels, quantiles} = forecast;
  const coveredSteps = levels.map(() => 0);
  const sums = {stepCount: 0, absoluteError: 0, smapeSum: 0, quantileLoss: 0, absoluteOutcome: 0};
  for (const [step, foreseen] of point.entries()) {
    const y = outcome[step] ?? Number.NaN;
    if (Number.isNaN(y)) continue;
    if (Number.isNaN(foreseen)) return undefined;
    sums.stepCount += 1;
    sums.absoluteError += Math.abs(y - foreseen);
    sums.smapeSum += symmetricPercent(y, foreseen);
    sums.absoluteOutcome += Math.abs(y);
    for (const [index, level] of levels.entries()) {
      const q = quantiles[index]?.[step] ?? Number.NaN;
      sums.quantileLoss += (2 * pinballLoss(y, q, level)) / levels.length;
      if (y <= q) coveredSteps[index] = (coveredSteps[index] ?? 0) + 1;
    }
  }
  if (sums.stepCount === 0) return undefined;
  const scale = seasonalScale(history, scaleSeason(history, seasonSteps));
  return {id: forecast.id, ...sums, scale: Number.isFinite(scale) ? scale : 0, coveredSteps};
}

/** Levels of the central interval that M4 scores, of 95 %. */
export const INTERVAL_LEVELS = [0.025, 0.975] as const;
/** 2 / 0.05: what an outcome outside it costs by unit of distance. */
const MISS_PENALTY = 40;

/** How an interval did, as sums over the steps whose outcome is known. */
export interface IntervalScore {
  /** Of widths and penalties, in the unit of the series (Gneiting and Raftery 2007); over steps and scale: MSIS. */
  readonly intervalSum: number;
  readonly insideSteps: number;
}

/** Scores the interval between two quantiles at `INTERVAL_LEVELS`, one value a step each. */
export function scoreInterval(
  low: Float64Array | undefined,
  high: Float64Array | undefined,
  outcome: Float64Array,
): IntervalScore {
  let [intervalSum, insideSteps] = [0, 0];
  for (const [step, y] of outcome.entries()) {
    if (Number.isNaN(y)) continue;
    const [from, to] = [low?.[step] ?? Number.NaN, high?.[step] ?? Number.NaN];
    intervalSum += to - from + MISS_PENALTY * (Math.max(0, from - y) + Math.max(0, y - to));
    if (from <= y && y <= to) insideSteps += 1;
  }
  return {intervalSum, insideSteps};
}

function symmetricPercent(y: number, foreseen: number): number {
  return y === foreseen ? 0 : (200 * Math.abs(y - foreseen)) / (Math.abs(y) + Math.abs(foreseen));
}

/** `level (y - q)` when the outcome is over the quantile, else `(1 - level) (q - y)` (Koenker and Bassett 1978). */
export function pinballLoss(y: number, q: number, level: number): number {
  return y >= q ? level * (y - q) : (1 - level) * (q - y);
}

/** The mean absolute error over the scale; undefined where the history never moved. */
export function maseOf({absoluteError, stepCount, scale}: SeriesScore): number | undefined {
  return scale > 0 ? absoluteError / stepCount / scale : undefined;
}
