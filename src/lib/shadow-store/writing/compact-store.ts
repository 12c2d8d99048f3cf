import {sha256Hex, sum} from '../../core/index.js';
import {asTargetError} from '../engine/duckdb-engine.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {mergeBatches} from './merge-batches.js';
import {seriesBytes} from './plan-prune.js';
import {recover, type WriterPlace, type WriterState} from './writer-state.js';

/** So many batches become one at once; another run merges what came of them. */
const MOST_MERGED = 500;

export interface CompactOptions {
  /** Batches whose series are smaller than this are merged. */
  readonly smallerThanBytes: number;
  /** How long the files of replaced batches stay for readers that opened the store before. */
  readonly keepOldSeconds: number;
  readonly onProgress?: (progress: {readonly done: number; readonly total: number}) => void;
}

/** What compacting did. */
export interface CompactReport {
  readonly batchesBefore: number;
  readonly batchesAfter: number;
  readonly merged: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
  /** Of series. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** See ParquetWriter.compact. */
export async function compactStore(
  state: WriterState,
  place: WriterPlace,
  options: CompactOptions,
): Promise<CompactReport> {
  const before = sizeOf(state);
  let merged = 0;
  for (const sources of groupsToMerge(state.contents.manifests, options.smallerThanBytes)) {
    try {
      await mergeBatches(state, place, {
        sources,
        batchId: sha256Hex(['compact', ...sources.map(({batchId}) => batchId)].join('\n')).slice(0, 32),
        keepFromUs: {60: -Infinity, 3600: -Infinity},
        pruned: sources.some(({pruned}) => pruned) ? state.contents.pruned : new Map(),
        keepRejectsOf: sources,
        keepOldSeconds: options.keepOldSeconds,
        onProgress: options.onProgress,
      });
      merged += sources.length;
    } catch (error) {
      await recover(state, place);
      throw asTargetError(error, `compact the shadow store ${place.storePath}`);
    }
  }
  const after = sizeOf(state);
  return {
    batchesBefore: before.batches,
    batchesAfter: after.batches,
    merged,
    filesBefore: before.files,
    filesAfter: after.files,
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
  };
}

/** Small batches, in groups of at most MOST_MERGED; nothing is gained by one alone. */
function groupsToMerge(
  manifests: readonly BatchManifest[],
  smallerThanBytes: number,
): readonly (readonly BatchManifest[])[] {
  const small = manifests.filter((manifest) => bytesOf(manifest) < smallerThanBytes);
  const groups: BatchManifest[][] = [];
  for (let from = 0; from < small.length; from += MOST_MERGED)
    groups.push(small.slice(from, from + MOST_MERGED));
  return groups.filter((group) => group.length > 1);
}

function sizeOf({contents}: WriterState): {
  readonly batches: number;
  readonly files: number;
  readonly bytes: number;
} {
  const {manifests} = contents;
  return {
    batches: manifests.length,
    files: sum(manifests.map(({series}) => series.length)),
    bytes: seriesBytes(contents),
  };
}

function bytesOf({series}: BatchManifest): number {
  return sum(series.map(({sizeBytes}) => sizeBytes));
}
