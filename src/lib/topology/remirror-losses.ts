import {hasHost, type HostSet, hostSetOf, uniteInto} from './host-set.js';
import type {FailureScenario, Topology} from './topology.js';

/** What one scenario takes, whatever the volumes hold. Parallel arrays, one entry a damaged volume, rising. */
export interface ScenarioLosses {
  /** Volumes that lose some of their copies but not all. */
  readonly volumes: Int32Array;
  /** How many copies each loses. */
  readonly copies: Int32Array;
  /** Index into LossTable.blockedSets of each. */
  readonly blockedSet: Int32Array;
  /** Volumes that lose every copy: no buffer brings them back. */
  readonly lostVolumes: Int32Array;
}

/** Who loses what in which scenario, and where the copies that are left forbid new ones. */
export interface LossTable {
  /**
   * Hosts that hold a surviving copy, share a boundary of the volume's anti-affinity kinds with one, or are of another
   * tier. It grows while scenarios are looked at.
   */
  readonly blockedSets: readonly HostSet[];
  /** The sets that those are unions of: hosts that no such set tells apart are alike for every volume. */
  readonly basicSets: readonly HostSet[];
  readonly losses: (scenario: FailureScenario) => ScenarioLosses;
  /** Hosts that may hold no further copy of the volume once one lies on `host`. */
  readonly apartFrom: (volume: number, host: number) => HostSet;
}

/** Computed from the topology alone; each scenario costs time in proportion to the copies it loses. */
export function createLossTable(topology: Topology): LossTable {
  const volumesOnHost = listVolumesOnHosts(topology);
  const rules = createRules(topology);
  const unions = createUnions();
  const blockedSetOf = (volume: number, survivors: readonly number[]): number =>
    unions.index(survivors.map((host) => rules.apartFrom(volume, host)).concat(rules.otherTiers(volume)));

  const losses = (scenario: FailureScenario): ScenarioLosses => {
    const failed = hostSetOf(scenario.hosts, topology.hosts.length);
    const damaged = Int32Array.from(
      new Set(scenario.hosts.flatMap((host) => volumesOnHost[host] ?? [])),
    ).sort();
    const found = {
      volumes: [] as number[],
      copies: [] as number[],
      blocked: [] as number[],
      lost: [] as number[],
    };
    for (const volume of damaged) {
      const replicas = topology.volumes[volume]?.replicas ?? [];
      const survivors = replicas.filter((host) => !hasHost(failed, host));
      if (survivors.length === 0) {
        found.lost.push(volume);
        continue;
      }
      found.volumes.push(volume);
      found.copies.push(replicas.length - survivors.length);
      found.blocked.push(blockedSetOf(volume, survivors));
    }
    return {
      volumes: Int32Array.from(found.volumes),
      copies: Int32Array.from(found.copies),
      blockedSet: Int32Array.from(found.blocked),
      lostVolumes: Int32Array.from(found.lost),
    };
  };
  return {blockedSets: unions.sets, basicSets: rules.sets, losses, apartFrom: rules.apartFrom};
}

function listVolumesOnHosts(topology: Topology): number[][] {
  const volumesOnHost = topology.hosts.map((): number[] => []);
  topology.volumes.forEach(({replicas}, volume) => {
    for (const host of replicas) volumesOnHost[host]?.push(volume);
  });
  return volumesOnHost;
}

/** What the rules of the volumes forbid, as sets of hosts; equal sets are one object. */
interface Rules {
  /** Every set handed out so far. */
  readonly sets: readonly HostSet[];
  /** The host, what else is part of its machine, and all that share a boundary of the volume's kinds with it. */
  readonly apartFrom: (volume: number, host: number) => HostSet;
  /** None, or the one set of hosts that are not of the volume's tier. */
  readonly otherTiers: (volume: number) => readonly HostSet[];
}

function createRules(topology: Topology): Rules {
  const sets: HostSet[] = [];
  const setOfContent = new Map<string, HostSet>();
  const unique = (hosts: Iterable<number>): HostSet => {
    const set = hostSetOf(hosts, topology.hosts.length);
    const known = setOfContent.get(set.join());
    if (known !== undefined) return known;
    setOfContent.set(set.join(), set);
    sets.push(set);
    return set;
  };
  const near = createNearness(topology);
  const ruleIndex = new Map<string, number>();
  const kindsOfRule: (readonly string[])[] = [];
  const ruleOf = topology.volumes.map(({antiAffinity}) => {
    const key = antiAffinity.toSorted().join('\0');
    const rule = ruleIndex.get(key) ?? kindsOfRule.push(antiAffinity) - 1;
    ruleIndex.set(key, rule);
    return rule;
  });
  const apart: (HostSet | undefined)[][] = [];
  const tiers = new Map<string, readonly HostSet[]>();
  return {
    sets,
    apartFrom: (volume, host) => {
      const rule = ruleOf[volume] ?? 0;
      const known = (apart[rule] ??= []);
      return (known[host] ??= unique(near(host, kindsOfRule[rule] ?? [])));
    },
    otherTiers: (volume) => {
      const tier = topology.volumes[volume]?.tier;
      if (tier === undefined) return [];
      const others = tiers.get(tier) ?? [
        unique([...topology.hosts.keys()].filter((host) => topology.hosts[host]?.tier !== tier)),
      ];
      tiers.set(tier, others);
      return others;
    },
  };
}

/** The host and all that share a machine, or a boundary of these kinds, with it. */
function createNearness(topology: Topology): (host: number, kinds: readonly string[]) => number[] {
  const boundariesOfHost = topology.hosts.map((): number[] => []);
  topology.boundaries.forEach(({hosts}, boundary) => {
    for (const host of hosts) boundariesOfHost[host]?.push(boundary);
  });
  const devicesOf = new Map<string, number[]>();
  topology.hosts.forEach(({partOf}, host) => {
    if (partOf !== undefined) devicesOf.set(partOf, [...(devicesOf.get(partOf) ?? []), host]);
  });
  return (host, kinds) => {
    const shared = (boundariesOfHost[host] ?? []).flatMap((index) => {
      const boundary = topology.boundaries[index];
      return boundary && kinds.includes(boundary.kind) ? boundary.hosts : [];
    });
    return [host, ...(devicesOf.get(topology.hosts[host]?.partOf ?? '') ?? []), ...shared];
  };
}

/** Unions of sets, each made once, since they are asked for about once a lost copy; no two are equal. */
function createUnions(): {readonly sets: HostSet[]; index(parts: readonly HostSet[]): number} {
  const sets: HostSet[] = [];
  const indexOfContent = new Map<string, number>();
  const indexOfPart = new Map<HostSet, number>();
  const indexOfPair = new Map<number, number>();
  const insert = (set: HostSet): number => {
    const content = set.join();
    const index = indexOfContent.get(content) ?? sets.push(set) - 1;
    indexOfContent.set(content, index);
    return index;
  };
  const single = (part: HostSet): number => {
    const index = indexOfPart.get(part) ?? insert(part);
    indexOfPart.set(part, index);
    return index;
  };
  const unite = (left: number, right: number): number => {
    if (left === right) return left;
    const key = Math.min(left, right) * 2 ** 26 + Math.max(left, right);
    const known = indexOfPair.get(key);
    if (known !== undefined) return known;
    const union = sets[left]?.slice() ?? new Uint32Array(0);
    uniteInto(union, sets[right] ?? union);
    const index = insert(union);
    indexOfPair.set(key, index);
    return index;
  };
  return {sets, index: (parts) => parts.map(single).reduce(unite)};
}
