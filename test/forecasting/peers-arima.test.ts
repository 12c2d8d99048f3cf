import {describe, expect, it} from 'vitest';

import {type ExactErrors, exactErrors} from '../../src/lib/forecasting/arima/exact-likelihood.js';
import {fitExactly} from '../../src/lib/forecasting/arima/exact-fit.js';
import {applied, differencing, everyLag, multiplied} from '../../src/lib/forecasting/arima/lag-polynomial.js';
import {
  type ArimaOrders,
  type ArimaPolynomials,
  polynomialsAt,
} from '../../src/lib/forecasting/arima/orders.js';
import {projectArima} from '../../src/lib/forecasting/arima/project.js';
import {residualsInto} from '../../src/lib/forecasting/arima/residuals.js';
import {expectClose} from './builders.js';

// Values of R 4.2.2's arima() with
//   n <- 200; t <- 0:(n-1); e <- ((t*t*17 + t*7919) %% 1009)/1009 - .5; z <- numeric(n)
//   at <- function(v, i) if (i >= 1) v[i] else 0
//   for (i in 1:n) z[i] <- .5*at(z,i-1) + .4*at(z,i-12) - .2*at(z,i-13) + e[i] + .4*at(e,i-1)
//   z <- z + 3
const z = made();

function made(): Float64Array {
  const e = Array.from({length: 200}, (_, t) => ((t * t * 17 + t * 7919) % 1009) / 1009 - 0.5);
  const values = new Float64Array(200);
  const at = (list: ArrayLike<number>, index: number): number => list[index] ?? 0;
  for (const [i, error] of e.entries())
    values[i] =
      0.5 * at(values, i - 1) +
      0.4 * at(values, i - 12) -
      0.2 * at(values, i - 13) +
      error +
      0.4 * at(e, i - 1);
  return values.map((value) => value + 3);
}

interface Coefficients {
  readonly ar?: readonly number[];
  readonly ma?: readonly number[];
  readonly sar?: readonly number[];
  readonly sma?: readonly number[];
  readonly period: number;
}

/** R writes moving averages with the other sign. */
function polynomialsOf({ar = [], ma = [], sar = [], sma = [], period}: Coefficients): ArimaPolynomials {
  const turned = (list: readonly number[]): readonly number[] => list.map((value) => -value);
  return {
    ar: multiplied(everyLag(ar), everyLag(sar, period)),
    ma: multiplied(everyLag(turned(ma)), everyLag(turned(sma), period)),
    mean: 3,
  };
}

function squaresOf({errors, start}: ExactErrors): number {
  return [...errors, ...start].reduce((sum, value) => sum + value * value, 0);
}

