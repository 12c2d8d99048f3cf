import {eachHost} from '../topology/index.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import {largestFirst, mayLieOn, type Packing, put, startPacking, takeOff, unplacedItems} from './packing.js';
import type {ScenarioDemand} from './scenario-demand.js';
import {searchPlacement} from './search-placement.js';

/** How often items that found no place are tried first. */
const ROUNDS = 12;
/** Moves that were looked for in vain before no more are: then space itself is short, not its order. */
const MOST_VAIN_MOVES = 24;

/**
 * Puts the lost copies of a scenario on hosts with `limitBytes` of space, whole and by the rules; what found no place
 * stays at host -1. Four means, each only when the one before left something: the most restricted first, each to the
 * emptiest host; the largest first along the quotas of a maximum flow, with single moves to make space; the same with
 * those left over first; a bounded search. When no flow exists, the first two are all there is to gain.
 */
export function placeVolumes(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const quick = startPacking(compiled, net, demand, limitBytes);
  if (placeRestrictedFirst(quick)) return quick;
  const {sentBytes, shortGroups} = routeDemand(net, demand.groupBytes, limitBytes);
  const attempt = (first: readonly number[]): Packing => {
    const packing = startPacking(compiled, net, demand, limitBytes);
    placeAlongFlow(packing, sentBytes, first);
    return packing;
  };
  let best = attempt([]);
  if (shortGroups.length > 0) return best;
  let urgent: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = unplacedItems(best);
    if (left.length === 0) return best;
    urgent = [...new Set([...left, ...urgent])];
    const next = attempt(urgent);
    if (unplacedBytes(next) >= unplacedBytes(best)) break;
    best = next;
  }
  const found =
    unplacedItems(best).length > 0 && searchPlacement(startPacking(compiled, net, demand, limitBytes));
  return found === false ? best : found;
}

/** Bytes of the items that have no place. */
export function unplacedBytes(packing: Packing): number {
  return unplacedItems(packing).reduce((sum, item) => sum + (packing.sizeOf[item] ?? 0), 0);
}

/** Groups with the least space to choose from first, each item to the host with the most left. False: some found none. */
function placeRestrictedFirst(packing: Packing): boolean {
  const {net, free, groupOf, sizeOf} = packing;
  const choice = Float64Array.from(net.groupHosts, (hosts) => {
    let total = 0;
    eachHost(hosts, (host) => {
      total += free[host] ?? 0;
    });
    return total;
  });
  const order = Int32Array.from(groupOf.keys()).sort(
    (left, right) =>
      (choice[groupOf[left] ?? 0] ?? 0) - (choice[groupOf[right] ?? 0] ?? 0) ||
      (groupOf[left] ?? 0) - (groupOf[right] ?? 0) ||
      (sizeOf[right] ?? 0) - (sizeOf[left] ?? 0),
  );
  for (const item of order) {
    const host = emptiestHost(packing, item);
    if (host < 0) return false;
    put(packing, item, host);
  }
  return true;
}

function emptiestHost(packing: Packing, item: number): number {
  const {free, sizeOf, net, groupOf} = packing;
  const size = sizeOf[item] ?? 0;
  let best = -1;
  let mostFree = -1;
  const hosts = net.groupHosts[groupOf[item] ?? 0];
  if (hosts === undefined) return -1;
  eachHost(hosts, (host) => {
    const left = free[host] ?? 0;
    if (left >= size && left > mostFree && mayLieOn(packing, item, host)) {
      best = host;
      mostFree = left;
    }
  });
  return best;
}

/** `first`, then the rest, the largest first; each to a class that the flow sends its group to, there to the fullest host. */
function placeAlongFlow(packing: Packing, sentBytes: Float64Array, first: readonly number[]): void {
  const quota = sentBytes.slice();
  let vainMoves = 0;
  const urgent = new Set(first);
  const bySize = largestFirst(packing);
  const rest = bySize.filter((item) => !urgent.has(item));
  for (const item of [...largestFirst(packing, first), ...rest]) {
    const host = hostAlongFlow(packing, quota, item);
    if (host < 0) {
      if (vainMoves < MOST_VAIN_MOVES && !makeSpace(packing, item, bySize)) vainMoves += 1;
      continue;
    }
    const at = quotaIndex(packing, item, host);
    quota[at] = (quota[at] ?? 0) - (packing.sizeOf[item] ?? 0);
    put(packing, item, host);
  }
}

function quotaIndex({net, groupOf}: Packing, item: number, host: number): number {
  return (net.classOf[host] ?? 0) * net.groupHosts.length + (groupOf[item] ?? 0);
}

function hostAlongFlow(packing: Packing, quota: Float64Array, item: number): number {
  const {free, sizeOf, net, groupOf} = packing;
  const size = sizeOf[item] ?? 0;
  let best = -1;
  let bestRank = -1;
  const hosts = net.groupHosts[groupOf[item] ?? 0];
  if (hosts === undefined) return -1;
  eachHost(hosts, (host) => {
    const left = free[host] ?? 0;
    if (left < size) return;
    const granted = quota[quotaIndex(packing, item, host)] ?? 0;
    const rank = granted >= size ? 2 : granted > 0 ? 1 : 0;
    const isBetter = rank > bestRank || (rank === bestRank && left < (free[best] ?? 0));
    if (isBetter && mayLieOn(packing, item, host)) {
      best = host;
      bestRank = rank;
    }
  });
  return best;
}

/** Moves one placed item elsewhere so that this one fits: the smallest that is enough. False: there is none. */
function makeSpace(packing: Packing, item: number, bySize: Int32Array): boolean {
  const {free, sizeOf, hostOf} = packing;
  const size = sizeOf[item] ?? 0;
  const isEnough = (other: number): boolean => {
    const from = hostOf[other] ?? -1;
    return from >= 0 && (free[from] ?? 0) + (sizeOf[other] ?? 0) >= size && mayLieOn(packing, item, from);
  };
  for (let at = bySize.length - 1; at >= 0; at -= 1) {
    const other = bySize[at] ?? 0;
    const from = hostOf[other] ?? -1;
    const to = isEnough(other) ? otherHost(packing, other, from) : -1;
    if (to < 0) continue;
    takeOff(packing, other);
    put(packing, other, to);
    put(packing, item, from);
    return true;
  }
  return false;
}

/** The fullest host that can take the item instead of the one it lies on. */
function otherHost(packing: Packing, item: number, from: number): number {
  const {free, sizeOf, net, groupOf} = packing;
  const size = sizeOf[item] ?? 0;
  let best = -1;
  const hosts = net.groupHosts[groupOf[item] ?? 0];
  if (hosts === undefined) return -1;
  eachHost(hosts, (host) => {
    const left = free[host] ?? 0;
    if (host === from || left < size || (best >= 0 && left >= (free[best] ?? 0))) return;
    if (mayLieOn(packing, item, host)) best = host;
  });
  return best;
}
