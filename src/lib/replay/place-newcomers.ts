import type {Series} from '../core/index.js';
import {createLossTable, hasHost, type Topology, type Volume} from '../topology/index.js';

/** What volumes that a topology does not list are taken for. */
export interface NewcomerRule {
  readonly replicas: number;
  /** Boundary kinds that no two replicas may share. */
  readonly antiAffinity: readonly string[];
}

export interface PlacedNewcomers {
  /** The topology with the volumes that were placed, behind those that it listed. */
  readonly topology: Topology;
  readonly placed: readonly string[];
  /** Volumes for which no hosts with enough room were left when they appeared; they are not in the topology. */
  readonly homeless: readonly string[];
}

/**
 * Gives a place to every volume that has a history but stands in no topology, when it first holds something: those of one
 * step the largest first, replica by replica, each on the host that is then the least full (used over capacity) of those
 * that the rule allows and that stay within the fill limit. What lies on a host changes with the histories (bytes, one
 * axis for all), and a volume that holds 0 bytes has given its space back. Nobody moves later.
 */
export function placeNewcomers(
  topology: Topology,
  histories: readonly Series[],
  rule: NewcomerRule,
): PlacedNewcomers {
  const listed = new Map(topology.volumes.map((volume) => [volume.id, volume]));
  const state: Placing = {
    topology,
    rule,
    usedBytes: Float64Array.from(topology.hosts, ({otherUsedBytes}) => otherUsedBytes),
    isApart: apartUnder(topology, rule),
  };
  const tracks = histories.map((series): Track => {
    return {series, levelBytes: 0, volume: listed.get(series.id), isHomeless: false};
  });
  holdUnseen(state, topology, new Set(histories.map(({id}) => id)));
  const stepCount = histories[0]?.values.length ?? 0;
  for (let step = 0; step < stepCount; step += 1) walkStep(state, tracks, step);
  const fresh = tracks.filter(({series, volume}) => volume !== undefined && !listed.has(series.id));
  return {
    topology: {...topology, volumes: [...topology.volumes, ...fresh.flatMap(({volume}) => volume ?? [])]},
    placed: fresh.map(({series}) => series.id),
    homeless: tracks.filter(({isHomeless}) => isHomeless).map(({series}) => series.id),
  };
}

interface Placing {
  readonly topology: Topology;
  readonly rule: NewcomerRule;
  readonly usedBytes: Float64Array;
  readonly isApart: (host: number, other: number) => boolean;
}

interface Track {
  readonly series: Series;
  levelBytes: number;
  volume: Volume | undefined;
  isHomeless: boolean;
}

function apartUnder(topology: Topology, {antiAffinity}: NewcomerRule): Placing['isApart'] {
  const prototype = {id: '', replicas: [], antiAffinity, provisionedBytes: undefined, usedBytes: undefined};
  const table = createLossTable({...topology, volumes: [prototype]});
  return (host, other) => !hasHost(table.apartFrom(0, host), other);
}

/** Volumes of the topology without history lie where they lie, with what the topology states. */
function holdUnseen({usedBytes}: Placing, {volumes}: Topology, seen: ReadonlySet<string>): void {
  for (const volume of volumes) {
    if (!seen.has(volume.id)) addTo(usedBytes, volume, volume.usedBytes ?? volume.provisionedBytes ?? 0);
  }
}

/** Follows the volumes that have a place, then gives one to those that appear. */
function walkStep(state: Placing, tracks: readonly Track[], step: number): void {
  const appearing: {readonly track: Track; readonly bytes: number}[] = [];
  for (const track of tracks) {
    const bytes = track.series.values[step] ?? Number.NaN;
    if (Number.isNaN(bytes) || track.isHomeless) continue;
    if (track.volume === undefined) {
      if (bytes > 0) appearing.push({track, bytes});
      continue;
    }
    addTo(state.usedBytes, track.volume, bytes - track.levelBytes);
    track.levelBytes = bytes;
  }
  appearing.sort((left, right) => right.bytes - left.bytes);
  for (const {track, bytes} of appearing) settle(state, track, bytes);
}

function settle(state: Placing, track: Track, bytes: number): void {
  const {antiAffinity, replicas: count} = state.rule;
  const replicas = chooseHosts(state, bytes, count);
  if (replicas === undefined) {
    track.isHomeless = true;
    return;
  }
  const {id} = track.series;
  track.volume = {id, replicas, antiAffinity, provisionedBytes: undefined, usedBytes: undefined};
  track.levelBytes = bytes;
  addTo(state.usedBytes, track.volume, bytes);
}

function chooseHosts(state: Placing, bytes: number, count: number): readonly number[] | undefined {
  const chosen: number[] = [];
  while (chosen.length < count) {
    const host = leastFull(state, bytes, chosen);
    if (host === undefined) return undefined;
    chosen.push(host);
  }
  return chosen;
}

function leastFull(
  {topology, usedBytes, isApart}: Placing,
  bytes: number,
  chosen: readonly number[],
): number | undefined {
  let best: number | undefined;
  let leastShare = Infinity;
  for (const [host, {capacityBytes}] of topology.hosts.entries()) {
    const used = usedBytes[host] ?? 0;
    const fits = used + bytes <= topology.fillLimit * capacityBytes;
    if (!fits || used / capacityBytes >= leastShare) continue;
    if (!chosen.every((other) => isApart(other, host))) continue;
    best = host;
    leastShare = used / capacityBytes;
  }
  return best;
}

function addTo(usedBytes: Float64Array, {replicas}: Volume, bytes: number): void {
  for (const host of replicas) usedBytes[host] = (usedBytes[host] ?? 0) + bytes;
}
