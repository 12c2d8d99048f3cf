import {availableParallelism, tmpdir} from 'node:os';
import path from 'node:path';

import {errorText, InputError, ToolError} from '../../core/index.js';
import {openEngine} from '../engine/duckdb-engine.js';
import {readManifests} from '../files/read-manifests.js';
import {contentsOf} from '../files/store-contents.js';
import {readStoreHeader} from '../files/store-header.js';
import {describeStore} from '../files/store-info.js';
import type {ExportQuery, HistoryQuery, ShadowStore} from '../shadow-store.js';
import {chosenVolumes} from './chosen-volumes.js';
import {describeVolumes} from './describe-volumes.js';
import {exportSeries} from './export-series.js';
import {exportSteps} from './export-steps.js';
import {type OpenStore, readHistory} from './read-history.js';
import {readCoverage, readSeries} from './read-series.js';

const DEFAULT_MEMORY_BYTES = 2 ** 30;

export interface ShadowStoreLimits {
  /** The engine's; 1 GiB by default. */
  readonly memoryBytes?: number;
  /** All cores by default. */
  readonly threads?: number;
  /** Where the engine may spill to; in the system's temporary folder by default. */
  readonly scratchFolder?: string;
}

/**
 * Opens a store for reading: the batches that are complete now. Needs no lock and never writes to the store. Throws
 * InputError when there is none, when the folder is something else, or when it is damaged.
 */
export async function openShadowStore(
  storePath: string,
  limits: ShadowStoreLimits = {},
): Promise<ShadowStore> {
  const header = await readStoreHeader(storePath);
  const contents = contentsOf((await readManifests(storePath)).live);
  const engine = await openEngine({
    memoryBytes: limits.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    threads: limits.threads ?? availableParallelism(),
    scratchFolder: limits.scratchFolder ?? path.join(tmpdir(), `foreshadow-${process.pid}`),
  });
  const store: OpenStore = {storePath: path.resolve(storePath), buckets: header.buckets, contents, engine};
  const names = [...contents.volumes.keys()].sort();
  const volumes = names.flatMap((name) => contents.volumes.get(name) ?? []);
  const chosen = (query: HistoryQuery | ExportQuery): readonly string[] =>
    chosenVolumes(query.volumes, names);
  return {
    volumes: () => volumes,
    info: () => describeStore(storePath, header.createdAt, contents),
    readHistory: (query) => orDamaged(store, () => readHistory(store, chosen(query), query)),
    readSeries: (query, metric) => orDamaged(store, () => readSeries(store, chosen(query), query, metric)),
    readCoverage: (query) => Promise.resolve(readCoverage(store, chosen(query), query)),
    exportTo: (filePath, query) =>
      orDamaged(store, () => exportSeries(store, chosen(query), filePath, query)),
    exportSteps: (filePath, query) =>
      orDamaged(store, () => exportSteps(store, chosen(query), filePath, query)),
    describeVolumes: () => orDamaged(store, () => describeVolumes(store, volumes)),
    close: () => {
      engine.close();
    },
  };
}

/** What DuckDB says of a file that is gone, cut short or not Parquet. */
const FILE_FAULT = /^(IO Error|Invalid Input Error)/;

async function orDamaged<T>(store: OpenStore, read: () => Promise<T>): Promise<T> {
  const {storePath, contents} = store;
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
