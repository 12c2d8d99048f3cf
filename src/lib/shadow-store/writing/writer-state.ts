import {availableParallelism} from 'node:os';
import path from 'node:path';

import type {HeldLock} from '../../core/index.js';
import {type Engine, openEngine} from '../engine/duckdb-engine.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import type {DurableFiles, FileOperation} from '../files/durable-files.js';
import {SCRATCH_FOLDER} from '../files/layout.js';
import {readManifests} from '../files/read-manifests.js';
import {contentsOf, type StoreContents} from '../files/store-contents.js';
import type {StoreHeader} from '../files/store-header.js';
import {sweepLeftovers} from '../files/sweep.js';

/** What the engine may take where nothing is said. */
export const DEFAULT_MEMORY_BYTES = 2 ** 30;

/** How a store is opened for writing. */
export interface StoreWriterOptions {
  readonly path: string;
  /** When the store was opened. */
  readonly nowUs: number;
  /** Asked for the time of each batch, of which a writer may make many over days; nowUs is that of all without it. */
  readonly clockUs?: () => number;
  /** Throws InputError when there is no store, instead of making one. */
  readonly mustExist?: boolean;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** Only of stores that several write to: whose volumes these are; `main` when absent. */
  readonly shard?: string | undefined;
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

/** The time of what is written now. */
export function writtenAtUs({clockUs, nowUs}: StoreWriterOptions): number {
  return clockUs?.() ?? nowUs;
}

/** What a writer knows of its store; changes with each commit. */
export interface WriterState {
  readonly header: StoreHeader;
  readonly isNewStore: boolean;
  contents: StoreContents;
  /** Batches that others have taken over and whose files are still there for readers. */
  replaced: readonly BatchManifest[];
  engine: Engine | undefined;
}

/** Where a writer works, and how. */
export interface WriterPlace {
  readonly storePath: string;
  readonly files: DurableFiles;
  readonly lock: HeldLock;
  readonly isNewFolder: boolean;
  readonly options: StoreWriterOptions;
}

/** The engine of a writer, opened when it is first needed. */
export async function engineOf(state: WriterState, {storePath, options}: WriterPlace): Promise<Engine> {
  state.engine ??= await openEngine({
    scratchFolder: path.join(storePath, SCRATCH_FOLDER),
    memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    threads: options.threads ?? availableParallelism(),
  });
  return state.engine;
}

/** After a failure the manifests on the disk say what is true: the batch may be in, if only the last flush failed. */
export async function recover(state: WriterState, {storePath, files}: WriterPlace): Promise<void> {
  try {
    const manifests = await readManifests(storePath);
    state.contents = contentsOf(manifests.live);
    state.replaced = manifests.replaced;
    await sweepLeftovers(storePath, state.contents, state.replaced, files);
  } catch {
    // The disk refuses this too; the next writer removes the leftovers, and the first error is the one to tell.
  }
}
