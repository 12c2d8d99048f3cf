import {floorToStepUs, type Random, US_PER_SECOND} from '../core/index.js';
import type {ClusterSpec} from './cluster-spec.js';
import type {VolumeProfile} from './draw-volumes.js';

const HOUR_SECONDS = 3600;
/** One step of a walk. */
export const HOUR_US = HOUR_SECONDS * US_PER_SECOND;

/** Where all volumes are while the hours go by; the arrays are overwritten by the next step. */
export interface LevelWalk {
  /** Each volume's level at the end of the hour, relative to one another. */
  readonly level: Float64Array;
  /** Each volume's requests in the hour that change no level, relative to one another. */
  readonly rate: Float64Array;
  /** One hour on. */
  step(): void;
}

// No sin, exp or log anywhere here: engines may round those differently, and the same seed must give the same bytes.
const DAY_LEVEL = [
  0.5, 0.25, 0.1, 0, 0, 0, 0, 0.05, 0.15, 0.3, 0.4, 0.5, 0.55, 0.65, 0.75, 0.85, 0.9, 0.95, 1, 1, 1, 1, 0.9,
  0.7,
];
const RATE_OF_DAY = {
  office: [
    0.3, 0.2, 0.2, 0.2, 0.2, 0.3, 0.5, 0.8, 1.4, 1.9, 2, 1.8, 1.5, 1.8, 2, 1.9, 1.7, 1.4, 1.1, 0.9, 0.8, 0.7,
    0.5, 0.4,
  ],
  night: [
    2.5, 2.8, 2.8, 2.4, 1.8, 1, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.5, 0.6, 0.8, 1,
    1.4, 2,
  ],
  always: Array.from({length: 24}, () => 1),
};
const RATE_OF_WEEKEND = {office: 0.35, night: 1.3, always: 1};
const RATE_OF_SPIKE = 4;
const NOISE_MEMORY = 0.97;
const LEAST_LEVEL_SHARE = 0.05;

/** Walks all volumes from the start of the period; a second walk with the same arguments goes the same way. */
export function walkLevels(profiles: readonly VolumeProfile[], spec: ClusterSpec, random: Random): LevelWalk {
  const level = new Float64Array(profiles.length);
  const rate = new Float64Array(profiles.length);
  const noise = new Float64Array(profiles.length);
  const sources = profiles.map(({id}) => random.fork(`noise-${id}`));
  const firstUs = floorToStepUs(spec.startUs, HOUR_SECONDS);
  let hour = -1;
  const stepVolume = (profile: VolumeProfile, index: number, moment: Moment): void => {
    const draw = nearlyNormal(sources[index] ?? random);
    noise[index] = NOISE_MEMORY * (noise[index] ?? 0) + profile.noiseShare * draw;
    rate[index] = rateAt(profile, moment) * Math.max(0.2, 1 + 0.2 * draw);
    const now = levelAt(profile, moment, noise[index] ?? 0);
    const mayShrink = spec.media[index % spec.media.length]?.trims === true;
    level[index] = mayShrink ? now : Math.max(now, level[index] ?? 0);
  };
  return {
    level,
    rate,
    step: () => {
      hour += 1;
      const moments = Array.from({length: 24}, (_, zone) => momentAt(hour, zone, spec.days * 24, firstUs));
      profiles.forEach((profile, index) => {
        const moment = moments[profile.zoneHours];
        if (moment !== undefined && hour >= profile.launchHour) stepVolume(profile, index, moment);
      });
    },
  };
}

/** An hour as the users of a zone see it. */
interface Moment {
  readonly hour: number;
  readonly hoursOfPeriod: number;
  readonly hourOfDay: number;
  /** Monday 00:00 is 0. */
  readonly hourOfWeek: number;
  readonly daysOfMonth: number;
  readonly daysIntoMonth: number;
}

function momentAt(hour: number, zoneHours: number, hoursOfPeriod: number, firstUs: number): Moment {
  const clock = new Date((firstUs + (hour + zoneHours) * HOUR_US) / 1000);
  const hourOfDay = clock.getUTCHours();
  return {
    hour,
    hoursOfPeriod,
    hourOfDay,
    hourOfWeek: ((clock.getUTCDay() + 6) % 7) * 24 + hourOfDay,
    daysOfMonth: new Date(Date.UTC(clock.getUTCFullYear(), clock.getUTCMonth() + 1, 0)).getUTCDate(),
    daysIntoMonth: clock.getUTCDate() - 1 + hourOfDay / 24,
  };
}

function rateAt({role, rate, spikes}: VolumeProfile, {hour, hourOfDay, hourOfWeek}: Moment): number {
  const ofDay = RATE_OF_DAY[role.hours][hourOfDay] ?? 1;
  const ofWeek = hourOfWeek >= 5 * 24 ? RATE_OF_WEEKEND[role.hours] : 1;
  return rate * ofDay * ofWeek * (under(spikes, hour).length > 0 ? RATE_OF_SPIKE : 1);
}

function levelAt(profile: VolumeProfile, moment: Moment, noise: number): number {
  const {role, size, shrinks, spikes, launchHour, fillHours} = profile;
  const {hour, hourOfDay} = moment;
  const sinceLaunch = hour + 1 - launchHour;
  const lost = sumOf(shrinks.filter((shrink) => shrink.hour <= hour));
  const loaded = sumOf(under(spikes, hour));
  const share =
    1 +
    growthAt(profile, moment) +
    role.dailyShare * (DAY_LEVEL[hourOfDay] ?? 0) +
    role.weeklyShare * weekLevel(moment.hourOfWeek) +
    role.monthlyShare * monthLevel(moment) +
    loaded -
    lost +
    noise;
  return size * Math.max(LEAST_LEVEL_SHARE, share) * Math.min(1, sinceLaunch / fillHours);
}

/** Growth since the launch, as a share of the size. */
function growthAt({role, growth, growthShare, launchHour}: VolumeProfile, moment: Moment): number {
  const passed = (moment.hour - launchHour) / moment.hoursOfPeriod;
  switch (role.growth) {
    case 'linear':
      return growthShare * passed;
    case 'saturating':
      return growthShare * (passed / (passed + 0.15));
    case 'step': {
      const steps = growth.filter(({hour}) => hour <= moment.hour);
      return growthShare * (steps.length / Math.max(1, growth.length));
    }
  }
}

/** Work piles up over the week and is cleared away in the first hours of Saturday. */
function weekLevel(hourOfWeek: number): number {
  const clearFrom = 5 * 24;
  if (hourOfWeek < clearFrom) return hourOfWeek / clearFrom;
  return Math.max(0, 1 - (hourOfWeek - clearFrom) / 8);
}

/** Work piles up over the month and is cleared away in the first half day of the next. */
function monthLevel({daysIntoMonth, daysOfMonth}: Moment): number {
  return daysIntoMonth < 0.5 ? 1 - daysIntoMonth / 0.5 : daysIntoMonth / daysOfMonth;
}

/** The spikes that last at that hour. */
function under(spikes: VolumeProfile['spikes'], hour: number): VolumeProfile['spikes'] {
  return spikes.filter((spike) => spike.hour <= hour && hour < spike.hour + spike.hours);
}

function sumOf(events: readonly {readonly share: number}[]): number {
  return events.reduce((total, {share}) => total + share, 0);
}

/** Mean 0, variance 1, within +-3.5: the sum of four uniform draws (Irwin and Hall), which needs no logarithm. */
function nearlyNormal(random: Random): number {
  return (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3);
}
