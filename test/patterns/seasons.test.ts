import {describe, expect, it} from 'vitest';

import {createRandom, parseTimeZone, type Series, US_PER_SECOND} from '../../src/lib/core/index.js';
import {findSeasons, type Season, type Seasons} from '../../src/lib/patterns/index.js';

const HOUR = 3600;
const DAY = 86_400;
/** A Monday. */
const BEGIN = Date.parse('2026-01-05T00:00:00Z') / 1000;
const MONDAY_US = BEGIN * US_PER_SECOND;

/** exp(course of the local time + noise), by steps. */
function series(
  steps: number,
  course: (localSeconds: number) => number,
  options: {stepSeconds?: number; startUs?: number; zone?: string; seed?: number; noise?: number} = {},
): Series {
  const {stepSeconds = HOUR, startUs = MONDAY_US, zone = 'UTC', seed = 1, noise = 0.5} = options;
  const clock = parseTimeZone(zone)!;
  const random = createRandom(seed);
  const values = Float64Array.from({length: steps}, (_, step) => {
    const atUs = startUs + (step + 0.5) * stepSeconds * US_PER_SECOND;
    return 1e6 * Math.exp(course((atUs + clock.aheadUs(atUs)) / US_PER_SECOND) + noise * random.normal());
  });
  return {id: 'v', startUs, stepSeconds, values};
}

function seasonsOf(of: Series, zone = 'UTC'): Seasons {
  return findSeasons(of, {zone: parseTimeZone(zone)!, random: createRandom(1)});
}

const kinds = ({found}: Seasons): readonly string[] => found.map(({kind}) => kind);
const hourOf = (local: number): number => Math.floor((local % DAY) / HOUR);
const weekdayOf = (local: number): number => Math.floor((local / DAY + 3) % 7);
const dayOfMonth = (local: number): number => new Date(local * 1000).getUTCDate();
const daily = (local: number): number => (hourOf(local) >= 9 && hourOf(local) < 17 ? 1 : 0);
const weekly = (local: number): number => (weekdayOf(local) < 5 ? 1 : 0);

function busiest({profile}: Season): number {
  return profile.indexOf(Math.max(...profile));
}

