import {type Random, type Series, type TimeZone, US_PER_SECOND} from '../../core/index.js';
import {DAY_SECONDS} from '../seasons/fold.js';
import {byLocalDay, localAxis} from '../seasons/local-axis.js';
import {changePoints, LEAST_STRETCH} from './change-points.js';
import {slopeOf} from './slope.js';
import {medianOf} from '../median-of.js';

/** A change of the level or of the growth. */
export interface TrendChange {
  /** Begin of the first day, or step when those are longer, that is different. */
  readonly atUs: number;
  /** Medians of the week, or of seven steps, before and after. */
  readonly before: number;
  readonly after: number;
}

/** How a series goes on: the growth of its last stretch. Values are in the series' unit. */
export interface Trend {
  readonly changes: readonly TrendChange[];
  /** Since the last change. */
  readonly stretchDays: number;
  readonly perDay: number;
  /** Holds the growth with probability `level`. */
  readonly interval: {readonly level: number; readonly low: number; readonly high: number};
}

export interface TrendOptions {
  readonly zone: TimeZone;
  readonly random: Random;
  /** Of the interval; 0.9 when absent. */
  readonly level?: number;
  /** Whether weekdays differ: then they are made alike first. */
  readonly isWeekly: boolean;
}

/** So many points at most are searched for changes. */
const MOST_POINTS = 400;
const DEFAULT_LEVEL = 0.9;

/**
 * Changes and growth of a series, by local days (or its steps when those are longer); a day that is unknown by more than half is
 * passed over. Undefined when less than a week is known.
 */
export function findTrend(series: Series, options: TrendOptions): Trend | undefined {
  const {zone, random, level = DEFAULT_LEVEL, isWeekly} = options;
  const {values, startUs, pointSeconds} = pointsOf(series, zone, isWeekly);
  const first = values.findIndex((value) => !Number.isNaN(value));
  const known = first < 0 ? values.subarray(0, 0) : values.subarray(first);
  if (known.filter((value) => !Number.isNaN(value)).length < LEAST_STRETCH) return undefined;
  const changes = changePoints(known);
  const last = known.subarray(changes.at(-1) ?? 0);
  const slope = slopeOf(last, level, random);
  if (slope === undefined) return undefined;
  const aDay = DAY_SECONDS / pointSeconds;
  return {
    changes: changes.map((index) => ({
      atUs: startUs + (first + index) * pointSeconds * US_PER_SECOND,
      before: medianOf(known.subarray(Math.max(0, index - LEAST_STRETCH), index)),
      after: medianOf(known.subarray(index, index + LEAST_STRETCH)),
    })),
    stretchDays: last.length / aDay,
    perDay: slope.perStep * aDay,
    interval: {level, low: slope.low * aDay, high: slope.high * aDay},
  };
}

interface Points {
  readonly values: Float64Array;
  readonly startUs: number;
  readonly pointSeconds: number;
}

function pointsOf(series: Series, zone: TimeZone, isWeekly: boolean): Points {
  const {stepSeconds, startUs} = series;
  if (stepSeconds >= DAY_SECONDS)
    return merged({
      values: stepSeconds === DAY_SECONDS && isWeekly ? weekdaysAlike(series.values) : series.values,
      startUs,
      pointSeconds: stepSeconds,
    });
  const axis = localAxis(series, zone);
  const {values, axis: days} = byLocalDay(series.values, axis);
  const localBegin = (days.localSeconds[0] ?? 0) - DAY_SECONDS / 2;
  const begin = zone.toUtcUs(localBegin * US_PER_SECOND, -Infinity);
  return merged({
    values: isWeekly ? weekdaysAlike(values) : values,
    startUs: begin,
    pointSeconds: DAY_SECONDS,
  });
}

/** Less what each of every seven days usually differs from the median of the week around it. */
function weekdaysAlike(values: Float64Array): Float64Array {
  const away = values.map((value, day) => value - medianOf(values.subarray(Math.max(0, day - 3), day + 4)));
  const usual = Array.from({length: 7}, (_, weekday) =>
    medianOf(away.filter((_value, day) => day % 7 === weekday)),
  );
  return values.map((value, day) => value - (usual[day % 7] || 0));
}

/** Means of as many points as needed to leave few enough. */
function merged({values, startUs, pointSeconds}: Points): Points {
  const each = Math.ceil(values.length / MOST_POINTS);
  if (each === 1) return {values, startUs, pointSeconds};
  const means = Float64Array.from({length: Math.ceil(values.length / each)}, (_, point) => {
    const known = values.subarray(point * each, (point + 1) * each).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : known.reduce((total, value) => total + value, 0) / known.length;
  });
  return {values: means, startUs, pointSeconds: pointSeconds * each};
}
