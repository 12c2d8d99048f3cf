import type {LagPolynomial} from './lag-polynomial.js';
import type {ArimaPolynomials} from './orders.js';

/**
 * Autocovariances at the lags 0 to `count - 1` of a stationary model without mean whose errors have variance 1. Those of its
 * autoregression alone come from stepping its coefficients down to partial autocorrelations and up again (Levinson
 * and Durbin's recursion, Brockwell and Davis 1991, 5.2); the moving average, which has few lags, is applied to them.
 */
export function autocovariances({ar, ma}: Omit<ArimaPolynomials, 'mean'>, count: number): Float64Array {
  const most = ma.lags.at(-1) ?? 0;
  const plain = ofAutoregression(ar, count + most);
  const lags = [0, ...ma.lags];
  const weights = [1, ...ma.coefficients.map((value) => -value)];
  const found = new Float64Array(count);
  for (const [i, left] of lags.entries()) {
    for (const [j, right] of lags.entries()) {
      const weight = (weights[i] ?? 0) * (weights[j] ?? 0);
      for (let lag = 0; lag < count; lag += 1)
        found[lag] = (found[lag] ?? 0) + weight * (plain[Math.abs(lag + left - right)] ?? 0);
    }
  }
  return found;
}

function ofAutoregression({lags, coefficients}: LagPolynomial, count: number): Float64Array {
  const order = lags.at(-1) ?? 0;
  const full = new Float64Array(order);
  for (const [index, lag] of lags.entries()) full[lag - 1] = coefficients[index] ?? 0;
  const found = new Float64Array(Math.max(count, order + 1));
  found.set(stepUp(stepDown(full)));
  for (let lag = order + 1; lag < count; lag += 1) {
    let value = 0;
    for (const [index, back] of lags.entries())
      value += (coefficients[index] ?? 0) * (found[lag - back] ?? 0);
    found[lag] = value;
  }
  return found.subarray(0, count);
}

interface Levels {
  /** `rows[k]`: the coefficients of the autoregression of order k + 1. */
  readonly rows: readonly Float64Array[];
  readonly partials: Float64Array;
}

/** The autocovariances at the lags 0 to the order. */
function stepUp({rows, partials}: Levels): Float64Array {
  const found = new Float64Array(partials.length + 1);
  let left = partials.reduce((variance, partial) => variance / (1 - partial * partial), 1);
  found[0] = left;
  for (const [index, partial] of partials.entries()) {
    let value = partial * left;
    for (const [back, weight] of rows[index - 1]?.entries() ?? [])
      value += weight * (found[index - back] ?? 0);
    found[index + 1] = value;
    left *= 1 - partial * partial;
  }
  return found;
}

/** The coefficients of the autoregressions of every lower order, and the partial autocorrelations. */
function stepDown(coefficients: Float64Array): Levels {
  const partials = new Float64Array(coefficients.length);
  const rows: Float64Array[] = [];
  let row = coefficients;
  for (let order = coefficients.length; order > 0; order -= 1) {
    rows[order - 1] = row;
    const partial = row[order - 1] ?? 0;
    partials[order - 1] = partial;
    const lower = new Float64Array(order - 1);
    for (let at = 0; at < order - 1; at += 1)
      lower[at] = ((row[at] ?? 0) + partial * (row[order - 2 - at] ?? 0)) / (1 - partial * partial);
    row = lower;
  }
  return {rows, partials};
}
