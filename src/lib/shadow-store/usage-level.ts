import type {VolumeHistory} from './shadow-store.js';

/**
 * Used bytes of a volume at the end of each step of its history.
 *
 * From a usage sample on: that sample plus the footprint growth since, up to the next sample. Before the first sample:
 * that sample less the growth in between. Without any sample: the growth since the history's begin, from 0, so what
 * the volume held before tracing began is not in it. Never below 0. NaN before the volume's first activity.
 *
 * The growth within the step of a sample is taken to be before the sample: with long steps and rare samples up to a
 * step's growth is missed. readSeries therefore works in steps of at most an hour.
 */
export function usageLevel(history: VolumeHistory): Float64Array {
  const {reads, writes, trims, readBytes, writeBytes, footprintGrowthBytes, usedBytes} = history;
  const sums = [reads, writes, trims, readBytes, writeBytes, footprintGrowthBytes];
  const first = usedBytes.findIndex((used, step) => used >= 0 || sums.some((values) => values[step] !== 0));
  return levelsFrom(footprintGrowthBytes, usedBytes, first < 0 ? usedBytes.length : first);
}

/** What is known of a volume of the time before its first step, because its rows were pruned. */
export interface LevelBase {
  /** NaN when nothing tells how it grows: then only samples tell its level. */
  readonly growthBytes: number;
  /** Used bytes at the begin of the first step, where a usage sample before it tells them. */
  readonly usedBytes?: number | undefined;
}

/** The same for a volume whose first step with data is known, and what was before it. */
export function levelsFrom(
  growthBytes: Float64Array,
  usedBytes: Float64Array,
  firstStep: number,
  base: LevelBase = {growthBytes: 0},
): Float64Array {
  const levels = new Float64Array(growthBytes.length).fill(Number.NaN);
  let level = base.usedBytes ?? levelBefore(growthBytes, usedBytes, firstStep, base.growthBytes);
  for (let step = firstStep; step < levels.length; step += 1) {
    const used = usedBytes[step] ?? Number.NaN;
    level = used >= 0 ? used : level + (growthBytes[step] ?? 0);
    levels[step] = Math.max(0, level);
  }
  return levels;
}

/** The level before `firstStep` that makes the first sample come out right; `grownBytes` where there is none. */
function levelBefore(
  growthBytes: Float64Array,
  usedBytes: Float64Array,
  firstStep: number,
  grownBytes: number,
): number {
  let growth = 0;
  for (let step = firstStep; step < usedBytes.length; step += 1) {
    growth += growthBytes[step] ?? 0;
    const used = usedBytes[step] ?? Number.NaN;
    if (used >= 0) return used - growth;
  }
  // Rows older than what was pruned may have come in since.
  return growthBytes.subarray(0, firstStep).reduce((total, bytes) => total + bytes, grownBytes);
}
