import type {HostSet} from '../topology/index.js';
import type {Routing} from './max-flow.js';
import {largestFirst, mayLieOn, type Packing, put, takeOff} from './packing.js';

/** Moves that were looked for in vain before no more are: then space itself is short, not its order. */
const MOST_VAIN_MOVES = 24;

/** Bytes that a flow grants to each group, by class. */
type Quota = readonly {readonly hostClass: number; bytes: number}[];

/**
 * Puts items on an empty packing: `first`, then the rest in the order of `bySize` (all items, the largest first); each
 * to a class that the flow sends its group to, there to the fullest host. Plain loops: plans and replays live in here.
 */
export function placeAlongFlow(
  packing: Packing,
  sent: Routing['sent'],
  first: readonly number[],
  bySize: Int32Array,
): void {
  const {net, groupOf, sizeOf} = packing;
  const quotas = net.groupHosts.map((): {hostClass: number; bytes: number}[] => []);
  for (const {group, hostClass, bytes} of sent) quotas[group]?.push({hostClass, bytes});
  let vainMoves = 0;
  for (const item of orderOf(packing, first, bySize)) {
    const quota = quotas[groupOf[item] ?? 0] ?? [];
    const host = hostAlongFlow(packing, quota, item);
    if (host < 0) {
      if (vainMoves < MOST_VAIN_MOVES && !makeSpace(packing, item, bySize)) vainMoves += 1;
      continue;
    }
    for (const granted of quota)
      if (granted.hostClass === net.classOf[host]) granted.bytes -= sizeOf[item] ?? 0;
    put(packing, item, host);
  }
}

function orderOf(packing: Packing, first: readonly number[], bySize: Int32Array): Int32Array {
  if (first.length === 0) return bySize;
  const urgent = new Set(first);
  const order = new Int32Array(bySize.length);
  order.set(largestFirst(packing, first));
  order.set(
    bySize.filter((item) => !urgent.has(item)),
    first.length,
  );
  return order;
}

/** The fullest host of a class that grants the whole item; else of one that grants anything; else of any. */
function hostAlongFlow(packing: Packing, quota: Quota, item: number): number {
  const whole = fullestGranting(packing, item, quota, packing.sizeOf[item] ?? 0);
  if (whole >= 0) return whole;
  const part = fullestGranting(packing, item, quota, 0);
  return part >= 0 ? part : fullestTarget(packing, item);
}

/** Of the hosts of classes that grant anything, and at least so much, the first of those with the least space that is enough. */
function fullestGranting(packing: Packing, item: number, quota: Quota, leastBytes: number): number {
  let best = -1;
  for (let at = 0; at < quota.length; at += 1) {
    const granted = quota[at];
    if (granted === undefined || granted.bytes <= 0 || granted.bytes < leastBytes) continue;
    best = fullerOf(packing, item, best, packing.net.classHosts[granted.hostClass] ?? NO_HOSTS);
  }
  return best;
}

const NO_HOSTS = new Int32Array(0);

/** `best`, or the first of the hosts with the least space that is enough for the item where that is less. */
function fullerOf(packing: Packing, item: number, best: number, hosts: Int32Array): number {
  const {free, sizeOf} = packing;
  const size = sizeOf[item] ?? 0;
  let fullest = best;
  let leastLeft = best < 0 ? Infinity : (free[best] ?? 0);
  for (let at = 0; at < hosts.length; at += 1) {
    const host = hosts[at] ?? 0;
    const left = free[host] ?? 0;
    if (left < size || left >= leastLeft || !mayLieOn(packing, item, host)) continue;
    fullest = host;
    leastLeft = left;
  }
  return fullest;
}

/** Of the hosts in a set, but one, the first of those with the least space that is enough for the item; -1: none. */
function fullestAmong(packing: Packing, item: number, hosts: HostSet, but = -1): number {
  const {free, sizeOf} = packing;
  const size = sizeOf[item] ?? 0;
  let best = -1;
  let bestLeft = Infinity;
  for (let word = 0; word < hosts.length; word += 1) {
    for (let rest = hosts[word] ?? 0; rest !== 0; rest &= rest - 1) {
      const host = word * 32 + 31 - Math.clz32(rest & -rest);
      const left = free[host] ?? 0;
      if (left < size || left >= bestLeft || host === but || !mayLieOn(packing, item, host)) continue;
      best = host;
      bestLeft = left;
    }
  }
  return best;
}

/** Of the hosts that an item may go to, the first of those with the least space that is enough; -1: none. */
export function fullestTarget(packing: Packing, item: number): number {
  return fullestAmong(packing, item, targetsOf(packing, item));
}

function targetsOf({net, groupOf}: Packing, item: number): HostSet {
  return net.groupHosts[groupOf[item] ?? 0] ?? net.alive;
}

/** Moves one placed item elsewhere so that this one fits: the smallest that is enough. False: there is none. */
export function makeSpace(packing: Packing, item: number, bySize: Int32Array): boolean {
  const {free, sizeOf, hostOf} = packing;
  const size = sizeOf[item] ?? 0;
  for (let at = bySize.length - 1; at >= 0; at -= 1) {
    const other = bySize[at] ?? 0;
    const from = hostOf[other] ?? -1;
    if (from < 0 || (free[from] ?? 0) + (sizeOf[other] ?? 0) < size || !mayLieOn(packing, item, from))
      continue;
    const to = fullestAmong(packing, other, targetsOf(packing, other), from);
    if (to < 0) continue;
    takeOff(packing, other);
    put(packing, other, to);
    put(packing, item, from);
    return true;
  }
  return false;
}
