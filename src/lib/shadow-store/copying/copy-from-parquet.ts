import {readFile} from 'node:fs/promises';
import path from 'node:path';

import {invariant} from '../../core/index.js';
import type {ActivityRows} from '../../traces/index.js';
import {type Engine, literalPath, openEngine} from '../engine/duckdb-engine.js';
import {copiedRowsSql} from '../engine/series-sql.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {readManifests} from '../files/read-manifests.js';
import {contentsOf, livePacks} from '../files/store-contents.js';
import {readStoreHeader} from '../files/store-header.js';
import {readingLimits} from '../reading/open-parquet-store.js';
import type {CopySource, StoredSeconds} from '../shadow-store.js';
import {activityRowsOf, type CopiedRow} from './copied-batch.js';

/** Opens a store in files for being copied. Throws as opening it for reading. */
export async function copyFromParquet(storePath: string): Promise<CopySource> {
  await readStoreHeader(storePath);
  const {live} = await readManifests(storePath);
  const packs = livePacks(contentsOf(live));
  const engine = await openEngine(readingLimits({}));
  return {
    batches: live.map((manifest) => ({
      manifest,
      rowsOf: (stored, volumes) => readRows(engine, storePath, manifest, {stored, volumes}),
      fileOf: async (kind) => {
        const file = manifest[kind];
        const isNeeded = file !== undefined && (kind === 'rejects' || packs.has(file.path));
        return isNeeded ? readFile(path.join(storePath, file.path)) : undefined;
      },
    })),
    close: () => {
      engine.close();
    },
  };
}

async function readRows(
  {connection, duckdb}: Engine,
  storePath: string,
  {series}: BatchManifest,
  {stored, volumes}: {readonly stored: StoredSeconds; readonly volumes: readonly string[]},
): Promise<ActivityRows> {
  const files = series.filter(({granularity}) => granularity === stored);
  if (files.length === 0 || volumes.length === 0) return activityRowsOf(volumes, []);
  const result = await connection.stream(copiedRowsSql(), {
    files: duckdb.listValue(files.map((file) => literalPath(path.join(storePath, file.path)))),
    names: duckdb.listValue(volumes),
  });
  const rows: CopiedRow[] = [];
  for await (const chunk of result) {
    for (const [position, startUs, ...values] of chunk.getRows()) {
      invariant(
        typeof position === 'number' && typeof startUs === 'number',
        'positions and times are numbers',
      );
      rows.push({position, startUs, values: values.map(Number)});
    }
  }
  return activityRowsOf(volumes, rows);
}
