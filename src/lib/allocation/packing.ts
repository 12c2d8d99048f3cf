import {hasHost} from '../topology/index.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** Whole copies being put on hosts in one scenario. An *item* is one lost copy. */
export interface Packing {
  readonly net: ScenarioNet;
  readonly apartFrom: CompiledTopology['apartFrom'];
  readonly itemCount: number;
  /** Entry of the net that the item is a copy of; copies of one entry are neighbours. */
  readonly entryOf: Int32Array;
  readonly groupOf: Int32Array;
  /** Bytes of each item. */
  readonly sizeOf: Float64Array;
  /** Host of each item; -1: not placed. */
  readonly hostOf: Int32Array;
  /** Bytes left on each host; below 0 on hosts that failed, so that not even an empty volume goes there. */
  readonly free: Float64Array;
}

/** Nothing placed yet; `limitBytes` is the space on each host. */
export function startPacking(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const itemCount = net.losesSeveral
    ? net.copies.reduce((sum, copies) => sum + copies, 0)
    : net.copies.length;
  const entryOf = new Int32Array(itemCount);
  const groupOf = new Int32Array(itemCount);
  const sizeOf = new Float64Array(itemCount);
  let item = 0;
  for (let entry = 0; entry < net.copies.length; entry += 1) {
    for (let copy = net.copies[entry] ?? 0; copy > 0; copy -= 1) {
      entryOf[item] = entry;
      groupOf[item] = net.groupOf[entry] ?? 0;
      sizeOf[item] = demand.sizes[entry] ?? 0;
      item += 1;
    }
  }
  const hostOf = new Int32Array(itemCount).fill(-1);
  const free = limitBytes.map((bytes, host) => (hasHost(net.alive, host) ? bytes : -1));
  return {
    net,
    apartFrom: compiled.apartFrom,
    itemCount,
    entryOf,
    groupOf,
    sizeOf,
    hostOf,
    free,
  };
}

/** Puts an item on a host that may take it; the space may go below 0 when the caller raises the limit for it. */
export function put(packing: Packing, item: number, host: number): void {
  packing.hostOf[item] = host;
  packing.free[host] = (packing.free[host] ?? 0) - (packing.sizeOf[item] ?? 0);
}

/** Takes a placed item off its host. */
export function takeOff(packing: Packing, item: number): void {
  const host = packing.hostOf[item] ?? 0;
  packing.hostOf[item] = -1;
  packing.free[host] = (packing.free[host] ?? 0) + (packing.sizeOf[item] ?? 0);
}

/** Whether the rules let the item lie on the host, given where the other new copies of its volume lie. */
export function mayLieOn(packing: Packing, item: number, host: number): boolean {
  const targets = packing.net.groupHosts[packing.groupOf[item] ?? 0];
  if (targets === undefined || !hasHost(targets, host) || !hasHost(packing.net.alive, host)) return false;
  return !packing.net.losesSeveral || keepsApart(packing, item, host);
}

function keepsApart({net, entryOf, hostOf, apartFrom}: Packing, item: number, host: number): boolean {
  const entry = entryOf[item] ?? 0;
  const copies = net.copies[entry] ?? 1;
  for (let other = item - copies + 1; other < item + copies; other += 1) {
    const otherHost = hostOf[other] ?? -1;
    if (other === item || entryOf[other] !== entry || otherHost < 0) continue;
    if (hasHost(apartFrom(net.volumes[entry] ?? 0, otherHost), host)) return false;
  }
  return true;
}

/** Items that have no place. */
export function unplacedItems({hostOf, itemCount}: Packing): number[] {
  const items: number[] = [];
  for (let item = 0; item < itemCount; item += 1) if ((hostOf[item] ?? -1) < 0) items.push(item);
  return items;
}

/** Bytes of the items that have no place. */
export function unplacedBytes({hostOf, sizeOf}: Packing): number {
  let bytes = 0;
  for (let item = 0; item < hostOf.length; item += 1)
    if ((hostOf[item] ?? -1) < 0) bytes += sizeOf[item] ?? 0;
  return bytes;
}

/** Item indices, the largest first; equal ones in their order. */
export function largestFirst({sizeOf}: Packing, items: Iterable<number> = sizeOf.keys()): Int32Array {
  const listed = Int32Array.from(items).sort();
  // Numbers alone are sorted several times faster than by a function that compares.
  const rising = Float64Array.from(listed, (item) => sizeOf[item] ?? 0).sort();
  const taken = new Int32Array(rising.length);
  const order = new Int32Array(rising.length);
  for (let at = 0; at < listed.length; at += 1) {
    const item = listed[at] ?? 0;
    const larger = rising.length - lastUpTo(rising, sizeOf[item] ?? 0);
    order[larger + (taken[larger] ?? 0)] = item;
    taken[larger] = (taken[larger] ?? 0) + 1;
  }
  return order;
}

/** How many of the values, which rise, are not above `most`. */
function lastUpTo(rising: Float64Array, most: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] ?? 0) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
