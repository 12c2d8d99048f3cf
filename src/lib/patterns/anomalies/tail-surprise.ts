import type {DetectionMode} from './evidence.js';
import {SortedWindow} from './sorted-window.js';

/** The share of the past that makes its upper tail, and the fewest values that do. */
const TAIL_SHARE = 0.02;
const LEAST_TAIL = 10;
/** Fewer values tell nothing of a tail. */
export const LEAST_PAST = 50;
/** A tail's scale is at least this share of the range of 90 % of the past. */
const LEAST_SCALE = 0.05;
/** Shapes of a Pareto tail that moments of a few values can tell: the variance is infinite from 0.5 on. */
const SHAPES = {least: -0.3, most: 0.45};
const MOST_SURPRISE = 10;
const PAST_VALUES = 4096;

/**
 * How surprising a value is beside the past: −log10 of the share of the past that is as high, in [0, 10]. Beyond the 98 %
 * quantile the share comes from a generalised Pareto tail with the moments of what is beyond (Hosking and Wallis 1987), so that
 * records differ. 0 while fewer than 50 values are known.
 */
export function tailSurprise(past: SortedWindow, value: number): number {
  if (past.length < LEAST_PAST) return 0;
  const tail = Math.max(LEAST_TAIL, Math.floor(past.length * TAIL_SHARE));
  const base = past.at(past.length - tail - 1);
  const share =
    value <= base
      ? (past.length - past.countBelow(value) + 1) / (past.length + 1)
      : (tail / past.length) * paretoTail(past, tail, value - base);
  return Math.min(MOST_SURPRISE, -Math.log10(share));
}

function paretoTail(past: SortedWindow, tail: number, excess: number): number {
  const base = past.at(past.length - tail - 1);
  let [sum, squares] = [0, 0];
  for (let rank = past.length - tail; rank < past.length; rank += 1) {
    const beyond = past.at(rank) - base;
    sum += beyond;
    squares += beyond * beyond;
  }
  const mean = Math.max(sum / tail, LEAST_SCALE * (past.quantile(0.95) - past.quantile(0.05)));
  const variance = squares / tail - (sum / tail) ** 2;
  if (mean === 0) return 0;
  const shape =
    variance > 0 ? Math.min(SHAPES.most, Math.max(SHAPES.least, 0.5 * (1 - mean ** 2 / variance))) : 0;
  const scale = mean * (1 - shape);
  if (Math.abs(shape) < 1e-3) return Math.exp(-excess / scale);
  return Math.max(0, 1 + (shape * excess) / scale) ** (-1 / shape);
}

/**
 * Each value's surprise beside those before it; in batch beside those after it where there are more of these. NaN are passed
 * over and surprise nobody; nor does anything that has fewer than `leastPast` values to be judged by.
 */
export function tailSurprises(
  values: Float64Array,
  mode: DetectionMode,
  leastPast = LEAST_PAST,
): Float64Array {
  const before = surprisesInOrder(values, leastPast);
  if (mode === 'online') return before;
  const after = surprisesInOrder(values.toReversed(), leastPast).reverse();
  return before.map((surprise, step) => (step < values.length / 2 ? (after[step] ?? 0) : surprise));
}

function surprisesInOrder(values: Float64Array, leastPast: number): Float64Array {
  const past = new SortedWindow(PAST_VALUES);
  return values.map((value) => {
    if (Number.isNaN(value)) return 0;
    const surprise = past.length < leastPast ? 0 : tailSurprise(past, value);
    past.push(value);
    return surprise;
  });
}
