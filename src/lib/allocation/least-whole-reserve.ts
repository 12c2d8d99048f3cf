import {certifyReserve, type CertifiedReserve} from './certificate.js';
import type {CompiledTopology} from './compile-topology.js';
import {type ReserveSearch, searchLeastReserve} from './reserve-lp.js';
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
 * elsewhere what the raise cost. A heuristic: the total is proven enough (certificate), not proven least.
 */
export async function leastWholeReserve(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
): Promise<WholeReserve> {
  const search = await searchLeastReserve(compiled, demands, roomBytes);
  try {
    const certify = (startBytes: Float64Array): CertifiedReserve =>
      certifyReserve(compiled, demands, startBytes, roomBytes);
    let startBytes = search.least().reserveBytes;
    const closeBytes = startBytes.reduce((sum, bytes) => sum + bytes, 0) * CLOSE;
    let last = certify(startBytes);
    if (last.stuckBytes === 0 && last.totalBytes <= closeBytes) return {...last, shortages: search.shortages};
    const concentratedBytes = search.concentrated();
    let best = last;
    for (let round = 1; round < ROUNDS && best.totalBytes > closeBytes; round += 1) {
      if (!keepRaises(search, startBytes, last.reserveBytes)) break;
      startBytes = search.least().reserveBytes;
      last = certify(startBytes);
      best = better(best, last, 1);
    }
    if (best.totalBytes > closeBytes) best = better(best, certify(concentratedBytes), CLEARLY_MORE);
    return {...best, shortages: search.shortages};
  } finally {
    search.dispose();
  }
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

/** The second only when it places more, or as much with a total that is less by more than `ratio`. */
function better(one: CertifiedReserve, other: CertifiedReserve, ratio: number): CertifiedReserve {
  if (one.stuckBytes !== other.stuckBytes) return one.stuckBytes < other.stuckBytes ? one : other;
  return other.totalBytes * ratio < one.totalBytes ? other : one;
}
