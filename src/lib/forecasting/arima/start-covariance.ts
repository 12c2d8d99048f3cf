import {autocovariances} from './autocovariances.js';
import {divideBy, type LagPolynomial} from './lag-polynomial.js';
import type {ArimaPolynomials} from './orders.js';

/**
 * What the time before the first value adds to the first values: `v(i) = sum over lags j >= i of a(j) w(i-j) - b(j) e(i-j)`,
 * i from 1 to the longest lag r. Its covariance, [r x r] by rows, where the errors have variance 1: from that of the
 * values less what their own errors since the start explain, `gamma(|i-j|) - sum psi(k) psi(k+|i-j|)` (Brockwell and Davis
 * 1991, 5.3), with the autoregression on the values since the start taken off on both sides.
 */
export function startCovariance(polynomials: Omit<ArimaPolynomials, 'mean'>, size: number): Float64Array {
  const foreseen = foreseenCovariance(polynomials, size);
  takeOffRows(foreseen, polynomials.ar, size);
  transpose(foreseen, size);
  takeOffRows(foreseen, polynomials.ar, size);
  return foreseen;
}

/** Every row less the autoregression on those above it, in place. */
function takeOffRows(matrix: Float64Array, {lags, coefficients}: LagPolynomial, size: number): void {
  for (let row = size - 1; row >= 0; row -= 1) {
    for (const [index, lag] of lags.entries()) {
      if (lag > row) break;
      const weight = coefficients[index] ?? 0;
      for (let at = row * size; at < (row + 1) * size; at += 1)
        matrix[at] = (matrix[at] ?? 0) - weight * (matrix[at - lag * size] ?? 0);
    }
  }
}

function transpose(matrix: Float64Array, size: number): void {
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < row; column += 1) {
      const [at, other] = [row * size + column, column * size + row];
      [matrix[at], matrix[other]] = [matrix[other] ?? 0, matrix[at] ?? 0];
    }
  }
}

/** Of the first values as foreseen from the time before them. */
function foreseenCovariance(polynomials: Omit<ArimaPolynomials, 'mean'>, size: number): Float64Array {
  const gamma = autocovariances(polynomials, size);
  const psi = responses(polynomials, size);
  const covariance = new Float64Array(size * size);
  for (let distance = 0; distance < size; distance += 1) {
    let left = gamma[distance] ?? 0;
    for (let row = 0; row + distance < size; row += 1) {
      left -= (psi[row] ?? 0) * (psi[row + distance] ?? 0);
      covariance[row * size + row + distance] = left;
      covariance[(row + distance) * size + row] = left;
    }
  }
  return covariance;
}

/** How the values of the model answer one error of 1, from its own step on. */
function responses({ar, ma}: Omit<ArimaPolynomials, 'mean'>, count: number): Float64Array {
  const psi = new Float64Array(count);
  psi[0] = 1;
  for (const [index, lag] of ma.lags.entries()) if (lag < count) psi[lag] = -(ma.coefficients[index] ?? 0);
  divideBy(psi, ar);
  return psi;
}
