import {hasHost, hostsIn, type HostSet} from '../topology/index.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {rankBySpace} from './most-space.js';
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
  const {net, free, groupOf, sizeOf, hostOf} = packing;
  const targets = targetsOf(net);
  let allPlaced = true;
  for (let at = 0; at < order.length; at += 1) {
    const item = order[at] ?? 0;
    const hosts = targets[groupOf[item] ?? 0] ?? NO_HOSTS;
    let emptiest = -1;
    let left = -1;
    for (let index = 0; index < hosts.length; index += 1) {
      const host = hosts[index] ?? 0;
      const bytes = free[host] ?? 0;
      if (bytes <= left) continue;
      emptiest = host;
      left = bytes;
    }
    const size = sizeOf[item] ?? 0;
    if (emptiest >= 0 && left >= size) {
      hostOf[item] = emptiest;
      free[emptiest] = left - size;
    } else allPlaced = false;
  }
  return allPlaced;
}

const NO_HOSTS = new Int32Array(0);
const targetsBefore = new WeakMap<ScenarioNet, readonly Int32Array[]>();

/** The surviving hosts that each group may use, rising, listed once a net. */
function targetsOf(net: ScenarioNet): readonly Int32Array[] {
  const known = targetsBefore.get(net);
  if (known !== undefined) return known;
  const targets = net.groupHosts.map((hosts) =>
    Int32Array.from(hostsIn(hosts.map((word, at) => word & (net.alive[at] ?? 0)))),
  );
  targetsBefore.set(net, targets);
  return targets;
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
  const rankOf = rankGroups(net, free);
  const next = beginsOf(rankOf, groupOf);
  const order = new Int32Array(bySize.length);
  for (let at = 0; at < bySize.length; at += 1) {
    const item = bySize[at] ?? 0;
    const rank = rankOf[groupOf[item] ?? 0] ?? 0;
    const place = next[rank] ?? 0;
    next[rank] = place + 1;
    order[place] = item;
  }
  return order;
}

/** Rank of each group by the space that it may choose from, the least first; the same where that is as much. */
function rankGroups({groupHosts}: ScenarioNet, free: Float64Array): Int32Array {
  const space = new Float64Array(groupHosts.length);
  for (let group = 0; group < space.length; group += 1) space[group] = spaceOn(free, groupHosts[group]);
  const rising = space.toSorted();
  const ranks = new Int32Array(space.length);
  for (let group = 0; group < ranks.length; group += 1) ranks[group] = firstOf(rising, space[group] ?? 0);
  return ranks;
}

/** Where the items of each rank begin when they are put in order. */
function beginsOf(rankOf: Int32Array, groupOf: Int32Array): Int32Array {
  const begins = new Int32Array(rankOf.length + 1);
  for (let item = 0; item < groupOf.length; item += 1) {
    const behind = (rankOf[groupOf[item] ?? 0] ?? 0) + 1;
    begins[behind] = (begins[behind] ?? 0) + 1;
  }
  for (let rank = 1; rank < begins.length; rank += 1)
    begins[rank] = (begins[rank] ?? 0) + (begins[rank - 1] ?? 0);
  return begins;
}

/** The first place at which rising values hold this one of them. */
function firstOf(rising: Float64Array, value: number): number {
  let from = 0;
  let to = rising.length - 1;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((rising[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

function spaceOn(free: Float64Array, hosts: HostSet | undefined): number {
  let total = 0;
  for (let word = 0; hosts !== undefined && word < hosts.length; word += 1) {
    for (let rest = hosts[word] ?? 0; rest !== 0; rest &= rest - 1)
      total += Math.max(0, free[word * 32 + 31 - Math.clz32(rest & -rest)] ?? 0);
  }
  return total;
}
