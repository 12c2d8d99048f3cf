import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {onTestFinished} from 'vitest';

import {sha256Hex} from '../../src/lib/core/index.js';
import {
  openShadowStore,
  openStoreWriter,
  type ShadowStore,
  type StoreWriter,
  type StoreWriterOptions,
} from '../../src/lib/shadow-store/index.js';
import type {IngestBatch} from '../../src/lib/traces/index.js';
import {BEGIN_US, TOOL} from './batches.js';

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-store-test-'));
  onTestFinished(() => rm(folder, {recursive: true, force: true}));
  return folder;
}

/** A path where no store is yet. */
export async function newStorePath(): Promise<string> {
  return path.join(await temporaryFolder(), 'store');
}

export async function openWriter(
  storePath: string,
  options: Partial<StoreWriterOptions> = {},
): Promise<StoreWriter> {
  return openStoreWriter({path: storePath, nowUs: BEGIN_US, tool: TOOL, threads: 1, ...options});
}

/** Adds batches with one writer. */
export async function commitAll(
  storePath: string,
  batches: readonly IngestBatch[],
  options: Partial<StoreWriterOptions> = {},
): Promise<void> {
  const writer = await openWriter(storePath, options);
  try {
    for (const batch of batches) await writer.commit(batch);
  } finally {
    await writer.close();
  }
}

/** Opens a store for the time of `use`. */
export async function reading<T>(storePath: string, use: (store: ShadowStore) => Promise<T>): Promise<T> {
  const store = await openShadowStore(storePath, {threads: 1});
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

/** SHA-256 by path of every file under a folder. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const pairs = await Promise.all(
    files.map(async (file) => [path.relative(folder, file), sha256Hex(await readFile(file))] as const),
  );
  return Object.fromEntries(pairs.sort(([left], [right]) => (left < right ? -1 : 1)));
}
