import {mean, quantile} from '../core/index.js';
import {pinballLoss} from './accuracy.js';
import {BAND_LEVELS} from './model.js';

/** Errors about one quantile, by series: one list an origin, the newest first, in units of the series' scale. */
export type ErrorsBySeries = ReadonlyMap<string, readonly Float64Array[]>;

/** The pool's quantile is taken of no more than so many errors. */
const MOST_COMPARED = 20_000;

/**
 * By series the error at each of `BAND_LEVELS` of its own, over all origins and steps; none where moving half the way to
 * it would not have helped: shifts of the origins whose horizons had ended before the newest are tried on that one.
 * A volume that was busy once in the few horizons there are would be taken for a busy one; on M4's regular series own
 * shifts help, on what block devices do they make forecasts several times worse.
 *
 * @param levels one a level of `BAND_LEVELS`
 * @param olderFrom index of the newest of those origins
 */
export function ownShifts(
  levels: readonly ErrorsBySeries[],
  scales: ReadonlyMap<string, number>,
  olderFrom: number,
): ReadonlyMap<string, Float64Array> {
  const ids = [...scales.keys()].filter((id) => (levels[0]?.get(id) ?? []).length > olderFrom);
  if (!doHelp(levels, scales, ids, olderFrom)) return new Map();
  const shifts = (id: string): Float64Array =>
    Float64Array.from(levels, (errors, level) => errorAt(errors.get(id) ?? [], level));
  return new Map(ids.map((id) => [id, shifts(id)]));
}

function doHelp(
  levels: readonly ErrorsBySeries[],
  scales: ReadonlyMap<string, number>,
  ids: readonly string[],
  olderFrom: number,
): boolean {
  const losses = levels.flatMap((errors, level) => {
    const older = ids.map((id) => (errors.get(id) ?? []).slice(olderFrom));
    const pooled = errorAt(thinned(older.flat()), level);
    return ids.flatMap((id, index) => {
      const newest = errors.get(id)?.[0];
      if (!newest || newest.length === 0) return [];
      const half = (pooled + errorAt(older[index] ?? [], level)) / 2;
      const scale = scales.get(id) ?? 0;
      return [{scale, own: lossAt(newest, half, level), pool: lossAt(newest, pooled, level)}];
    });
  });
  const scaled = mean(losses.map(({own}) => own)) / mean(losses.map(({pool}) => pool));
  const plain =
    mean(losses.map(({own, scale}) => own * scale)) / mean(losses.map(({pool, scale}) => pool * scale));
  return (scaled + plain) / 2 < 1;
}

function lossAt(errors: Float64Array, shift: number, level: number): number {
  return mean(errors.map((error) => pinballLoss(error, shift, BAND_LEVELS[level] ?? 0.5)));
}

function errorAt(lists: readonly Float64Array[], level: number): number {
  return quantile(joined(lists), BAND_LEVELS[level] ?? 0.5);
}

function thinned(lists: readonly Float64Array[]): readonly Float64Array[] {
  const all = joined(lists);
  const every = Math.ceil(all.length / MOST_COMPARED);
  return every <= 1 ? [all] : [all.filter((_, index) => index % every === 0)];
}

function joined(lists: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(lists.reduce((total, {length}) => total + length, 0));
  let offset = 0;
  for (const list of lists) {
    all.set(list, offset);
    offset += list.length;
  }
  return all;
}
