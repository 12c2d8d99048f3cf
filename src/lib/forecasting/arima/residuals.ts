import type {LagPolynomial} from './lag-polynomial.js';
import type {ArimaPolynomials} from './orders.js';

/**
 * One-step errors of a differenced series, with zeros for what was before it (conditional sum of squares, Box and Jenkins
 * 1976, 7.1): `e(t) = w(t) - sum a(i) w(t-i) + sum b(j) e(t-j)`, w less its mean. Written into `errors`; only the lags
 * that are there are visited.
 */
export function residualsInto(
  errors: Float64Array,
  differenced: Float64Array,
  {ar, ma, mean}: ArimaPolynomials,
): void {
  const centred = differenced.map((value) => value - mean);
  const before = weights(ar);
  const after = weights(ma);
  for (let step = 0; step < centred.length; step += 1) {
    errors[step] = (centred[step] ?? 0) - weighted(centred, before, step) + weighted(errors, after, step);
  }
}

interface LagWeights {
  readonly lags: Int32Array;
  readonly values: Float64Array;
}

function weights({lags, coefficients}: LagPolynomial): LagWeights {
  return {lags: Int32Array.from(lags), values: Float64Array.from(coefficients)};
}

function weighted(series: Float64Array, {lags, values}: LagWeights, step: number): number {
  let sum = 0;
  for (let index = 0; index < lags.length; index += 1) {
    const at = step - (lags[index] ?? 0);
    if (at < 0) break;
    sum += (values[index] ?? 0) * (series[at] ?? 0);
  }
  return sum;
}
