/** A set of host indices (or of any small indices), 32 to a word. */
export type HostSet = Uint32Array;

/** A set of some of `hostCount` hosts. */
export function hostSetOf(hosts: Iterable<number>, hostCount: number): HostSet {
  const set = new Uint32Array((hostCount + 31) >>> 5);
  for (const host of hosts) addHost(set, host);
  return set;
}

/** Puts a host into the set. */
export function addHost(set: HostSet, host: number): void {
  set[host >>> 5] = (set[host >>> 5] ?? 0) | (1 << (host & 31));
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

/** How many hosts the set holds. */
export function countHosts(set: HostSet): number {
  let count = 0;
  for (let word = 0; word < set.length; word += 1) {
    for (let rest = set[word] ?? 0; rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}

/** Calls `visit` with each host in the set, rising. */
export function eachHost(set: HostSet, visit: (host: number) => void): void {
  for (let word = 0; word < set.length; word += 1) {
    for (let rest = set[word] ?? 0; rest !== 0; rest &= rest - 1)
      visit(word * 32 + 31 - Math.clz32(rest & -rest));
  }
}

/** The hosts in the set, rising. */
export function hostsIn(set: HostSet): number[] {
  const hosts: number[] = [];
  eachHost(set, (host) => hosts.push(host));
  return hosts;
}

/** The same, written into an array that is large enough; returns how many there are. */
export function listInto(hosts: Int32Array, set: HostSet): number {
  let count = 0;
  for (let word = 0; word < set.length; word += 1) {
    for (let rest = set[word] ?? 0; rest !== 0; rest &= rest - 1) {
      hosts[count] = word * 32 + 31 - Math.clz32(rest & -rest);
      count += 1;
    }
  }
  return count;
}
