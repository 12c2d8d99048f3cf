import {existsSync} from 'node:fs';
import {readdir, rmdir} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import path from 'node:path';

import {type HeldLock, InputError} from '../../core/index.js';
import type {IngestBatch, IngestedInput, IngestSink} from '../../traces/index.js';
import {readManifests} from '../files/batch-manifest.js';
import {asTargetError, type Engine, openEngine} from '../engine/duckdb-engine.js';
import {createDurableFiles, type DurableFiles, type FileOperation} from '../files/durable-files.js';
import {loadFootprint} from './footprint-pack.js';
import {
  BATCHES_FOLDER,
  HEADER_FILE,
  REJECTS_FOLDER,
  SCRATCH_FOLDER,
  SERIES_FOLDER,
  STATE_FOLDER,
} from '../files/layout.js';
import {addBatch, contentsOf, livePacks, type StoreContents} from '../files/store-contents.js';
import {createStoreHeader, findStoreHeader, type StoreHeader} from '../files/store-header.js';
import {lockStore} from '../files/store-lock.js';
import {sweepLeftovers} from '../files/sweep.js';
import {batchIdOf, writeBatch} from './write-batch.js';

const DEFAULT_MEMORY_BYTES = 2 ** 30;
/** UTF-8 has no form for half a surrogate pair: such a name would come back as another. */
const HALF_CHARACTER = /\p{Surrogate}/u;

export interface StoreWriterOptions {
  readonly path: string;
  readonly nowUs: number;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** Aborted: commit stops at the next file and changes nothing. */
  readonly signal?: AbortSignal;
  /** Told in words when a dead writer's lock was taken over or its leftovers were removed. */
  readonly onRemark?: (text: string) => void;
  /** Told before each change to the disk; what it throws stops the writer there. */
  readonly onFileOperation?: (operation: FileOperation) => void;
  /** The engine's limits; 1 GiB and all cores by default. */
  readonly memoryBytes?: number;
  readonly threads?: number;
}

/** The one writer of a store. */
export interface StoreWriter extends IngestSink {
  /** Releases the lock. A store that was made for this writer and got no batch is gone again afterwards. */
  close(): Promise<void>;
}

/**
 * Opens a store for adding batches, making it if there is none, and holds its lock until close.
 * Throws InputError for a folder of something else or of a newer program, StaleError while another writer holds the
 * lock, TargetError when the disk refuses.
 */
export async function openStoreWriter(options: StoreWriterOptions): Promise<StoreWriter> {
  const storePath = path.resolve(options.path);
  const files = createDurableFiles(options.onFileOperation ?? ((): void => undefined));
  await findStoreHeader(storePath);
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

interface WriterState {
  readonly header: StoreHeader;
  readonly isNewStore: boolean;
  contents: StoreContents;
  engine: Engine | undefined;
}

interface WriterPlace {
  readonly storePath: string;
  readonly files: DurableFiles;
  readonly lock: HeldLock;
  readonly isNewFolder: boolean;
  readonly options: StoreWriterOptions;
}

async function loadState(
  storePath: string,
  files: DurableFiles,
  options: StoreWriterOptions,
): Promise<WriterState> {
  const found = await findStoreHeader(storePath);
  const header = found ?? (await createStoreHeader(storePath, options, files));
  const contents = contentsOf(await readManifests(storePath));
  const removed = await sweepLeftovers(storePath, contents, files);
  if (removed > 0) options.onRemark?.(`removed ${removed} files that an interrupted run had left`);
  return {header, isNewStore: found === undefined, contents, engine: undefined};
}

function createWriter(state: WriterState, place: WriterPlace): StoreWriter {
  return {
    knownInputs: () => state.contents.inputs,
    knownRawSha: () => state.contents.rawKeys,
    newestUs: (volume) => state.contents.volumes.get(volume)?.lastUs,
    loadFootprint: (volume) => {
      const saved = state.contents.footprints.get(volume);
      return saved && loadFootprint(place.storePath, volume, saved);
    },
    commit: async (batch) => {
      const batchId = batchIdOf(batch.inputs);
      if (!state.contents.batchIds.has(batchId)) await add(batch, state, place);
      return {batchId};
    },
    close: () => closeWriter(state, place),
  };
}

async function add(batch: IngestBatch, state: WriterState, place: WriterPlace): Promise<void> {
  const {storePath, files, options} = place;
  refuseRepeats(batch.inputs, state.contents.inputs);
  refuseHalfCharacters(batch.rows.volumes);
  try {
    state.engine ??= await openEngine({
      scratchFolder: path.join(storePath, SCRATCH_FOLDER),
      memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
      threads: options.threads ?? availableParallelism(),
    });
    const {manifests, footprints} = state.contents;
    const packs = manifests.flatMap((manifest) => manifest.footprints ?? []);
    const manifest = await writeBatch(batch, {
      storePath,
      buckets: state.header.buckets,
      sequence: (manifests.at(-1)?.sequence ?? 0) + 1,
      saved: {newest: footprints, packs},
      engine: state.engine,
      files,
      signal: options.signal,
      tool: options.tool,
      nowUs: options.nowUs,
    });
    const packsBefore = livePacks(state.contents);
    addBatch(state.contents, manifest);
    const packsNow = livePacks(state.contents);
    for (const pack of packsBefore) {
      if (!packsNow.has(pack)) await files.remove(path.join(storePath, pack));
    }
  } catch (error) {
    await recover(state, place);
    throw asTargetError(error, `write to the shadow store ${storePath}`);
  }
}

/** After a failure the manifests on the disk say what is true: the batch may be in, if only the last flush failed. */
async function recover(state: WriterState, {storePath, files}: WriterPlace): Promise<void> {
  try {
    state.contents = contentsOf(await readManifests(storePath));
    await sweepLeftovers(storePath, state.contents, files);
  } catch {
    // The disk refuses this too; the next writer removes the leftovers, and the first error is the one to tell.
  }
}

function refuseRepeats(inputs: readonly IngestedInput[], known: ReadonlyMap<string, string>): void {
  const seen = new Set<string>();
  for (const {identitySha256, name} of inputs) {
    const holder = known.get(identitySha256) ?? (seen.has(identitySha256) ? 'this very batch' : undefined);
    if (holder !== undefined) {
      throw new InputError('duplicate-input', `${name} is already in the store, in batch ${holder}`, {
        hints: ['leave it out, so that nothing is counted twice'],
      });
    }
    seen.add(identitySha256);
  }
}

function refuseHalfCharacters(volumes: readonly string[]): void {
  const bad = volumes.find((name) => HALF_CHARACTER.test(name));
  if (bad === undefined) return;
  throw new InputError('bad-volume-name', `volume ${JSON.stringify(bad)} is not valid Unicode text`);
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
