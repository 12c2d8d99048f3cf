import path from 'node:path';

import {floorToStepUs, invariant} from '../../core/index.js';
import type {ActivityRows, IngestBatch} from '../../traces/index.js';
import type {BatchManifest, SeriesFile} from '../files/batch-manifest.js';
import {appendRows, type RowChoice} from '../engine/append-rows.js';
import {type Engine, sqlText} from '../engine/duckdb-engine.js';
import type {DurableFiles} from '../files/durable-files.js';
import {groupByBucket, seriesPath} from '../files/layout.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';
import {createStageSql, PARQUET_OPTIONS, stagedRowsSql} from '../engine/series-sql.js';

/** The rows `from` to `to` (exclusive) of one volume. */
interface VolumeSlice {
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

/** The rows of a batch, and what is known of their volumes. */
type WrittenRows = Pick<IngestBatch, 'rows' | 'provisioned' | 'untold'>;

/** What was written of the rows of a batch. */
export interface WrittenSeries {
  readonly series: SeriesFile[];
  readonly volumes: BatchManifest['volumes'];
  readonly totals: BatchManifest['totals'];
}

/**
 * Writes the rows as one sorted Parquet file a bucket and stored granularity, flushed to disk. One bucket at a time is
 * in memory and in the engine, so that memory grows with the largest one. Throws what the disk or the engine throws.
 */
export async function writeSeries(
  engine: Engine,
  {rows: batchRows, provisioned, untold}: WrittenRows,
  target: SeriesTarget,
): Promise<WrittenSeries> {
  const series: SeriesFile[] = [];
  const volumes: BatchManifest['volumes'] = [];
  const totals = {...NO_TOTALS};
  for (const [bucket, names] of groupByBucket(batchRows.volumes, (name) => name, target.buckets)) {
    target.signal?.throwIfAborted();
    const rows = batchRows.rowsOf(names);
    const slices = volumeSlices(rows);
    const members = [...slices].sort(byBytesOfName);
    await stage(engine, rows, members);
    for (const stored of STORED_SECONDS) {
      const file = await copyStage(engine, members, target, {stored, bucket});
      series.push({...file, ...floorSpan(spanOf(rows, members), stored)});
    }
    volumes.push(...describeVolumes(rows, slices));
    addTotals(totals, rows);
  }
  volumes.sort((left, right) => (left.name < right.name ? -1 : 1));
  const told = volumes.map((volume) => {
    const provisionedBytes = provisioned?.get(volume.name);
    return {
      ...volume,
      ...(provisionedBytes === undefined ? {} : {provisionedBytes}),
      ...(untold?.has(volume.name) === true ? {isFootprintUntold: true as const} : {}),
    };
  });
  return {series, volumes: told, totals};
}

async function copyStage(
  engine: Engine,
  members: readonly VolumeSlice[],
  target: SeriesTarget,
  {stored, bucket}: {readonly stored: StoredSeconds; readonly bucket: number},
): Promise<Omit<SeriesFile, keyof Span>> {
  const relativePath = seriesPath(stored, bucket, target.batchId);
  const file = path.join(target.storePath, relativePath);
  await target.files.makeFolder(path.dirname(file));
  target.files.announce({action: 'copy', path: file});
  const copied = await engine.connection.run(
    `COPY (${stagedRowsSql(stored)}) TO ${sqlText(file)} (${PARQUET_OPTIONS}, USE_TMP_FILE false)`,
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

const NO_TOTALS: BatchManifest['totals'] = {
  reads: 0,
  writes: 0,
  trims: 0,
  readBytes: 0,
  writeBytes: 0,
  footprintGrowthBytes: 0,
  usageSamples: 0,
};

function describeVolumes(rows: ActivityRows, slices: readonly VolumeSlice[]): BatchManifest['volumes'] {
  return slices.map(({name, from, to}) => ({
    name,
    minutes: to - from,
    firstUs: rows.startUs[from] ?? 0,
    lastUs: rows.startUs[to - 1] ?? 0,
  }));
}

function addTotals(totals: BatchManifest['totals'], rows: ActivityRows): void {
  totals.reads += total(rows.reads);
  totals.writes += total(rows.writes);
  totals.trims += total(rows.trims);
  totals.readBytes += total(rows.readBytes);
  totals.writeBytes += total(rows.writeBytes);
  totals.footprintGrowthBytes += total(rows.footprintGrowthBytes);
  totals.usageSamples += rows.usedBytes.reduce((samples, bytes) => samples + (bytes >= 0 ? 1 : 0), 0);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
