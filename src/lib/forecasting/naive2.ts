import {isSeasonal, reseasonalise, takeOff} from './classical-season.js';
import {fillGaps, fromFirstKnown} from './history.js';

/** The competition asks for so many cycles before it tests for a season. */
const LEAST_CYCLES = 3;

/**
 * The benchmark of the M4 competition (Makridakis, Spiliotis and Assimakopoulos 2020, M4 competitor's guide): the last value
 * repeated, after a season that the autocorrelation confirms was taken off by classical decomposition (multiplicative where
 * all values are positive) and put back. One value a step; NaN when nothing is known. Gaps are filled with the season before.
 */
export function naive2(history: Float64Array, seasonSteps: number, horizonSteps: number): Float64Array {
  const filled = fillGaps(fromFirstKnown(history), seasonSteps);
  const isLong = seasonSteps > 1 && filled.length >= LEAST_CYCLES * seasonSteps;
  const path = new Float64Array(horizonSteps);
  if (!isLong || !isSeasonal(filled, seasonSteps)) return path.fill(filled.at(-1) ?? Number.NaN);
  const without = takeOff(filled, seasonSteps);
  return reseasonalise(path.fill(without.values.at(-1) ?? Number.NaN), without);
}
