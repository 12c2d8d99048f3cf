import type {Random} from '../core/index.js';
import {LEAST_GROWTHS, type SuddenGrowth} from '../patterns/index.js';

interface Event extends SuddenGrowth {
  readonly series: number;
}

/** What a fleet's history tells of sudden growth. */
export interface SuddenGrowthHistory {
  /** In order of time. */
  readonly events: readonly Event[];
  /** Steps of the history. */
  readonly steps: number;
}

/** Joins what was found in each series of a panel. */
export function joinSuddenGrowth(
  found: readonly (readonly SuddenGrowth[])[],
  steps: number,
): SuddenGrowthHistory {
  const events = found
    .flatMap((ofSeries, series) => ofSeries.map((event) => ({...event, series})))
    .filter(({step}) => step < steps)
    .toSorted((left, right) => left.step - right.step || left.series - right.series);
  return {events, steps};
}

/** So often it strikes the volume that it struck before. */
const SHARE_AGAIN = 0.5;

/**
 * Lets joint futures know sudden growth that any volume may have: each takes a stretch of the history as long as the
 * horizon, drawn by chance, and what happened in it happens again, half of it to the same volumes and half to others
 * drawn by chance. What comes at once in the history so comes at once. A volume grows by the same share of what it is foreseen to hold
 * as the one in the history grew of what it then held, so that it doubles at most. Of a history shorter than the horizon
 * shorter stretches are taken, several of them.
 *
 * @param samples changed: `samples[s][i]`
 * @param nowBytes what is foreseen of each series without it
 */
export function addSuddenGrowth(
  samples: readonly Float64Array[],
  nowBytes: Float64Array,
  {events, steps}: SuddenGrowthHistory,
  {horizonSteps, random}: {readonly horizonSteps: number; readonly random: Random},
): void {
  const watched = steps - LEAST_GROWTHS;
  if (events.length === 0 || watched < 1) return;
  const stretch = Math.min(horizonSteps, watched);
  for (const sample of samples) {
    for (let done = 0; done < horizonSteps; done += stretch) {
      const from = LEAST_GROWTHS + random.below(watched - stretch + 1);
      for (const {step, share, series} of events) {
        if (step < from || step >= from + stretch) continue;
        const struck = random.next() < SHARE_AGAIN ? series : random.below(sample.length);
        sample[struck] = (sample[struck] ?? 0) + share * (nowBytes[struck] ?? 0);
      }
    }
  }
}
