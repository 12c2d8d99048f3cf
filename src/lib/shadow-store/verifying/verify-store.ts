import {availableParallelism, tmpdir} from 'node:os';
import path from 'node:path';

import {sum} from '../../core/index.js';
import {openEngine} from '../engine/duckdb-engine.js';
import {contentsOf, filesOf, liveFiles} from '../files/store-contents.js';
import {readStoreHeader} from '../files/store-header.js';
import {dataFiles, isWrittenByUs} from '../files/sweep.js';
import {checkFiles} from './check-files.js';
import {checkFootprints} from './check-footprints.js';
import {checkManifests} from './check-manifests.js';
import {checkSeries} from './check-series.js';
import type {Finding, Verification, VerifyOptions} from './verification.js';

const DEFAULT_MEMORY_BYTES = 2 ** 30;

/** What a verification looked at and what it found. */
export interface VerifyReport {
  readonly path: string;
  readonly isSound: boolean;
  readonly checked: {
    readonly batches: number;
    readonly files: number;
    readonly bytes: number;
    readonly rows: number;
    readonly footprints: number;
  };
  readonly findings: readonly Finding[];
  readonly strays: readonly Stray[];
}

/** A file in the store's folders that is no part of it and does no harm (relative to the store). */
export interface Stray {
  readonly path: string;
  readonly why: 'no batch names it' | 'its batch was replaced' | 'not of the store';
}

/**
 * Checks everything that a store says of itself: files against their checksums, rows against order and manifests, the
 * two granularities against each other, footprints against growth, inputs against each other. Collects every fault and
 * changes nothing; takes no lock. What a writer replaces meanwhile is no fault. Throws InputError only when there is no
 * store or its header cannot be read.
 */
export async function verifyParquetStore(storePath: string, options: VerifyOptions): Promise<VerifyReport> {
  const {buckets} = await readStoreHeader(storePath);
  const {findings: ofManifests, ...manifests} = await checkManifests(storePath, buckets);
  const engine = await openEngine({
    memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    threads: options.threads ?? availableParallelism(),
    scratchFolder: path.join(tmpdir(), `foreshadow-verify-${process.pid}`),
  });
  try {
    const verification: Verification = {...options, ...manifests, storePath, buckets, engine};
    const files = await checkFiles(verification);
    const series = await checkSeries(verification, files.damaged);
    const isWhole = ofManifests.length === 0 ? series.growthBytes : undefined;
    const footprints = await checkFootprints(verification, files.damaged, isWhole);
    const findings = await stillTrue(
      [...ofManifests, ...files.findings, ...series.findings, ...footprints.findings],
      verification,
    );
    return {
      path: storePath,
      isSound: findings.length === 0,
      checked: {
        batches: manifests.live.length,
        files: files.count,
        bytes: files.bytes,
        rows: sum(manifests.live.flatMap((manifest) => manifest.series.map(({rows}) => rows))),
        footprints: footprints.count,
      },
      findings,
      strays: await straysOf(verification),
    };
  } finally {
    engine.close();
  }
}

/** Without the faults of files that were part of the store when they were named, and no longer are. */
async function stillTrue(
  findings: readonly Finding[],
  {storePath, buckets, live}: Verification,
): Promise<readonly Finding[]> {
  if (findings.length === 0) return findings;
  const now = liveFiles(contentsOf((await checkManifests(storePath, buckets)).live));
  const gone = [...liveFiles(contentsOf(live))].filter((file) => !now.has(file));
  const goneFiles = new Set(gone.map((file) => path.join(storePath, file)));
  return findings.filter(({at}) => !goneFiles.has(at));
}

async function straysOf({storePath, live, replaced}: Verification): Promise<readonly Stray[]> {
  const files = await dataFiles(storePath);
  const named = new Set([...live.flatMap(filesOf), ...liveFiles(contentsOf(live))]);
  const old = new Set(replaced.flatMap(filesOf));
  const why = (file: string): Stray['why'] =>
    old.has(file) ? 'its batch was replaced' : isWrittenByUs(file) ? 'no batch names it' : 'not of the store';
  return files
    .filter((file) => !named.has(file))
    .sort()
    .map((file) => ({path: file, why: why(file)}));
}
