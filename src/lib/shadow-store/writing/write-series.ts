import path from 'node:path';
import type {DuckDBAppender} from '@duckdb/node-api';

import {floorToStepUs, invariant} from '../../core/index.js';
import {type ActivityRows} from '../../traces/index.js';
import {type SeriesFile} from '../files/batch-manifest.js';
import {type Engine, sqlText} from '../engine/duckdb-engine.js';
import {type DurableFiles} from '../files/durable-files.js';
import {groupByBucket, seriesPath} from '../files/layout.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';
import {createStageNamesSql, createStageSql, PARQUET_OPTIONS, stagedRowsSql} from '../engine/series-sql.js';

/** DuckDB's vector size: the most rows that one data chunk takes. */
const CHUNK_ROWS = 2048;

/** The rows `from` to `to` (exclusive) of one volume. */
export interface VolumeSlice {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

interface SeriesTarget {
  readonly storePath: string;
  readonly batchId: string;
  readonly buckets: number;
  readonly files: DurableFiles;
  readonly signal: AbortSignal | undefined;
}

/** Where each volume's rows lie. Throws a bug when the rows are not sorted by volume and time, or not unique. */
export function volumeSlices(rows: ActivityRows): readonly VolumeSlice[] {
  const slices: VolumeSlice[] = [];
  const {volumeIndex, startUs} = rows;
  for (let from = 0, row = 1; row <= rows.count; row += 1) {
    const volume = volumeIndex[from] ?? -1;
    const same = row < rows.count && volumeIndex[row] === volume;
    if (same) {
      invariant(
        (startUs[row] ?? 0) > (startUs[row - 1] ?? 0),
        `activity row ${row} is not after the one before`,
      );
      continue;
    }
    const name = rows.volumes[volume];
    invariant(name !== undefined, `activity row ${from} has no volume`);
    invariant(row === rows.count || (volumeIndex[row] ?? -1) > volume, `activity row ${row} is out of order`);
    slices.push({name, from, to: row});
    from = row;
  }
  return slices;
}

/**
 * Writes the rows as one sorted Parquet file a bucket and stored granularity, flushed to disk. One bucket at a time is
 * in the engine, so that memory does not grow with the batch. Throws what the disk or the engine throws.
 */
export async function writeSeries(
  engine: Engine,
  rows: ActivityRows,
  slices: readonly VolumeSlice[],
  target: SeriesTarget,
): Promise<readonly SeriesFile[]> {
  const written: SeriesFile[] = [];
  for (const [bucket, members] of groupByBucket(slices, ({name}) => name, target.buckets)) {
    target.signal?.throwIfAborted();
    await stage(engine, rows, members);
    const span = spanOf(rows, members);
    for (const stored of STORED_SECONDS) {
      const relativePath = seriesPath(stored, bucket, target.batchId);
      const file = path.join(target.storePath, relativePath);
      await target.files.makeFolder(path.dirname(file));
      target.files.announce({action: 'copy', path: file});
      const copied = await engine.connection.run(
        `COPY (${stagedRowsSql(stored)}) TO ${sqlText(file)} (${PARQUET_OPTIONS}, USE_TMP_FILE false)`,
      );
      const digest = await target.files.seal(file);
      const steps = floorSpan(span, stored);
      written.push({
        path: relativePath,
        ...digest,
        granularity: stored,
        bucket,
        rows: copied.rowsChanged,
        ...steps,
      });
    }
  }
  return written;
}

async function stage(engine: Engine, rows: ActivityRows, slices: readonly VolumeSlice[]): Promise<void> {
  // Parquet readers prune by the order of bytes, which is not JavaScript's order of code units.
  const inByteOrder = [...slices].sort((left, right) =>
    Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)),
  );
  await engine.connection.run(createStageNamesSql());
  await engine.connection.run(createStageSql());
  const names = await engine.connection.createAppender('stage_names');
  inByteOrder.forEach(({name}, number) => {
    names.appendInteger(number);
    names.appendVarchar(name);
    names.endRow();
  });
  names.closeSync();
  const appender = await engine.connection.createAppender('stage');
  inByteOrder.forEach((slice, number) => {
    for (let from = slice.from; from < slice.to; from += CHUNK_ROWS) {
      appendRows(engine, appender, rows, {number, from, to: Math.min(from + CHUNK_ROWS, slice.to)});
    }
  });
  appender.closeSync();
}

interface ChunkSlice {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

function appendRows(engine: Engine, appender: DuckDBAppender, rows: ActivityRows, slice: ChunkSlice): void {
  const {DuckDBDataChunk, DuckDBIntegerVector, DuckDBDoubleVector, INTEGER, DOUBLE} = engine.duckdb;
  const columns = stagedColumns(rows);
  const length = slice.to - slice.from;
  const chunk = DuckDBDataChunk.create([INTEGER, ...columns.map(() => DOUBLE)], length);
  const numbers = chunk.getColumnVector(0);
  invariant(numbers instanceof DuckDBIntegerVector, 'the first staged column is INTEGER');
  for (let row = 0; row < length; row += 1) numbers.setItem(row, slice.number);
  numbers.flush();
  columns.forEach((values, column) => {
    const vector = chunk.getColumnVector(column + 1);
    invariant(vector instanceof DuckDBDoubleVector, 'the other staged columns are DOUBLE');
    for (let row = 0; row < length; row += 1) vector.setItem(row, values[slice.from + row] ?? 0);
    vector.flush();
  });
  appender.appendDataChunk(chunk);
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
