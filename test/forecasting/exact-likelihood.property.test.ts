import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {exactErrors} from '../../src/lib/forecasting/arima/exact-likelihood.js';
import type {ArimaPolynomials} from '../../src/lib/forecasting/arima/orders.js';
import {polynomialsAt} from '../../src/lib/forecasting/arima/orders.js';
import {createRandom} from '../../src/lib/core/index.js';
import {effort} from '../support/effort.js';

/** Autocovariances as sums of products of what one error does to later values. */
function covariancesBySum({ar, ma}: ArimaPolynomials, count: number): readonly number[] {
  const psi = [1];
  for (let step = 1; step < 2000; step += 1) {
    let value = 0;
    for (const [i, lag] of ar.lags.entries()) value += (ar.coefficients[i] ?? 0) * (psi[step - lag] ?? 0);
    const own = ma.lags.indexOf(step);
    psi.push(own < 0 ? value : value - (ma.coefficients[own] ?? 0));
  }
  return Array.from({length: count}, (_, lag) =>
    psi.reduce((sum, value, step) => sum + value * (psi[step + lag] ?? 0), 0),
  );
}

/** Log determinant of the covariance matrix and w' C^-1 w, by elimination: nothing but the definition. */
function byDefinition(
  values: Float64Array,
  gamma: readonly number[],
): {readonly logDeterminant: number; readonly squares: number} {
  const rows = [...values].map((value, i) => [
    ...Array.from(values, (_, j) => gamma[Math.abs(i - j)] ?? 0),
    value,
  ]);
  let [logDeterminant, squares] = [0, 0];
  for (const [column, top] of rows.entries()) {
    const pivot = top[column] ?? 0;
    logDeterminant += Math.log(pivot);
    squares += (top.at(-1) ?? 0) ** 2 / pivot;
    for (const row of rows.slice(column + 1)) {
      const factor = (row[column] ?? 0) / pivot;
      for (let at = column; at < row.length; at += 1) row[at] = (row[at] ?? 0) - factor * (top[at] ?? 0);
    }
  }
  return {logDeterminant, squares};
}

describe('the exact likelihood of any model', () => {
  it('is that of a normal vector with the covariances of the model', () => {
    const order = fc.integer({min: 0, max: 2});
    const inside = fc.double({min: -1.1, max: 1.1, noNaN: true});
    fc.assert(
      fc.property(
        fc.tuple(order, order, order, order),
        fc.array(inside, {minLength: 8, maxLength: 8}),
        fc.integer({min: 12, max: 40}),
        fc.integer(),
        ([p, q, seasonalP, seasonalQ], numbers, count, seed) => {
          const orders = {
            ...{p, q, seasonalP, seasonalQ, d: 0, seasonalD: 0},
            seasonSteps: 4,
            constant: false,
          };
          const polynomials = polynomialsAt(Float64Array.from(numbers), orders);
          const random = createRandom(seed);
          const values = Float64Array.from({length: count}, () => random.normal());
          const exact = exactErrors(values, polynomials);
          const expected = byDefinition(values, covariancesBySum(polynomials, count));
          const squares = [...(exact?.errors ?? []), ...(exact?.start ?? [])].reduce(
            (sum, value) => sum + value * value,
            0,
          );
          expect(Math.abs((exact?.logDeterminant ?? 9) - expected.logDeterminant)).toBeLessThan(1e-6);
          expect(squares / expected.squares).toBeCloseTo(1, 6);
        },
      ),
      {numRuns: effort(20, 1000), seed: 3},
    );
  });
});
