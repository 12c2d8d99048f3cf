import {canonicalJson, sha256Hex, shortHash, type Series} from '../core/index.js';
import {fromFirstKnown} from './history.js';
import {type PanelQuery, type PanelSource, readPanel} from './read-panel.js';

/** One of `count` parts of a fleet; `index` from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The last column of a shard's forecast. */
export const SHARD_COLUMN = 'shard';

/** What a shard's forecast says of itself in every row, so that `forecast merge` knows whether all are there. */
export interface ShardMark extends Shard {
  /** The beginning of `fleetHash` of all shards' volumes together. */
  readonly fleet: string;
  /** The beginning of the model file's hash. */
  readonly model: string;
}

/** Whether a volume belongs to a shard: by a hash of its name, so that it is the same on every machine. */
export function isInShard(volume: string, {index, count}: Shard): boolean {
  return Number.parseInt(sha256Hex(volume).slice(0, 8), 16) % count === index - 1;
}

/** A part of a fleet, and what is to be known of all of it. */
export interface ShardPanel {
  readonly panel: readonly Series[];
  /** Of the whole fleet, the volumes of which something is known: only those are foreseen. */
  readonly knownVolumes: readonly string[];
}

/** Of the other shards' volumes so many are held at a time. */
const OTHERS_AT_ONCE = 2000;

/** Reads a shard as `readPanel` does, and looks which volumes of the others are known. Throws as that does. */
export async function readShard(source: PanelSource, query: PanelQuery, shard: Shard): Promise<ShardPanel> {
  const names = query.volumes ?? source.volumes?.().map(({name}) => name);
  if (names === undefined) return shardOf(await readPanel(source, query), shard);
  const panel = await readPanel(source, {...query, volumes: names.filter((name) => isInShard(name, shard))});
  const knownVolumes = knownOf(panel);
  const others = names.filter((name) => !isInShard(name, shard));
  for (let from = 0; from < others.length; from += OTHERS_AT_ONCE) {
    const volumes = others.slice(from, from + OTHERS_AT_ONCE);
    knownVolumes.push(...knownOf(await readPanel(source, {...query, volumes})));
  }
  return {panel, knownVolumes};
}

function shardOf(all: readonly Series[], shard: Shard): ShardPanel {
  return {panel: all.filter(({id}) => isInShard(id, shard)), knownVolumes: knownOf(all)};
}

function knownOf(panel: readonly Series[]): string[] {
  return panel.filter(({values}) => fromFirstKnown(values).length > 0).map(({id}) => id);
}

/** The mark of a shard, by the volumes of the whole fleet of which something is known. */
export function shardMark(
  {index, count}: Shard,
  knownVolumes: readonly string[],
  modelSha256: string,
): string {
  return [`${index}/${count}`, fleetHash(knownVolumes), shortHash(modelSha256)].join(':');
}

/** The beginning of the SHA-256 of a list of volumes, in whatever order. */
export function fleetHash(volumes: readonly string[]): string {
  return shortHash(sha256Hex(canonicalJson([...volumes].sort())));
}

/** What `shardMark` wrote; undefined when it is not that. */
export function parseShardMark(text: string): ShardMark | undefined {
  const [, index, count, fleet, model] = /^(\d+)\/(\d+):([0-9a-f]{12}):([0-9a-f]{12})$/.exec(text) ?? [];
  if (fleet === undefined || model === undefined) return undefined;
  return {index: Number(index), count: Number(count), fleet, model};
}
