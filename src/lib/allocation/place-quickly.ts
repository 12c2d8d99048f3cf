import {hasHost, type HostSet} from '../topology/index.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {mostIn, rankBySpace} from './most-space.js';
import {largestFirst, mayLieOn, type Packing, put, startPacking, unplacedBytes} from './packing.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** Up to so many hosts looking at all of them is faster than keeping a heap. */
const FEW_HOSTS = 64;

/**
 * Puts the lost copies of a scenario on hosts with `limitBytes` of space, whole: the most restricted first, then, when that
 * left something, the largest first, each to the emptiest host; whichever leaves less.
 */
export function placeQuickly(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const restricted = startPacking(compiled, net, demand, limitBytes);
  const order = largestFirst(restricted);
  if (placeEmptiest(restricted, restrictedFirst(restricted, order))) return restricted;
  const bySize = placeLargestFirst(compiled, net, demand, limitBytes);
  return unplacedBytes(bySize) < unplacedBytes(restricted) ? bySize : restricted;
}

/** The same, the largest first alone. */
export function placeLargestFirst(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const packing = startPacking(compiled, net, demand, limitBytes);
  placeEmptiest(packing, largestFirst(packing));
  return packing;
}

/** In the order given, each item to the host with the most space left. False: some found none. */
function placeEmptiest(packing: Packing, order: Int32Array): boolean {
  const {net, free} = packing;
  // Copies of one volume keep apart from each other, which the heap asks of hosts one by one.
  return free.length <= FEW_HOSTS && !net.losesSeveral
    ? placeOnFew(packing, order)
    : placeByHeap(packing, order);
}

function placeOnFew(packing: Packing, order: Int32Array): boolean {
  const {net, free, groupOf, sizeOf} = packing;
  let allPlaced = true;
  for (let at = 0; at < order.length; at += 1) {
    const item = order[at] ?? 0;
    const host = mostIn(free, net.groupHosts[groupOf[item] ?? 0] ?? net.alive);
    if (host >= 0 && (free[host] ?? 0) >= (sizeOf[item] ?? 0)) put(packing, item, host);
    else allPlaced = false;
  }
  return allPlaced;
}

function placeByHeap(packing: Packing, order: Int32Array): boolean {
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

/**
 * Items by group, those with the least space to choose from first; among groups with as much, and within a group, in the
 * order of `bySize`.
 */
function restrictedFirst({net, groupOf, free}: Packing, bySize: Int32Array): Int32Array {
  const space = new Float64Array(net.groupHosts.length);
  for (let group = 0; group < space.length; group += 1) space[group] = spaceOn(free, net.groupHosts[group]);
  const totals = [...new Set(space)].sort((one, other) => one - other);
  const rankOf = new Map(totals.map((total, rank) => [total, rank]));
  const rankOfGroup = Int32Array.from(space, (total) => rankOf.get(total) ?? 0);
  const byRank = totals.map((): number[] => []);
  for (const item of bySize) byRank[rankOfGroup[groupOf[item] ?? 0] ?? 0]?.push(item);
  return Int32Array.from(byRank.flat());
}

function spaceOn(free: Float64Array, hosts: HostSet | undefined): number {
  let total = 0;
  for (let word = 0; hosts !== undefined && word < hosts.length; word += 1) {
    for (let rest = hosts[word] ?? 0; rest !== 0; rest &= rest - 1)
      total += Math.max(0, free[word * 32 + 31 - Math.clz32(rest & -rest)] ?? 0);
  }
  return total;
}
