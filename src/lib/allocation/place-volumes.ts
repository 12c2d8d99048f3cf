import {eachHost, hasHost, hostsIn} from '../topology/index.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand, type Routing} from './max-flow.js';
import {rankBySpace} from './most-space.js';
import {largestFirst, mayLieOn, type Packing, put, startPacking, takeOff, unplacedItems} from './packing.js';
import type {ScenarioDemand} from './scenario-demand.js';
import {searchPlacement} from './search-placement.js';

/** How often a flow is followed, each time with the items first that found no place before. */
const ROUNDS = 13;
/** Moves that were looked for in vain before no more are: then space itself is short, not its order. */
const MOST_VAIN_MOVES = 24;
/** Copies x hosts that count as very many: small volumes then fill the gaps between large ones. */
const MOST_LOOKS = 2_000_000;

/**
 * Puts the lost copies of a scenario on hosts with `limitBytes` of space, whole and by the rules; what found no place
 * stays at host -1. Five means, each only when those before left something: the most restricted first, then the largest
 * first, each to the emptiest host; the largest first along the quotas of a maximum flow, with single moves to make
 * space; the same with those left over first; a bounded search. When no flow exists, the first three are all there is to
 * gain.
 */
export function placeVolumes(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const quick = placeQuickly(compiled, net, demand, limitBytes);
  if (isAllPlaced(quick)) return quick;
  const {sent, shortGroups} = routeDemand(net, demand.groupBytes, limitBytes);
  const start = (): Packing => startPacking(compiled, net, demand, limitBytes);
  const mostRounds = shortGroups.length > 0 || hasVeryMany(compiled, net) ? 1 : ROUNDS;
  let best = quick;
  let urgent: number[] = [];
  let lastBytes = Infinity;
  for (let round = 0; round < mostRounds; round += 1) {
    const next = start();
    placeAlongFlow(next, sent, urgent);
    if (isAllPlaced(next)) return next;
    if (unplacedBytes(next) >= lastBytes) break;
    lastBytes = unplacedBytes(next);
    best = better(best, next);
    urgent = [...new Set([...unplacedItems(next), ...urgent])];
  }
  if (shortGroups.length > 0) return best;
  const found = searchPlacement(start());
  return found === false ? best : found;
}

/** The first two means of `placeVolumes` alone, whichever of them leaves less. */
export function placeQuickly(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const restricted = startPacking(compiled, net, demand, limitBytes);
  if (placeEmptiest(restricted, restrictedFirst(restricted))) return restricted;
  const bySize = startPacking(compiled, net, demand, limitBytes);
  placeEmptiest(bySize, largestFirst(bySize));
  return better(restricted, bySize);
}

/** Whether there are so many copies and hosts that the slower means cost more than the little that they find. */
export function hasVeryMany({hostCount}: CompiledTopology, {volumes}: ScenarioNet): boolean {
  return volumes.length * hostCount > MOST_LOOKS;
}

function isAllPlaced({hostOf}: Packing): boolean {
  return hostOf.every((host) => host >= 0);
}

function better(one: Packing, other: Packing): Packing {
  return unplacedBytes(other) < unplacedBytes(one) ? other : one;
}

/** Bytes of the items that have no place. */
export function unplacedBytes(packing: Packing): number {
  return unplacedItems(packing).reduce((sum, item) => sum + (packing.sizeOf[item] ?? 0), 0);
}

/** In the order given, each item to the host with the most space left. False: some found none. */
function placeEmptiest(packing: Packing, order: Iterable<number>): boolean {
  const {net, free, groupOf, sizeOf} = packing;
  const hosts = rankBySpace(free);
  let allPlaced = true;
  for (const item of order) {
    const size = sizeOf[item] ?? 0;
    const targets = net.groupHosts[groupOf[item] ?? 0];
    const host =
      targets === undefined
        ? -1
        : hosts.take(
            net.losesSeveral
              ? (candidate) => mayLieOn(packing, item, candidate)
              : (candidate) => hasHost(targets, candidate),
          );
    if (host < 0) allPlaced = false;
    else {
      if ((free[host] ?? 0) >= size) put(packing, item, host);
      else allPlaced = false;
      hosts.putBack(host);
    }
  }
  return allPlaced;
}

