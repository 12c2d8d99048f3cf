import {
  allocationPolicy,
  compileTopology,
  type CompiledTopology,
  hostUse,
  makePlan,
  type Plan,
  type PlanRequest,
  predictUse,
  roomOf,
  type SafetySettings,
  type ScenarioDemand,
  scenarioDemand,
  searchLeastReserve,
} from '../../src/lib/allocation/index.js';
import type {PeakForecast} from '../../src/lib/forecasting/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {usedOf} from './random-topology.js';

export interface Least {
  readonly totalBytes: number;
  readonly reserveBytes: Float64Array;
  readonly shortCount: number;
}

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

/** The linear program alone for what a forecast asks for at some levels, or by fixed factors. */
export async function leastAt(
  topology: Topology,
  forecast: PeakForecast,
  safety: SafetySettings,
): Promise<Least> {
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, forecast, safety);
  const demands = compiled.nets.map((net, scenario) =>
    scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]),
  );
  return leastOf(compiled, demands, use.roomBytes);
}

/** The linear program alone. */
export async function leastFor(
  topology: Topology,
  usedBytes = usedOf(topology),
  roomBytes = roomIn(topology, usedBytes),
): Promise<Least> {
  const compiled = compileTopology(topology);
  const demands = compiled.nets.map((net) => scenarioDemand(net, usedBytes));
  return leastOf(compiled, demands, roomBytes);
}

async function leastOf(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
): Promise<Least> {
  const search = await searchLeastReserve(compiled, demands, roomBytes);
  const {reserveBytes} = search.least();
  search.dispose();
  return {totalBytes: sumOf(reserveBytes), reserveBytes, shortCount: search.shortages.length};
}

export function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
