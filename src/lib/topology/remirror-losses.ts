import {type HostSet, hostSetOf, uniteInto} from './host-set.js';
import type {FailureScenario, Topology, Volume} from './topology.js';

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
   * Hosts that hold a surviving copy or share a boundary of the volume's anti-affinity kinds with one; no two are equal.
   */
  readonly blockedSets: readonly HostSet[];
  readonly losses: (scenario: FailureScenario) => ScenarioLosses;
  /** Hosts that may hold no further copy of the volume once one lies on `host`. */
  readonly apartFrom: (volume: number, host: number) => HostSet;
}

/** Computed from the topology alone; each scenario costs time in proportion to the copies it loses. */
export function createLossTable(topology: Topology): LossTable {
  const volumesOnHost = listVolumesOnHosts(topology);
  const rules = topology.volumes.map(({antiAffinity}) => antiAffinity.toSorted().join('\0'));
  const hostsApart = createApartness(topology);
  const blockedSets: HostSet[] = [];
  const setOfSurvivors = new Map<string, number>();
  const setOfContent = new Map<string, number>();
  const apartFrom = (volume: number, host: number): HostSet =>
    hostsApart(topology.volumes[volume], rules[volume] ?? '', host);

  const blockedSetOf = (volume: number, survivors: readonly number[]): number => {
    const key = `${survivors.join(',')};${rules[volume] ?? ''}`;
    const known = setOfSurvivors.get(key);
    if (known !== undefined) return known;
    const blocked = hostSetOf([], topology.hosts.length);
    for (const survivor of survivors) uniteInto(blocked, apartFrom(volume, survivor));
    const content = blocked.join();
    const index = setOfContent.get(content) ?? blockedSets.push(blocked) - 1;
    setOfContent.set(content, index);
    setOfSurvivors.set(key, index);
    return index;
  };

  const losses = (scenario: FailureScenario): ScenarioLosses => {
    const failed = new Set(scenario.hosts);
    const damaged = new Set(scenario.hosts.flatMap((host) => volumesOnHost[host] ?? []));
    const found = {
      volumes: [] as number[],
      copies: [] as number[],
      blocked: [] as number[],
      lost: [] as number[],
    };
    for (const volume of [...damaged].sort((left, right) => left - right)) {
      const replicas = topology.volumes[volume]?.replicas ?? [];
      const survivors = replicas.filter((host) => !failed.has(host)).sort((left, right) => left - right);
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
  return {blockedSets, losses, apartFrom};
}

function listVolumesOnHosts(topology: Topology): number[][] {
  const volumesOnHost = topology.hosts.map((): number[] => []);
  topology.volumes.forEach(({replicas}, volume) => {
    for (const host of replicas) volumesOnHost[host]?.push(volume);
  });
  return volumesOnHost;
}

/** For a rule (a set of boundary kinds) and a host: the host and all that share a boundary of those kinds with it. */
function createApartness(
  topology: Topology,
): (volume: Volume | undefined, rule: string, host: number) => HostSet {
  const hostCount = topology.hosts.length;
  const boundariesOfHost = topology.hosts.map((): number[] => []);
  topology.boundaries.forEach(({hosts}, boundary) => {
    for (const host of hosts) boundariesOfHost[host]?.push(boundary);
  });
  const byRule = new Map<string, HostSet[]>();
  return (volume, rule, host) => {
    const known = byRule.get(rule) ?? [];
    byRule.set(rule, known);
    const found = known[host];
    if (found !== undefined) return found;
    const shared = (boundariesOfHost[host] ?? []).flatMap((index) => {
      const boundary = topology.boundaries[index];
      return boundary && volume?.antiAffinity.includes(boundary.kind) ? boundary.hosts : [];
    });
    return (known[host] = hostSetOf([host, ...shared], hostCount));
  };
}
