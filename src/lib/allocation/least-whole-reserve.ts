import {sum} from '../core/index.js';
import {certifyReserve, type CertifiedReserve, mostPlaced} from './certificate.js';
import {coverByPriority} from './cover-by-priority.js';
import type {PolicyInput} from './policy.js';
import type {CompiledTopology} from './compile-topology.js';
import {type PricedFloors, type ReserveSearch, searchLeastReserve} from './reserve-lp.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** A reserve that whole volumes fit into, and what no reserve can satisfy. */
export interface WholeReserve extends CertifiedReserve {
  readonly shortages: ReserveSearch['shortages'];
}

/** How often the reserve of the other hosts is found anew around the hosts that large volumes need. */
const ROUNDS = 3;
/** Within this ratio of the least total for volumes cut into bytes nothing more is tried. */
const CLOSE = 1.005;
/** Below this ratio two totals count as alike: a plan should not jump between them from day to day. */
const CLEARLY_MORE = 1.01;
/** Raises of at least this share of the largest one are kept for the next round. */
const NOTABLE_RAISE = 0.1;

/**
 * Starts from the least reserve for volumes cut into bytes and raises it until whole ones fit. Where a few large volumes
 * raise a few hosts much, these raises are kept as floors and the others found again around them, which gives back
 * elsewhere what the raise cost. Where the room is not enough for a scenario, the volumes that come first by `priority`
 * are covered first. A heuristic: the total is proven enough (certificate), not proven least.
 */
export async function leastWholeReserve(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
  priced: PricedFloors = {},
  priority?: PolicyInput['priority'],
): Promise<WholeReserve> {
  const around = await leastAround(compiled, demands, roomBytes, priced, priority);
  if (priced.floors === undefined || priced.floors.length === 0) return around;
  // Floors never make more of the rest: what is least without them, raised to them, is enough, too.
  const without = await leastAround(compiled, demands, roomBytes, {costs: priced.costs}, priority);
  const raised = priceReserve(without, holdFloors(without.reserveBytes, roomBytes, priced), priced);
  return better(priceReserve(around, around.reserveBytes, priced), raised, 1) === raised
    ? {...raised, shortages: without.shortages}
    : around;
}

function priceReserve(certified: CertifiedReserve, reserveBytes: Float64Array, priced: PricedFloors): Priced {
  return {...certified, reserveBytes, totalBytes: sum(reserveBytes), cost: costOf(reserveBytes, priced)};
}

async function leastAround(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
  priced: PricedFloors,
  priority: PolicyInput['priority'],
): Promise<WholeReserve> {
  const search = await searchLeastReserve(compiled, demands, roomBytes, priced);
  try {
    const certify = (startBytes: Float64Array): Priced => {
      const certified = certifyReserve(compiled, demands, startBytes, roomBytes);
      return priceReserve(certified, holdFloors(certified.reserveBytes, roomBytes, priced), priced);
    };
    let startBytes = search.least().reserveBytes;
    const closeCost = costOf(startBytes, priced) * CLOSE;
    let last = certify(startBytes);
    if (last.stuckBytes === 0 && last.cost <= closeCost) return {...last, shortages: search.shortages};
    const concentratedBytes = search.concentrated();
    let best = last;
    for (let round = 1; round < ROUNDS && best.cost > closeCost; round += 1) {
      if (!keepRaises(search, startBytes, last.reserveBytes)) break;
      startBytes = search.least().reserveBytes;
      last = certify(startBytes);
      best = better(best, last, 1);
    }
    if (best.cost > closeCost) best = better(best, certify(concentratedBytes), CLEARLY_MORE);
    const covered = await coverScarce({compiled, demands, roomBytes}, best, priority);
    const reserveBytes = holdFloors(covered.reserveBytes, roomBytes, priced);
    return {...covered, reserveBytes, totalBytes: sum(reserveBytes), shortages: search.shortages};
  } finally {
    search.dispose();
  }
}

/** Where space is scarce, covers the volumes that come first; the reserve is then what all placements need. */
async function coverScarce(
  {
    compiled,
    demands,
    roomBytes,
  }: {
    readonly compiled: CompiledTopology;
    readonly demands: readonly ScenarioDemand[];
    readonly roomBytes: Float64Array;
  },
  found: CertifiedReserve,
  priority: PolicyInput['priority'],
): Promise<CertifiedReserve> {
  if (found.stuckBytes === 0 || priority === undefined) return found;
  const {scores} = await priority();
  const placements = found.placements.map((plain) => {
    const [net, demand] = [compiled.nets[plain.scenario], demands[plain.scenario]];
    if (plain.stuckBytes === 0 || net === undefined || demand === undefined) return plain;
    // In what is held already first, so that no more is held than it takes.
    const limits = [found.reserveBytes, roomBytes];
    return coverByPriority(compiled, {net, demand, limits, plain}, scores);
  });
  const reserveBytes = mostPlaced(compiled, demands, placements);
  const stuckBytes = sum(placements.map((placement) => placement.stuckBytes));
  return {placements, reserveBytes, totalBytes: sum(reserveBytes), stuckBytes};
}

/** Keeps what hosts were raised to, where that was notable, as their floors; false when nothing was raised. */
function keepRaises(search: ReserveSearch, before: Float64Array, after: Float64Array): boolean {
  const raises = after.map((bytes, host) => bytes - (before[host] ?? 0));
  const notable = NOTABLE_RAISE * Math.max(0, ...raises);
  let found = false;
  raises.forEach((raise, host) => {
    if (raise <= 0 || raise < notable) return;
    search.addFloor(host, after[host] ?? 0);
    found = true;
  });
  return found;
}

interface Priced extends CertifiedReserve {
  readonly cost: number;
}

function costOf(reserveBytes: Float64Array, {costs}: PricedFloors): number {
  return reserveBytes.reduce((sum, bytes, host) => sum + bytes * (costs?.[host] ?? 1), 0);
}

/** Raises what no scenario needs to what is held whatever they need, the cheapest hosts with room first. */
function holdFloors(
  reserveBytes: Float64Array,
  roomBytes: Float64Array,
  {floors = [], costs}: PricedFloors,
): Float64Array {
  const held = reserveBytes.slice();
  for (const {hosts, bytes} of floors) {
    let missing = bytes - hosts.reduce((sum, host) => sum + (held[host] ?? 0), 0);
    const cheapest = [...hosts].sort((left, right) => (costs?.[left] ?? 1) - (costs?.[right] ?? 1));
    for (const host of cheapest) {
      const raise = Math.min(Math.max(0, missing), (roomBytes[host] ?? 0) - (held[host] ?? 0));
      held[host] = (held[host] ?? 0) + raise;
      missing -= raise;
    }
  }
  return held;
}

/** The second only when it places more, or as much at a cost that is less by more than `ratio`. */
function better(one: Priced, other: Priced, ratio: number): Priced {
  if (one.stuckBytes !== other.stuckBytes) return one.stuckBytes < other.stuckBytes ? one : other;
  return other.cost * ratio < one.cost ? other : one;
}
