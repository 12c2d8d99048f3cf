import path from 'node:path';

import {floorToStepUs} from '../../core/index.js';
import type {ActivityRows} from '../../traces/index.js';
import type {SeriesFile} from '../files/batch-manifest.js';
import {appendRows, type RowChoice} from '../engine/append-rows.js';
import {type Engine, sqlText} from '../engine/duckdb-engine.js';
import type {DurableFiles} from '../files/durable-files.js';
import {groupByBucket, seriesPath} from '../files/layout.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';
import {
  createRowTally,
  type ToldRows,
  type VolumeSlice,
  volumeSlices,
  type WrittenRows,
} from './row-tally.js';
import {createStageSql, PARQUET_OPTIONS, stagedRowsSql} from '../engine/series-sql.js';

interface SeriesTarget {
  readonly storePath: string;
  readonly batchId: string;
  readonly buckets: number;
  readonly files: DurableFiles;
  readonly signal: AbortSignal | undefined;
}

/** What was written of the rows of a batch. */
export interface WrittenSeries extends ToldRows {
  readonly series: SeriesFile[];
}

/**
 * Writes the rows as one sorted Parquet file a bucket and stored granularity, flushed to disk. One bucket at a time is
 * in memory and in the engine, so that memory grows with the largest one. Throws what the disk or the engine throws.
 */
export async function writeSeries(
  engine: Engine,
  batch: WrittenRows,
  target: SeriesTarget,
): Promise<WrittenSeries> {
  const series: SeriesFile[] = [];
  const tally = createRowTally();
  for (const [bucket, names] of groupByBucket(batch.rows.volumes, (name) => name, target.buckets)) {
    target.signal?.throwIfAborted();
    const rows = batch.rows.rowsOf(names);
    const slices = volumeSlices(rows);
    const members = [...slices].sort(byBytesOfName);
    await stage(engine, rows, members);
    for (const stored of STORED_SECONDS) {
      const file = await copyStage(engine, members, target, {stored, bucket});
      series.push({...file, ...floorSpan(spanOf(rows, members), stored)});
    }
    tally.add(rows, slices);
  }
  return {series, ...tally.told(batch)};
}

/** Writes rows that are sums of `stored` seconds already as one file. Throws what the disk or the engine throws. */
export async function writeStaged(
  engine: Engine,
  rows: ActivityRows,
  target: Omit<SeriesTarget, 'signal'>,
  {stored, bucket}: {readonly stored: StoredSeconds; readonly bucket: number},
): Promise<SeriesFile> {
  const members = [...volumeSlices(rows)].sort(byBytesOfName);
  await stage(engine, rows, members);
  const file = await copyStage(engine, members, target, {stored, bucket, stagedAs: stored});
  return {...file, ...spanOf(rows, members)};
}

async function copyStage(
  engine: Engine,
  members: readonly VolumeSlice[],
  target: Omit<SeriesTarget, 'signal'>,
  {
    stored,
    bucket,
    stagedAs = 60,
  }: {readonly stored: StoredSeconds; readonly bucket: number; readonly stagedAs?: StoredSeconds},
): Promise<Omit<SeriesFile, keyof Span>> {
  const relativePath = seriesPath(stored, bucket, target.batchId);
  const file = path.join(target.storePath, relativePath);
  await target.files.makeFolder(path.dirname(file));
  target.files.announce({action: 'copy', path: file});
  const copied = await engine.connection.run(
    `COPY (${stagedRowsSql(stored === stagedAs ? 60 : stored)}) TO ${sqlText(file)} (${PARQUET_OPTIONS}, USE_TMP_FILE false)`,
    {names: engine.duckdb.listValue(members.map(({name}) => name))},
  );
  const digest = await target.files.seal(file);
  return {path: relativePath, ...digest, granularity: stored, bucket, rows: copied.rowsChanged};
}

function byBytesOfName(left: VolumeSlice, right: VolumeSlice): number {
  return Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));
}

/** Loads the rows of the slices into the engine in that order; a slice's place becomes its volume's number. */
async function stage(engine: Engine, rows: ActivityRows, slices: readonly VolumeSlice[]): Promise<void> {
  await engine.connection.run(createStageSql());
  await appendRows(engine, 'stage', stagedColumns(rows), stagingOf(slices));
}

function stagingOf(slices: readonly VolumeSlice[]): RowChoice {
  const count = slices.reduce((total, {from, to}) => total + to - from, 0);
  const staging = {rowIndex: new Int32Array(count), number: new Int32Array(count)};
  let next = 0;
  slices.forEach(({from, to}, number) => {
    staging.number.fill(number, next, next + to - from);
    for (let row = from; row < to; row += 1) {
      staging.rowIndex[next] = row;
      next += 1;
    }
  });
  return staging;
}

/** In the order of SERIES_COLUMNS, the volume apart. */
function stagedColumns(rows: ActivityRows): readonly Float64Array[] {
  return [
    rows.startUs,
    rows.reads,
    rows.writes,
    rows.trims,
    rows.readBytes,
    rows.writeBytes,
    rows.footprintGrowthBytes,
    rows.usedBytes,
    rows.usedAtUs,
  ];
}

interface Span {
  readonly firstUs: number;
  readonly lastUs: number;
}

function spanOf(rows: ActivityRows, slices: readonly VolumeSlice[]): Span {
  let firstUs = Infinity;
  let lastUs = -Infinity;
  for (const {from, to} of slices) {
    firstUs = Math.min(firstUs, rows.startUs[from] ?? Infinity);
    lastUs = Math.max(lastUs, rows.startUs[to - 1] ?? -Infinity);
  }
  return {firstUs, lastUs};
}

function floorSpan(span: Span, stored: StoredSeconds): Span {
  return {firstUs: floorToStepUs(span.firstUs, stored), lastUs: floorToStepUs(span.lastUs, stored)};
}
