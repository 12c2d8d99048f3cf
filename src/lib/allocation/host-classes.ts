import {addHost, hasHost, hostSetOf, type HostSet, listInto} from '../topology/index.js';

/** Hosts that a list of sets never tells apart. */
export interface HostClasses {
  readonly classCount: number;
  /** Class of each host. */
  readonly classOf: Int32Array;
  /** The classes that a union of such sets, or what such a union leaves out, is made of. */
  readonly classesWithin: (set: HostSet) => HostSet;
}

/** Splits the hosts by every set in turn: what is never split apart is a class. */
export function classifyHosts(sets: readonly HostSet[], hostCount: number): HostClasses {
  const partition = startPartition(hostCount);
  for (const set of sets) splitBy(partition, set);
  const classOfPart = new Map<number, number>();
  const firsts: number[] = [];
  const classOf = Int32Array.from({length: hostCount}, (_, host) => {
    const part = partition.partOf[host] ?? 0;
    const index = classOfPart.get(part) ?? firsts.push(host) - 1;
    classOfPart.set(part, index);
    return index;
  });
  return {
    classCount: firsts.length,
    classOf,
    classesWithin: (set) => {
      const classes = hostSetOf([], firsts.length);
      firsts.forEach((first, index) => {
        if (hasHost(set, first)) addHost(classes, index);
      });
      return classes;
    },
  };
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

/** Splits every part that lies partly inside the set. Plain loops. */
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
