import {quantile, type Series, US_PER_SECOND} from '../src/lib/core/index.js';

/** When a detector says that something is out of the ordinary; the end is exclusive. */
export interface Alarm {
  readonly startUs: number;
  readonly endUs: number;
}

/**
 * The plain way: a step is out of the ordinary when it is more than `limit` standard deviations from the mean of the
 * `windowSteps` before it.
 */
export function rollingZScore(series: Series, limit: number, windowSteps: number): readonly Alarm[] {
  const recent: number[] = [];
  const flagged = new Set<number>();
  for (const [step, value] of series.values.entries()) {
    if (Number.isNaN(value)) continue;
    if (recent.length >= windowSteps / 2) {
      const mean = recent.reduce((total, one) => total + one, 0) / recent.length;
      const variance = recent.reduce((total, one) => total + (one - mean) ** 2, 0) / recent.length;
      if (Math.abs(value - mean) > limit * Math.sqrt(variance)) flagged.add(step);
    }
    recent.push(value);
    if (recent.length > windowSteps) recent.shift();
  }
  return alarmsOf(flagged, series);
}

/**
 * Seasonal hybrid ESD (Hochenbaum, Vallis and Kejariwal 2017): values less the median of their hour of the day and the
 * median of all, tested by the generalised ESD with median and MAD, at most a tenth of the steps. Batch: it sees all values.
 * `limitFactor` scales the critical value: 1 is the test as published, at 5 %.
 */
export function seasonalEsd(series: Series, limitFactor: number): readonly Alarm[] {
  const seasonSteps = Math.round(86_400 / series.stepSeconds);
  const phases = Array.from({length: seasonSteps}, (_, phase) =>
    quantile(
      series.values.filter((value, step) => step % seasonSteps === phase && !Number.isNaN(value)),
      0.5,
    ),
  );
  const left = [...series.values.entries()]
    .map(([step, value]) => ({step, value: value - (phases[step % seasonSteps] ?? 0)}))
    .filter(({value}) => !Number.isNaN(value))
    .sort((a, b) => a.value - b.value);
  const all = left.length;
  const removed: number[] = [];
  let outliers = 0;
  for (let count = 1; count <= all / 10; count += 1) {
    const centre = sortedMedian(left.map(({value}) => value));
    const spread =
      1.4826 *
      quantile(
        left.map(({value}) => Math.abs(value - centre)),
        0.5,
      );
    const [low, high] = [left[0], left.at(-1)];
    if (low === undefined || high === undefined || spread === 0) break;
    const isHigh = high.value - centre > centre - low.value;
    const farthest = isHigh ? left.pop() : left.shift();
    if (farthest === undefined) break;
    removed.push(farthest.step);
    const distance = Math.abs(farthest.value - centre) / spread;
    if (distance > limitFactor * criticalDistance(all, count)) outliers = count;
  }
  return alarmsOf(new Set(removed.slice(0, outliers)), series);
}

function sortedMedian(values: readonly number[]): number {
  const middle = values.length >> 1;
  const upper = values[middle] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? Number.NaN)) / 2;
}

/** Rosner's critical value of the count-th most extreme of `all` values at 5 %. */
function criticalDistance(all: number, count: number): number {
  const freedom = all - count - 1;
  const t = studentQuantile(1 - 0.05 / (2 * (all - count + 1)), freedom);
  return ((all - count) * t) / Math.sqrt((freedom + t * t) * (all - count + 1));
}

/** Student's t by the normal quantile and Cornish-Fisher terms (Abramowitz and Stegun 26.7.5). */
function studentQuantile(level: number, freedom: number): number {
  const z = normalQuantile(level);
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / freedom + second / freedom ** 2;
}

/** Abramowitz and Stegun 26.2.23, for levels above 0.5; error below 4.5e-4. */
function normalQuantile(level: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - level));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t * t;
  return t - above / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
}

/** Runs of flagged steps. */
function alarmsOf(flagged: ReadonlySet<number>, {startUs, stepSeconds}: Series): readonly Alarm[] {
  const alarms: Alarm[] = [];
  const stepUs = stepSeconds * US_PER_SECOND;
  for (const step of [...flagged].sort((a, b) => a - b)) {
    const at = startUs + step * stepUs;
    const last = alarms.at(-1);
    if (last?.endUs === at) alarms[alarms.length - 1] = {startUs: last.startUs, endUs: at + stepUs};
    else alarms.push({startUs: at, endUs: at + stepUs});
  }
  return alarms;
}
