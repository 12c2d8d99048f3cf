import {exactErrors} from './exact-likelihood.js';
import {applied, differencing} from './lag-polynomial.js';
import {polynomialsAt, type ArimaOrders} from './orders.js';
import {residualsInto} from './residuals.js';

/** What of a choice is needed to forecast. */
export interface ArimaModel {
  readonly orders: ArimaOrders;
  readonly point: Float64Array;
  readonly scale: number;
}

/**
 * The path of the means after a history without gaps: the recursion of the differenced series with no errors to come, and
 * the differences added up again (Box and Jenkins 1976, 5.2). The errors of the past are the exact ones, but the conditional
 * ones where lags are too long for those.
 */
export function projectArima(values: Float64Array, model: ArimaModel, horizonSteps: number): Float64Array {
  const {d, seasonalD, seasonSteps} = model.orders;
  const difference = differencing(d, seasonalD, seasonSteps);
  const differenced = applied(difference, values).map((value) => value / model.scale);
  const future = ahead(differenced, model, horizonSteps);
  const path = new Float64Array(values.length + horizonSteps);
  path.set(values);
  for (let step = 0; step < horizonSteps; step += 1) {
    const at = values.length + step;
    let value = (future[step] ?? 0) * model.scale;
    for (const [index, lag] of difference.lags.entries())
      value += (difference.coefficients[index] ?? 0) * (path[at - lag] ?? 0);
    path[at] = value;
  }
  return path.slice(values.length);
}

function ahead(differenced: Float64Array, {point, orders}: ArimaModel, horizonSteps: number): Float64Array {
  const polynomials = polynomialsAt(point, orders);
  const {ar, ma, mean} = polynomials;
  const count = differenced.length;
  const errors = new Float64Array(count + horizonSteps);
  const exact = exactErrors(differenced, polynomials);
  if (exact) errors.set(exact.errors);
  else residualsInto(errors.subarray(0, count), differenced, polynomials);
  const centred = new Float64Array(count + horizonSteps);
  centred.set(differenced.map((value) => value - mean));
  for (let at = count; at < centred.length; at += 1) {
    let value = 0;
    for (const [index, lag] of ar.lags.entries())
      value += (ar.coefficients[index] ?? 0) * (centred[at - lag] ?? 0);
    for (const [index, lag] of ma.lags.entries())
      value -= (ma.coefficients[index] ?? 0) * (errors[at - lag] ?? 0);
    centred[at] = value;
  }
  return centred.slice(count).map((value) => value + mean);
}