/** Items by group, those with the least space to choose from first; within a group the largest first. */
function restrictedFirst({net, groupOf, sizeOf, free}: Packing): Int32Array {
  const rank = Float64Array.from(net.groupHosts, (hosts) => {
    let space = 0;
    eachHost(hosts, (host) => {
      space += Math.max(0, free[host] ?? 0);
    });
    return space;
  });
  return Int32Array.from(groupOf.keys()).sort(
    (left, right) =>
      (rank[groupOf[left] ?? 0] ?? 0) - (rank[groupOf[right] ?? 0] ?? 0) ||
      (sizeOf[right] ?? 0) - (sizeOf[left] ?? 0) ||
      left - right,
  );
}

/** Bytes that a flow grants to each group, by class. */
type Quota = readonly {readonly hostClass: number; bytes: number}[];

/** `first`, then the rest, the largest first; each to a class that the flow sends its group to, there to the fullest host. */
function placeAlongFlow(packing: Packing, sent: Routing['sent'], first: readonly number[]): void {
  const quotas = packing.net.groupHosts.map((): {hostClass: number; bytes: number}[] => []);
  for (const {group, hostClass, bytes} of sent) quotas[group]?.push({hostClass, bytes});
  let vainMoves = 0;
  const urgent = new Set(first);
  const bySize = largestFirst(packing);
  const rest = bySize.filter((item) => !urgent.has(item));
  for (const item of [...largestFirst(packing, first), ...rest]) {
    const quota = quotas[packing.groupOf[item] ?? 0] ?? [];
    const host = hostAlongFlow(packing, quota, item);
    if (host < 0) {
      if (vainMoves < MOST_VAIN_MOVES && !makeSpace(packing, item, bySize)) vainMoves += 1;
      continue;
    }
    const granted = quota.find(({hostClass}) => hostClass === packing.net.classOf[host]);
    if (granted) granted.bytes -= packing.sizeOf[item] ?? 0;
    put(packing, item, host);
  }
}

/** The fullest host of a class that grants the whole item; else of one that grants anything; else of any. */
function hostAlongFlow(packing: Packing, quota: Quota, item: number): number {
  const {net, sizeOf, groupOf} = packing;
  const size = sizeOf[item] ?? 0;
  const among = (granted: Quota): number =>
    fullestHost(
      packing,
      item,
      granted.flatMap(({hostClass}) => [...(net.classHosts[hostClass] ?? [])]),
    );
  const whole = among(quota.filter(({bytes}) => bytes >= size && bytes > 0));
  if (whole >= 0) return whole;
  const part = among(quota.filter(({bytes}) => bytes > 0));
  return part >= 0
    ? part
    : fullestHost(packing, item, hostsIn(net.groupHosts[groupOf[item] ?? 0] ?? net.alive));
}

/** The one with the least space that is enough for the item; -1: none. */
export function fullestHost(packing: Packing, item: number, hosts: readonly number[]): number {
  const {free, sizeOf} = packing;
  const size = sizeOf[item] ?? 0;
  let best = -1;
  for (const host of hosts) {
    const left = free[host] ?? 0;
    if (left < size || (best >= 0 && left >= (free[best] ?? 0))) continue;
    if (mayLieOn(packing, item, host)) best = host;
  }
  return best;
}

/** Moves one placed item elsewhere so that this one fits: the smallest that is enough. False: there is none. */
export function makeSpace(packing: Packing, item: number, bySize: Int32Array): boolean {
  const {free, sizeOf, hostOf} = packing;
  const size = sizeOf[item] ?? 0;
  const targetsOf = (other: number): number[] =>
    hostsIn(packing.net.groupHosts[packing.groupOf[other] ?? 0] ?? packing.net.alive);
  const isEnough = (other: number): boolean => {
    const from = hostOf[other] ?? -1;
    return from >= 0 && (free[from] ?? 0) + (sizeOf[other] ?? 0) >= size && mayLieOn(packing, item, from);
  };
  for (let at = bySize.length - 1; at >= 0; at -= 1) {
    const other = bySize[at] ?? 0;
    const from = hostOf[other] ?? -1;
    const to = isEnough(other)
      ? fullestHost(
          packing,
          other,
          targetsOf(other).filter((host) => host !== from),
        )
      : -1;
    if (to < 0) continue;
    takeOff(packing, other);
    put(packing, other, to);
    put(packing, item, from);
    return true;
  }
  return false;
}
