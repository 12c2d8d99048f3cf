import {type Series, type TimeZone, US_PER_SECOND} from '../../core/index.js';
import {DAY_SECONDS, type LocalAxis} from './fold.js';

/**
 * The local time of the middle of each step. Offsets are asked for day by day, and step by step on days on which clocks
 * change.
 */
export function localAxis({startUs, stepSeconds, values}: Series, zone: TimeZone): LocalAxis {
  const localSeconds = new Float64Array(values.length);
  const chunk = Math.max(1, Math.round(DAY_SECONDS / stepSeconds));
  const middleUs = (step: number): number => startUs + (step + 0.5) * stepSeconds * US_PER_SECOND;
  for (let from = 0; from < values.length; from += chunk) {
    const to = Math.min(values.length, from + chunk);
    const [ahead, aheadLater] = [zone.aheadUs(middleUs(from)), zone.aheadUs(middleUs(to - 1))];
    for (let step = from; step < to; step += 1) {
      const aheadUs = ahead === aheadLater ? ahead : zone.aheadUs(middleUs(step));
      localSeconds[step] = (middleUs(step) + aheadUs) / US_PER_SECOND;
    }
  }
  const first = values.findIndex((value) => !Number.isNaN(value));
  return {stepSeconds, localSeconds, first: first < 0 ? values.length : first};
}

/** A series by local days: the mean of what is known of each, NaN of less than half of one. */
export function byLocalDay(
  values: Float64Array,
  {localSeconds, stepSeconds}: LocalAxis,
): {readonly values: Float64Array; readonly axis: LocalAxis} {
  const firstDay = Math.floor((localSeconds[0] ?? 0) / DAY_SECONDS);
  const days = Math.floor((localSeconds.at(-1) ?? 0) / DAY_SECONDS) - firstDay + 1;
  const sums = new Float64Array(days);
  const counts = new Float64Array(days);
  for (const [step, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    const day = Math.floor((localSeconds[step] ?? 0) / DAY_SECONDS) - firstDay;
    sums[day] = (sums[day] ?? 0) + value;
    counts[day] = (counts[day] ?? 0) + 1;
  }
  const least = DAY_SECONDS / stepSeconds / 2;
  const means = sums.map((sum, day) => ((counts[day] ?? 0) < least ? Number.NaN : sum / (counts[day] ?? 1)));
  const first = means.findIndex((mean) => !Number.isNaN(mean));
  return {
    values: means,
    axis: {
      stepSeconds: DAY_SECONDS,
      localSeconds: Float64Array.from(means, (_, day) => (firstDay + day + 0.5) * DAY_SECONDS),
      first: first < 0 ? days : first,
    },
  };
}
