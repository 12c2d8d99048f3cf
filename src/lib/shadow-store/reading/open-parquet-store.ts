import {availableParallelism, tmpdir} from 'node:os';
import path from 'node:path';

import {errorText, InputError, ToolError} from '../../core/index.js';
import {openEngine} from '../engine/duckdb-engine.js';
import {sumVolumes} from '../engine/volume-sums.js';
import {readManifests} from '../files/read-manifests.js';
import {contentsOf} from '../files/store-contents.js';
import {readStoreHeader} from '../files/store-header.js';
import type {ShadowStore} from '../shadow-store.js';
import {exportSeries} from './export-series.js';
import {type OpenFiles, readBuckets, type SeriesSource} from './read-history.js';
import {readingSide} from './reading-side.js';

const DEFAULT_MEMORY_BYTES = 2 ** 30;

export interface ShadowStoreLimits {
  /** The engine's; 1 GiB by default. */
  readonly memoryBytes?: number;
  /** All cores by default. */
  readonly threads?: number;
  /** Where the engine may spill to; in the system's temporary folder by default. */
  readonly scratchFolder?: string;
}

/** What the engine of a reader may take. */
export function readingLimits(limits: ShadowStoreLimits): Required<ShadowStoreLimits> {
  return {
    memoryBytes: limits.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    threads: limits.threads ?? availableParallelism(),
    scratchFolder: limits.scratchFolder ?? path.join(tmpdir(), `foreshadow-${process.pid}`),
  };
}

/**
 * Opens a store in files for reading: the batches that are complete now. Needs no lock and never writes to the store.
 * Throws InputError when there is none, when the folder is something else, or when it is damaged.
 */
export async function openParquetStore(storePath: string, limits: ShadowStoreLimits): Promise<ShadowStore> {
  const {createdAt, buckets} = await readStoreHeader(storePath);
  const contents = contentsOf((await readManifests(storePath)).live);
  const engine = await openEngine(readingLimits(limits));
  const files: OpenFiles = {storePath: path.resolve(storePath), buckets, contents, engine};
  return readingSide(
    {contents, source: sourceOf(files), engine: () => Promise.resolve(engine)},
    {name: storePath, createdAt, guard: (read) => orDamaged(files, read)},
  );
}

function sourceOf(files: OpenFiles): SeriesSource {
  const {storePath, contents, engine} = files;
  return {
    readParts: (volumes, axis, columns) => readBuckets(files, volumes, axis, columns),
    exportRows: (volumes, filePath, query) => exportSeries(files, volumes, filePath, query),
    sumHours: () => {
      const series = contents.manifests.flatMap((manifest) => manifest.series);
      const hours = series.filter(({granularity}) => granularity === 3600);
      return sumVolumes(
        engine,
        hours.map((file) => path.join(storePath, file.path)),
      );
    },
    close: () => {
      engine.close();
    },
  };
}

/** What DuckDB says of a file that is gone, cut short or not Parquet. */
const FILE_FAULT = /^(IO Error|Invalid Input Error)/;

async function orDamaged<T>({storePath, contents}: OpenFiles, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ToolError || !FILE_FAULT.test(errorText(error))) throw error;
    const now = await readManifests(storePath);
    const live = new Set(now.live.map(({batchId}) => batchId));
    const isReplaced = contents.manifests.some(({batchId}) => !live.has(batchId));
    throw new InputError('store-damaged', `series of ${storePath} cannot be read: ${errorText(error)}`, {
      hints: isReplaced
        ? ['the store was compacted or pruned since it was opened: run the command again']
        : ['foreshadow store verify', 'restore the store from a copy, or ingest the traces into a new one'],
      cause: error,
    });
  }
}
