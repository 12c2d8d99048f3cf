import {type ScenarioPlacement, toPlacement} from './certificate.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {largestFirst, type Packing, put, startPacking, unplacedItems} from './packing.js';
import {fullestTarget, makeSpace} from './place-along-flow.js';
import {hasVeryMany, placeVolumes} from './place-volumes.js';
import {type ScenarioDemand, scenarioDemand} from './scenario-demand.js';

/** Priority may leave so much more uncovered than placing whatever fits best, and one largest copy. */
const MOST_MORE = 1.1;

/** A scenario that does not fit as a whole. */
export interface ScarceScenario {
  readonly net: ScenarioNet;
  readonly demand: ScenarioDemand;
  /** Spaces on the hosts to try one after another; a later one counts only where it covers more. */
  readonly limits: readonly Float64Array[];
  /** The best that was found without looking at priorities. */
  readonly plain: ScenarioPlacement;
}

/**
 * Places the volumes with the highest scores first: as many of them, in their order, as a placement is found for
 * together; then each of the others in turn where it still fits, if need be by moving one copy elsewhere. Cut into
 * bytes, no order would cost anything: what flows can place together is a polymatroid, of which every greedy order fills
 * as much (Edmonds 1970). Whole volumes leave gaps: where that covers no volume that should come first and waits in
 * `plain`, or would leave more than a tenth more bytes uncovered and one largest copy, `plain` is kept.
 */
export function coverByPriority(
  compiled: CompiledTopology,
  {net, demand, limits, plain}: ScarceScenario,
  scores: ArrayLike<number>,
): ScenarioPlacement {
  const scoreOf = (entry: number): number => scores[net.volumes[entry] ?? 0] ?? 0;
  const sizeOf = (entry: number): number => demand.sizes[entry] ?? 0;
  const order = [...net.volumes.keys()].sort(
    (one, other) => scoreOf(other) - scoreOf(one) || sizeOf(other) - sizeOf(one) || one - other,
  );
  if (scoreOf(order[0] ?? 0) === scoreOf(order.at(-1) ?? 0)) return plain;
  const volumes = order.map((entry) => net.volumes[entry] ?? 0);
  const mostStuck =
    MOST_MORE * plain.stuckBytes + demand.sizes.reduce((most, bytes) => Math.max(most, bytes), 0);
  return limits.reduce((best, limitBytes) => {
    const found = toPlacement(placeInOrder(compiled, {net, demand, limitBytes}, order));
    return found.stuckBytes <= mostStuck && coversMoreOf(found, best, volumes) ? found : best;
  }, plain);
}

interface Space {
  readonly net: ScenarioNet;
  readonly demand: ScenarioDemand;
  readonly limitBytes: Float64Array;
}

function placeInOrder(
  compiled: CompiledTopology,
  {net, demand, limitBytes}: Space,
  order: readonly number[],
): Packing {
  const first = hasVeryMany(compiled, net) ? [] : longestStart(compiled, {net, demand, limitBytes}, order);
  const packing = startPacking(compiled, net, demand, limitBytes);
  const itemsOf = listItems(packing, order.length);
  for (const {entry, hosts} of first)
    hosts.forEach((host, copy) => {
      put(packing, itemsOf[entry]?.[copy] ?? 0, host);
    });
  const bySize = largestFirst(packing);
  for (const entry of order.slice(first.length)) {
    for (const item of itemsOf[entry] ?? []) {
      const host = fullestTarget(packing, item);
      if (host >= 0) put(packing, item, host);
      else makeSpace(packing, item, bySize);
    }
  }
  return packing;
}

/** Whether, at the first volume in the order of which the two leave other numbers of copies, the first leaves fewer. */
function coversMoreOf(one: ScenarioPlacement, other: ScenarioPlacement, order: readonly number[]): boolean {
  const [waiting, otherWaiting] = [countWaiting(one), countWaiting(other)];
  for (const volume of order) {
    const more = (otherWaiting.get(volume) ?? 0) - (waiting.get(volume) ?? 0);
    if (more !== 0) return more > 0;
  }
  return false;
}

function countWaiting({volumes, hosts}: ScenarioPlacement): ReadonlyMap<number, number> {
  const waiting = new Map<number, number>();
  for (const [item, volume] of volumes.entries())
    if ((hosts[item] ?? -1) < 0) waiting.set(volume, (waiting.get(volume) ?? 0) + 1);
  return waiting;
}

/** Where the copies of one entry of a net go. */
interface PlacedEntry {
  readonly entry: number;
  readonly hosts: readonly number[];
}

/** The longest beginning of the order that bisection finds a whole placement for. */
function longestStart(
  compiled: CompiledTopology,
  {net, demand, limitBytes}: Space,
  order: readonly number[],
): readonly PlacedEntry[] {
  let placed: readonly PlacedEntry[] = [];
  for (let tooMany = order.length; tooMany - placed.length > 1;) {
    const count = Math.floor((placed.length + tooMany) / 2);
    const entries = order.slice(0, count);
    const part = partOf(net, demand, entries);
    const packing = placeVolumes(compiled, part.net, part.demand, limitBytes);
    if (unplacedItems(packing).length > 0) tooMany = count;
    else {
      const itemsOf = listItems(packing, count);
      placed = entries.map((entry, at) => ({
        entry,
        hosts: (itemsOf[at] ?? []).map((item) => packing.hostOf[item] ?? -1),
      }));
    }
  }
  return placed;
}

/** The scenario with some of its entries alone, in the order given. */
function partOf(
  net: ScenarioNet,
  demand: ScenarioDemand,
  entries: readonly number[],
): {readonly net: ScenarioNet; readonly demand: ScenarioDemand} {
  const at = (values: Int32Array): Int32Array => Int32Array.from(entries, (entry) => values[entry] ?? 0);
  const part = {...net, volumes: at(net.volumes), copies: at(net.copies), groupOf: at(net.groupOf)};
  const bytes: number[] = [];
  for (const entry of entries) bytes[net.volumes[entry] ?? 0] = demand.sizes[entry] ?? 0;
  return {net: part, demand: scenarioDemand(part, bytes)};
}

function listItems({entryOf, itemCount}: Packing, entryCount: number): readonly number[][] {
  const items = Array.from({length: entryCount}, (): number[] => []);
  for (let item = 0; item < itemCount; item += 1) items[entryOf[item] ?? 0]?.push(item);
  return items;
}
