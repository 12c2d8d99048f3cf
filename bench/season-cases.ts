import {
  createRandom,
  parseTimeZone,
  type Random,
  type Series,
  type TimeZone,
  US_PER_SECOND,
} from '../src/lib/core/index.js';

const HOUR = 3600;
const DAY = 86_400;
const BERLIN = 'Europe/Berlin';

/** A generated series, and the periods that were put in. */
export interface SeasonCase {
  readonly series: Series;
  readonly zone: TimeZone;
  /** By kind, or in seconds where it has no name. */
  readonly periods: readonly (string | number)[];
}

/** Phase of a local time within one period, 0 to below 1. */
type Clock = (localSeconds: number) => number;

interface Component {
  readonly period: string | number;
  readonly clock: Clock;
  /** Course over a cycle, by phase; any scale. */
  readonly shape: (random: Random) => (phase: number) => number;
}

/** One kind of case: how long, in which steps, with which seasons and which noise. */
interface CaseKind {
  readonly name: string;
  readonly stepSeconds: number;
  /** Least and most days of history. */
  readonly days: readonly [number, number];
  readonly zone?: string;
  readonly components: readonly Component[];
  /** Lag-1 correlation of the noise, at most; 1 is a random walk. */
  readonly redness?: number;
  /** Mostly nothing, with bursts. */
  readonly isIntermittent?: boolean;
}

const every =
  (seconds: number): Clock =>
  (local) =>
    ((((local - 4 * DAY) / seconds) % 1) + 1) % 1;

const month: Clock = (local) => {
  const date = new Date(local * 1000);
  const [begin, end] = [0, 1].map(
    (ahead) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead, 1) / 1000,
  );
  return (local - (begin ?? 0)) / ((end ?? 1) - (begin ?? 0));
};

const year: Clock = (local) => {
  const {[0]: begin = 0, [1]: end = 1} = [0, 1].map(
    (ahead) => Date.UTC(new Date(local * 1000).getUTCFullYear() + ahead, 0, 1) / 1000,
  );
  return (local - begin) / (end - begin);
};

/** A wave with up to three overtones, or a stretch of `widths` of the cycle that is busier. */
function smoothOrBusy(...widths: readonly number[]): Component['shape'] {
  return (random) => {
    const at = random.next();
    const width = widths[random.below(widths.length)] ?? 0.3;
    if (random.next() < 0.5) return (phase) => ((((phase - at) % 1) + 1) % 1 < width ? 1 : 0);
    const overtones = [1, random.next() / 2, random.next() / 3];
    return (phase) =>
      overtones.reduce(
        (sum, part, index) => sum + part * Math.cos(2 * Math.PI * (index + 1) * (phase - at)),
        0,
      );
  };
}

/** Busy for so many days in a row. */
function busyDays(periodDays: number, ...days: readonly number[]): Component['shape'] {
  return (random) => {
    const length = days[random.below(days.length)] ?? 1;
    const at = Math.floor(random.next() * (periodDays - length));
    return (phase) => (phase * periodDays >= at && phase * periodDays < at + length ? 1 : 0);
  };
}

/** The first or the last days of a month, or a smooth course over it. */
const monthly: Component['shape'] = (random) => {
  const days = 1 + random.below(3);
  const kind = random.below(3);
  if (kind === 0) return (phase) => (phase < days / 31 ? 1 : 0);
  if (kind === 1) return (phase) => (phase >= 1 - days / 30.5 ? 1 : 0);
  return smoothOrBusy(0.2)(random);
};

const weekdays: Component['shape'] = (random) => {
  const weekend = random.next() < 0.7;
  const levels = Array.from({length: 7}, (_, day) => (weekend ? (day < 5 ? 1 : 0) : random.normal()));
  return (phase) => levels[Math.floor(phase * 7)] ?? 0;
};

const weekendJob: Component['shape'] = (random) => {
  const [hour, length] = [random.below(150), 4 + random.below(12)];
  return (phase) => (phase * 168 >= hour && phase * 168 < hour + length ? 1 : 0);
};

const daily: Component = {period: 'daily', clock: every(DAY), shape: smoothOrBusy(0.1, 0.3, 0.4)};
const weekly: Component = {period: 'weekly', clock: every(7 * DAY), shape: weekdays};
const other = (seconds: number): Component => ({
  period: seconds,
  clock: every(seconds),
  shape: smoothOrBusy(0.2, 0.4),
});

const HOURLY = {stepSeconds: HOUR, days: [28, 84]} as const;

