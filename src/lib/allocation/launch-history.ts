import {formatDurationRoughly, groupBy} from '../core/index.js';
import type {Topology} from '../topology/index.js';
import type {VolumeUsage} from './volume-usage.js';

/** A volume that was not there at first, or that stands for one: its tier, copies and rule are those of the topology. */
export interface LaunchedVolume {
  /** Index into Topology.volumes. */
  readonly volume: number;
  /** The most that one replica held within a horizon of its first step. */
  readonly copyBytes: number;
}

/** What a history tells of new volumes in one tier. */
export interface TierLaunches {
  /** Absent: volumes that may lie on any host. */
  readonly tier?: string;
  /** What came on one day, as one batch: a rollout brings many at once. */
  readonly batches: readonly (readonly LaunchedVolume[])[];
  /** What a new volume may be like: those that came where they are enough, or else all volumes of the tier. */
  readonly alike: readonly LaunchedVolume[];
}

/** New volumes of the past. */
export interface LaunchHistory {
  /** How long they could be told from those that were always there. */
  readonly watchedSeconds: number;
  /** Tiers in which any came. */
  readonly tiers: readonly TierLaunches[];
  /** What looks like a log that begins later than others, in words. */
  readonly warnings: readonly string[];
}

const DAY_SECONDS = 86_400;
/** With fewer launched volumes than this their sizes say less than those of the whole tier. */
const ENOUGH_SIZES = 8;
/** More of all volumes than this, and at least so many, seldom come on one day. */
const SUSPECT_SHARE = 0.2;
const SUSPECT_COUNT = 5;

/**
 * The volumes of a topology that were first seen (held more than nothing) later than one day after the history began:
 * on the first day every volume is. Volumes that are no longer in the topology are not counted: nobody knows their tier.
 * `heldSteps` at the end of the histories are not looked at. `horizonSeconds` is how long a volume's beginning lasts.
 */
export function learnLaunches(
  topology: Topology,
  {series, volumes}: Pick<VolumeUsage, 'series' | 'volumes'>,
  horizonSeconds: number,
  heldSteps = 0,
): LaunchHistory {
  const [{values: {length: allSteps}, stepSeconds} = {values: [], stepSeconds: 1}] = series;
  const steps = allSteps - heldSteps;
  const settledSteps = Math.max(1, Math.ceil(DAY_SECONDS / stepSeconds));
  const beginningSteps = Math.max(1, Math.ceil(horizonSeconds / stepSeconds));
  const known = series.flatMap(({values}, index) => {
    const firstStep = values.subarray(0, Math.max(0, steps)).findIndex((bytes) => bytes > 0);
    if (firstStep < 0) return [];
    const copyBytes = peakOf(values.subarray(firstStep, Math.min(steps, firstStep + beginningSteps)));
    const nowBytes = values.subarray(0, steps).findLast((bytes) => bytes >= 0) ?? copyBytes;
    return [{volume: volumes[index] ?? 0, firstStep, copyBytes, nowBytes}];
  });
  const launched = known.filter(({firstStep}) => firstStep >= settledSteps);
  const dayOf = ({firstStep}: (typeof known)[number]): number =>
    Math.floor((firstStep * stepSeconds) / DAY_SECONDS);
  const tierOf = ({volume}: (typeof known)[number]): string | undefined => topology.volumes[volume]?.tier;
  const tiers = [...groupBy(launched, tierOf)].map(([tier, came]): TierLaunches => ({
    ...(tier !== undefined && {tier}),
    batches: [...groupBy(came, dayOf).values()].map((batch) =>
      batch.map(({volume, copyBytes}) => ({volume, copyBytes})),
    ),
    alike:
      came.length >= ENOUGH_SIZES
        ? came
        : known
            .filter((one) => tierOf(one) === tier)
            .map(({volume, copyBytes, nowBytes}) => ({volume, copyBytes: Math.max(copyBytes, nowBytes)})),
  }));
  const watchedSeconds = Math.max(0, steps - settledSteps) * stepSeconds;
  return {watchedSeconds, tiers, warnings: warnOfDays(groupBy(launched, dayOf), known.length)};
}

function warnOfDays(days: ReadonlyMap<number, readonly unknown[]>, knownCount: number): string[] {
  return [...days].flatMap(([day, {length}]) =>
    length >= SUSPECT_COUNT && length > SUSPECT_SHARE * knownCount
      ? [
          `${length} of ${knownCount} volumes are first seen on one day, ${formatDurationRoughly(day * DAY_SECONDS)} after the history begins: if only their logs begin there, --no-launches`,
        ]
      : [],
  );
}

function peakOf(values: Float64Array): number {
  return values.reduce((peak, value) => (value > peak ? value : peak), 0);
}
