import {
  countHosts,
  createLossTable,
  eachHost,
  hasHost,
  hostSetOf,
  type HostSet,
  type LossTable,
  type ScenarioLosses,
  type Topology,
  uniteInto,
  without,
} from '../topology/index.js';
import {classifyHosts} from './host-classes.js';

/**
 * One scenario, prepared for any usage. Volumes that lose some copies are *entries*; entries whose copies may go to the
 * same hosts form a *group*; hosts that every group of every scenario treats alike form a *class*, so that flows need
 * not tell them apart. What depends on the rules alone is shared by all scenarios, and so may name hosts that fail.
 */
export interface ScenarioNet {
  /** Index into Topology.scenarios. */
  readonly scenario: number;
  /** Hosts that survive. */
  readonly alive: HostSet;
  /** Volume index of each entry, rising. */
  readonly volumes: Int32Array;
  /** Copies that each entry loses. */
  readonly copies: Int32Array;
  readonly groupOf: Int32Array;
  /** Hosts that the rules leave to each group; of these it may use those that survive. */
  readonly groupHosts: readonly HostSet[];
  /** The same as classes. */
  readonly groupClasses: readonly HostSet[];
  /** Groups, those that the rules leave the fewest hosts first. */
  readonly restrictedFirst: Int32Array;
  /** Surviving hosts of each class, rising; none when no group may use the class. */
  readonly classHosts: readonly Int32Array[];
  /** Class of each host, whether it survives or not. */
  readonly classOf: Int32Array;
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
  const hostCount = topology.hosts.length;
  const table = createLossTable(topology);
  const losses = topology.scenarios.map((scenario) => table.losses(scenario));
  const everyHost = hostSetOf(topology.hosts.keys(), hostCount);
  const {classOf, classCount, classesWithin} = classifyHosts(table.basicSets, hostCount);
  const allowedHosts = table.blockedSets.map((blocked) => without(everyHost, blocked));
  const allowedClasses = allowedHosts.map(classesWithin);
  const hostCounts = Int32Array.from(allowedHosts, countHosts);
  const shared = {allowedHosts, allowedClasses, hostCounts, classOf, classCount};
  const nets = losses.map((lost, scenario) => {
    const alive = without(everyHost, hostSetOf(topology.scenarios[scenario]?.hosts ?? [], hostCount));
    return compileScenario(scenario, lost, alive, shared);
  });
  const compiled = {topology, hostCount, nets, apartFrom: table.apartFrom};
  compiledBefore.set(topology, compiled);
  return compiled;
}

/** By the index of the blocked set. */
interface Shared {
  readonly allowedHosts: readonly HostSet[];
  readonly allowedClasses: readonly HostSet[];
  readonly hostCounts: Int32Array;
  readonly classOf: Int32Array;
  readonly classCount: number;
}

function compileScenario(
  scenario: number,
  {volumes, copies, blockedSet, lostVolumes}: ScenarioLosses,
  alive: HostSet,
  {allowedHosts, allowedClasses, hostCounts, classOf, classCount}: Shared,
): ScenarioNet {
  const groupOfBlocked = new Map<number, number>();
  const groupHosts: HostSet[] = [];
  const groupClasses: HostSet[] = [];
  const used = hostSetOf([], classCount);
  const openGroup = (blocked: number): number => {
    const classes = allowedClasses[blocked] ?? used;
    uniteInto(used, classes);
    groupClasses.push(classes);
    return groupHosts.push(allowedHosts[blocked] ?? alive) - 1;
  };
  const groupOf = blockedSet.map((blocked) => {
    const group = groupOfBlocked.get(blocked) ?? openGroup(blocked);
    groupOfBlocked.set(blocked, group);
    return group;
  });
  const classHosts = Array.from({length: classCount}, (): number[] => []);
  eachHost(alive, (host) => {
    const index = classOf[host] ?? 0;
    if (hasHost(used, index)) classHosts[index]?.push(host);
  });
  const choice = Int32Array.from(groupOfBlocked.keys(), (blocked) => hostCounts[blocked] ?? 0);
  const restrictedFirst = Int32Array.from(groupHosts.keys()).sort(
    (left, right) => (choice[left] ?? 0) - (choice[right] ?? 0) || left - right,
  );
  return {
    ...{scenario, alive, volumes, copies, groupOf, groupHosts, groupClasses, restrictedFirst},
    ...{classHosts: classHosts.map((hosts) => Int32Array.from(hosts)), classOf, lostVolumes},
    losesSeveral: copies.some((count) => count > 1),
  };
}
