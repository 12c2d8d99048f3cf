import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import type {ShortCut} from './policy.js';
import type {ScenarioDemand} from './scenario-demand.js';

/**
 * The minimum cut of a scenario whose demand does not fit into `limitBytes` a host, by name: the volumes listed need
 * `demandBytes` on the hosts listed, which have `roomBytes`. Undefined when a flow fits (whole volumes may still not).
 */
export function findShortCut(
  {topology}: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: ArrayLike<number>,
): ShortCut | undefined {
  const {shortGroups, shortClasses} = routeDemand(net, demand.groupBytes, limitBytes);
  if (shortGroups.length === 0) return undefined;
  const groups = new Set(shortGroups);
  const hosts = shortClasses
    .flatMap((index) => [...(net.classHosts[index] ?? [])])
    .sort((left, right) => left - right);
  const volumes = [...net.volumes].filter(
    (_, entry) => groups.has(net.groupOf[entry] ?? -1) && (demand.sizes[entry] ?? 0) > 0,
  );
  return {
    scenario: topology.scenarios[net.scenario]?.id ?? '',
    volumes: volumes.map((volume) => topology.volumes[volume]?.id ?? ''),
    hosts: hosts.map((host) => topology.hosts[host]?.id ?? ''),
    demandBytes: shortGroups.reduce((sum, group) => sum + (demand.groupBytes[group] ?? 0), 0),
    roomBytes: hosts.reduce((sum, host) => sum + (limitBytes[host] ?? 0), 0),
  };
}
