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
  {sizes}: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const {entryOf, groupOf} = itemsOf(net);
  const itemCount = entryOf.length;
  const free = limitBytes.slice();
  for (let host = 0; host < free.length; host += 1) if (!hasHost(net.alive, host)) free[host] = -1;
  return {
    ...{net, apartFrom: compiled.apartFrom, itemCount, entryOf, groupOf},
    // One copy each: the entries are the items.
    sizeOf: net.losesSeveral ? Float64Array.from(entryOf, (entry) => sizes[entry] ?? 0) : sizes,
    hostOf: new Int32Array(itemCount).fill(-1),
    free,
  };
}

const itemsBefore = new WeakMap<ScenarioNet, Pick<Packing, 'entryOf' | 'groupOf'>>();

/** The items of a net, made once. */
function itemsOf(net: ScenarioNet): Pick<Packing, 'entryOf' | 'groupOf'> {
  const known = itemsBefore.get(net);
  if (known !== undefined) return known;
  const entryOf = Int32Array.from(
    [...net.copies].flatMap((copies, entry) => Array.from({length: copies}, () => entry)),
  );
  const items = {entryOf, groupOf: entryOf.map((entry) => net.groupOf[entry] ?? 0)};
  itemsBefore.set(net, items);
  return items;
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

/** All items, or those listed, the largest first; equal ones in their order. Not to be changed. */
export function largestFirst({net, sizeOf, itemCount}: Packing, items?: readonly number[]): Int32Array {
  if (items !== undefined) return mergeSorted(Int32Array.from(items).sort(), sizeOf);
  const before = orderBefore.get(net) ?? Int32Array.from({length: itemCount}, (_, item) => item);
  const order = putRight(before, sizeOf) ?? mergeSorted(before.toSorted(), sizeOf);
  orderBefore.set(net, order);
  return order;
}

/** The last order of all items of a net: the next one differs little from it. */
const orderBefore = new WeakMap<ScenarioNet, Int32Array>();

/** Moves that sort an order, on average an item, beyond which sorting anew is faster. */
const FEW_MOVES = 8;

/** Sorts by insertion, leaving the order given as it is; itself where it is right already. Undefined: too far from sorted. */
function putRight(order: Int32Array, sizeOf: Float64Array): Int32Array | undefined {
  let at = 1;
  while (at < order.length && !isAhead(sizeOf, order[at] ?? 0, order[at - 1] ?? 0)) at += 1;
  if (at >= order.length) return order;
  const sorted = order.slice();
  let movesLeft = FEW_MOVES * order.length;
  for (; at < sorted.length && movesLeft >= 0; at += 1) movesLeft -= moveAhead(sorted, at, sizeOf);
  return movesLeft < 0 ? undefined : sorted;
}

/** Moves an item ahead of the smaller ones before it, which are sorted; returns by how much. */
function moveAhead(order: Int32Array, at: number, sizeOf: Float64Array): number {
  const item = order[at] ?? 0;
  let to = at;
  for (; to > 0 && isAhead(sizeOf, item, order[to - 1] ?? 0); to -= 1) order[to] = order[to - 1] ?? 0;
  order[to] = item;
  return at - to;
}

function isAhead(sizeOf: Float64Array, item: number, other: number): boolean {
  const difference = (sizeOf[item] ?? 0) - (sizeOf[other] ?? 0);
  return difference > 0 || (difference === 0 && item < other);
}

/** A merge sort by falling size: several times faster than a sort that calls a function to compare. */
function mergeSorted(items: Int32Array, sizeOf: Float64Array): Int32Array {
  let from = items;
  let into: Int32Array = new Int32Array(items.length);
  for (let run = 1; run < items.length; run *= 2) {
    for (let start = 0; start < items.length; start += 2 * run) mergeRuns(from, into, sizeOf, start, run);
    [from, into] = [into, from];
  }
  return from;
}

/** Merges the runs of up to `run` items at `start` and behind it. */
function mergeRuns(
  from: Int32Array,
  into: Int32Array,
  sizeOf: Float64Array,
  start: number,
  run: number,
): void {
  const middle = Math.min(start + run, from.length);
  const end = Math.min(middle + run, from.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at += 1) {
    const takesRight =
      left >= middle || (right < end && (sizeOf[from[right] ?? 0] ?? 0) > (sizeOf[from[left] ?? 0] ?? 0));
    into[at] = from[takesRight ? right : left] ?? 0;
    if (takesRight) right += 1;
    else left += 1;
  }
}
