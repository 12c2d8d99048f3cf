import {cp, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, onTestFinished} from 'vitest';

import {sha256Hex} from '../../src/lib/core/index.js';
import {
  type FileOperation,
  openShadowStore,
  openParquetWriter,
  type ParquetWriter,
  type ShadowStore,
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
): Promise<ParquetWriter> {
  return openParquetWriter({path: storePath, nowUs: BEGIN_US, tool: TOOL, threads: 1, ...options});
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

/** Opens a writer for the time of `use`. */
export async function writing<T>(
  storePath: string,
  use: (writer: ParquetWriter) => Promise<T>,
  options: Partial<StoreWriterOptions> = {},
): Promise<T> {
  const writer = await openWriter(storePath, options);
  try {
    return await use(writer);
  } finally {
    await writer.close();
  }
}

/** What a writer does, given what it must be opened with. */
export type Act = (storePath: string, options: Partial<StoreWriterOptions>) => Promise<unknown>;

/** Acts until the change to the disk number `at`, which is left half done; nothing after it happens. */
export async function actAndDie(storePath: string, act: Act, at: number): Promise<void> {
  let operations = 0;
  let last: FileOperation | undefined;
  const onFileOperation = (operation: FileOperation): void => {
    operations += 1;
    if (operations <= at) return;
    last ??= operation;
    throw new Error('killed');
  };
  await act(storePath, {onFileOperation}).catch((error: unknown) => {
    expect(error).toMatchObject({message: 'killed'});
  });
  expect(last).toBeDefined();
  if (last?.action === 'write' || last?.action === 'copy') await writeFile(last.path, 'half');
}

/**
 * Kills `act` before every `stride`-th change to the disk that it makes to a copy of a store: what `see` sees is then one of
 * `outcomes`, and acting again gives the store, to the byte, of an act that nobody killed. Returns the changes.
 */
export async function killAnywhere(
  storePath: string,
  act: Act,
  see: (storePath: string) => Promise<unknown>,
  stride = 1,
): Promise<readonly FileOperation['action'][]> {
  const copy = async (): Promise<string> => {
    const path = await newStorePath();
    await cp(storePath, path, {recursive: true});
    return path;
  };
  const before = await see(storePath);
  const whole = await copy();
  const actions: FileOperation['action'][] = [];
  await act(whole, {onFileOperation: ({action}) => actions.push(action)});
  const [after, content] = [await see(whole), await contentOf(whole)];
  // Between one flush of a folder and the next nothing differs.
  const moments = [...actions.keys()].filter(
    (at) => actions[at] !== 'sync-folder' || actions[at - 1] !== 'sync-folder',
  );
  for (const at of moments.filter((_, index) => index % stride === stride - 1)) {
    const broken = await copy();
    await actAndDie(broken, act, at);
    expect([before, after]).toContainEqual(await see(broken));
    await act(broken, {});
    expect(await contentOf(broken)).toEqual(content);
  }
  return actions;
}

/** What a reader sees, batches and bytes apart. */
export async function seenOf(storePath: string): Promise<unknown> {
  return reading(storePath, async (store) => {
    const {volumeCount, firstUs, endUs, inputCount, rows, rejectedRows, lateRows, metrics} = store.info();
    const out = path.join(await temporaryFolder(), 'export');
    await store.exportTo(out, {format: 'csv', granularity: 60});
    return {
      info: {volumeCount, firstUs, endUs, inputCount, rows, rejectedRows, lateRows, metrics},
      volumes: store.volumes(),
      minutes: await store.readHistory({stepSeconds: 60}),
      hours: await store.readHistory({stepSeconds: 3600}),
      levels: await store.readSeries({stepSeconds: 3600}, 'used-bytes'),
      sums: await store.readSeries({stepSeconds: 60}, 'reads'),
      coverage: await store.readCoverage({stepSeconds: 60}),
      csv: await readFile(out, 'utf8'),
    };
  });
}
