import {fillGaps, fromFirstKnown, seenSeasons} from './history.js';

/**
 * Seasonal naive (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2): every step repeats
 * the one a season earlier, `y(n+h) = y(n+h-m*ceil(h/m))`, with m the longest season of which two full cycles were
 * seen; without one the last known value (naive). Gaps are filled with the value a season earlier before that. NaN when
 * nothing is known.
 */
export function repeatSeason(
  values: Float64Array,
  seasonSteps: readonly number[],
  horizonSteps: number,
): Float64Array {
  const known = fromFirstKnown(values);
  const season = seenSeasons(known, seasonSteps).at(-1) ?? 1;
  const newest = known.subarray(-season);
  const cycle = newest.includes(Number.NaN) ? fillGaps(known, season).subarray(-season) : newest;
  const path = new Float64Array(horizonSteps);
  for (let step = 0; step < horizonSteps; step += 1) path[step] = cycle[step % season] ?? Number.NaN;
  return path;
}
