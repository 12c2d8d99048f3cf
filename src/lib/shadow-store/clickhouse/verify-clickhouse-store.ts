import {InputError, sum} from '../../core/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {contentsOf, livePacks} from '../files/store-contents.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';
import type {Finding, VerifyOptions} from '../verifying/verification.js';
import type {VerifyReport} from '../verifying/verify-store.js';
import {storeAccess} from './access.js';
import {type CommittedBatch, readCommitted, readInitialized} from './committed-batches.js';
import {readFile} from './pack-cache.js';
import {parseClickHouseUrl} from './place.js';
import {openSession, type Session} from './session.js';
import {attemptsSql, seriesTable} from './statements.js';
import {readWhole} from './wait-for-replicas.js';

const COUNTED = ['reads', 'writes', 'trims'] as const;
const ADVICE = 'restore the tables from a backup, or ingest the traces into a new store';

/** What the rows of an attempt add up to. */
type AttemptSums = Readonly<Record<'rows' | (typeof COUNTED)[number], number>>;

/**
 * Checks that the servers hold what the manifests say: as many rows of each batch, minutes and hours with its sums, and
 * its files with their checksums. Rows that no manifest names do not count and are no fault. Throws as opening a store.
 */
export async function verifyClickHouseStore(
  name: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const session = await openSession(parseClickHouseUrl(name), storeAccess());
  try {
    const {cluster} = await readInitialized(session);
    const batches = await readCommitted(session, cluster);
    const whole = <T>(read: () => Promise<T>): Promise<T> =>
      readWhole(session, {cluster, tables: 'of all shards'}, read);
    const findings: Finding[] = [];
    let rows = 0;
    for (const [done, stored] of STORED_SECONDS.entries()) {
      options.onProgress?.({stage: 'rows', done, total: STORED_SECONDS.length});
      const sums = await whole(() => readSums(session, stored));
      rows += sum(batches.map(({attempt}) => sums.get(attempt)?.rows ?? 0));
      findings.push(...batches.flatMap((batch) => faultsOf(batch, stored, sums.get(batch.attempt))));
    }
    const files = await whole(() => checkFiles(session, batches, options));
    findings.push(...files.findings);
    return {
      path: name,
      isSound: findings.length === 0,
      checked: {
        batches: batches.length,
        rows,
        files: files.count,
        bytes: files.bytes,
        footprints: files.footprints,
      },
      findings,
      strays: [],
    };
  } finally {
    await session.close();
  }
}

async function readSums(session: Session, stored: StoredSeconds): Promise<ReadonlyMap<string, AttemptSums>> {
  const rows = await session.rows(attemptsSql(session.place.database, stored), (row) => {
    const attempt = row.id();
    const [count, reads, writes, trims] = [row.unsigned(), row.unsigned(), row.unsigned(), row.unsigned()];
    return [attempt, {rows: count, reads, writes, trims}] as const;
  });
  return new Map(rows);
}

function faultsOf(
  {manifest, attempt}: CommittedBatch,
  stored: StoredSeconds,
  found: AttemptSums = {rows: 0, reads: 0, writes: 0, trims: 0},
): readonly Finding[] {
  const table = seriesTable(stored);
  const at = `batch ${manifest.batchId}, attempt ${attempt}, table ${table}`;
  const told: Partial<Record<keyof AttemptSums, number>> = {
    // Of hours a manifest tells no number; of minutes that were pruned no sums.
    ...(stored === 60 ? {rows: sum(manifest.volumes.map(({minutes}) => minutes))} : {}),
    ...(stored === 3600 || manifest.pruned === undefined ? manifest.totals : {}),
  };
  const keys = ['rows', ...COUNTED] as const;
  return keys.flatMap((key) => {
    const stated = told[key];
    if (stated === undefined || stated === found[key]) return [];
    const message = `${found[key]} ${key} are there, ${stated} were written`;
    return [{severity: 'error' as const, code: 'wrong-rows', message, at, advice: ADVICE}];
  });
}

async function checkFiles(
  session: Session,
  batches: readonly CommittedBatch[],
  {onProgress}: VerifyOptions,
): Promise<{
  readonly findings: readonly Finding[];
  readonly count: number;
  readonly bytes: number;
  readonly footprints: number;
}> {
  const live = livePacks(contentsOf(batches.map(({manifest}) => manifest)));
  const files = batches.flatMap(({attempt, manifest}) =>
    filesOf(manifest, live).map((one) => ({...one, attempt})),
  );
  const findings: Finding[] = [];
  for (const [done, {table, file, attempt}] of files.entries()) {
    onProgress?.({stage: 'files', done, total: files.length});
    try {
      await readFile(session, table, attempt, file);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      findings.push({
        severity: 'error',
        code: error.code,
        message: error.message,
        at: file.path,
        advice: ADVICE,
      });
    }
  }
  return {
    findings,
    count: files.length,
    bytes: sum(files.map(({file}) => file.sizeBytes)),
    footprints: files.filter(({table}) => table === 'footprints').length,
  };
}

function filesOf({footprints, rejects}: BatchManifest, live: ReadonlySet<string>) {
  return [
    ...(footprints !== undefined && live.has(footprints.path)
      ? [{table: 'footprints' as const, file: footprints}]
      : []),
    ...(rejects === undefined ? [] : [{table: 'rejects' as const, file: rejects}]),
  ];
}
