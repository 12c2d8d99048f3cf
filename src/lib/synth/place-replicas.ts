import type {Random} from '../core/index.js';
import type {ClusterSpec} from './cluster-spec.js';

/** A host of a synthetic cluster. */
export interface SynthHost {
  readonly id: string;
  /** Relative to the typical host. */
  readonly weight: number;
  readonly rack: string;
  /** The feeds that power it: one is enough to run. */
  readonly feeds: readonly string[];
  readonly switchName: string | undefined;
}

const WEIGHTS = [1, 1, 1.5, 0.5, 1, 2];

/** Hosts of uneven size, dealt to racks; a third of them, wherever they stand, hang on one feed alone. */
export function layHosts(spec: ClusterSpec, random: Random): readonly SynthHost[] {
  const digits = String(spec.hosts).length;
  const feeds = dealFeeds(spec, random.fork('feeds'));
  return Array.from({length: spec.hosts}, (_, index) => ({
    id: `host-${String(index + 1).padStart(digits, '0')}`,
    weight: WEIGHTS[random.below(WEIGHTS.length)] ?? 1,
    rack: `r${(index % spec.racks) + 1}`,
    feeds: feeds[index] ?? [],
    switchName: spec.switches === 0 ? undefined : `s${Math.floor((index * spec.switches) / spec.hosts) + 1}`,
  }));
}

/** Feeds cut across racks: which hosts have only one is drawn, and so is the order in which the feeds are dealt. */
function dealFeeds({hosts, feeds}: ClusterSpec, random: Random): readonly (readonly string[])[] {
  const order = Array.from({length: hosts}, (_, host) => ({host, draw: random.next()}))
    .sort((left, right) => left.draw - right.draw)
    .map(({host}) => host);
  const dealt: (readonly string[])[] = Array.from({length: hosts}, () => []);
  const name = (feed: number): string => feedName(feed % feeds);
  for (const [turn, host] of feeds === 0 ? [] : order.entries()) {
    dealt[host] = turn < hosts / 3 ? [name(turn)] : [name(turn), name(turn + 1)].sort();
  }
  return dealt;
}

/** a, b, ..., z, then f27, f28, ... */
function feedName(feed: number): string {
  return feed < 26 ? String.fromCharCode(97 + feed) : `f${feed + 1}`;
}

/** A volume to place; `size` in the unit of the hosts' room. */
export interface Unplaced {
  readonly size: number;
  readonly copies: number;
}

/**
 * Hosts for every volume, in different racks and so that no single rack, feed or switch takes all copies; the emptiest
 * hosts first, with some chance in it. A volume that finds no place gets no hosts.
 */
export function placeReplicas(
  volumes: readonly Unplaced[],
  hosts: readonly SynthHost[],
  roomOf: readonly number[],
  random: Random,
): readonly (readonly number[])[] {
  const load = hosts.map(() => 0);
  const placed: (readonly number[])[] = volumes.map(() => []);
  const bySize = volumes
    .map((volume, index) => ({...volume, index}))
    .sort((left, right) => right.size - left.size);
  for (const {index, size, copies} of bySize) {
    const order = hosts
      .map((_, host) => {
        const fill = ((load[host] ?? 0) + size) / (roomOf[host] ?? 1);
        return {host, score: fill * (1 + 0.3 * random.next()), fits: fill <= 1};
      })
      .filter(({fits}) => fits)
      .sort((left, right) => left.score - right.score)
      .map(({host}) => host);
    const chosen = chooseHosts(order, copies, hosts);
    for (const host of chosen) load[host] = (load[host] ?? 0) + size;
    placed[index] = chosen;
  }
  return placed;
}

function chooseHosts(
  order: readonly number[],
  copies: number,
  hosts: readonly SynthHost[],
): readonly number[] {
  const chosen: number[] = [];
  for (const candidate of order) {
    const isLast = chosen.length === copies - 1;
    const inOneRack = chosen.some((host) => hosts[host]?.rack === hosts[candidate]?.rack);
    if (inOneRack || (isLast && losesAll([...chosen, candidate], hosts))) continue;
    chosen.push(candidate);
    if (chosen.length === copies) return chosen;
  }
  return [];
}

/** Whether a single feed or switch takes all these hosts. */
function losesAll(chosen: readonly number[], hosts: readonly SynthHost[]): boolean {
  const shared = (nameOf: (host: SynthHost) => string | undefined): boolean => {
    const names = new Set(chosen.map((host) => hosts[host]).map((host) => host && nameOf(host)));
    return names.size === 1 && !names.has(undefined);
  };
  return (
    shared(({feeds}) => (feeds.length === 1 ? feeds[0] : undefined)) || shared(({switchName}) => switchName)
  );
}
