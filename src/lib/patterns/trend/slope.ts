import {quantile, type Random} from '../../core/index.js';
import {lagOneCorrelation} from '../seasons/variance.js';
import {withoutSpikes} from './without-spikes.js';

/** A slope with what it may be, in units of the values a step. */
export interface Slope {
  readonly perStep: number;
  readonly low: number;
  readonly high: number;
}

const MOST_POINTS = 60;
const REPEATS = 199;
const LEAST_POINTS = 5;
const SETTLE_STEPS = 50;
const RANDOM_WALK_LACK = 15;

/**
 * The median slope of all pairs of values (Theil 1950, Sen 1968), with an interval that holds with probability `level` when
 * errors are correlated: they are drawn anew from an autoregression of order 1 on what the line leaves (the sieve bootstrap of
 * Bühlmann 1997, Bernoulli 3), its coefficient corrected for the bias of short series, up to a random walk. NaN is left out;
 * undefined of less than five values. Long stretches are averaged down to 60 points.
 */
export function slopeOf(values: Float64Array, level: number, random: Random): Slope | undefined {
  const {points, stepsPerPoint} = averaged(values);
  const known = points.filter((value) => !Number.isNaN(value));
  if (known.length < LEAST_POINTS) return undefined;
  const perPoint = medianSlope(points);
  const errors = centered(withoutSpikes(points.map((value, index) => value - perPoint * index)));
  const correlation = correctedCorrelation(errors, known.length);
  const shocks = centered(
    errors
      .subarray(1)
      .map((error, index) => error - correlation * (errors[index] ?? Number.NaN))
      .filter((shock) => !Number.isNaN(shock)),
  );
  // Means of a random walk's steps change by a third less than it does (Working 1960, Econometrica 28).
  const smoothed = correlation === 1 && stepsPerPoint > 1 ? Math.sqrt(1.5) : 1;
  const widened = smoothed * Math.sqrt(known.length / (known.length - 2));
  const drawn = Array.from({length: REPEATS}, () => {
    const path = redraw(shocks, correlation, points.length, random);
    return medianSlope(
      path.map((error, index) => (Number.isNaN(points[index]) ? Number.NaN : error * widened)),
    );
  });
  return {
    perStep: perPoint / stepsPerPoint,
    low: (perPoint - quantile(drawn, 1 - (1 - level) / 2)) / stepsPerPoint,
    high: (perPoint - quantile(drawn, (1 - level) / 2)) / stepsPerPoint,
  };
}

function averaged(values: Float64Array): {readonly points: Float64Array; readonly stepsPerPoint: number} {
  const stepsPerPoint = Math.ceil(values.length / MOST_POINTS);
  // From the end: what is left over is the oldest.
  const count = Math.floor(values.length / stepsPerPoint);
  const skipped = values.length - count * stepsPerPoint;
  const points = Float64Array.from({length: count}, (_, point) => {
    const from = skipped + point * stepsPerPoint;
    const known = values.subarray(from, from + stepsPerPoint).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : known.reduce((total, value) => total + value, 0) / known.length;
  });
  return {points, stepsPerPoint};
}

function medianSlope(values: Float64Array): number {
  const slopes: number[] = [];
  for (let right = 1; right < values.length; right += 1) {
    for (let left = 0; left < right; left += 1) {
      const slope = ((values[right] ?? 0) - (values[left] ?? 0)) / (right - left);
      if (!Number.isNaN(slope)) slopes.push(slope);
    }
  }
  return quantile(slopes, 0.5);
}

function centered(values: Float64Array): Float64Array {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((total, value) => total + value, 0) / Math.max(1, known.length);
  return values.map((value) => value - mean);
}

/**
 * Least squares find too little of it around a line (Orcutt and Winokur 1969, Econometrica 37); what a random walk shows in five
 * of six cases (15 divided by the length below 1, after Dickey and Fuller 1979) is taken for one. At least 0, at most 1.
 */
function correctedCorrelation(errors: Float64Array, count: number): number {
  const found = lagOneCorrelation(errors);
  if (found > 1 - RANDOM_WALK_LACK / count) return 1;
  return Math.min(1, Math.max(0, (count * found + 2) / Math.max(1, count - 4)));
}

function redraw(shocks: Float64Array, correlation: number, length: number, random: Random): Float64Array {
  let error = 0;
  const next = (): number => {
    error = correlation * error + (shocks[random.below(shocks.length)] ?? 0);
    return error;
  };
  for (let step = 0; step < SETTLE_STEPS; step += 1) next();
  return Float64Array.from({length}, next);
}
