import {quantile} from '../../core/index.js';

/** A deviation below this share of the usual range is nobody's concern, however rare. */
const LEAST_SHARE = 0.15;
const USUAL = {low: 0.05, high: 0.95};

/** Whether a deviation at a step is at least 15 % of the range, 5 to 95 % quantile, of the `pastSteps` values before it. */
export function isMaterial(
  deviation: number,
  values: Float64Array,
  step: number,
  pastSteps: number,
): boolean {
  const past = values.subarray(Math.max(0, step - pastSteps), step).filter((value) => !Number.isNaN(value));
  const range = quantile(past, USUAL.high) - quantile(past, USUAL.low);
  return Math.abs(deviation) > LEAST_SHARE * range;
}

/** Whether the largest value of a stretch is usual before it, at other hours: at most the 95 % quantile. */
export function isUsualValue(values: Float64Array, from: number, to: number): boolean {
  const known = values.subarray(0, from).filter((value) => !Number.isNaN(value));
  const largest = values.subarray(from, to).reduce((most, value) => (value > most ? value : most), -Infinity);
  return largest <= quantile(known, USUAL.high);
}
