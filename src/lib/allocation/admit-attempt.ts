import type {PeakForecast} from '../forecasting/index.js';
import type {Situation} from './apply-what-if.js';
import {placeScenario, type ScenarioPlacement} from './certificate.js';
import {chooseHosts, type ChosenHosts, type NewVolumes, withNewVolumes} from './choose-hosts.js';
import {compileTopology, type CompiledTopology} from './compile-topology.js';
import {type KnownReserve, launchShortfall} from './hold-for-launches.js';
import type {Plan} from './plan-file.js';
import {predictUse} from './predicted-use.js';
import type {SafetySettings} from './safety-level.js';
import {type ScenarioDemand, scenarioDemand} from './scenario-demand.js';
import {findShortCut} from './short-cut.js';

/** How often other hosts are tried after those of a cut. */
const ATTEMPTS = 5;
/** What a host that was in a cut counts for in the next attempt. */
const CUT_WEIGHT = 0.5;

/** A number of new volumes on hosts, and whether every scenario can be repaired then. */
export interface AdmitAttempt {
  readonly count: number;
  readonly situation: Situation;
  readonly chosen: ChosenHosts;
  readonly fits: boolean;
}

/** Puts a number of new volumes beside the buffer of a plan without them, as `admitVolumes` says. */
export function attemptWith(
  situation: Situation,
  before: Plan,
  wanted: NewVolumes,
  safety: SafetySettings,
): (count: number) => AdmitAttempt {
  const room = Float64Array.from(before.hosts, ({roomBytes}) => roomBytes);
  const besideBuffer = Float64Array.from(
    before.hosts,
    ({roomBytes, reserveBytes}) => roomBytes - reserveBytes,
  );
  return (count) => {
    const weights = new Float64Array(room.length).fill(1);
    let last: AdmitAttempt | undefined;
    for (let round = 0; round < ATTEMPTS; round += 1) {
      const spare = round === 0 ? besideBuffer : room;
      const chosen = chooseHosts(situation.topology, {...wanted, count}, spare, weights);
      const withThem = extendSituation(situation, wanted, chosen.placed);
      const cutHosts = chosen.placed.length === count ? findCutHosts(withThem, safety) : [];
      last = {count, situation: withThem, chosen, fits: cutHosts === undefined};
      if (cutHosts === undefined) return last;
      for (const host of cutHosts) weights[host] = (weights[host] ?? 1) * CUT_WEIGHT;
      // Without the hosts of a cut, another round would choose the same.
      if (round > 0 && cutHosts.length === 0) return last;
    }
    return last ?? {count, situation, chosen: {placed: [], mostLeftBytes: 0}, fits: false};
  };
}

function extendSituation(
  situation: Situation,
  wanted: NewVolumes,
  placed: readonly (readonly number[])[],
): Situation {
  const extend = (values: Float64Array): Float64Array => {
    const extended = new Float64Array(values.length + placed.length).fill(wanted.copyBytes);
    extended.set(values);
    return extended;
  };
  const {point, samples} = situation.forecast;
  const forecast: PeakForecast = {point: extend(point), samples: samples.map(extend)};
  const topology = withNewVolumes(situation.topology, wanted, placed);
  return {...situation, topology, usedBytes: extend(situation.usedBytes), forecast};
}

/**
 * Hosts of the minimum cuts of the scenarios that do not fit into the room; undefined when all fit, whole, and what is
 * left is enough for volumes that are yet to come.
 */
function findCutHosts(
  {topology, forecast, launches}: Situation,
  safety: SafetySettings,
): readonly number[] | undefined {
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, forecast, safety);
  const indexOf = new Map(topology.hosts.map(({id}, host) => [id, host]));
  const hosts = new Set<number>();
  let allFit = true;
  const demands: ScenarioDemand[] = [];
  const placements: ScenarioPlacement[] = [];
  for (const [scenario, net] of compiled.nets.entries()) {
    const demand = scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]);
    const placement = placeScenario(compiled, net, demand, use.roomBytes);
    demands.push(demand);
    placements.push(placement);
    if (placement.stuckBytes === 0) continue;
    allFit = false;
    const cut = findShortCut(compiled, net, demand, use.roomBytes);
    for (const host of cut?.hosts ?? []) hosts.add(indexOf.get(host) ?? -1);
  }
  if (!allFit) return [...hosts];
  if (launches === undefined) return undefined;
  const known = {demands, placements, roomBytes: use.roomBytes};
  const reserveBytes = mostLoaded(compiled, known);
  return launchShortfall(compiled, {...known, reserveBytes}, launches.demands).bytes > 0 ? [] : undefined;
}

/** What the placements of all scenarios take of each host at most. */
function mostLoaded(
  {nets, hostCount}: CompiledTopology,
  {demands, placements}: Pick<KnownReserve, 'demands' | 'placements'>,
): Float64Array {
  const most = new Float64Array(hostCount);
  for (const {scenario, volumes, hosts} of placements) {
    const sizeOf = new Map<number, number>();
    nets[scenario]?.volumes.forEach((volume, entry) => {
      sizeOf.set(volume, demands[scenario]?.sizes[entry] ?? 0);
    });
    const load = new Float64Array(hostCount);
    hosts.forEach((host, item) => {
      load[host] = (load[host] ?? 0) + (sizeOf.get(volumes[item] ?? -1) ?? 0);
    });
    load.forEach((bytes, host) => {
      most[host] = Math.max(most[host] ?? 0, bytes);
    });
  }
  return most;
}
