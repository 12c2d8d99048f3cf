import {everyLag, multiplied, type LagPolynomial} from './lag-polynomial.js';

/** ARIMA(p,d,q)(P,D,Q) with seasons of m steps; `constant`: the differenced series has a mean. */
export interface ArimaOrders {
  readonly p: number;
  readonly d: number;
  readonly q: number;
  readonly seasonalP: number;
  readonly seasonalD: number;
  readonly seasonalQ: number;
  /** 1 without a season. */
  readonly seasonSteps: number;
  readonly constant: boolean;
}

/** Both polynomials of a model, and the mean of the differenced series. */
export interface ArimaPolynomials {
  readonly ar: LagPolynomial;
  /** With the sign of the autoregressive one: `1 - c B`. */
  readonly ma: LagPolynomial;
  readonly mean: number;
}

/** Nearer to a unit root than this is left to differencing. */
const MOST_PARTIAL = 0.99;

/** How many numbers a point has: one a coefficient, in the order p, P, q, Q, constant. */
export function pointLength({p, q, seasonalP, seasonalQ, constant}: ArimaOrders): number {
  return p + q + seasonalP + seasonalQ + (constant ? 1 : 0);
}

/**
 * The polynomials of a point without bounds: each number is squeezed into a partial autocorrelation, of which the
 * coefficients follow by Durbin and Levinson's recursion, so that every point is stationary and invertible (Monahan
 * 1984).
 */
export function polynomialsAt(point: Float64Array, orders: ArimaOrders): ArimaPolynomials {
  let next = 0;
  const take = (count: number): readonly number[] => {
    const partials = Array.from({length: count}, () => MOST_PARTIAL * Math.tanh(point[next++] ?? 0));
    return fromPartials(partials);
  };
  const [p, seasonalP, q, seasonalQ] = [
    take(orders.p),
    take(orders.seasonalP),
    take(orders.q),
    take(orders.seasonalQ),
  ];
  return {
    ar: multiplied(everyLag(p), everyLag(seasonalP, orders.seasonSteps)),
    ma: multiplied(everyLag(q), everyLag(seasonalQ, orders.seasonSteps)),
    mean: orders.constant ? (point[next] ?? 0) : 0,
  };
}

function fromPartials(partials: readonly number[]): readonly number[] {
  return partials.reduce<readonly number[]>((coefficients, partial) => {
    const reversed = coefficients.toReversed();
    return [...coefficients.map((value, index) => value - partial * (reversed[index] ?? 0)), partial];
  }, []);
}

/** A point of other orders, carried over where both have a coefficient; a new one begins a little off zero. */
export function carriedPoint(point: Float64Array, from: ArimaOrders, to: ArimaOrders): Float64Array {
  const next: number[] = [];
  let offset = 0;
  for (const name of ['p', 'seasonalP', 'q', 'seasonalQ'] as const) {
    for (let index = 0; index < to[name]; index += 1)
      next.push(index < from[name] ? (point[offset + index] ?? 0) : 0.05);
    offset += from[name];
  }
  if (to.constant) next.push(from.constant ? (point[offset] ?? 0) : 0);
  return Float64Array.from(next);
}

/** `(2,1,2)(0,1,1)24 + c` */
export function describeOrders(orders: ArimaOrders): string {
  const {p, d, q, seasonalP, seasonalD, seasonalQ, seasonSteps, constant} = orders;
  const season = seasonSteps > 1 ? `(${seasonalP},${seasonalD},${seasonalQ})${seasonSteps}` : '';
  return `(${p},${d},${q})${season}${constant ? ' + c' : ''}`;
}
