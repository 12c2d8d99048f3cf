import path from 'node:path';

import type {ActivityRows} from '../../traces/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {groupByBucket} from '../files/layout.js';
import {createRowTally, type ToldRows, volumeSlices, type WrittenRows} from '../writing/row-tally.js';
import {sendFile} from './pack-cache.js';
import {RowWriter} from './row-binary.js';
import {encodeHours, encodeRows} from './series-rows.js';
import type {Session} from './session.js';
import {insertSql} from './statements.js';

/** Rows of so many parts of a batch's volumes are not in memory at once. */
const PARTS = 16;

/** The rows of a batch by granularity; without hours they are added up from the minutes. */
export interface BatchSeries extends WrittenRows {
  readonly hoursOf?: (volumes: readonly string[]) => ActivityRows;
}

/** Writes all rows of a batch under an attempt: nobody counts them until it is committed. */
export async function writeRows(
  session: Session,
  batch: BatchSeries,
  attempt: string,
  signal: AbortSignal | undefined,
): Promise<ToldRows> {
  const tally = createRowTally();
  // Those of the hours wait until the minutes are sent, so that a batch is two inserts, however many volumes it has.
  const hours: Uint8Array[] = [];
  function* minutes(): Generator<Uint8Array> {
    for (const [, names] of groupByBucket(batch.rows.volumes, (name) => name, PARTS)) {
      signal?.throwIfAborted();
      const rows = batch.rows.rowsOf(names);
      const slices = volumeSlices(rows);
      tally.add(rows, slices);
      yield* encodeRows(rows, slices, attempt);
      const own = batch.hoursOf?.(names);
      hours.push(...(own ? encodeRows(own, volumeSlices(own), attempt) : encodeHours(rows, slices, attempt)));
    }
  }
  const {database} = session.place;
  await insertIfAny(session, insertSql(database, 'minutes'), minutes());
  await insertIfAny(session, insertSql(database, 'hours'), hours);
  return tally.told(batch);
}

/** Old servers refuse an insert of nothing. */
async function insertIfAny(session: Session, sql: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const iterator = chunks[Symbol.iterator]();
  const first = iterator.next();
  if (first.done === true) return;
  await session.insert(sql, chain(first.value, iterator));
}

function* chain<T>(first: T, rest: Iterator<T>): Generator<T> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

/** Writes the files that a manifest names, from a local folder. */
export async function writeFiles(
  session: Session,
  folder: string,
  attempt: string,
  {footprints, rejects}: Pick<BatchManifest, 'footprints' | 'rejects'>,
): Promise<void> {
  for (const [table, file] of [
    ['footprints', footprints],
    ['rejects', rejects],
  ] as const) {
    if (file === undefined) continue;
    await sendFile(session, table, attempt, {local: path.join(folder, file.path), name: file.path});
  }
}

/** Makes an attempt count. Written twice it counts once. */
export async function commitAttempt(
  session: Session,
  manifest: BatchManifest,
  {attempt, shard}: {readonly attempt: string; readonly shard: string},
): Promise<void> {
  const row = new RowWriter();
  row.text(manifest.batchId);
  row.id(attempt);
  row.text(shard);
  row.text(JSON.stringify(manifest));
  await session.insert(insertSql(session.place.database, 'batches'), [row.take(true) ?? new Uint8Array(0)]);
}