/** What is generated. */
export const CASE_KINDS: readonly CaseKind[] = [
  {...HOURLY, name: 'none', components: []},
  {...HOURLY, name: 'none: random walk', components: [], redness: 1},
  {...HOURLY, name: 'none: bursts', components: [], isIntermittent: true},
  {name: 'none: in days', stepSeconds: DAY, days: [100, 1200], components: [], redness: 0.9},
  {...HOURLY, name: 'daily', components: [daily]},
  {...HOURLY, name: 'daily: 7 to 14 days', days: [7, 14], components: [daily]},
  {...HOURLY, name: 'daily: clocks change', zone: BERLIN, components: [daily]},
  {...HOURLY, name: 'weekly', components: [weekly]},
  {...HOURLY, name: 'weekly job', components: [{...weekly, shape: weekendJob}]},
  {...HOURLY, name: 'daily and weekly', components: [daily, weekly]},
  {...HOURLY, name: '5 h', components: [other(5 * HOUR)]},
  {...HOURLY, name: '6 h', components: [other(6 * HOUR)]},
  {...HOURLY, name: '36 h', components: [other(36 * HOUR)]},
  {...HOURLY, name: 'daily and 10 h', components: [daily, other(10 * HOUR)]},
  {name: '10 days', stepSeconds: DAY, days: [150, 400], components: [other(10 * DAY)]},
  {
    ...{name: 'monthly', stepSeconds: DAY, days: [200, 700]},
    components: [{period: 'monthly', clock: month, shape: monthly}],
  },
  {
    ...{name: 'monthly and weekly', stepSeconds: DAY, days: [200, 700]},
    components: [{period: 'monthly', clock: month, shape: monthly}, weekly],
  },
  {
    ...{name: 'four weeks', stepSeconds: DAY, days: [200, 700]},
    components: [{period: 'four-weekly', clock: every(28 * DAY), shape: busyDays(28, 1, 2, 3, 8)}],
  },
  {
    ...{name: 'yearly', stepSeconds: DAY, days: [1500, 2600]},
    components: [{period: 'yearly', clock: year, shape: busyDays(365, 14, 21, 30, 60)}],
  },
  {
    ...{name: '52 weeks', stepSeconds: DAY, days: [1500, 2600]},
    components: [{period: '52-weekly', clock: every(364 * DAY), shape: busyDays(364, 14, 21, 30, 60)}],
  },
];

/** What else is done to a case; each with a chance of one half. */
const MOST_MISSING = 0.2;
const MOST_DRIFT = 4;

/**
 * A series of a kind: exp(seasons + noise + drift + level shifts), times bursts, with single steps and a stretch of them
 * unknown. Each season has 0.2 to 0.8 of the variance that it and the noise make together.
 */
export function generateCase(kind: CaseKind, seed: string): SeasonCase {
  const random = createRandom(seed);
  const {
    stepSeconds,
    days: [least, most],
    zone: zoneName = 'UTC',
  } = kind;
  const zone = parseTimeZone(zoneName) ?? parseTimeZone('UTC')!;
  const steps = Math.round(((least + random.next() * (most - least)) * DAY) / stepSeconds);
  const startUs = startOf(kind, random);
  const noise = noiseOf(kind, steps, random);
  const logs = Float64Array.from(noise);
  for (const {clock, shape} of kind.components) {
    const course = shape(random);
    const wave = Float64Array.from({length: steps}, (_, step) => {
      const middleUs = startUs + (step + 0.5) * stepSeconds * US_PER_SECOND;
      return course(clock((middleUs + zone.aheadUs(middleUs)) / US_PER_SECOND));
    });
    const share = 0.3 + 0.5 * random.next();
    const size = (Math.sqrt(share / (1 - share)) * spread(noise)) / Math.max(1e-9, spread(wave));
    for (let step = 0; step < steps; step += 1) logs[step] = (logs[step] ?? 0) + size * (wave[step] ?? 0);
  }
  const scale = spread(logs);
  addDrift(logs, scale, random);
  const values = logs.map((log) => 1e6 * Math.exp(log));
  addBursts(values, random);
  blank(values, random);
  return {
    series: {id: `${kind.name} ${seed}`, startUs, stepSeconds, values},
    zone,
    periods: kind.components.map(({period}) => period),
  };
}

/** Midnight or any other hour; where clocks change, so that they do about in the middle. */
function startOf({zone, stepSeconds}: CaseKind, random: Random): number {
  const begin =
    zone === undefined
      ? Date.UTC(2024, random.below(24), 1 + random.below(28))
      : Date.UTC(2026, random.below(2) * 7 + 2, 1 + random.below(20));
  return (begin / 1000 + (stepSeconds < DAY ? random.below(24) * HOUR : 0)) * US_PER_SECOND;
}

function noiseOf(
  {redness = 0.7, isIntermittent = false}: CaseKind,
  steps: number,
  random: Random,
): Float64Array {
  const correlation = redness === 1 ? 1 : random.next() * redness;
  const sparse = 0.02 + 0.2 * random.next();
  let level = 0;
  return Float64Array.from({length: steps}, () => {
    if (isIntermittent) return random.next() < sparse ? 4 + random.normal() : -8;
    const shock = random.normal() / Math.sqrt(Math.max(0.2, random.next()));
    level = correlation * level + Math.sqrt(1 - Math.min(0.99, correlation ** 2)) * shock;
    return 0.5 * level;
  });
}

function addDrift(logs: Float64Array, scale: number, random: Random): void {
  const drift = random.next() < 0.5 ? 0 : (random.next() - 0.5) * 2 * MOST_DRIFT * scale;
  const shifts = Array.from({length: random.below(3)}, () => ({
    at: random.next(),
    by: 3 * scale * random.normal(),
  }));
  for (let step = 0; step < logs.length; step += 1) {
    const at = step / logs.length;
    const shifted = shifts.reduce((sum, {at: from, by}) => sum + (at >= from ? by : 0), 0);
    logs[step] = (logs[step] ?? 0) + drift * at + shifted;
  }
}

function addBursts(values: Float64Array, random: Random): void {
  const share = random.next() < 0.5 ? 0 : 0.02 * random.next();
  for (let step = 0; step < values.length; step += 1)
    if (random.next() < share) values[step] = (values[step] ?? 0) * 100;
}

function blank(values: Float64Array, random: Random): void {
  if (random.next() < 0.5) return;
  const share = MOST_MISSING * random.next();
  for (let step = 0; step < values.length; step += 1) if (random.next() < share) values[step] = Number.NaN;
  const length = Math.floor(0.1 * random.next() * values.length);
  const from = random.below(values.length - length);
  values.fill(Number.NaN, from, from + length);
}

function spread(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
