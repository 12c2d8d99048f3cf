import path from 'node:path';

import {floorToStepUs, sum} from '../../core/index.js';
import {type Engine, literalPath, nameOf} from '../engine/duckdb-engine.js';
import {remainderSql} from '../engine/series-sql.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {type PrunedPart, type PrunedVolume, spanOf, type StoreContents} from '../files/store-contents.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';

/** What to prune. */
export interface PruneBound {
  /** Rows that start before go; rounded down to a whole hour. The store's newest hour always stays. */
  readonly beforeUs: number;
  /** Only the minutes, or the hours too. */
  readonly granularities: readonly StoredSeconds[];
}

/** What pruning removes. */
export interface PruneReport {
  readonly beforeUs: number;
  /** Rows that start before, by granularity. */
  readonly removed: readonly {readonly granularity: StoredSeconds; readonly rows: number}[];
  /** Volumes that lose rows, and batches that are written anew as one. */
  readonly volumes: number;
  readonly batches: number;
  /** Of series; the bytes after are known only once it is done. */
  readonly bytesBefore: number;
  readonly bytesAfter?: number;
}

export interface PrunePlan {
  readonly report: PruneReport;
  /** Batches that lose rows, and the one that says what was pruned before. */
  readonly sources: readonly BatchManifest[];
  /** What the store has to say of pruned rows afterwards, of granularities that lose any. */
  readonly remainders: ReadonlyMap<StoredSeconds, PrunedPart>;
}

/** Works out what pruning removes; changes nothing. Throws what the engine throws for a damaged file. */
export async function planPrune(
  engine: Engine,
  storePath: string,
  contents: StoreContents,
  bound: PruneBound,
): Promise<PrunePlan> {
  const beforeUs = Math.min(floorToStepUs(bound.beforeUs, 3600), newestHourUs(contents));
  const granularities = STORED_SECONDS.filter((stored) => bound.granularities.includes(stored));
  const remainders = new Map<StoredSeconds, Remainder>();
  for (const stored of granularities) {
    const remainder = await remainderOf(engine, storePath, contents, {stored, wantedUs: beforeUs});
    if (remainder.rows > 0) remainders.set(stored, remainder);
  }
  const sources = remainders.size === 0 ? [] : contents.manifests.filter((one) => isTouched(one, remainders));
  const losing = new Set([...remainders.values()].flatMap((remainder) => remainder.losing));
  const report = {
    beforeUs,
    removed: granularities.map((granularity) => ({
      granularity,
      rows: remainders.get(granularity)?.rows ?? 0,
    })),
    volumes: losing.size,
    batches: sources.length,
    bytesBefore: seriesBytes(contents),
  };
  return {report, sources, remainders};
}

/** Bytes of all series files. */
export function seriesBytes({manifests}: StoreContents): number {
  return sum(manifests.flatMap(({series}) => series.map(({sizeBytes}) => sizeBytes)));
}

function newestHourUs(contents: StoreContents): number {
  const endUs = spanOf(contents)?.endUs;
  return endUs === undefined ? Infinity : floorToStepUs(endUs - 1, 3600);
}

function isTouched(
  {series, pruned}: BatchManifest,
  remainders: ReadonlyMap<StoredSeconds, PrunedPart>,
): boolean {
  if (pruned !== undefined) return true;
  return series.some((file) => file.firstUs < (remainders.get(file.granularity)?.beforeUs ?? -Infinity));
}

/** What has to be known on of the rows before a time, with that of rows pruned earlier. */
interface Remainder extends PrunedPart {
  readonly rows: number;
  /** Volumes that lose rows now. */
  readonly losing: readonly string[];
}

async function remainderOf(
  engine: Engine,
  storePath: string,
  {pruned, manifests}: StoreContents,
  {stored, wantedUs}: {readonly stored: StoredSeconds; readonly wantedUs: number},
): Promise<Remainder> {
  const earlier = pruned.get(stored);
  const beforeUs = Math.max(wantedUs, earlier?.beforeUs ?? wantedUs);
  const files = manifests
    .flatMap(({series}) => series)
    .filter((file) => file.granularity === stored && file.firstUs < beforeUs)
    .map((file) => literalPath(path.join(storePath, file.path)));
  const volumes = new Map<string, PrunedVolume>(earlier?.volumes);
  const losing: string[] = [];
  if (files.length === 0) return {beforeUs, volumes, rows: 0, losing};
  const sinceUs = earlier?.beforeUs ?? Number.MIN_SAFE_INTEGER;
  const result = await engine.connection.stream(remainderSql(stored), {
    files: engine.duckdb.listValue(files),
    to_us: BigInt(beforeUs),
    since_us: BigInt(sinceUs),
  });
  let total = 0;
  for await (const chunk of result) {
    for (const [encoded, rows, ...rest] of chunk.getRows()) {
      const name = nameOf(engine, encoded);
      losing.push(name);
      total += Number(rows);
      volumes.set(name, joined(volumes.get(name), goingRows(rest, sinceUs)));
    }
  }
  return {beforeUs, volumes, rows: total, losing};
}

/** The newest sample counts, be it of the rows that go now or told by those that went earlier, and all growth after it. */
function joined(
  earlier: PrunedVolume | undefined,
  {growthBytes, sample, growthSince}: GoingRows,
): PrunedVolume {
  const total = (earlier?.growthBytes ?? 0) + growthBytes;
  if (earlier?.usedBytes !== undefined && !sample?.isSinceEarlier) {
    return {growthBytes: total, usedBytes: earlier.usedBytes + growthSince};
  }
  return sample === undefined ? {growthBytes: total} : {growthBytes: total, usedBytes: sample.levelBytes};
}

/** What the rows of a volume that go now say; `since` is the time before which rows went earlier. */
interface GoingRows {
  readonly growthBytes: number;
  readonly growthSince: number;
  /** The newest, carried on with the growth after it. */
  readonly sample: {readonly levelBytes: number; readonly isSinceEarlier: boolean} | undefined;
}

function goingRows(columns: readonly unknown[], sinceUs: number): GoingRows {
  const [growthBytes = 0, sampleBytes, sampleAtUs, growthAfter = 0, growthSince = 0] = columns.map((value) =>
    typeof value === 'number' ? value : undefined,
  );
  const sample =
    sampleBytes === undefined || sampleAtUs === undefined
      ? undefined
      : {levelBytes: sampleBytes + growthAfter, isSinceEarlier: sampleAtUs >= sinceUs};
  return {growthBytes, growthSince, sample};
}
