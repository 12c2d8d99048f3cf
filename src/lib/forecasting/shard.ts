import {sha256Hex} from '../core/index.js';

/** One of `count` parts of a fleet; `index` from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Whether a volume belongs to a shard: by a hash of its name, so that it is the same on every machine. */
export function isInShard(volume: string, {index, count}: Shard): boolean {
  return Number.parseInt(sha256Hex(volume).slice(0, 8), 16) % count === index - 1;
}
