import {fillGaps, seenSeasons} from './history.js';
import {movingMean} from './stl/stl.js';

/** A series without its season, and the season's indices by phase; `multiplicative`: a factor of mean 1, else a summand. */
export interface Deseasonalised {
  readonly values: Float64Array;
  readonly isMultiplicative: boolean;
  /** `indices[i]` belongs to the steps i, i + m ... of the values; [0] or [1] without a season. */
  readonly indices: Float64Array;
}

/** 90 % two-sided quantile of the normal distribution. */
const SIGNIFICANT = 1.645;

/**
 * Takes off the longest season seen twice that the autocorrelation confirms (test of Fiorucci et al. 2016, 2: its
 * autocorrelation beyond 1.645 standard errors), by classical decomposition: means by phase of the values over (or
 * less) their centred moving mean. Multiplicative where all values are positive. Gaps are filled with the season before.
 */
export function deseasonalise(known: Float64Array, seasonSteps: readonly number[]): Deseasonalised {
  for (const steps of seenSeasons(known, seasonSteps).toReversed()) {
    const filled = fillGaps(known, steps);
    if (isSeasonal(filled, steps)) return takeOff(filled, steps);
  }
  return {values: fillGaps(known, 1), isMultiplicative: false, indices: new Float64Array(1)};
}

/** Puts the season back onto a path that follows the values. */
export function reseasonalise(
  path: Float64Array,
  {values, isMultiplicative, indices}: Deseasonalised,
): Float64Array {
  return path.map((value, step) => {
    const index = indices[(values.length + step) % indices.length] ?? 0;
    return isMultiplicative ? value * index : value + index;
  });
}

/** Whether the autocorrelation at a season's length is beyond 1.645 standard errors; of values without gaps. */
export function isSeasonal(values: Float64Array, seasonSteps: number): boolean {
  if (values.length <= 2 * seasonSteps) return false;
  let squares = 0;
  for (let lag = 1; lag < seasonSteps; lag += 1) squares += autocorrelation(values, lag) ** 2;
  const error = Math.sqrt((1 + 2 * squares) / values.length);
  return Math.abs(autocorrelation(values, seasonSteps)) > SIGNIFICANT * error;
}

function autocorrelation(values: Float64Array, lag: number): number {
  let sum = 0;
  for (const value of values) sum += value;
  const centre = sum / values.length;
  let [products, squares] = [0, 0];
  for (let step = 0; step < values.length; step += 1) {
    const d = (values[step] ?? 0) - centre;
    squares += d * d;
    if (step >= lag) products += d * ((values[step - lag] ?? 0) - centre);
  }
  return squares > 0 ? products / squares : 0;
}

/** Values without gaps, less (or over) their season by classical decomposition. */
export function takeOff(values: Float64Array, seasonSteps: number): Deseasonalised {
  const isMultiplicative = values.every((value) => value > 0);
  const indices = seasonIndices(values, seasonSteps, isMultiplicative);
  const without = values.map((value, step) => {
    const index = indices[step % seasonSteps] ?? 0;
    return isMultiplicative ? value / index : value - index;
  });
  return {values: without, isMultiplicative, indices};
}

function seasonIndices(values: Float64Array, seasonSteps: number, isMultiplicative: boolean): Float64Array {
  const half = Math.floor(seasonSteps / 2);
  const means = movingMean(values, seasonSteps);
  const centred = seasonSteps % 2 === 0 ? movingMean(means, 2) : means;
  const sums = new Float64Array(seasonSteps);
  const counts = new Float64Array(seasonSteps);
  for (const [index, trend] of centred.entries()) {
    const value = values[index + half] ?? 0;
    const phase = (index + half) % seasonSteps;
    sums[phase] = (sums[phase] ?? 0) + (isMultiplicative ? value / trend : value - trend);
    counts[phase] = (counts[phase] ?? 0) + 1;
  }
  const raw = sums.map((sum, phase) => sum / (counts[phase] ?? 1));
  const centre = raw.reduce((total, value) => total + value, 0) / seasonSteps;
  return raw.map((value) => (isMultiplicative ? Math.max(1e-6, value / centre) : value - centre));
}
