import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {seasonalDifferences} from '../../src/lib/forecasting/arima/difference-orders.js';
import {applied, differencing, everyLag, multiplied} from '../../src/lib/forecasting/arima/lag-polynomial.js';
import {polynomialsAt, type ArimaOrders} from '../../src/lib/forecasting/arima/orders.js';
import {chooseArima} from '../../src/lib/forecasting/arima/search.js';
import {forecastModel} from '../../src/lib/forecasting/index.js';
import {fitOptions, made, wave} from './builders.js';

const plain = {p: 0, d: 0, q: 0, seasonalP: 0, seasonalD: 0, seasonalQ: 0, seasonSteps: 1, constant: false};

describe('ARIMA', () => {
  it('multiplies polynomials: (1 - .5 B)(1 - .3 B^4)', () => {
    const {lags, coefficients} = multiplied(everyLag([0.5]), everyLag([0.3], 4));
    expect(lags).toEqual([1, 4, 5]);
    expect(coefficients).toEqual([0.5, 0.3, -0.15]);
  });

  it('takes differences: of a line with a season nothing is left', () => {
    const values = Float64Array.from({length: 40}, (_, step) => 3 * step + ([5, 1, 7, 2][step % 4] ?? 0));
    const left = applied(differencing(1, 1, 4), values);
    expect(left).toHaveLength(35);
    for (const value of left) expect(value).toBeCloseTo(0, 10);
  });

  it('has only stationary models, whatever the point', () => {
    fc.assert(
      fc.property(
        // Further out the way back loses all digits.
        fc.array(fc.double({min: -2.5, max: 2.5, noNaN: true}), {minLength: 1, maxLength: 5}),
        (point) => {
          const orders: ArimaOrders = {...plain, p: point.length};
          const {lags, coefficients} = polynomialsAt(Float64Array.from(point), orders).ar;
          const dense = Array.from(
            {length: point.length},
            (_, lag) => coefficients[lags.indexOf(lag + 1)] ?? 0,
          );
          // Durbin and Levinson backwards: stationary when all partial autocorrelations are within (-1, 1).
          for (let order = dense.length; order > 0; order -= 1) {
            const last = dense[order - 1] ?? 0;
            expect(Math.abs(last)).toBeLessThan(1);
            const before = dense.slice(0, order - 1);
            for (const [lag, one] of before.entries())
              dense[lag] = (one + last * (before[order - 2 - lag] ?? 0)) / (1 - last * last);
          }
        },
      ),
      {numRuns: 200, seed: 1},
    );
  });

  it('finds the coefficient of an autoregression of order one', () => {
    let last = 0;
    const series = made(2000, (_, noise) => (last = 0.7 * last + noise));
    const chosen = chooseArima(series.values, 1);
    expect(chosen?.orders.d).toBe(0);
    const {ar, ma} = polynomialsAt(chosen?.point ?? new Float64Array(), chosen?.orders ?? plain);
    // Of any order: the first response to a shock.
    expect((ar.coefficients[0] ?? 0) - (ma.coefficients[0] ?? 0)).toBeCloseTo(0.7, 1);
  });

  it('differences a strong season and foresees it', async () => {
    const series = made(240, (step, noise) => 100 + 30 * wave(step, 12) + noise);
    expect(seasonalDifferences(series.values, 12)).toBe(1);
    const fitted = await forecastModel('arima').fit([series], fitOptions({seasonSteps: [12]}));
    const [path = new Float64Array()] = await fitted.predict([series], 24);
    for (const [step, value] of path.entries())
      expect(Math.abs(value - 100 - 30 * wave(240 + step, 12))).toBeLessThan(3);
  });

  it('takes a line whose differences are constant as it is', async () => {
    const line = made(50, (step) => 7 + 2 * step);
    const fitted = await forecastModel('arima').fit([line], fitOptions({seasonSteps: []}));
    const [path = []] = await fitted.predict([line], 3);
    for (const [step, value] of path.entries()) expect(value).toBeCloseTo(7 + 2 * (50 + step), 6);
  });
});
