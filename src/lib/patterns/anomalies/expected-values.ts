import {quantile, type Series, sum} from '../../core/index.js';
import {medianOf} from '../median-of.js';
import type {DetectionMode} from './evidence.js';
import {tailSurprises} from './tail-surprise.js';

const DAY_SECONDS = 86_400;
/** The level before a step is the median of so many known values; around it, that of a day, and at least of so many. */
const LEVEL_STEPS = 9;
/** The same time of so many days before. */
const DAYS = 7;
const LEAST_DAYS = 2;
/** How fast errors are forgotten when predictions are compared. */
const MEMORY = 0.995;

/** What was expected at each step, and how far what was seen is from it. NaN where nothing is known. */
export interface ExpectedValues {
  readonly expected: Float64Array;
  /** −log10 of how rarely a residual is as large, in its direction. */
  readonly surprise: Float64Array;
}

/**
 * Expected values by the time of day, or by the level where that has been nearer: online the median of the same time on the
 * last seven days or of the last nine values; in batch of all days, or of the day around. A residual is judged against
 * those before it, in batch against those after it where there are more of these.
 */
export function expectValues(series: Series, mode: DetectionMode): ExpectedValues {
  const daySteps = Math.max(1, Math.round(DAY_SECONDS / series.stepSeconds));
  const candidates =
    mode === 'online'
      ? [levelBefore(series.values), sameTimeBefore(series.values, daySteps)]
      : [
          levelAround(series.values, Math.max(LEVEL_STEPS, daySteps)),
          sameTimeAlways(series.values, daySteps),
        ];
  const chosen =
    mode === 'online' ? nearestSoFar(series.values, candidates) : nearest(series.values, candidates);
  // Each is judged by errors of its own: those of the other would hide what is rare in it.
  const surprises = candidates.map((candidate) =>
    residualSurprises(
      series.values.map((value, step) => value - (candidate[step] ?? Number.NaN)),
      mode,
    ),
  );
  return {
    expected: series.values.map((_, step) => candidates[chosen[step] ?? 0]?.[step] ?? Number.NaN),
    surprise: series.values.map((_, step) => surprises[chosen[step] ?? 0]?.[step] ?? 0),
  };
}

function residualSurprises(residuals: Float64Array, mode: DetectionMode): Float64Array {
  const upper = tailSurprises(residuals, mode);
  const lower = tailSurprises(
    residuals.map((residual) => -residual),
    mode,
  );
  return residuals.map((residual, step) => (residual > 0 ? upper[step] : lower[step]) ?? 0);
}

function levelBefore(values: Float64Array): Float64Array {
  const recent: number[] = [];
  return values.map((value) => {
    const level = quantile(recent, 0.5);
    if (!Number.isNaN(value)) recent.push(value);
    if (recent.length > LEVEL_STEPS) recent.shift();
    return level;
  });
}

function levelAround(values: Float64Array, steps: number): Float64Array {
  const half = steps >> 1;
  return values.map((_, step) => medianOf(values.subarray(Math.max(0, step - half), step + half + 1)));
}

function sameTimeBefore(values: Float64Array, daySteps: number): Float64Array {
  return values.map((_, step) => {
    const days: number[] = [];
    for (let day = 1; day <= DAYS && step >= day * daySteps; day += 1) {
      const value = values[step - day * daySteps] ?? Number.NaN;
      if (!Number.isNaN(value)) days.push(value);
    }
    return days.length >= LEAST_DAYS ? quantile(days, 0.5) : Number.NaN;
  });
}

function sameTimeAlways(values: Float64Array, daySteps: number): Float64Array {
  const phases = Array.from({length: Math.min(daySteps, values.length)}, (_, phase) => {
    const days = values.filter((value, step) => step % daySteps === phase && !Number.isNaN(value));
    return days.length > LEAST_DAYS ? quantile(days, 0.5) : Number.NaN;
  });
  return values.map((_, step) => phases[step % daySteps] ?? Number.NaN);
}

/** At each step the index of the candidate with the least mean absolute error so far, of those that are known. */
function nearestSoFar(values: Float64Array, candidates: readonly Float64Array[]): Uint8Array {
  const errors = candidates.map(() => ({sum: 0, weight: 0}));
  return Uint8Array.from(values, (value, step) => {
    let [best, least] = [0, Infinity];
    for (const [index, candidate] of candidates.entries()) {
      const expected = candidate[step] ?? Number.NaN;
      const error = errors[index] ?? {sum: 0, weight: 0};
      const mean = error.weight > 0 ? error.sum / error.weight : Number.MAX_VALUE;
      if (!Number.isNaN(expected) && mean < least) [best, least] = [index, mean];
      if (Number.isNaN(expected) || Number.isNaN(value)) continue;
      error.sum = MEMORY * error.sum + Math.abs(value - expected);
      error.weight = MEMORY * error.weight + 1;
    }
    return best;
  });
}

/** The index of the candidate with the least mean absolute error over all; the first where that is unknown. */
function nearest(values: Float64Array, candidates: readonly Float64Array[]): Uint8Array {
  const errors = candidates.map((candidate) => {
    const misses = values
      .map((value, step) => Math.abs(value - (candidate[step] ?? Number.NaN)))
      .filter((miss) => !Number.isNaN(miss));
    return misses.length > 0 ? sum(misses) / misses.length : Infinity;
  });
  const best = errors.indexOf(Math.min(...errors));
  return Uint8Array.from(values, (_, step) => (Number.isNaN(candidates[best]?.[step]) ? 0 : best));
}
