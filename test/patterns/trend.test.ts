import {describe, expect, it} from 'vitest';

import {createRandom, parseTimeZone, type Random, type Series} from '../../src/lib/core/index.js';
import {changePoints, daysToFull, findTrend, slopeOf, type Trend} from '../../src/lib/patterns/index.js';

/** Values around a course, with errors that are correlated; 1 is a random walk. */
function noisy(
  course: (index: number) => number,
  length: number,
  correlation: number,
  random: Random,
): Float64Array {
  let error = 0;
  return Float64Array.from({length}, (_, index) => {
    error = correlation * error + random.normal();
    return course(index) + error;
  });
}

describe('change points', () => {
  it.each([
    ['a level that shifts', (index: number) => (index >= 60 ? 8 : 0), 0, 60],
    ['a slope that bends', (index: number) => (index >= 50 ? index - 50 : 0), 0, 50],
    ['a growth that changes', (index: number) => (index >= 60 ? 4 * (index - 60) : 0), 1, 60],
    ['a jump of what adds up', (index: number) => (index >= 60 ? 100 : 0) + index, 1, 60],
  ])('are at the place of %s', (_, course, correlation, place) => {
    const found = changePoints(noisy(course, 100, correlation, createRandom(2)));
    expect(found).toHaveLength(1);
    expect(Math.abs((found[0] ?? 0) - place)).toBeLessThanOrEqual(4);
  });

  it('are not made by spikes, noise, or a slope', () => {
    const values = noisy((index) => 0.3 * index + (index % 31 === 11 ? 60 : 0), 120, 0.5, createRandom(3));
    expect(changePoints(values)).toEqual([]);
    expect(changePoints(new Float64Array(50).fill(3))).toEqual([]);
  });

  it('are told by the index with gaps counted', () => {
    const values = noisy((index) => (index >= 60 ? 12 : 0), 100, 0, createRandom(2));
    values.fill(Number.NaN, 10, 20);
    expect(Math.abs((changePoints(values)[0] ?? 0) - 60)).toBeLessThanOrEqual(2);
  });
});

describe('a slope', () => {
  it.each([
    [0, 40, 0.7],
    [0.6, 40, 0.7],
    [1, 40, 0.6],
  ])('lies in its interval, errors correlated by %f', (correlation, length, least) => {
    const random = createRandom(5);
    const cases = 24;
    let covered = 0;
    for (let index = 0; index < cases; index += 1) {
      const slope = slopeOf(
        noisy((step) => 0.3 * step, length, correlation, random),
        0.9,
        random,
      )!;
      if (slope.low <= 0.3 && slope.high >= 0.3) covered += 1;
    }
    expect(covered / cases).toBeGreaterThanOrEqual(least);
  });

  it('is less sure when errors are correlated, and not moved by a burst', () => {
    const widthOf = (correlation: number): number => {
      const slope = slopeOf(
        noisy((step) => step, 60, correlation, createRandom(1)),
        0.9,
        createRandom(1),
      )!;
      return slope.high - slope.low;
    };
    expect(widthOf(0.8)).toBeGreaterThan(2 * widthOf(0));
    const values = Float64Array.from({length: 40}, (_, step) => 2 * step + (step === 20 ? 1e6 : 0));
    expect(slopeOf(values, 0.9, createRandom(1))?.perStep).toBeCloseTo(2, 1);
    expect(slopeOf(values.subarray(0, 4), 0.9, createRandom(1))).toBeUndefined();
  });
});

describe('a trend', () => {
  const zone = parseTimeZone('UTC')!;
  const hourly = (days: number, course: (hour: number) => number): Series => {
    const random = createRandom(8);
    const values = Float64Array.from({length: 24 * days}, (_, hour) => course(hour) + random.normal());
    return {id: 'v', startUs: 0, stepSeconds: 3600, values};
  };

  it('is the growth a day since the last change', () => {
    const series = hourly(60, (hour) => (hour < 720 ? hour : 720 + 3 * (hour - 720)));
    const trend = findTrend(series, {zone, random: createRandom(1), isWeekly: false})!;
    expect(trend.changes).toHaveLength(1);
    expect(Math.abs((trend.changes[0]?.atUs ?? 0) / 86_400e6 - 30)).toBeLessThanOrEqual(2);
    expect(trend.perDay).toBeCloseTo(72, 0);
    expect(trend.interval.low).toBeLessThan(72);
    expect(trend.interval.high).toBeGreaterThan(72);
  });

  it('needs a week, and is not moved by weekdays', () => {
    const options = {zone, random: createRandom(1)};
    expect(
      findTrend(
        hourly(6, () => 0),
        {...options, isWeekly: false},
      ),
    ).toBeUndefined();
    const weekly = hourly(56, (hour) => 0.5 * hour + (Math.floor(hour / 24) % 7 < 5 ? 300 : 0));
    const trend = findTrend(weekly, {...options, isWeekly: true})!;
    expect(trend.changes).toEqual([]);
    expect(trend.perDay).toBeCloseTo(12, 0);
  });
});

describe('days to full', () => {
  const trend = (perDay: number, low: number, high: number): Trend => ({
    ...{changes: [], stretchDays: 30, perDay},
    interval: {level: 0.9, low, high},
  });

  it('come from the growth and its interval', () => {
    expect(daysToFull(100, trend(10, 5, 20))).toEqual({days: 10, earliest: 5, latest: 20});
    expect(daysToFull(100, trend(1, -1, 4))).toEqual({days: 100, earliest: 25, latest: null});
    expect(daysToFull(100, trend(-2, -3, -1))).toEqual({days: null, earliest: null, latest: null});
    expect(daysToFull(-5, trend(-2, -3, -1))).toEqual({days: 0, earliest: 0, latest: 0});
  });
});
