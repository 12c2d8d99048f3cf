import {quantile} from '../core/index.js';

/** The median of what is known; NaN of nothing. */
export function medianOf(values: Float64Array): number {
  return quantile(
    values.filter((value) => !Number.isNaN(value)),
    0.5,
  );
}
