import {fillGaps, seenSeasons} from '../history.js';
import {mstl, seasonsAhead} from './mstl.js';

/**
 * A history less all seasons seen twice, with gaps filled, and what those seasons add to the steps after it (their last
 * cycles repeated).
 */
export function withoutSeasons(
  known: Float64Array,
  seasonSteps: readonly number[],
  horizonSteps: number,
): {readonly rest: Float64Array; readonly ahead: Float64Array} {
  const seen = seenSeasons(known, seasonSteps);
  const filled = fillGaps(known, seen.at(-1) ?? 1);
  if (seen.length === 0) return {rest: filled, ahead: new Float64Array(horizonSteps)};
  const {seasons, deseasonalised} = mstl(filled, seen);
  return {rest: deseasonalised, ahead: seasonsAhead(seasons, seen, horizonSteps)};
}
