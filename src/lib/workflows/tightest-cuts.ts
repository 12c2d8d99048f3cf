import {
  type CompiledTopology,
  compileTopology,
  type Plan,
  scenarioDemand,
  type ScenarioNet,
  tightestCut,
} from '../allocation/index.js';
import type {ScenarioCut} from '../report/index.js';
import type {Topology} from '../topology/index.js';

/**
 * Where each scenario of a plan that is covered would first lack space if all demand grew alike. How the demand lies
 * over volumes is taken from the plan where it has a certificate, else from `peaks` (foreseen bytes of one replica),
 * scaled to the demand that the plan tells.
 */
export function tightestCuts(
  plan: Plan,
  topology: Topology,
  peaks: ReadonlyMap<string, number>,
): readonly ScenarioCut[] {
  const compiled = compileTopology(topology);
  const planned = new Map(plan.volumes?.map(({volume, bytes}) => [volume, bytes]));
  const volumeBytes = topology.volumes.map(
    ({id, usedBytes}) => planned.get(id) ?? peaks.get(id) ?? usedBytes ?? 0,
  );
  const reserve = new Map(plan.hosts.map(({host, reserveBytes}) => [host, reserveBytes]));
  const heldBytes = topology.hosts.map(({id}) => reserve.get(id) ?? 0);
  const rows = new Map(plan.boundaries.map((row) => [row.scenario, row]));
  const uncovered = new Set(plan.uncovered.map(({scenario}) => scenario));
  return compiled.nets.flatMap((net) => {
    const scenario = topology.scenarios[net.scenario]?.id ?? '';
    const row = rows.get(scenario);
    if (row === undefined || uncovered.has(scenario)) return [];
    const cut = cutOf(compiled, net, {volumeBytes, heldBytes, demandBytes: row.demandBytes});
    if (cut === undefined) return [];
    const {volumes, hosts, demandBytes, roomBytes} = cut;
    return [{scenario, volumes, hosts, demandBytes, heldBytes: roomBytes}];
  });
}

function cutOf(
  compiled: CompiledTopology,
  net: ScenarioNet,
  known: {
    readonly volumeBytes: readonly number[];
    readonly heldBytes: readonly number[];
    readonly demandBytes: number;
  },
): ReturnType<typeof tightestCut> {
  const {totalBytes} = scenarioDemand(net, known.volumeBytes);
  if (totalBytes === 0) return undefined;
  const demand = scenarioDemand(net, known.volumeBytes, known.demandBytes / totalBytes);
  return tightestCut(compiled, net, demand, known.heldBytes);
}
