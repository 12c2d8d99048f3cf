import {quantile, type Random, sum} from '../core/index.js';
import {type PeakForecast, upperQuantile} from '../forecasting/index.js';
import type {Topology} from '../topology/index.js';
import {compileTopology, type CompiledTopology} from './compile-topology.js';
import {drawLaunches, type LaunchSample} from './draw-launches.js';
import type {LaunchDemand} from './launch-demand.js';
import {learnLaunches, type TierLaunches} from './launch-history.js';
import {launchSums} from './launch-sums.js';
import type {Plan} from './plan-file.js';
import {hostUse, roomOf, sumSamples} from './predicted-use.js';
import {levelOfScenario, type SafetySettings} from './safety-level.js';
import type {VolumeUsage} from './volume-usage.js';

const WEEK_SECONDS = 604_800;
/** What came in less time than this says nothing of a rate. */
const LEAST_WATCHED_SECONDS = 86_400;
/** Enough for a level of 99.9 % to lie within them. */
const MOST_DRAWS = 1000;
/** Where very many come, their sum varies less, so that fewer draws do. */
const LEAST_DRAWS = 200;
const MOST_VOLUMES_DRAWN = 100_000;

/** New volumes as a term of the demand. */
export interface ForeseenLaunches {
  /** One a tier in which any came. */
  readonly demands: readonly LaunchDemand[];
  /** What a plan tells of them, beside what it holds for them. */
  readonly told: Omit<NonNullable<Plan['launches']>, 'addsBytes' | 'shortBytes'>;
  readonly warnings: readonly string[];
}

export interface LaunchOptions {
  readonly horizonSeconds: number;
  readonly settings: SafetySettings;
  readonly random: Random;
  /** Steps at the end of the histories that are not looked at. */
  readonly heldSteps?: number;
}

/**
 * Foresees the volumes that come over a horizon, learned from when those of the topology were first seen, and what they
 * add to the demand of every scenario at its level: the quantile of both together, each draw of new volumes with the
 * next sample of the known ones, less the quantile of the known ones alone. Quantiles are taken of the sum; new volumes
 * are drawn hundreds of times, while forecasts err only as often as was seen and keep the bound that so few deserve.
 */
export function foreseeLaunches(
  topology: Topology,
  usage: Pick<VolumeUsage, 'series' | 'volumes'>,
  forecast: PeakForecast,
  {horizonSeconds, settings, random, heldSteps}: LaunchOptions,
): ForeseenLaunches {
  const compiled = compileTopology(topology);
  const {watchedSeconds, tiers, warnings} = learnLaunches(topology, usage, horizonSeconds, heldSteps);
  const levels = compiled.nets.map((net) => levelOfScenario(topology, net, settings));
  const known = sumSamples(compiled, forecast).scenarioSamples;
  const room = roomOf(compiled, hostUse(compiled, forecast.point));
  const horizons = horizonSeconds / Math.max(LEAST_WATCHED_SECONDS, watchedSeconds);
  const drawCount = drawCountFor(tiers, horizons);
  const drawn = tiers.map((history) => {
    const draw = random.fork(`tier ${history.tier ?? ''}`);
    const launches = drawLaunches(history, horizons, {drawCount, random: draw});
    const sums = launchSums(compiled, room, launches, draw.fork('hosts'));
    return {history, launches, scenarioBytes: addedBytes(known, sums, levels)};
  });
  const all = Array.from({length: drawCount}, (_, draw) =>
    drawn.flatMap(({launches}) => launches[draw] ?? []),
  );
  return {
    demands: drawn.map(({history: {tier, alike}, scenarioBytes}) => ({
      ...(tier !== undefined && {tier}),
      scenarioBytes,
      copyBytes: quantile(
        alike.map(({copyBytes}) => copyBytes),
        0.5,
      ),
    })),
    told: {
      watchedSeconds,
      tiers: tiers.map(({tier, batches}) => {
        const seenVolumes = batches.flat().length;
        const volumesPerWeek = (seenVolumes * WEEK_SECONDS) / watchedSeconds;
        return {...(tier !== undefined && {tier}), seenVolumes, volumesPerWeek};
      }),
      meanVolumes: sum(all.map(({length}) => length)) / drawCount,
      copyBytes: Math.ceil(
        upperQuantile(
          all.map((volumes) => bytesOf(compiled, volumes)),
          settings.level,
        ),
      ),
    },
    warnings,
  };
}

function drawCountFor(tiers: readonly TierLaunches[], horizons: number): number {
  const mean = sum(tiers.map(({batches}) => batches.flat().length)) * horizons;
  return Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, Math.floor(MOST_VOLUMES_DRAWN / Math.max(1, mean))));
}

/** By scenario, whole bytes. */
function addedBytes(
  known: readonly Float64Array[],
  launched: readonly Float64Array[],
  levels: readonly number[],
): Float64Array {
  return Float64Array.from(levels, (level, scenario) => {
    const alone = launched.map((_, draw) => known[draw % known.length]?.[scenario] ?? 0);
    const both = alone.map((bytes, draw) => bytes + (launched[draw]?.[scenario] ?? 0));
    return Math.ceil(upperQuantile(both, level) - upperQuantile(alone, level));
  });
}

/** Bytes of all copies. */
function bytesOf({topology}: CompiledTopology, launches: LaunchSample): number {
  return sum(
    launches.map(({volume, copyBytes}) => copyBytes * (topology.volumes[volume]?.replicas.length ?? 0)),
  );
}
