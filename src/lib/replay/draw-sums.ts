import {sum} from '../core/index.js';

/** What happened in each draw. Parallel arrays, plain so that a checkpoint can hold them. */
export interface DrawSums {
  /** Scenario-steps. */
  readonly happened: number[];
  readonly repaired: number[];
  readonly stuckBytes: number[];
  readonly volumeHoursAtRisk: number[];
}

/** A mean over draws, and how far it may be off: the standard error of the mean. 0 where nothing was drawn at random. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/** Nothing has happened yet. */
export function startDrawSums(drawCount: number): DrawSums {
  const zeros = (): number[] => Array.from({length: drawCount}, () => 0);
  return {happened: zeros(), repaired: zeros(), stuckBytes: zeros(), volumeHoursAtRisk: zeros()};
}

/** Over draws. */
export function meanOf(values: readonly number[]): Estimate {
  const mean = sum(values) / values.length;
  return {mean, standardError: standardErrorOf(values.map((value) => value - mean))};
}

/** Repaired over happened, all draws together (a ratio estimator, its error by linearisation). 1 where nothing happened. */
export function repairedShareOf({happened, repaired}: DrawSums): Estimate {
  const all = sum(happened);
  if (all === 0) return {mean: 1, standardError: 0};
  const share = sum(repaired) / all;
  const errors = repaired.map((count, draw) => count - share * (happened[draw] ?? 0));
  return {mean: share, standardError: (standardErrorOf(errors) * happened.length) / all};
}

/** Of a mean, from what each value deviates by. */
function standardErrorOf(deviations: readonly number[]): number {
  const count = deviations.length;
  return count < 2 ? 0 : Math.sqrt(sum(deviations.map((value) => value * value)) / (count * (count - 1)));
}