describe('the exact likelihood', () => {
  // arima(z, order, seasonal = list(order, period), fixed = c(...), transform.pars = FALSE, method = "ML")
  it.each<[string, Coefficients, number, number]>([
    [
      '(1,0,1)(1,0,1)12',
      {ar: [0.5], ma: [0.3], sar: [0.4], sma: [-0.6], period: 12},
      -74.3265663097,
      0.1221843258,
    ],
    ['(2,0,0)', {ar: [0.5, -0.2], period: 1}, -54.2172563022, 0.1005534178],
    ['(0,0,2)(0,0,2)24', {ma: [0.5, -0.2], sma: [0.4, 0.2], period: 24}, -59.7416707561, 0.1035945625],
    [
      '(2,0,1)(2,0,1)24',
      {ar: [0.5, -0.2], ma: [0.3], sar: [0.4, 0.2], sma: [-0.5], period: 24},
      -55.3378334942,
      0.1004915187,
    ],
  ])('of %s is that of R for the same coefficients', (_, coefficients, logLikelihood, variance) => {
    const exact = exactErrors(z, polynomialsOf(coefficients));
    if (!exact) throw new Error('none');
    const found = squaresOf(exact) / z.length;
    expectClose([found], [variance], 1e-7);
    const deviance = z.length * (Math.log(2 * Math.PI * found) + 1) + exact.logDeterminant;
    expectClose([-deviance / 2], [logLikelihood], 1e-7);
  });

  // arima(z, ..., method = "ML", optim.control = list(reltol = 1e-14)), then predict(..., n.ahead = 5)
  const base = {p: 0, d: 0, q: 0, seasonalP: 0, seasonalD: 0, seasonalQ: 0, seasonSteps: 12, constant: false};
  it.each<[string, Partial<ArimaOrders>, number, readonly number[], readonly number[]]>([
    [
      '(1,0,1)(1,0,0)12 with mean',
      {p: 1, q: 1, seasonalP: 1, constant: true},
      -20.2999356507,
      [0.4076853175, 0.468183456, -0.387497854, 2.9668291121],
      [3.024089008, 2.856798453, 2.815851508, 3.018719924, 3.258593315],
    ],
    [
      '(0,1,1)(0,1,1)12',
      {d: 1, q: 1, seasonalD: 1, seasonalQ: 1},
      -60.310521049,
      [-0.0150373968, 0.5131974084],
      [2.917458885, 2.48014765, 2.322894123, 2.632002704, 2.839053754],
    ],
    [
      '(1,0,2)(0,1,1)12',
      {p: 1, q: 2, seasonalD: 1, seasonalQ: 1},
      -32.8763701025,
      [-0.2092211859, -1.0475580697, -0.4484017143, 0.4781233828],
      [2.876484119, 2.722010724, 2.664358426, 2.966495958, 3.19694712],
    ],
  ])(
    'is highest for %s where R finds it, and foresees the same',
    (_, own, logLikelihood, expected, ahead) => {
      const orders = {...base, ...own};
      const differenced = applied(differencing(orders.d, orders.seasonalD, 12), z);
      const count = orders.p + orders.q + orders.seasonalP + orders.seasonalQ + Number(orders.constant);
      const fit = fitExactly(differenced, orders, new Float64Array(count).fill(0.05), 1e-10);
      if (!fit) throw new Error('none');
      const constant = differenced.length * (Math.log(2 * Math.PI) + 1);
      expectClose([-(fit.deviance + constant) / 2], [logLikelihood], 1e-6);
      const {ar, ma, mean} = polynomialsAt(fit.point, orders);
      const at = ({lags, coefficients}: typeof ar, lag: number): number =>
        coefficients[lags.indexOf(lag)] ?? Number.NaN;
      const found = [
        ...(orders.p > 0 ? [at(ar, 1)] : []),
        ...(orders.seasonalP > 0 ? [at(ar, 12)] : []),
        ...Array.from({length: orders.q}, (_, index) => at(ma, index + 1)),
        ...(orders.seasonalQ > 0 ? [at(ma, 12)] : []),
        ...(orders.constant ? [mean] : []),
      ];
      for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index] ?? 9, 3);
      expectClose(projectArima(z, {orders, point: fit.point, scale: 1}, 5), ahead, 2e-4);
    },
  );

  it('is left to conditional errors where lags are too long', () => {
    const orders: ArimaOrders = {...base, p: 1, seasonalP: 1, seasonSteps: 168};
    const point = Float64Array.of(0.4, 0.3);
    expect(exactErrors(z, polynomialsAt(point, orders))).toBeUndefined();
    expect(fitExactly(z, orders, point)).toBeUndefined();
    const errors = new Float64Array(z.length);
    residualsInto(errors, z, polynomialsAt(point, orders));
    const {ar} = polynomialsAt(point, orders);
    const [next] = projectArima(z, {orders, point, scale: 1}, 1);
    const expected = ar.lags.reduce(
      (sum, lag, i) => sum + (ar.coefficients[i] ?? 0) * (z[200 - lag] ?? 0),
      0,
    );
    expect(next).toBeCloseTo(expected, 10);
  });

  it('needs as many values as the longest lag', () => {
    const short = z.subarray(0, 24);
    const polynomials = polynomialsOf({ma: [0.3], sma: [0.2], period: 24});
    expect(exactErrors(short, polynomials)).toBeUndefined();
    expect(exactErrors(z.subarray(0, 25), polynomials)).toBeDefined();
  });
});
