import {readdir} from 'node:fs/promises';
import path from 'node:path';

import {parseInstantUs} from '../../core/index.js';
import type {BatchManifest} from './batch-manifest.js';
import type {DurableFiles} from './durable-files.js';
import {
  BATCHES_FOLDER,
  HEADER_FILE,
  manifestPath,
  REJECTS_FOLDER,
  SCRATCH_FOLDER,
  SERIES_FOLDER,
  STATE_FOLDER,
} from './layout.js';
import type {ManifestSet} from './read-manifests.js';
import {filesOf, liveFiles, type StoreContents} from './store-contents.js';

const OURS = /\.(parquet|jsonl|footprints|tmp)$/;

/** Whether a file is of a kind that a writer makes: a stranger's note in the folder stays. */
export function isWrittenByUs(relativePath: string): boolean {
  return OURS.test(relativePath);
}

/**
 * Removes what a killed or failed writer left behind and what newer batches supersede; files of `kept` batches, which
 * others have replaced, stay. Only the holder of the lock may do this; readers never open the files that go. Returns
 * how many were removed.
 */
export async function sweepLeftovers(
  storePath: string,
  contents: StoreContents,
  kept: readonly BatchManifest[],
  files: DurableFiles,
): Promise<number> {
  const stays = new Set([...liveFiles(contents), ...kept.flatMap(filesOf)]);
  let removed = 0;
  for (const relativePath of await dataFiles(storePath)) {
    if (stays.has(relativePath) || !isWrittenByUs(relativePath)) continue;
    await files.remove(path.join(storePath, relativePath));
    removed += 1;
  }
  await files.remove(path.join(storePath, SCRATCH_FOLDER));
  await files.remove(path.join(storePath, `${HEADER_FILE}.tmp`));
  return removed;
}

/**
 * Removes the manifests of replaced batches whose time for readers is over, oldest first and each for good before the
 * next: a batch that was itself a replacement must not go before those that it replaced, which would come back to
 * life. Their other files are leftovers then. Returns those that stay.
 */
export async function expireReplaced(
  storePath: string,
  {live, replaced}: ManifestSet,
  files: DurableFiles,
  nowUs: number,
): Promise<readonly BatchManifest[]> {
  const keepUntilUs = keepUntil([...live, ...replaced]);
  const kept: BatchManifest[] = [];
  for (const manifest of replaced) {
    const {sequence, batchId} = manifest;
    const isNeeded = kept.some((older) => manifest.replaces?.batchIds.includes(older.batchId));
    if (isNeeded || (keepUntilUs.get(batchId) ?? 0) > nowUs) {
      kept.push(manifest);
      continue;
    }
    await files.remove(path.join(storePath, manifestPath(sequence, batchId)));
    await files.syncFolder(path.join(storePath, BATCHES_FOLDER));
  }
  return kept;
}

/** Until when the files of replaced batches stay, by batch. */
function keepUntil(manifests: readonly BatchManifest[]): ReadonlyMap<string, number> {
  const untilUs = new Map<string, number>();
  for (const {replaces} of manifests) {
    const atUs = parseInstantUs(replaces?.keepUntil ?? '') ?? 0;
    for (const id of replaces?.batchIds ?? []) untilUs.set(id, Math.min(atUs, untilUs.get(id) ?? atUs));
  }
  return untilUs;
}

/** Every file in the folders that hold batches, relative to the store, with `/`. */
export async function dataFiles(storePath: string): Promise<readonly string[]> {
  const folders = [SERIES_FOLDER, REJECTS_FOLDER, STATE_FOLDER, BATCHES_FOLDER];
  return (await Promise.all(folders.map((folder) => filesUnder(storePath, folder)))).flat();
}

async function filesUnder(storePath: string, folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path.join(storePath, folder), {recursive: true, withFileTypes: true});
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(storePath, path.join(entry.parentPath, entry.name)))
      .map((relativePath) => relativePath.split(path.sep).join('/'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
