import type {StoredSeconds} from '../shadow-store.js';

/**
 * Where things lie in a store's folder. All paths are relative to it and use `/`, as they stand in manifests.
 *
 *     store.json                                        header: kind, version, number of buckets
 *     lock                                              held by the one writer
 *     series/granularity=60/bucket=007/<batch>.parquet  sums a (volume, minute), sorted; likewise 3600
 *     rejects/<batch>.jsonl                             rows that could not be used
 *     state/<batch>.footprints                          footprint bitmaps as they are after the batch
 *     batches/00000001-<batch>.json                     manifest: what is not named in one does not exist
 *
 * `<batch>` is the batch's id. Names of volumes never become part of a path.
 */
export const HEADER_FILE = 'store.json';
export const LOCK_FILE = 'lock';
export const SERIES_FOLDER = 'series';
export const REJECTS_FOLDER = 'rejects';
export const STATE_FOLDER = 'state';
export const BATCHES_FOLDER = 'batches';
/** What the engine spills to while a writer works. */
export const SCRATCH_FOLDER = 'scratch';

/** The coarsest stored step that divides `stepSeconds`, a multiple of 60. */
export function coarsestStored(stepSeconds: number): StoredSeconds {
  return stepSeconds % 3600 === 0 ? 3600 : 60;
}

/**
 * The bucket of a volume: FNV-1a (32 bit, Fowler, Noll, Vo) over the UTF-8 bytes of its name, modulo the store's
 * number of buckets. Our own, because the hash functions of engines differ and change.
 */
export function bucketOf(volume: string, buckets: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(volume, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % buckets;
}

/** The items by the bucket of their volume, in the order of the buckets. */
export function groupByBucket<T>(
  items: readonly T[],
  volumeOf: (item: T) => string,
  buckets: number,
): readonly (readonly [number, readonly T[]])[] {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const bucket = bucketOf(volumeOf(item), buckets);
    const group = groups.get(bucket);
    if (group) group.push(item);
    else groups.set(bucket, [item]);
  }
  return [...groups].sort(([left], [right]) => left - right);
}

export function seriesPath(granularity: StoredSeconds, bucket: number, batchId: string): string {
  return `${SERIES_FOLDER}/granularity=${granularity}/bucket=${String(bucket).padStart(3, '0')}/${batchId}.parquet`;
}

export function rejectsPath(batchId: string): string {
  return `${REJECTS_FOLDER}/${batchId}.jsonl`;
}

export function footprintsPath(batchId: string): string {
  return `${STATE_FOLDER}/${batchId}.footprints`;
}

export function manifestPath(sequence: number, batchId: string): string {
  return `${BATCHES_FOLDER}/${String(sequence).padStart(8, '0')}-${batchId}.json`;
}
