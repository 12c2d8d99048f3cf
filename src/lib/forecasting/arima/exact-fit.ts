import {exactErrors, longestLag} from './exact-likelihood.js';
import {leastSquares} from './least-squares.js';
import {polynomialsAt, type ArimaOrders} from './orders.js';

/** A point of the highest exact likelihood. */
export interface ExactFit {
  readonly point: Float64Array;
  /** -2 log likelihood less `n (log(2 pi) + 1)`. */
  readonly deviance: number;
}

/**
 * The point near a start that has the highest exact likelihood for a differenced series. With the variance estimated, that is
 * the least sum of squares of errors and start values times |K|^(1/n) (Ansley 1979), found like the conditional one.
 * `enough`: see `leastSquares`. Undefined where lags are too long (`exactErrors`).
 */
export function fitExactly(
  differenced: Float64Array,
  orders: ArimaOrders,
  start: Float64Array,
  enough?: number,
): ExactFit | undefined {
  const count = differenced.length;
  if (!exactErrors(differenced, polynomialsAt(start, orders))) return undefined;
  const rows = count + longestLag(polynomialsAt(start, orders));
  const errorsInto = (into: Float64Array, point: Float64Array): void => {
    const exact = exactErrors(differenced, polynomialsAt(point, orders));
    if (!exact) {
      into.fill(Number.NaN);
      return;
    }
    into.set(exact.errors);
    into.set(exact.start, count);
    const weight = Math.exp(exact.logDeterminant / (2 * count));
    for (let row = 0; row < rows; row += 1) into[row] = weight * (into[row] ?? 0);
  };
  const {point, squares} = leastSquares({errorsInto, rows, skip: 0}, start, enough);
  if (!Number.isFinite(squares)) return undefined;
  return {point, deviance: count * Math.log(Math.max(squares, Number.MIN_VALUE) / count)};
}
