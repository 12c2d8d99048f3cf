import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {largestFirst, mayLieOn, type Packing, put, takeOff, unplacedItems} from './packing.js';
import {placeQuickly} from './place-quickly.js';
import {hasVeryMany, placeVolumes} from './place-volumes.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** Where every lost copy of one scenario goes. Parallel arrays. */
export interface ScenarioPlacement {
  /** Index into Topology.scenarios. */
  readonly scenario: number;
  /** Volume of each lost copy that has a survivor. */
  readonly volumes: Int32Array;
  /** Host that takes it; -1: none was found. */
  readonly hosts: Int32Array;
  /** Bytes of the copies that found none. */
  readonly stuckBytes: number;
}

/** The placement of one scenario within `limitBytes` a host. */
export function placeScenario(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): ScenarioPlacement {
  return toPlacement(placeVolumes(compiled, net, demand, limitBytes));
}

/** A reserve with the placement of whole volumes that proves it, as far as there is one. */
export interface CertifiedReserve {
  /** The most that any scenario puts on each host: nothing of it can be given up with these placements. */
  readonly reserveBytes: Float64Array;
  /** In the order of Topology.scenarios. */
  readonly placements: readonly ScenarioPlacement[];
  readonly totalBytes: number;
  readonly stuckBytes: number;
}

/**
 * Raises a reserve that is enough for volumes cut into bytes until whole volumes fit, within the room; then gives back
 * what no scenario uses. The scenarios with the greatest demand go first, so that the others find their raises.
 */
export function certifyReserve(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  leastBytes: Float64Array,
  roomBytes: Float64Array,
): CertifiedReserve {
  const limitBytes = leastBytes.slice();
  const total = (scenario: number): number => demands[scenario]?.totalBytes ?? 0;
  const order = [...compiled.nets.keys()].sort((left, right) => total(right) - total(left) || left - right);
  const placements = new Map<number, ScenarioPlacement>();
  const reserveBytes = new Float64Array(compiled.hostCount);
  for (const scenario of order) {
    const net = compiled.nets[scenario];
    const demand = demands[scenario];
    if (net === undefined || demand === undefined) continue;
    const packing = placeRaising(compiled, {net, demand}, limitBytes, roomBytes);
    loadOf(packing, compiled.hostCount).forEach((load, host) => {
      reserveBytes[host] = Math.max(reserveBytes[host] ?? 0, load);
    });
    placements.set(scenario, toPlacement(packing));
  }
  const inOrder = compiled.nets.flatMap((_, scenario) => placements.get(scenario) ?? []);
  return {
    reserveBytes,
    placements: inOrder,
    totalBytes: reserveBytes.reduce((sum, bytes) => sum + bytes, 0),
    stuckBytes: inOrder.reduce((sum, placement) => sum + placement.stuckBytes, 0),
  };
}

/** Items that are asked to make room for one. */
const MOST_TRIES = 64;

/** Changes `limitBytes`: raised by no more than what is needed for what does not fit. */
function placeRaising(
  compiled: CompiledTopology,
  {net, demand}: {readonly net: ScenarioNet; readonly demand: ScenarioDemand},
  limitBytes: Float64Array,
  roomBytes: Float64Array,
): Packing {
  const place = hasVeryMany(compiled, net) ? placeQuickly : placeVolumes;
  const packing = place(compiled, net, demand, limitBytes);
  for (const item of largestFirst(packing, unplacedItems(packing))) {
    const host = leastRaise(packing, item, limitBytes, roomBytes);
    if (host >= 0) putRaising(packing, item, host, limitBytes);
    else if (!changePlaces(packing, item, limitBytes, roomBytes))
      return placeInWholeRoom(compiled, {net, demand}, limitBytes, roomBytes);
  }
  return packing;
}

/** Raises the limit of a host by what an item lacks there, and puts it there. */
function putRaising(packing: Packing, item: number, host: number, limitBytes: Float64Array): void {
  const raise = Math.max(0, (packing.sizeOf[item] ?? 0) - (packing.free[host] ?? 0));
  limitBytes[host] = (limitBytes[host] ?? 0) + raise;
  packing.free[host] = (packing.free[host] ?? 0) + raise;
  put(packing, item, host);
}

/**
 * Where the hosts that an item may use have no room left, another that lies there makes room for it and goes to a host that
 * has some: the smallest that is enough. False: none was found, and nothing is changed.
 */
function changePlaces(
  packing: Packing,
  item: number,
  limitBytes: Float64Array,
  roomBytes: Float64Array,
): boolean {
  let triesLeft = MOST_TRIES;
  for (const other of largestFirst(packing).toReversed()) {
    if (!isEnough(packing, item, other, limitBytes, roomBytes)) continue;
    if (changeWith(packing, item, other, limitBytes, roomBytes)) return true;
    triesLeft -= 1;
    if (triesLeft === 0) return false;
  }
  return false;
}

