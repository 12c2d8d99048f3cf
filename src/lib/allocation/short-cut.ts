import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import type {ShortCut} from './policy.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** Groups of a net, the classes that they may use, what the former need and what the latter have. */
export interface MeasuredCut {
  readonly groups: readonly number[];
  readonly classes: readonly number[];
  readonly demandBytes: number;
  readonly roomBytes: number;
}

/**
 * The minimum cut of a scenario whose demand does not fit into `limitBytes` a host, by name: the volumes listed need
 * `demandBytes` on the hosts listed, which have `roomBytes`. Undefined when a flow fits (whole volumes may still not).
 */
export function findShortCut(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  limitBytes: ArrayLike<number>,
): ShortCut | undefined {
  const {shortGroups, shortClasses} = routeDemand(net, demand.groupBytes, limitBytes);
  if (shortGroups.length === 0) return undefined;
  const cut = measureCut(net, demand, limitBytes, {groups: shortGroups, classes: shortClasses});
  return nameCut(compiled, net, demand, cut);
}

/** What the groups need, and the hosts of the classes have by `limitBytes`. */
export function measureCut(
  net: ScenarioNet,
  {groupBytes}: ScenarioDemand,
  limitBytes: ArrayLike<number>,
  {groups, classes}: Pick<MeasuredCut, 'groups' | 'classes'>,
): MeasuredCut {
  return {
    ...{groups, classes},
    demandBytes: groups.reduce((sum, group) => sum + (groupBytes[group] ?? 0), 0),
    roomBytes: hostsOf(net, classes).reduce((sum, host) => sum + (limitBytes[host] ?? 0), 0),
  };
}

/** A cut with the names of its volumes and hosts. */
export function nameCut(
  {topology}: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  {groups, classes, demandBytes, roomBytes}: MeasuredCut,
): ShortCut {
  const chosen = new Set(groups);
  const volumes = [...net.volumes].filter(
    (_, entry) => chosen.has(net.groupOf[entry] ?? -1) && (demand.sizes[entry] ?? 0) > 0,
  );
  return {
    scenario: topology.scenarios[net.scenario]?.id ?? '',
    volumes: volumes.map((volume) => topology.volumes[volume]?.id ?? ''),
    hosts: hostsOf(net, classes).map((host) => topology.hosts[host]?.id ?? ''),
    demandBytes,
    roomBytes,
  };
}

function hostsOf({classHosts}: ScenarioNet, classes: readonly number[]): readonly number[] {
  return classes.flatMap((index) => [...(classHosts[index] ?? [])]).sort((left, right) => left - right);
}
