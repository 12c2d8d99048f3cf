import {hasHost, type HostSet, hostSetOf, type Topology} from '../topology/index.js';
import {compileTopology} from './compile-topology.js';

/** Volumes that are all alike and do not exist yet. */
export interface NewVolumes {
  readonly count: number;
  /** Bytes that one replica is reckoned with over the horizon. */
  readonly copyBytes: number;
  readonly replicas: number;
  /** Its replicas lie on hosts of this tier only; absent: on any. */
  readonly tier?: string;
  /** Boundary kinds that no two replicas may share. */
  readonly antiAffinity: readonly string[];
}

/** Where new volumes go. */
export interface ChosenHosts {
  /** Indices of the hosts of each volume that found its hosts. */
  readonly placed: readonly (readonly number[])[];
  /** Bytes left on the host with the most, of those that the first volume without hosts could lie on. */
  readonly mostLeftBytes: number;
}

/**
 * Puts new volumes, one after another, on hosts with `spareBytes` left, each copy on the emptiest hosts that its rules
 * allow, such that no scenario takes all of them: emptiest by bytes left times `weights`. A volume's hosts are found by
 * backtracking; the first volume that finds none ends it. Deterministic.
 */
export function chooseHosts(
  topology: Topology,
  wanted: NewVolumes,
  spareBytes: Float64Array,
  weights: Float64Array,
): ChosenHosts {
  const apart = createApart(topology, wanted);
  const left = spareBytes.slice();
  const placed: number[][] = [];
  const open = topology.hosts.flatMap(({tier}, host) =>
    wanted.tier === undefined || tier === wanted.tier ? [host] : [],
  );
  const scenarios = topology.scenarios.map(({hosts}) => hostSetOf(hosts, topology.hosts.length));
  const survivesAll = (hosts: readonly number[]): boolean =>
    !scenarios.some((lost) => hosts.every((host) => hasHost(lost, host)));
  const rank = (host: number): number => (left[host] ?? 0) * (weights[host] ?? 1);
  while (placed.length < wanted.count) {
    const able = open
      .filter((host) => (left[host] ?? 0) >= wanted.copyBytes)
      .sort((one, other) => rank(other) - rank(one) || one - other);
    const hosts = pickApart(able, wanted.replicas, apart, survivesAll);
    if (hosts === undefined) break;
    for (const host of hosts) left[host] = (left[host] ?? 0) - wanted.copyBytes;
    placed.push(hosts);
  }
  return {placed, mostLeftBytes: open.reduce((most, host) => Math.max(most, left[host] ?? 0), 0)};
}

/** The first good hosts, in their order, of which none forbids another; undefined: there are none. */
function pickApart(
  hosts: readonly number[],
  count: number,
  apart: (host: number) => HostSet,
  isGood: (hosts: readonly number[]) => boolean,
): number[] | undefined {
  const extend = (from: number, taken: readonly number[]): number[] | undefined => {
    if (taken.length === count) return isGood(taken) ? [...taken] : undefined;
    for (let at = from; at <= hosts.length - (count - taken.length); at += 1) {
      const host = hosts[at] ?? 0;
      if (taken.some((other) => hasHost(apart(other), host))) continue;
      const found = extend(at + 1, [...taken, host]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return extend(0, []);
}

/** Hosts that may hold no second copy of such a volume once one lies on a host: asked of the topology with one more. */
function createApart(topology: Topology, wanted: NewVolumes): (host: number) => HostSet {
  const {apartFrom} = compileTopology({...withNewVolumes(topology, wanted, [[]]), scenarios: []});
  return (host) => apartFrom(topology.volumes.length, host);
}

/** The topology with new volumes on these hosts, named `new-volume-1` and on. */
export function withNewVolumes(
  topology: Topology,
  {copyBytes, antiAffinity, tier}: NewVolumes,
  hosts: readonly (readonly number[])[],
): Topology {
  const known = new Set(topology.volumes.map(({id}) => id));
  let number = 0;
  const nextId = (): string => {
    do number += 1;
    while (known.has(`new-volume-${number}`));
    return `new-volume-${number}`;
  };
  const more = hosts.map((replicas) => ({
    id: nextId(),
    replicas,
    antiAffinity,
    ...(tier !== undefined && {tier}),
    provisionedBytes: copyBytes,
    usedBytes: copyBytes,
  }));
  return {...topology, volumes: [...topology.volumes, ...more]};
}
