import {addHost, hasHost, hostSetOf, type HostSet, hostsIn, listInto, uniteInto} from '../topology/index.js';

/** Hosts that a list of sets never tells apart. */
export interface HostClasses {
  /** Hosts of each class, rising. Hosts in none of the sets are in no class. */
  readonly classHosts: readonly Int32Array[];
  /** Class of each host; -1: none. */
  readonly classOf: Int32Array;
  /** For each of the sets the classes it is made of, as a set of class indices. */
  readonly groupClasses: readonly HostSet[];
}

/** Splits the hosts by every set in turn: what is never split apart is a class. */
export function classifyHosts(sets: readonly HostSet[], hostCount: number): HostClasses {
  const partition = startPartition(hostCount);
  const used = hostSetOf([], hostCount);
  for (const set of sets) {
    splitBy(partition, set);
    uniteInto(used, set);
  }
  const classOfPart = new Map<number, number>();
  const classHosts: number[][] = [];
  const classOf = new Int32Array(hostCount).fill(-1);
  for (const host of hostsIn(used)) {
    const part = partition.partOf[host] ?? 0;
    const index = classOfPart.get(part) ?? classHosts.push([]) - 1;
    classOfPart.set(part, index);
    classHosts[index]?.push(host);
    classOf[host] = index;
  }
  const firsts = Int32Array.from(classHosts, ([first]) => first ?? 0);
  return {
    classHosts: classHosts.map((hosts) => Int32Array.from(hosts)),
    classOf,
    groupClasses: sets.map((set) => classesWithin(set, firsts)),
  };
}

/** Classes whose first host, and so all their hosts, lie in the set. */
function classesWithin(set: HostSet, firsts: Int32Array): HostSet {
  const classes = hostSetOf([], firsts.length);
  for (let index = 0; index < firsts.length; index += 1) {
    if (hasHost(set, firsts[index] ?? 0)) addHost(classes, index);
  }
  return classes;
}

interface Partition {
  readonly partOf: Int32Array;
  readonly size: Int32Array;
  /** Members of each part that lie in the set at hand; 0 between calls. */
  readonly inside: Int32Array;
  /** The part that they move to. */
  readonly movesTo: Int32Array;
  /** The members of the set at hand. */
  readonly members: Int32Array;
  count: number;
}

function startPartition(hostCount: number): Partition {
  const array = (): Int32Array => new Int32Array(hostCount + 1);
  const size = array();
  size[0] = hostCount;
  return {partOf: array(), size, inside: array(), movesTo: array(), members: array(), count: 1};
}

/** Splits every part that lies partly inside the set. It runs for every group of every scenario: plain loops. */
function splitBy(partition: Partition, set: HostSet): void {
  const {partOf, inside, movesTo, members} = partition;
  const memberCount = listInto(members, set);
  for (let at = 0; at < memberCount; at += 1) {
    const part = partOf[members[at] ?? 0] ?? 0;
    inside[part] = (inside[part] ?? 0) + 1;
  }
  for (let at = 0; at < memberCount; at += 1) {
    const host = members[at] ?? 0;
    const part = partOf[host] ?? 0;
    if ((inside[part] ?? 0) > 0) movesTo[part] = openPart(partition, part);
    inside[part] = 0;
    partOf[host] = movesTo[part] ?? 0;
  }
}

/** The part for the members of `part` inside the set: a new one, or the same when all are inside. */
function openPart(partition: Partition, part: number): number {
  const {size, inside} = partition;
  const moving = inside[part] ?? 0;
  if (moving === size[part]) return part;
  size[part] = (size[part] ?? 0) - moving;
  size[partition.count] = moving;
  partition.count += 1;
  return partition.count - 1;
}
