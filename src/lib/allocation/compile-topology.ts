import {
  createLossTable,
  hostSetOf,
  type HostSet,
  type LossTable,
  type Topology,
  without,
} from '../topology/index.js';
import {classifyHosts, type HostClasses} from './host-classes.js';

/**
 * One scenario, prepared for any usage. Volumes that lose some copies are *entries*; entries whose copies may go to the
 * same hosts form a *group*; hosts that every group treats alike form a *class*, so that flows need not tell them apart.
 */
export interface ScenarioNet extends HostClasses {
  /** Index into Topology.scenarios. */
  readonly scenario: number;
  /** Volume index of each entry, rising. */
  readonly volumes: Int32Array;
  /** Copies that each entry loses. */
  readonly copies: Int32Array;
  readonly groupOf: Int32Array;
  /** Hosts that each group may use; empty: the rules leave none. */
  readonly groupHosts: readonly HostSet[];
  /** Volumes that lose every copy. */
  readonly lostVolumes: Int32Array;
  /** Some entry loses several copies, which must then keep apart from each other. */
  readonly losesSeveral: boolean;
}

/** Everything about a topology that does not depend on usage. */
export interface CompiledTopology {
  readonly topology: Topology;
  readonly hostCount: number;
  /** In the order of Topology.scenarios. */
  readonly nets: readonly ScenarioNet[];
  /** Hosts that may hold no further copy of a volume once one lies on `host`. */
  readonly apartFrom: LossTable['apartFrom'];
}

const compiledBefore = new WeakMap<Topology, CompiledTopology>();

/** Prepares a topology once; the same object gives the same answer without work. */
export function compileTopology(topology: Topology): CompiledTopology {
  const known = compiledBefore.get(topology);
  if (known) return known;
  const table = createLossTable(topology);
  const everyHost = hostSetOf(topology.hosts.keys(), topology.hosts.length);
  const nets = topology.scenarios.map((_, scenario) => compileScenario(topology, table, everyHost, scenario));
  const compiled = {topology, hostCount: topology.hosts.length, nets, apartFrom: table.apartFrom};
  compiledBefore.set(topology, compiled);
  return compiled;
}

function compileScenario(
  topology: Topology,
  table: LossTable,
  everyHost: HostSet,
  scenario: number,
): ScenarioNet {
  const failure = topology.scenarios[scenario] ?? {id: '', boundaries: [], hosts: []};
  const alive = without(everyHost, hostSetOf(failure.hosts, topology.hosts.length));
  const {volumes, copies, blockedSet, lostVolumes} = table.losses(failure);
  const groupOfBlocked = new Map<number, number>();
  const groupHosts: HostSet[] = [];
  const groupOf = blockedSet.map((blocked) => {
    const group =
      groupOfBlocked.get(blocked) ?? groupHosts.push(without(alive, table.blockedSets[blocked] ?? alive)) - 1;
    groupOfBlocked.set(blocked, group);
    return group;
  });
  const classes = classifyHosts(groupHosts, topology.hosts.length);
  const losesSeveral = copies.some((count) => count > 1);
  return {scenario, volumes, copies, groupOf, groupHosts, ...classes, lostVolumes, losesSeveral};
}