/** Whether the item would fit, within the room, where the other one lies now. */
function isEnough(
  packing: Packing,
  item: number,
  other: number,
  limitBytes: Float64Array,
  roomBytes: Float64Array,
): boolean {
  const {free, sizeOf, hostOf} = packing;
  const host = hostOf[other] ?? -1;
  if (host < 0) return false;
  const leftBytes = (free[host] ?? 0) + (roomBytes[host] ?? 0) - (limitBytes[host] ?? 0);
  return leftBytes + (sizeOf[other] ?? 0) >= (sizeOf[item] ?? 0) && mayLieOn(packing, item, host);
}

/** Puts the item where the other one lies, and that elsewhere. False: there is no elsewhere, and nothing is changed. */
function changeWith(
  packing: Packing,
  item: number,
  other: number,
  limitBytes: Float64Array,
  roomBytes: Float64Array,
): boolean {
  const {free, hostOf} = packing;
  const host = hostOf[other] ?? 0;
  const [limitBefore, freeBefore] = [limitBytes[host] ?? 0, free[host] ?? 0];
  takeOff(packing, other);
  putRaising(packing, item, host, limitBytes);
  const elsewhere = leastRaise(packing, other, limitBytes, roomBytes);
  if (elsewhere >= 0) {
    putRaising(packing, other, elsewhere, limitBytes);
    return true;
  }
  hostOf[item] = -1;
  hostOf[other] = host;
  limitBytes[host] = limitBefore;
  free[host] = freeBefore;
  return false;
}

/** The host that can take the item with the smallest raise; of several the one with the most room left. -1: none. */
function leastRaise(
  packing: Packing,
  item: number,
  limitBytes: Float64Array,
  roomBytes: Float64Array,
): number {
  const size = packing.sizeOf[item] ?? 0;
  let best = -1;
  let bestRaise = Infinity;
  let bestSpare = 0;
  for (let host = 0; host < limitBytes.length; host += 1) {
    const raise = Math.max(0, size - (packing.free[host] ?? 0));
    const spare = (roomBytes[host] ?? 0) - (limitBytes[host] ?? 0) - raise;
    if (spare < 0 || raise > bestRaise || (raise === bestRaise && spare <= bestSpare)) continue;
    if (!mayLieOn(packing, item, host)) continue;
    best = host;
    bestRaise = raise;
    bestSpare = spare;
  }
  return best;
}

function placeInWholeRoom(
  compiled: CompiledTopology,
  {net, demand}: {readonly net: ScenarioNet; readonly demand: ScenarioDemand},
  limitBytes: Float64Array,
  roomBytes: Float64Array,
): Packing {
  const packing = placeVolumes(compiled, net, demand, roomBytes);
  loadOf(packing, compiled.hostCount).forEach((load, host) => {
    limitBytes[host] = Math.max(limitBytes[host] ?? 0, load);
  });
  return packing;
}

/** Bytes that the placed items put on each host. */
function loadOf({hostOf, sizeOf}: Packing, hostCount: number): Float64Array {
  const load = new Float64Array(hostCount);
  hostOf.forEach((host, item) => {
    if (host >= 0) load[host] = (load[host] ?? 0) + (sizeOf[item] ?? 0);
  });
  return load;
}

/** The most bytes that any of the placements puts on each host. */
export function mostPlaced(
  {nets, hostCount}: CompiledTopology,
  demands: readonly ScenarioDemand[],
  placements: readonly ScenarioPlacement[],
): Float64Array {
  const most = new Float64Array(hostCount);
  for (const {scenario, volumes, hosts} of placements) {
    const load = new Float64Array(hostCount);
    const sizeOf = new Map<number, number>();
    nets[scenario]?.volumes.forEach((volume, entry) => {
      sizeOf.set(volume, demands[scenario]?.sizes[entry] ?? 0);
    });
    for (const [item, host] of hosts.entries())
      if (host >= 0) load[host] = (load[host] ?? 0) + (sizeOf.get(volumes[item] ?? -1) ?? 0);
    for (const [host, bytes] of load.entries()) most[host] = Math.max(most[host] ?? 0, bytes);
  }
  return most;
}

/** By host, and what found none. */
export function toPlacement(packing: Packing): ScenarioPlacement {
  const {net, entryOf, hostOf, sizeOf} = packing;
  const stuckBytes = unplacedItems(packing).reduce((sum, item) => sum + (sizeOf[item] ?? 0), 0);
  return {
    scenario: net.scenario,
    volumes: entryOf.map((entry) => net.volumes[entry] ?? 0),
    hosts: hostOf,
    stuckBytes,
  };
}
