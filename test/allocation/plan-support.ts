import {
  allocationPolicy,
  compileTopology,
  hostUse,
  makePlan,
  type Plan,
  type PlanRequest,
  roomOf,
  scenarioDemand,
  searchLeastReserve,
} from '../../src/lib/allocation/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {usedOf} from './random-topology.js';

export const SETTINGS = {level: 0.99, safetyFactor: 1.2, staticShare: 0.2};

/** A plan for usage that is known: the forecast is one sample, what the topology states. */
export function planFor(
  topology: Topology,
  policy = 'shared',
  change: Partial<PlanRequest> = {},
): Promise<Plan> {
  const usedBytes = usedOf(topology);
  return makePlan({
    policy: allocationPolicy(policy),
    input: {
      topology,
      usedBytes,
      forecast: {point: usedBytes, samples: [usedBytes]},
      currentReserveBytes: new Float64Array(topology.hosts.length),
      settings: SETTINGS,
    },
    createdAtUs: Date.parse('2026-11-23T00:00:00Z') * 1000,
    validForSeconds: 86_400,
    horizonSeconds: 604_800,
    tool: 'foreshadow/test',
    inputs: [],
    warnings: [],
    withCertificate: true,
    ...change,
  });
}

export function roomIn(topology: Topology, usedBytes = usedOf(topology)): Float64Array {
  const compiled = compileTopology(topology);
  return roomOf(compiled, hostUse(compiled, usedBytes));
}

/** The linear program alone. */
export async function leastFor(
  topology: Topology,
  usedBytes = usedOf(topology),
  roomBytes = roomIn(topology, usedBytes),
): Promise<{totalBytes: number; reserveBytes: Float64Array; shortCount: number}> {
  const compiled = compileTopology(topology);
  const demands = compiled.nets.map((net) => scenarioDemand(net, usedBytes));
  const search = await searchLeastReserve(compiled, demands, roomBytes);
  const {reserveBytes} = search.least();
  search.dispose();
  return {totalBytes: sumOf(reserveBytes), reserveBytes, shortCount: search.shortages.length};
}

export function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
