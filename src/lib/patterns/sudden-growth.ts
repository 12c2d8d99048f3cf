import {SortedWindow} from './anomalies/sorted-window.js';

/** A step in which a volume grew far more than it was used to. */
export interface SuddenGrowth {
  /** Index of the value that it led to. */
  readonly step: number;
  /** What it grew by beyond its usual growth, as a share of what it held afterwards: above 0, at most 1. */
  readonly share: number;
}

/** So many growths must be known before one can be told from them. */
export const LEAST_GROWTHS = 48;
const MOST_GROWTHS = 1024;
/** So many times what 99 of 100 steps grew by. */
const LEAST_RATIO = 5;
/** Less of what a volume holds is no news for a buffer. */
const LEAST_SHARE = 0.01;

/**
 * The steps in which a gauge of used bytes rose suddenly: five times as much as in 99 of 100 steps before, and by a
 * hundredth of what it then holds. Each step is judged by the past alone, so that those of a history's beginning are those
 * of the whole that lie there. What a new volume begins with is none: nothing, or only zeros, lies before it.
 */
export function suddenGrowth(usedBytes: Float64Array): readonly SuddenGrowth[] {
  const past = new SortedWindow(MOST_GROWTHS);
  const found: SuddenGrowth[] = [];
  let before = 0;
  for (const [step, now] of usedBytes.entries()) {
    if (Number.isNaN(now)) continue;
    const growth = now - before;
    if (before > 0) {
      const excess = growth - Math.max(0, past.quantile(0.5));
      const isSudden = past.length >= LEAST_GROWTHS && growth > LEAST_RATIO * past.quantile(0.99);
      if (isSudden && excess >= LEAST_SHARE * now) found.push({step, share: Math.min(1, excess / now)});
      past.push(growth);
    }
    before = now;
  }
  return found;
}
