import {existsSync} from 'node:fs';
import {readdir, rmdir} from 'node:fs/promises';
import path from 'node:path';

import {sum, UsageError} from '../../core/index.js';
import type {IngestBatch} from '../../traces/index.js';
import {asTargetError} from '../engine/duckdb-engine.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {createDurableFiles, type DurableFiles} from '../files/durable-files.js';
import {readManifests} from '../files/read-manifests.js';
import {loadFootprint} from '../files/footprint-pack.js';
import {
  BATCHES_FOLDER,
  HEADER_FILE,
  REJECTS_FOLDER,
  SCRATCH_FOLDER,
  SERIES_FOLDER,
  STATE_FOLDER,
} from '../files/layout.js';
import {addBatch, contentsOf, livePacks} from '../files/store-contents.js';
import {createStoreHeader, findStoreHeader, readStoreHeader} from '../files/store-header.js';
import {lockStore} from '../files/store-lock.js';
import {expireReplaced, sweepLeftovers} from '../files/sweep.js';
import {holderOf, refuseHalfCharacters, refuseRepeats} from './refuse-batch.js';
import type {CopiedBatch, StoreWriter} from '../shadow-store.js';
import {compactStore, type CompactOptions, type CompactReport} from './compact-store.js';
import type {PruneReport} from './plan-prune.js';
import {pruneStore, type PruneOptions} from './prune-store.js';
import {batchIdOf, type BatchTarget, writeBatch} from './write-batch.js';
import {adoptBatch} from './adopt-batch.js';
import {isThere} from '../copying/copied-batch.js';
import {
  engineOf,
  recover,
  type StoreWriterOptions,
  type WriterPlace,
  type WriterState,
  writtenAtUs,
} from './writer-state.js';

/** The one writer of a store in files. */
export interface ParquetWriter extends StoreWriter {
  /**
   * Merges small batches, so that reading opens fewer files; what a reader sees stays the same. Killed at any moment,
   * the store is as it was or compacted. Throws InputError when a batch is damaged, TargetError when the disk refuses.
   */
  compact(options: CompactOptions): Promise<CompactReport>;
  /**
   * Removes rows that start before a time. Footprints, levels and the knowledge of what was ingested stay. Killed at
   * any moment, the store is as it was or pruned. Throws as compact does.
   */
  prune(options: PruneOptions): Promise<PruneReport>;
}

/**
 * Opens a store in files for adding batches, making it if there is none, and holds its lock until close.
 * Throws InputError for a folder of something else or of a newer program, StaleError while another writer holds the
 * lock, TargetError when the disk refuses.
 */
