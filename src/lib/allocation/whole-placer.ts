import {eachHost, hasHost, type HostSet} from '../topology/index.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {largestFirst, mayLieOn, type Packing, put, startPacking, takeOff} from './packing.js';
import {placeLargestFirst} from './place-quickly.js';
import {placeVolumes} from './place-volumes.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** What of whole volumes found no place. */
export interface LeftOver {
  readonly bytes: number;
  readonly copies: number;
}

/** Places the whole volumes of one scenario, time after time. */
export interface WholePlacer {
  /** Whether the last complete placement still fits as it is: quick, and all that is to be asked most of the time. */
  stillFits(demand: ScenarioDemand, limitBytes: Float64Array): boolean;
  /** What finds no place within `limitBytes` a host; a remainder of 0 is proven, another is the best that was found. */
  leftOver(demand: ScenarioDemand, limitBytes: Float64Array): LeftOver;
}

const NOTHING: LeftOver = {bytes: 0, copies: 0};

/**
 * Keeps the last placement that was complete: sizes change little from one time to the next, so that it often still
 * fits, or does once a few volumes are taken off the hosts that have become too small. Only else all is placed anew.
 */
export function createWholePlacer(compiled: CompiledTopology, net: ScenarioNet): WholePlacer {
  let last: Pick<Packing, 'entryOf' | 'hostOf'> | undefined;
  const loads = new Float64Array(compiled.hostCount);
  return {
    stillFits: ({sizes}, limitBytes) => last !== undefined && fits(last, sizes, limitBytes, loads),
    leftOver: (demand, limitBytes) => {
      if (demand.totalBytes === 0) return NOTHING;
      // Where not all can fit anyway, how much is left need not be known as well.
      if (hasTooLarge(net, demand, limitBytes))
        return leftIn(placeLargestFirst(compiled, net, demand, limitBytes));
      if (last !== undefined) {
        const mended = mend(startPacking(compiled, net, demand, limitBytes), last.hostOf);
        if (mended !== undefined) {
          last = mended;
          return NOTHING;
        }
      }
      const packing = placeVolumes(compiled, net, demand, limitBytes);
      if (!packing.hostOf.includes(-1)) last = packing;
      return leftIn(packing);
    },
  };
}

/** Volumes that hold nothing wait for nothing. */
function leftIn({hostOf, sizeOf}: Packing): LeftOver {
  let bytes = 0;
  let copies = 0;
  for (let item = 0; item < hostOf.length; item += 1) {
    if ((hostOf[item] ?? -1) >= 0 || (sizeOf[item] ?? 0) <= 0) continue;
    bytes += sizeOf[item] ?? 0;
    copies += 1;
  }
  return {bytes, copies};
}

/** Whether some volume is larger than the space on every host that it may use. */
function hasTooLarge(
  {groupHosts, groupOf}: ScenarioNet,
  {sizes}: ScenarioDemand,
  limitBytes: Float64Array,
): boolean {
  const largest = new Float64Array(groupHosts.length);
  for (let entry = 0; entry < sizes.length; entry += 1) {
    const group = groupOf[entry] ?? 0;
    largest[group] = Math.max(largest[group] ?? 0, sizes[entry] ?? 0);
  }
  return groupHosts.some((hosts, group) => !anyTakes(hosts, limitBytes, largest[group] ?? 0));
}

function anyTakes(hosts: HostSet, limitBytes: Float64Array, bytes: number): boolean {
  for (let word = 0; word < hosts.length; word += 1) {
    for (let rest = hosts[word] ?? 0; rest !== 0; rest &= rest - 1)
      if ((limitBytes[word * 32 + 31 - Math.clz32(rest & -rest)] ?? 0) >= bytes) return true;
  }
  return bytes === 0;
}

function fits(
  {entryOf, hostOf}: Pick<Packing, 'entryOf' | 'hostOf'>,
  sizes: Float64Array,
  limitBytes: Float64Array,
  loads: Float64Array,
): boolean {
  loads.fill(0);
  for (let item = 0; item < hostOf.length; item += 1) {
    const host = hostOf[item] ?? 0;
    loads[host] = (loads[host] ?? 0) + (sizes[entryOf[item] ?? 0] ?? 0);
  }
  for (let host = 0; host < loads.length; host += 1) {
    if ((loads[host] ?? 0) > (limitBytes[host] ?? 0)) return false;
  }
  return true;
}

/** Follows an earlier placement; what is too much for a host goes to the emptiest other one. Undefined: not all fits. */
function mend(packing: Packing, hostOf: Int32Array): Packing | undefined {
  const {free, net} = packing;
  for (let item = 0; item < hostOf.length; item += 1) put(packing, item, hostOf[item] ?? 0);
  const evicted: number[] = [];
  for (let host = 0; host < free.length; host += 1) {
    if ((free[host] ?? 0) < 0 && hasHost(net.alive, host))
      evicted.push(...evict(packing, itemsOn(hostOf, host), host));
  }
  for (const item of largestFirst(packing, evicted)) {
    const host = emptiestHost(packing, item);
    if (host < 0) return undefined;
    put(packing, item, host);
  }
  return packing;
}

function itemsOn(hostOf: Int32Array, host: number): number[] {
  const items: number[] = [];
  for (let item = 0; item < hostOf.length; item += 1) if (hostOf[item] === host) items.push(item);
  return items;
}

/** Takes off a host what is too much: the smallest volume that is enough, or else the largest, until it fits. */
function evict(packing: Packing, items: readonly number[], host: number): number[] {
  const {free, sizeOf} = packing;
  const rising = items.toSorted((one, other) => (sizeOf[one] ?? 0) - (sizeOf[other] ?? 0));
  const evicted: number[] = [];
  while ((free[host] ?? 0) < 0 && rising.length > 0) {
    const enough = rising.findIndex((item) => (sizeOf[item] ?? 0) + (free[host] ?? 0) >= 0);
    for (const item of rising.splice(enough < 0 ? rising.length - 1 : enough, 1)) {
      takeOff(packing, item);
      evicted.push(item);
    }
  }
  return evicted;
}

function emptiestHost(packing: Packing, item: number): number {
  const {free, sizeOf, net, groupOf} = packing;
  const hosts = net.groupHosts[groupOf[item] ?? 0];
  let best = -1;
  let mostFree = -1;
  if (hosts === undefined) return best;
  eachHost(hosts, (host) => {
    const left = free[host] ?? 0;
    if (left < (sizeOf[item] ?? 0) || left <= mostFree || !mayLieOn(packing, item, host)) return;
    best = host;
    mostFree = left;
  });
  return best;
}
