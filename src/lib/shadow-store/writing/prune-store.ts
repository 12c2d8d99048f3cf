import {availableParallelism, tmpdir} from 'node:os';
import path from 'node:path';

import {sha256Hex} from '../../core/index.js';
import {asTargetError, openEngine} from '../engine/duckdb-engine.js';
import {readManifests} from '../files/read-manifests.js';
import {contentsOf} from '../files/store-contents.js';
import {readStoreHeader} from '../files/store-header.js';
import type {StoredSeconds} from '../shadow-store.js';
import {mergeBatches} from './merge-batches.js';
import {planPrune, type PruneBound, type PrunePlan, type PruneReport, seriesBytes} from './plan-prune.js';
import {DEFAULT_MEMORY_BYTES, engineOf, recover, type WriterPlace, type WriterState} from './writer-state.js';

export interface PruneOptions extends PruneBound {
  /** How long the files of replaced batches stay for readers that opened the store before. */
  readonly keepOldSeconds: number;
  readonly onProgress?: (progress: {readonly done: number; readonly total: number}) => void;
}

/** See ParquetWriter.prune. */
export async function pruneStore(
  state: WriterState,
  place: WriterPlace,
  options: PruneOptions,
): Promise<PruneReport> {
  try {
    const engine = await engineOf(state, place);
    const plan = await planPrune(engine, place.storePath, state.contents, options);
    if (plan.sources.length > 0) await rewrite(state, place, plan, options);
    return {...plan.report, bytesAfter: seriesBytes(state.contents)};
  } catch (error) {
    await recover(state, place);
    throw asTargetError(error, `prune the shadow store ${place.storePath}`);
  }
}

/** What pruning a store would remove; takes no lock and changes nothing. Throws InputError when there is no store. */
export async function previewPrune(storePath: string, bound: PruneBound): Promise<PruneReport> {
  await readStoreHeader(storePath);
  const contents = contentsOf((await readManifests(storePath)).live);
  const engine = await openEngine({
    memoryBytes: DEFAULT_MEMORY_BYTES,
    threads: availableParallelism(),
    scratchFolder: path.join(tmpdir(), `foreshadow-prune-${process.pid}`),
  });
  try {
    return (await planPrune(engine, storePath, contents, bound)).report;
  } finally {
    engine.close();
  }
}

async function rewrite(
  state: WriterState,
  place: WriterPlace,
  {report, sources, remainders}: PrunePlan,
  {keepOldSeconds, onProgress}: PruneOptions,
): Promise<void> {
  const pruned = new Map([...state.contents.pruned, ...remainders]);
  const keepFrom = (stored: StoredSeconds): number => pruned.get(stored)?.beforeUs ?? -Infinity;
  const ids = sources.map(({batchId}) => batchId);
  await mergeBatches(state, place, {
    sources,
    batchId: sha256Hex(['prune', report.beforeUs, ...remainders.keys(), ...ids].join('\n')).slice(0, 32),
    keepFromUs: {60: keepFrom(60), 3600: keepFrom(3600)},
    pruned,
    keepRejectsOf: sources.filter(({volumes}) => volumes.some(({lastUs}) => lastUs >= keepFrom(3600))),
    keepOldSeconds,
    onProgress,
  });
}