export async function openParquetWriter(options: StoreWriterOptions): Promise<ParquetWriter> {
  if (options.shard !== undefined) {
    throw new UsageError(
      'no-shards',
      `${options.path} is a folder, which has one writer at a time and no ingest shards`,
      {
        hints: ['leave --shard out'],
      },
    );
  }
  const storePath = path.resolve(options.path);
  const files = createDurableFiles(options.onFileOperation ?? ((): void => undefined));
  await (options.mustExist ? readStoreHeader : findStoreHeader)(storePath);
  const isNewFolder = !existsSync(storePath);
  try {
    await files.makeFolder(storePath);
    const lock = await lockStore(storePath, options);
    try {
      const state = await loadState(storePath, files, options);
      return createWriter(state, {storePath, files, lock, isNewFolder, options});
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asTargetError(error, `open the shadow store ${storePath} for writing`);
  }
}

async function loadState(
  storePath: string,
  files: DurableFiles,
  options: StoreWriterOptions,
): Promise<WriterState> {
  const found = await findStoreHeader(storePath);
  const header = found ?? (await createStoreHeader(storePath, options, files));
  const manifests = await readManifests(storePath);
  const contents = contentsOf(manifests.live);
  const replaced = await expireReplaced(storePath, manifests, files, options.nowUs);
  const removed = await sweepLeftovers(storePath, contents, replaced, files);
  const expired = manifests.replaced.length - replaced.length;
  if (expired > 0)
    options.onRemark?.(`removed the files of ${expired} batches that were compacted or pruned`);
  else if (removed > 0) options.onRemark?.(`removed ${removed} files that an interrupted run had left`);
  return {header, isNewStore: found === undefined, contents, replaced, engine: undefined};
}

function createWriter(state: WriterState, place: WriterPlace): ParquetWriter {
  return {
    knownInputs: () => state.contents.inputs,
    knownContents: () => state.contents.known,
    knownRawSha: () => state.contents.rawKeys,
    newestUs: (volume) => state.contents.volumes.get(volume)?.lastUs,
    loadFootprint: (volume) => {
      const saved = state.contents.footprints.get(volume);
      return saved && loadFootprint(place.storePath, volume, saved);
    },
    scratchFolder: path.join(place.storePath, SCRATCH_FOLDER),
    commit: async (batch) => {
      const batchId = batchIdOf(batch.inputs);
      const holder = holderOf(batch.inputs, state.contents.inputs);
      if (holder !== undefined || state.contents.batchIds.has(batchId))
        return {batchId: holder ?? batchId, minutes: 0};
      const {volumes} = await add(batch, state, place);
      return {batchId, minutes: sum(volumes.map(({minutes}) => minutes))};
    },
    adopt: (batch) => adopt(batch, state, place),
    compact: (options) => compactStore(state, place, options),
    prune: (options) => pruneStore(state, place, options),
    close: () => closeWriter(state, place),
  };
}

async function adopt(batch: CopiedBatch, state: WriterState, place: WriterPlace): Promise<boolean> {
  if (isThere(batch.manifest, state.contents, place.storePath)) return false;
  await write(state, place, (target) => adoptBatch(batch, target));
  return true;
}

async function add(batch: IngestBatch, state: WriterState, place: WriterPlace): Promise<BatchManifest> {
  refuseRepeats(batch.inputs, state.contents.inputs);
  refuseHalfCharacters(batch.rows.volumes);
  return write(state, place, (target) => writeBatch(batch, target));
}

/** Lets a batch be written, and takes note of it. */
async function write(
  state: WriterState,
  place: WriterPlace,
  writeTo: (target: BatchTarget) => Promise<BatchManifest>,
): Promise<BatchManifest> {
  const {storePath, files, options} = place;
  try {
    const {manifests, footprints} = state.contents;
    const packs = manifests.flatMap((manifest) => manifest.footprints ?? []);
    const manifest = await writeTo({
      storePath,
      buckets: state.header.buckets,
      sequence: (manifests.at(-1)?.sequence ?? 0) + 1,
      saved: {newest: footprints, packs},
      engine: await engineOf(state, place),
      files,
      signal: options.signal,
      tool: options.tool,
      nowUs: writtenAtUs(options),
    });
    const packsBefore = livePacks(state.contents);
    addBatch(state.contents, manifest);
    const packsNow = livePacks(state.contents);
    for (const pack of packsBefore) {
      if (!packsNow.has(pack)) await files.remove(path.join(storePath, pack));
    }
    return manifest;
  } catch (error) {
    await recover(state, place);
    throw asTargetError(error, `write to the shadow store ${storePath}`);
  }
}

async function closeWriter(state: WriterState, place: WriterPlace): Promise<void> {
  const {storePath, files, lock, isNewFolder} = place;
  try {
    state.engine?.close();
    state.engine = undefined;
    await files.remove(path.join(storePath, SCRATCH_FOLDER));
    const isUnused = state.isNewStore && state.contents.manifests.length === 0;
    if (isUnused) await removeUnused(storePath, files);
    await lock.release();
    if (isUnused && isNewFolder && (await readdir(storePath)).length === 0) await rmdir(storePath);
  } catch (error) {
    await lock.release();
    throw asTargetError(error, `close the shadow store ${storePath}`);
  }
}

async function removeUnused(storePath: string, files: DurableFiles): Promise<void> {
  for (const name of [SERIES_FOLDER, REJECTS_FOLDER, STATE_FOLDER, BATCHES_FOLDER, HEADER_FILE]) {
    await files.remove(path.join(storePath, name));
  }
}
