import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import {largestFirst, type Packing, startPacking, unplacedBytes, unplacedItems} from './packing.js';
import {placeAlongFlow} from './place-along-flow.js';
import {placeQuickly} from './place-quickly.js';
import type {ScenarioDemand} from './scenario-demand.js';
import {searchPlacement} from './search-placement.js';

/** How often a flow is followed, each time with the items first that found no place before. */
const ROUNDS = 13;
/** Copies x hosts that count as very many: small volumes then fill the gaps between large ones. */
const MOST_LOOKS = 2_000_000;

/**
 * Puts the lost copies of a scenario on hosts with `limitBytes` of space, whole and by the rules; what found no place
 * stays at host -1. Five means, each only when those before left something: the most restricted first, then the largest
 * first, each to the emptiest host; the largest first along the quotas of a maximum flow, with single moves to make
 * space; the same with those left over first; a bounded search. When no flow exists, the first three are all there is to
 * gain.
 */
export function placeVolumes(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: Float64Array,
): Packing {
  const quick = placeQuickly(compiled, net, demand, limitBytes);
  if (isAllPlaced(quick)) return quick;
  const {sent, shortGroups} = routeDemand(net, demand.groupBytes, limitBytes);
  const isVain = shortGroups.length > 0;
  const mostRounds = isVain || hasVeryMany(compiled, net) ? 1 : ROUNDS;
  const bySize = largestFirst(quick);
  let best = quick;
  let urgent: number[] = [];
  let lastBytes = Infinity;
  for (let round = 0; round < mostRounds; round += 1) {
    const next = startPacking(compiled, net, demand, limitBytes);
    placeAlongFlow(next, sent, urgent, bySize);
    if (isAllPlaced(next)) return next;
    if (unplacedBytes(next) >= lastBytes) break;
    lastBytes = unplacedBytes(next);
    best = better(best, next);
    urgent = [...new Set([...unplacedItems(next), ...urgent])];
  }
  if (isVain) return best;
  const found = searchPlacement(startPacking(compiled, net, demand, limitBytes));
  return found === false ? best : found;
}

/** Whether there are so many copies and hosts that the slower means cost more than the little that they find. */
export function hasVeryMany({hostCount}: CompiledTopology, {volumes}: ScenarioNet): boolean {
  return volumes.length * hostCount > MOST_LOOKS;
}

function isAllPlaced({hostOf}: Packing): boolean {
  return hostOf.every((host) => host >= 0);
}

function better(one: Packing, other: Packing): Packing {
  return unplacedBytes(other) < unplacedBytes(one) ? other : one;
}
