import {seasonStrength} from '../stl/mstl.js';
import {applied, everyLag} from './lag-polynomial.js';

/** Critical value of the KPSS test for a level, at 5 % (Kwiatkowski et al. 1992, table 1). */
const CRITICAL = 0.463;
/** A season stronger than this is differenced (Hyndman and Athanasopoulos, 3rd ed., 9.1). */
const STRONG = 0.64;

/** 1 where the season is strong and two cycles are there, else 0. */
export function seasonalDifferences(values: Float64Array, seasonSteps: number): number {
  if (seasonSteps <= 1 || values.length < 2 * seasonSteps + 2) return 0;
  return seasonStrength(values, seasonSteps) > STRONG ? 1 : 0;
}

/** How often to difference, 0 to 2, until the KPSS test no longer refuses a level. */
export function ordinaryDifferences(values: Float64Array): number {
  let left = values;
  for (let d = 0; d < 2; d += 1) {
    if (!(levelStatistic(left) > CRITICAL)) return d;
    left = applied(everyLag([1]), left);
  }
  return 2;
}

/**
 * The KPSS statistic for a level (Kwiatkowski, Phillips, Schmidt and Shin 1992), with Bartlett weights over
 * 3 sqrt(n) / 13 lags. NaN for a constant.
 */
export function levelStatistic(values: Float64Array): number {
  const count = values.length;
  const lags = Math.trunc((3 * Math.sqrt(count)) / 13);
  const centre = values.reduce((sum, value) => sum + value, 0) / count;
  const errors = values.map((value) => value - centre);
  let [partial, partialSquares] = [0, 0];
  for (const error of errors) {
    partial += error;
    partialSquares += partial * partial;
  }
  let longRun = covariance(errors, 0);
  for (let lag = 1; lag <= lags; lag += 1) longRun += 2 * (1 - lag / (lags + 1)) * covariance(errors, lag);
  return partialSquares / (count * count * longRun);
}

function covariance(errors: Float64Array, lag: number): number {
  let sum = 0;
  for (let step = lag; step < errors.length; step += 1)
    sum += (errors[step] ?? 0) * (errors[step - lag] ?? 0);
  return sum / errors.length;
}
