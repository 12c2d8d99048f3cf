import path from 'node:path';

import {parseWith} from '../../core/index.js';
import {type BatchManifest, MANIFEST_KIND} from '../files/batch-manifest.js';
import {type DurableFiles, foldersOf} from '../files/durable-files.js';
import {BATCHES_FOLDER, manifestPath} from '../files/layout.js';
import {filesOf} from '../files/store-contents.js';

/**
 * Makes a batch part of the store, by one rename, once the names of all its flushed files are durable. Throws what the
 * disk throws, and the reason of an aborted signal; stopped before the rename, nothing has changed for a reader.
 */
export async function publishManifest(
  manifest: BatchManifest,
  target: {
    readonly storePath: string;
    readonly files: DurableFiles;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const {storePath, files} = target;
  const [, ...data] = filesOf(manifest);
  await files.makeFolder(path.join(storePath, BATCHES_FOLDER));
  for (const folder of foldersOf(storePath, data)) await files.syncFolder(folder);
  target.signal?.throwIfAborted();
  const file = path.join(storePath, manifestPath(manifest.sequence, manifest.batchId));
  const checked = parseWith(MANIFEST_KIND.schema, manifest, file);
  await files.write(`${file}.tmp`, [Buffer.from(`${JSON.stringify(checked, undefined, 1)}\n`)]);
  await files.rename(`${file}.tmp`, file);
  await files.syncFolder(path.dirname(file));
}
