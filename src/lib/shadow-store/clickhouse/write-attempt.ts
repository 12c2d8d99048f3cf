import path from 'node:path';

import type {ActivityRows} from '../../traces/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {groupByBucket} from '../files/layout.js';
import {createRowTally, type RowTally, volumeSlices} from '../writing/row-tally.js';
import {sendFile} from './pack-cache.js';
import {RowWriter} from './row-binary.js';
import {encodeHours, encodeRows} from './series-rows.js';
import type {Session} from './session.js';
import {insertSql} from './statements.js';

/** Rows of so many parts of a batch's volumes are not in memory at once. */
const PARTS = 16;

/** The rows of a batch by granularity; without hours they are added up from the minutes. */
export interface BatchSeries {
  readonly volumes: readonly string[];
  readonly minutesOf: (volumes: readonly string[]) => ActivityRows | Promise<ActivityRows>;
  readonly hoursOf?: (volumes: readonly string[]) => Promise<ActivityRows>;
}

/** Writes all rows of a batch under an attempt: nobody counts them until it is committed. */
export async function writeRows(
  session: Session,
  {volumes, minutesOf, hoursOf}: BatchSeries,
  attempt: string,
  signal: AbortSignal | undefined,
): Promise<Tallies> {
  const tallies: Tallies = {minutes: createRowTally(), hours: createRowTally()};
  // Those of the hours wait until the minutes are sent, so that a batch is two inserts, however many volumes it has.
  const hours: Uint8Array[] = [];
  async function* minutes(): AsyncGenerator<Uint8Array> {
    for (const [, names] of groupByBucket(volumes, (name) => name, PARTS)) {
      signal?.throwIfAborted();
      const rows = await minutesOf(names);
      const slices = volumeSlices(rows);
      tallies.minutes.add(rows, slices);
      yield* encodeRows(rows, slices, attempt);
      if (hoursOf === undefined) hours.push(...encodeHours(rows, slices, attempt));
      else {
        const own = await hoursOf(names);
        const ownSlices = volumeSlices(own);
        tallies.hours.add(own, ownSlices);
        hours.push(...encodeRows(own, ownSlices, attempt));
      }
    }
  }
  const {database} = session.place;
  await insertIfAny(session, insertSql(database, 'minutes'), minutes());
  if (hours.length > 0) await session.insert(insertSql(database, 'hours'), hours);
  return tallies;
}

/** What was written; hours only where they were given. */
export interface Tallies {
  readonly minutes: RowTally;
  readonly hours: RowTally;
}

/** Old servers refuse an insert of nothing. */
async function insertIfAny(session: Session, sql: string, chunks: AsyncGenerator<Uint8Array>): Promise<void> {
  const first = await chunks.next();
  if (first.done !== true) await session.insert(sql, chain(first.value, chunks));
}

async function* chain<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
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
