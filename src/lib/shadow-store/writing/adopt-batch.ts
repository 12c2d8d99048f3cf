import path from 'node:path';

import type {BatchManifest} from '../files/batch-manifest.js';
import {footprintsPath, groupByBucket, rejectsPath} from '../files/layout.js';
import {refuseOtherSums} from '../copying/copied-batch.js';
import {type CopiedBatch, STORED_SECONDS} from '../shadow-store.js';
import {publishManifest} from './publish-manifest.js';
import {createRowTally, volumeSlices} from './row-tally.js';
import type {BatchTarget} from './write-batch.js';
import {writeStaged} from './write-series.js';

/**
 * Writes a batch of another store as it is: its rows by granularity, its files, then its manifest. Throws InputError when
 * its rows are not what its manifest says, and what the disk or the engine throws.
 */
export async function adoptBatch(batch: CopiedBatch, target: BatchTarget): Promise<BatchManifest> {
  const {manifest: source} = batch;
  const {batchId} = source;
  const series: BatchManifest['series'] = [];
  const tally = createRowTally();
  const names = source.volumes.map(({name}) => name);
  for (const [bucket, members] of groupByBucket(names, (name) => name, target.buckets)) {
    for (const stored of STORED_SECONDS) {
      target.signal?.throwIfAborted();
      const rows = await batch.rowsOf(stored, members);
      if (stored === 3600) tally.add(rows, volumeSlices(rows));
      if (rows.count > 0)
        series.push(await writeStaged(target.engine, rows, {...target, batchId}, {stored, bucket}));
    }
  }
  refuseOtherSums(source, tally.sums());
  const manifest: BatchManifest = {...(await keepFiles(batch, target)), sequence: target.sequence, series};
  await publishManifest(manifest, target);
  return manifest;
}

/**
 * Writes the files of a batch of another store into a folder. The manifest that names them: without files of footprints
 * that nobody needs, and without the batches that it has taken over, of which nothing is left to be replaced.
 */
export async function keepFiles(
  batch: CopiedBatch,
  target: Pick<BatchTarget, 'storePath' | 'files'>,
): Promise<BatchManifest> {
  const {batchId, footprints, rejects, ...rest} = batch.manifest;
  const kept = footprints && (await keep(batch, 'footprints', footprintsPath(batchId), target));
  const keptRejects = rejects && (await keep(batch, 'rejects', rejectsPath(batchId), target));
  const manifest: BatchManifest = {
    ...rest,
    batchId,
    ...(footprints && kept ? {footprints: {...footprints, ...kept}} : {}),
    ...(rejects && keptRejects ? {rejects: {...rejects, ...keptRejects}} : {}),
  };
  delete manifest.replaces;
  return manifest;
}

async function keep(
  batch: CopiedBatch,
  kind: 'footprints' | 'rejects',
  relativePath: string,
  {storePath, files}: Pick<BatchTarget, 'storePath' | 'files'>,
): Promise<{readonly path: string; readonly sizeBytes: number; readonly sha256: string} | undefined> {
  const bytes = await batch.fileOf(kind);
  if (bytes === undefined) return undefined;
  const file = path.join(storePath, relativePath);
  await files.makeFolder(path.dirname(file));
  return {path: relativePath, ...(await files.write(file, [bytes]))};
}
