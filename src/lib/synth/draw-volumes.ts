import type {Random} from '../core/index.js';
import type {ClusterSpec} from './cluster-spec.js';
import {type Role, ROLES} from './roles.js';

interface HourEvent {
  readonly hour: number;
  readonly share: number;
}

/** How one volume lives, in hours since the start of the period and in shares of `size`. */
export interface VolumeProfile {
  readonly id: string;
  readonly role: Role;
  readonly copies: number;
  /** Relative to the other volumes. */
  readonly size: number;
  readonly rate: number;
  /** The hour in which it appears, and how many hours its first fill takes. */
  readonly launchHour: number;
  readonly fillHours: number;
  readonly growth: readonly HourEvent[];
  readonly growthShare: number;
  /** Its users' zone: its days begin that much later. */
  readonly zoneHours: number;
  readonly spikes: readonly (HourEvent & {readonly hours: number})[];
  readonly shrinks: readonly HourEvent[];
  /** Standard deviation of what no rhythm explains. */
  readonly noiseShare: number;
}

const HOURS_A_MONTH = 730;
const LATE_LAUNCH_SHARE = 0.15;

/** Draws the volumes; volume i depends on the seed and i alone, so that a larger cluster begins with the smaller one. */
export function drawVolumes(spec: ClusterSpec, random: Random): readonly VolumeProfile[] {
  const countOfRole = new Map<string, number>();
  return Array.from({length: spec.volumes}, (_, index) => {
    const source = random.fork(`volume-${index}`);
    const role = drawRole(source);
    const number = countOfRole.get(role.name) ?? 0;
    countOfRole.set(role.name, number + 1);
    return drawProfile({id: `${role.name}_${number}`, role, mayBeLate: index > 0}, spec, source);
  });
}

function drawRole(random: Random): Role {
  let rest = random.next() * ROLES.reduce((total, {frequency}) => total + frequency, 0);
  const role = ROLES.find(({frequency}) => (rest -= frequency) < 0) ?? ROLES[0];
  if (role === undefined) throw new Error('broken invariant: no roles');
  return role;
}

function drawProfile(
  {id, role, mayBeLate}: {readonly id: string; readonly role: Role; readonly mayBeLate: boolean},
  spec: ClusterSpec,
  random: Random,
): VolumeProfile {
  const hours = spec.days * 24;
  const isLate = random.next() < LATE_LAUNCH_SHARE && mayBeLate;
  const launchHour = isLate ? Math.floor(hours * between(random, 0.1, 0.8)) : 0;
  const events = (perMonth: number, share: number): HourEvent[] =>
    drawEvents(perMonth, share, launchHour, hours, random);
  return {
    id,
    role,
    copies: spec.racks >= 4 && random.next() < 0.35 ? 3 : 2,
    size: role.size * between(random, 0.6, 1.4) * 2 ** random.below(2),
    rate: role.rate * between(random, 0.5, 1.5) * 2 ** random.below(3),
    launchHour,
    fillHours: isLate ? 1 + random.below(12) : 1,
    growthShare: role.growthShare * between(random, 0.3, 1.7),
    growth: events(role.growth === 'step' ? 2 : 0, 1),
    zoneHours: random.below(4) === 0 ? random.below(24) : 0,
    spikes: events(role.spikesPerMonth, role.spikeShare).map((spike) => ({
      ...spike,
      hours: 3 + random.below(60),
    })),
    shrinks: events(role.shrinksPerMonth, role.shrinkShare),
    noiseShare: 0.0005 * between(random, 0.5, 1.5),
  };
}

/** Events at random hours after the launch, with shares about the one given. */
function drawEvents(
  perMonth: number,
  share: number,
  fromHour: number,
  toHour: number,
  random: Random,
): HourEvent[] {
  const expected = (perMonth * (toHour - fromHour)) / HOURS_A_MONTH;
  const count = Math.floor(expected + random.next());
  return Array.from({length: count}, () => ({
    hour: fromHour + 24 + random.below(Math.max(1, toHour - fromHour - 24)),
    share: share * between(random, 0.6, 1.4),
  })).sort((left, right) => left.hour - right.hour);
}

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}
