import path from 'node:path';
import type {DuckDBDataChunk} from '@duckdb/node-api';

import {floorToStepUs, InputError, invariant, US_PER_SECOND} from '../../core/index.js';
import {type Engine, literalPath} from '../engine/duckdb-engine.js';
import {coarsestStored, groupByBucket} from '../files/layout.js';
import {type HistoryColumn, historySql} from '../engine/series-sql.js';
import type {ExportQuery, HistoryQuery, StoredSeconds, VolumeHistory} from '../shadow-store.js';
import type {VolumeSums} from '../engine/volume-sums.js';
import {type StoreContents, spanOf} from '../files/store-contents.js';

/** 4 GiB of numbers: beyond this an answer would rather exhaust the memory than be of use. */
const MAX_CELLS = 2 ** 29;
export const ALL_COLUMNS: readonly HistoryColumn[] = [
  'reads',
  'writes',
  'trims',
  'readBytes',
  'writeBytes',
  'footprintGrowthBytes',
  'usedBytes',
];
const NOT_ASKED_FOR = new Float64Array(0);

/** The steps of an answer: `steps` of them from `startUs` on. */
export interface Axis {
  readonly startUs: number;
  readonly stepSeconds: number;
  readonly steps: number;
}

/** Where the series of a store come from. */
export interface SeriesSource {
  /**
   * The histories of some volumes that the store knows: a column that was not asked for has no values. They come some
   * volumes at a time, so that what is made of them can be smaller than they are.
   */
  readParts(
    volumes: readonly string[],
    axis: Axis,
    columns: readonly HistoryColumn[],
  ): AsyncGenerator<readonly VolumeHistory[]>;
  /** See ShadowStore.exportTo; the volumes are known to the store. */
  exportRows(
    volumes: readonly string[],
    filePath: string,
    query: ExportQuery,
  ): Promise<{readonly rows: number}>;
  /** What the hours of each volume add up to. */
  sumHours(): Promise<ReadonlyMap<string, VolumeSums>>;
  close(): void;
}

/** A store that is open for reading. */
export interface OpenStore {
  readonly contents: StoreContents;
  readonly source: SeriesSource;
  /** What exports are made with. */
  readonly engine: () => Promise<Engine>;
}

/** A store in files that is open for reading. */
export interface OpenFiles {
  readonly storePath: string;
  readonly buckets: number;
  readonly contents: StoreContents;
  readonly engine: Engine;
}

/** See ShadowStore.readHistory; the volumes are known to the store. */
export async function readHistory(
  store: OpenStore,
  volumes: readonly string[],
  query: HistoryQuery,
): Promise<readonly VolumeHistory[]> {
  const axis = axisOf(query, store.contents);
  refuseTooLarge(volumes.length * ALL_COLUMNS.length, axis);
  const answer: VolumeHistory[] = [];
  for await (const histories of store.source.readParts(volumes, axis, ALL_COLUMNS)) answer.push(...histories);
  return answer.sort((left, right) => (left.volume < right.volume ? -1 : 1));
}

/** The whole steps that a query means, within what the store covers (see HistoryQuery). */
export function axisOf(query: HistoryQuery, contents: StoreContents): Axis {
  const {stepSeconds} = query;
  invariant(stepSeconds > 0 && stepSeconds % 60 === 0, `a step of ${stepSeconds} s is not whole minutes`);
  const span = spanOf(contents);
  const firstUs = floorToStepUs(span?.firstUs ?? 0, stepSeconds);
  const startUs = Math.max(firstUs, floorToStepUs(query.fromUs ?? firstUs, stepSeconds));
  const stepUs = stepSeconds * US_PER_SECOND;
  const coveredUs = span ? floorToStepUs(span.endUs - 1, stepSeconds) + stepUs : firstUs;
  const endUs = Math.min(coveredUs, floorToStepUs(query.toUs ?? coveredUs, stepSeconds));
  return {startUs, stepSeconds, steps: Math.max(0, (endUs - startUs) / stepUs)};
}

