import {divideBy} from './lag-polynomial.js';
import {lowerFactor, solveFactored} from './lower-factor.js';
import type {ArimaPolynomials} from './orders.js';
import {residualsInto} from './residuals.js';
import {startCovariance} from './start-covariance.js';

/** What an exact likelihood is made of; the variance of the errors is 1 here and left to be estimated. */
export interface ExactErrors {
  /** The expected errors of all steps given all values. */
  readonly errors: Float64Array;
  /** What was before the start, in independent parts of variance 1; its squares count like those of errors. */
  readonly start: Float64Array;
  /** Log of the determinant of the values' correlation matrix. */
  readonly logDeterminant: number;
}

/** Time grows with the cube of the longest lag: two days of hours and two years of weeks are within, two weeks of hours not. */
const LONGEST_LAG = 112;

/** The longest lag of both polynomials: so many first values depend on what was before them. */
export function longestLag({ar, ma}: Omit<ArimaPolynomials, 'mean'>): number {
  return Math.max(ar.lags.at(-1) ?? 0, ma.lags.at(-1) ?? 0);
}

/**
 * The exact errors of a stationary, invertible model of a differenced series, undefined where lags are too long for it or
 * for the series (the conditional errors of `residualsInto` serve then). With e0 the conditional errors and v what the
 * time before adds (`startCovariance`, factored LL'), the errors are `e0 - H v`, H the weights of 1 / (1 - sum b B): a
 * regression on v = L u with independent u of variance 1. So `K = I + L'H'HL`, `u = K^-1 L'H'e0`, and
 *
 *     -2 log likelihood = n log(2 pi s^2) + log |K| + (sum of squares of errors and u) / s^2
 *
 * (Ljung and Box 1979; the same value as a Kalman filter gives, for n r + r^3 instead of n r^2 operations).
 */
export function exactErrors(
  differenced: Float64Array,
  polynomials: ArimaPolynomials,
): ExactErrors | undefined {
  const size = longestLag(polynomials);
  const count = differenced.length;
  if (size > LONGEST_LAG || size > count) return undefined;
  const errors = new Float64Array(count);
  residualsInto(errors, differenced, polynomials);
  if (size === 0) return {errors, start: new Float64Array(), logDeterminant: 0};
  const weights = inverseWeights(polynomials, count);
  const factor = lowerFactor(startCovariance(polynomials, size), size);
  const system = lowerFactor(regressionMatrix(factor, crossProducts(weights, count, size), size), size);
  const start = solveFactored(system, transposedTimes(factor, projected(errors, weights, size), size));
  takeOff(errors, times(factor, start, size), polynomials);
  let logDeterminant = 0;
  for (let at = 0; at < size; at += 1) logDeterminant += 2 * Math.log(system[at * size + at] ?? Number.NaN);
  return {errors, start, logDeterminant};
}

/** Weights of 1 / (1 - sum b B), until they are too small to matter. */
function inverseWeights({ma}: ArimaPolynomials, count: number): Float64Array {
  const weights = new Float64Array(count);
  weights[0] = 1;
  divideBy(weights, ma);
  return weights.subarray(0, 1 + weights.findLastIndex((weight) => Math.abs(weight) > 1e-9));
}

/** H'H, [size x size]: sums of products of weights, each row of H one step shorter than the one before. */
function crossProducts(weights: Float64Array, count: number, size: number): Float64Array {
  const products = new Float64Array(size * size);
  for (let distance = 0; distance < size; distance += 1) {
    let sum = 0;
    let step = 0;
    const known = weights.length - distance;
    for (let row = size - 1 - distance; row >= 0; row -= 1) {
      const end = Math.min(known, count - row - distance);
      for (; step < end; step += 1) sum += (weights[step] ?? 0) * (weights[step + distance] ?? 0);
      products[row * size + row + distance] = sum;
      products[(row + distance) * size + row] = sum;
    }
  }
  return products;
}

/** H'e0 */
function projected(errors: Float64Array, weights: Float64Array, size: number): Float64Array {
  const found = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    const end = Math.min(weights.length, errors.length - row);
    let sum = 0;
    for (let step = 0; step < end; step += 1) sum += (weights[step] ?? 0) * (errors[step + row] ?? 0);
    found[row] = sum;
  }
  return found;
}

/** I + L'ML for a lower factor L and a symmetric M; only the lower half is filled. */
function regressionMatrix(factor: Float64Array, symmetric: Float64Array, size: number): Float64Array {
  const right = timesFactor(symmetric, factor, size);
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    const own = matrix.subarray(row * size, row * size + row + 1);
    for (let inner = row; inner < size; inner += 1)
      addTimes(own, right.subarray(inner * size), factor[inner * size + row] ?? 0);
    own[row] = (own[row] ?? 0) + 1;
  }
  return matrix;
}

/** ML for a lower factor L. */
function timesFactor(matrix: Float64Array, factor: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let inner = 0; inner < size; inner += 1) {
      const own = product.subarray(row * size, row * size + inner + 1);
      addTimes(own, factor.subarray(inner * size), matrix[row * size + inner] ?? 0);
    }
  }
  return product;
}

function addTimes(to: Float64Array, from: Float64Array, weight: number): void {
  if (weight === 0) return;
  for (let at = 0; at < to.length; at += 1) to[at] = (to[at] ?? 0) + weight * (from[at] ?? 0);
}

function times(factor: Float64Array, vector: Float64Array, size: number): Float64Array {
  return vector.map((_, row) => {
    let sum = 0;
    for (let column = 0; column <= row; column += 1)
      sum += (factor[row * size + column] ?? 0) * (vector[column] ?? 0);
    return sum;
  });
}

function transposedTimes(factor: Float64Array, vector: Float64Array, size: number): Float64Array {
  return vector.map((_, column) => {
    let sum = 0;
    for (let row = column; row < size; row += 1)
      sum += (factor[row * size + column] ?? 0) * (vector[row] ?? 0);
    return sum;
  });
}

/** Takes H v off the errors, in place. */
function takeOff(errors: Float64Array, before: Float64Array, {ma}: ArimaPolynomials): void {
  const added = new Float64Array(errors.length);
  added.set(before);
  divideBy(added, ma);
  for (const [step, value] of added.entries()) errors[step] = (errors[step] ?? 0) - value;
}
