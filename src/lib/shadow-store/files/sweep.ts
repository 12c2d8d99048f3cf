import {readdir} from 'node:fs/promises';
import path from 'node:path';

import type {DurableFiles} from './durable-files.js';
import {
  BATCHES_FOLDER,
  HEADER_FILE,
  REJECTS_FOLDER,
  SCRATCH_FOLDER,
  SERIES_FOLDER,
  STATE_FOLDER,
} from './layout.js';
import {liveFiles, type StoreContents} from './store-contents.js';

/** Only what a writer makes: a stranger's note in the folder stays. */
const OURS = /\.(parquet|jsonl|footprints|tmp)$/;

/**
 * Removes what a killed or failed writer left behind and what newer batches supersede. Only the holder of the lock may
 * do this; readers never open these files. Returns how many were removed.
 */
export async function sweepLeftovers(
  storePath: string,
  contents: StoreContents,
  files: DurableFiles,
): Promise<number> {
  const live = liveFiles(contents);
  let removed = 0;
  for (const folder of [SERIES_FOLDER, REJECTS_FOLDER, STATE_FOLDER, BATCHES_FOLDER]) {
    for (const relativePath of await filesUnder(storePath, folder)) {
      if (live.has(relativePath) || !OURS.test(relativePath)) continue;
      await files.remove(path.join(storePath, relativePath));
      removed += 1;
    }
  }
  await files.remove(path.join(storePath, SCRATCH_FOLDER));
  await files.remove(path.join(storePath, `${HEADER_FILE}.tmp`));
  return removed;
}

/** Relative to the store, with `/`. */
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