/** See SeriesSource.readParts: a part is a bucket. */
export async function* readBuckets(
  store: OpenFiles,
  volumes: readonly string[],
  axis: Axis,
  columns: readonly HistoryColumn[],
): AsyncGenerator<readonly VolumeHistory[]> {
  for (const [bucket, names] of groupByBucket(volumes, (volume) => volume, store.buckets)) {
    const histories = names.map((volume) => blankHistory(volume, axis, columns));
    await fill(store, bucket, histories, axis, columns);
    yield histories;
  }
}

/** Absolute paths of the series files of a granularity, of one bucket or all, that may have rows in [fromUs, toUs). */
export function seriesFiles(
  store: OpenFiles,
  wanted: {stored: StoredSeconds; fromUs: number; toUs: number; bucket?: number},
): readonly string[] {
  const {stored, fromUs, toUs, bucket} = wanted;
  return store.contents.manifests
    .flatMap((manifest) => manifest.series)
    .filter((file) => file.granularity === stored && file.firstUs < toUs && file.lastUs >= fromUs)
    .filter((file) => bucket === undefined || file.bucket === bucket)
    .map((file) => literalPath(path.join(store.storePath, file.path)));
}

/** Throws InputError when an answer of this many numbers a step would not fit into memory. */
export function refuseTooLarge(numbersPerStep: number, axis: Axis): void {
  if (numbersPerStep * axis.steps <= MAX_CELLS) return;
  throw new InputError(
    'answer-too-large',
    `the store covers ${axis.steps} steps of ${axis.stepSeconds} s: too many for this many volumes at once`,
    {hints: ['ask for a coarser granularity, a shorter time or fewer volumes']},
  );
}

export function blankHistory(volume: string, axis: Axis, columns: readonly HistoryColumn[]): VolumeHistory {
  const make = (column: HistoryColumn, blank: number): Float64Array =>
    columns.includes(column) ? new Float64Array(axis.steps).fill(blank) : NOT_ASKED_FOR;
  return {
    volume,
    startUs: axis.startUs,
    stepSeconds: axis.stepSeconds,
    reads: make('reads', 0),
    writes: make('writes', 0),
    trims: make('trims', 0),
    readBytes: make('readBytes', 0),
    writeBytes: make('writeBytes', 0),
    footprintGrowthBytes: make('footprintGrowthBytes', 0),
    usedBytes: make('usedBytes', Number.NaN),
  };
}

async function fill(
  store: OpenFiles,
  bucket: number,
  histories: readonly VolumeHistory[],
  axis: Axis,
  columns: readonly HistoryColumn[],
): Promise<void> {
  const stepUs = axis.stepSeconds * US_PER_SECOND;
  const endUs = axis.startUs + axis.steps * stepUs;
  const stored = coarsestStored(axis.stepSeconds);
  const files = seriesFiles(store, {stored, fromUs: axis.startUs, toUs: endUs, bucket});
  if (files.length === 0 || axis.steps === 0) return;
  const {connection, duckdb} = store.engine;
  const result = await connection.stream(historySql('read_parquet($files)', columns), {
    files: duckdb.listValue(files),
    names: duckdb.listValue(histories.map((history) => history.volume)),
    from_us: BigInt(axis.startUs),
    to_us: BigInt(endUs),
    step_us: BigInt(stepUs),
  });
  for await (const chunk of result) scatter(store.engine, chunk, histories, columns);
}

function scatter(
  {duckdb}: Engine,
  chunk: DuckDBDataChunk,
  histories: readonly VolumeHistory[],
  columns: readonly HistoryColumn[],
): void {
  const positions = chunk.getColumnVector(0);
  const steps = chunk.getColumnVector(1);
  invariant(positions instanceof duckdb.DuckDBIntegerVector, 'positions are INTEGER');
  invariant(steps instanceof duckdb.DuckDBIntegerVector, 'steps are INTEGER');
  columns.forEach((column, index) => {
    const values = chunk.getColumnVector(index + 2);
    invariant(values instanceof duckdb.DuckDBDoubleVector, `${column} is DOUBLE`);
    for (let row = 0; row < chunk.rowCount; row += 1) {
      const history = histories[positions.getItem(row) ?? -1];
      const step = steps.getItem(row) ?? -1;
      const value = values.getItem(row);
      if (history && value !== null) history[column][step] = value;
    }
  });
}
