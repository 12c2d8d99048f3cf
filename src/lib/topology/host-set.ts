/** A set of host indices, 32 to a word. */
export type HostSet = Uint32Array;

/** A set of some of `hostCount` hosts. */
export function hostSetOf(hosts: Iterable<number>, hostCount: number): HostSet {
  const set = new Uint32Array((hostCount + 31) >>> 5);
  for (const host of hosts) set[host >>> 5] = (set[host >>> 5] ?? 0) | (1 << (host & 31));
  return set;
}

/** Whether the set holds the host. */
export function hasHost(set: HostSet, host: number): boolean {
  return ((set[host >>> 5] ?? 0) & (1 << (host & 31))) !== 0;
}

/** Adds all hosts of `other` to `set`. */
export function uniteInto(set: HostSet, other: HostSet): void {
  for (let word = 0; word < set.length; word += 1) set[word] = (set[word] ?? 0) | (other[word] ?? 0);
}

/** The hosts of `set` that are not in `other`. */
export function without(set: HostSet, other: HostSet): HostSet {
  return set.map((word, index) => word & ~(other[index] ?? 0));
}

/** The hosts in the set, rising. */
export function hostsIn(set: HostSet): number[] {
  const hosts: number[] = [];
  set.forEach((word, index) => {
    for (let rest = word; rest !== 0; rest &= rest - 1)
      hosts.push(index * 32 + 31 - Math.clz32(rest & -rest));
  });
  return hosts;
}
