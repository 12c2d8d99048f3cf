import {canonicalJson, sha256Hex, shortHash, type Series} from '../core/index.js';
import {fromFirstKnown} from './history.js';

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

/** The mark of a shard of a panel: of the volumes of which something is known, as only those are foreseen. */
export function shardMark({index, count}: Shard, panel: readonly Series[], modelSha256: string): string {
  const known = panel.filter(({values}) => fromFirstKnown(values).length > 0);
  return [`${index}/${count}`, fleetHash(known.map(({id}) => id)), shortHash(modelSha256)].join(':');
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