describe('seasons', () => {
  it('of day and week are found with their phase, and nothing beside them', () => {
    const found = seasonsOf(series(42 * 24, (local) => daily(local) + weekly(local)));
    expect(kinds(found)).toEqual(['daily', 'weekly']);
    const [day, week] = found.found;
    expect(busiest(day!)).toBeGreaterThanOrEqual(9);
    expect(busiest(day!)).toBeLessThan(17);
    expect(Math.floor(busiest(week!) / 24)).toBeLessThan(5);
    expect(day!.strength).toBeGreaterThan(0.3);
    expect(day!.pValue).toBeLessThan(1e-6);
    expect([day!.cycles, week!.cycles]).toEqual([42, 6]);
  });

  it.each([
    ['white noise', () => series(1000, () => 0)],
    ['a random walk', () => ({...series(1000, () => 0), values: walk(1000)})],
    [
      'a level shift and a drift',
      () => series(1000, (local) => (local - BEGIN) / 1e6 + (local > BEGIN + 20 * DAY ? 4 : 0)),
    ],
    ['one value', () => ({...series(500, () => 0), values: new Float64Array(500).fill(7)})],
    ['nothing known', () => ({...series(500, () => 0), values: new Float64Array(500).fill(Number.NaN)})],
    ['nothing', () => ({...series(1, () => 0), values: new Float64Array()})],
  ])('are not found in %s', (_, make) => {
    expect(kinds(seasonsOf(make()))).toEqual([]);
  });

  it('are gone when the values are shuffled', () => {
    const whole = series(42 * 24, (local) => daily(local) + weekly(local));
    const random = createRandom(3);
    const values = whole.values.slice();
    for (let index = values.length - 1; index > 0; index -= 1) {
      const other = random.below(index + 1);
      [values[index], values[other]] = [values[other]!, values[index]!];
    }
    expect(kinds(seasonsOf({...whole, values}))).toEqual([]);
  });

  it.each([
    ['another unit and another zero', (value: number) => 3e-7 * value - 40],
    ['any rising transformation', (value: number) => Math.log(value) ** 3],
  ])('are the same in %s', (_, change) => {
    const whole = series(30 * 24, daily);
    expect(seasonsOf({...whole, values: whole.values.map(change)})).toEqual(seasonsOf(whole));
  });

  it('bear gaps, bursts and a drift', () => {
    const whole = series(42 * 24, (local) => daily(local) + (local - BEGIN) / 1e6);
    const random = createRandom(4);
    const values = whole.values.map((value) => {
      if (random.next() < 0.2) return Number.NaN;
      return random.next() < 0.02 ? 1000 * value : value;
    });
    expect(kinds(seasonsOf({...whole, values: values.fill(Number.NaN, 300, 360)}))).toEqual(['daily']);
  });

  it('need two whole cycles, and say how much is missing', () => {
    const days = (count: number): Seasons =>
      seasonsOf(series(count * 24, (local) => 2 * weekly(local), {noise: 0.1}));
    expect(days(13).notYetSeen).toContainEqual({kind: 'weekly', needsDays: 1});
    expect(kinds(days(13))).not.toContain('weekly');
    expect(days(14).notYetSeen.map(({kind}) => kind)).toEqual(['monthly', 'yearly']);
    expect(days(21).found.map(({kind, cycles}) => [kind, cycles])).toContainEqual(['weekly', 3]);
  });

  it('of the day stay at their hour when clocks change', () => {
    const of = series(80 * 24, daily, {
      startUs: Date.parse('2026-02-15T00:00:00Z') * 1000,
      zone: 'Europe/Berlin',
      noise: 0.1,
    });
    const local = seasonsOf(of, 'Europe/Berlin').found.find(({kind}) => kind === 'daily')!;
    const utc = seasonsOf(of).found.find(({kind}) => kind === 'daily')!;
    const height = (season: Season, hour: number): number => season.profile[hour]! - season.profile[3]!;
    // In UTC the day begins at 8 in winter and at 7 in summer: those hours are busy for a part of the time.
    expect(height(local, 8)).toBeLessThan(0.1 * height(local, 9));
    expect(height(utc, 7)).toBeGreaterThan(0.2 * height(utc, 9));
    expect(local.strength).toBeGreaterThan(utc.strength);
  });

  it.each([
    ['monthly', (local: number) => (dayOfMonth(local) <= 2 ? 2 : 0)],
    ['four-weekly', (local: number) => ((local / DAY + 3) % 28 < 2 ? 2 : 0)],
  ])('of a month and of four weeks are told apart: %s', (kind, course) => {
    const {found} = seasonsOf(series(300, course, {stepSeconds: DAY}));
    expect(found.map((season) => [season.kind, season.orElse])).toEqual([[kind, undefined]]);
  });

  it('of a month may be counted from its end', () => {
    const isLast = (local: number): boolean => dayOfMonth(local + DAY) === 1;
    const {found} = seasonsOf(series(500, (local) => (isLast(local) ? 3 : 0), {stepSeconds: DAY}));
    expect(found).toMatchObject([{kind: 'monthly', isFromEnd: true}]);
    expect(busiest(found[0]!)).toBe(30);
  });

  it.each([
    ['yearly', (local: number) => (new Date(local * 1000).getUTCMonth() === 10 ? 2 : 0)],
    ['52-weekly', (local: number) => ((local / DAY + 3) % 364 < 30 ? 2 : 0)],
  ])('of a year and of 52 weeks are told apart: %s', (kind, course) => {
    const {found} = seasonsOf(series(1900, course, {stepSeconds: DAY}));
    expect(found.map((season) => [season.kind, season.orElse])).toEqual([[kind, undefined]]);
  });

  it.each([5, 36])('of %i hours are found, their harmonics are none', (hours) => {
    const {found} = seasonsOf(
      series(45 * 24, (local) => (local % (hours * HOUR) < 0.3 * hours * HOUR ? 1.5 : 0)),
    );
    expect(found.map(({kind, periodSeconds}) => [kind, periodSeconds / HOUR])).toEqual([['other', hours]]);
  });

  it('that come every sixth hour are no daily one', () => {
    const {found} = seasonsOf(series(45 * 24, (local) => (hourOf(local) % 6 === 2 ? 2 : 0)));
    expect(found.map(({kind, periodSeconds}) => [kind, periodSeconds / HOUR])).toEqual([['other', 6]]);
  });

  it('of a job on Sundays are no daily ones', () => {
    const isJob = (local: number): boolean =>
      weekdayOf(local) === 6 && hourOf(local) >= 2 && hourOf(local) < 8;
    expect(kinds(seasonsOf(series(56 * 24, (local) => (isJob(local) ? 3 : 0))))).toEqual(['weekly']);
  });
});

function walk(steps: number): Float64Array {
  const random = createRandom(9);
  let level = 0;
  return Float64Array.from({length: steps}, () => (level += random.normal()));
}
