import {closeSync, openSync, readSync} from 'node:fs';
import path from 'node:path';

import {floorToStepUs, formatInstantUs, InputError, sum, US_PER_SECOND} from '../../core/index.js';
import {literalPath, sqlText, type Engine} from '../engine/duckdb-engine.js';
import {mergedFilesSql, PARQUET_OPTIONS} from '../engine/series-sql.js';
import {sumVolumes, type VolumeSums} from '../engine/volume-sums.js';
import {type BatchManifest, MANIFEST_KIND, type SeriesFile} from '../files/batch-manifest.js';
import {coverageOf, describeCoverage, mergeCoverage} from '../files/coverage.js';
import {rejectsPath, seriesPath} from '../files/layout.js';
import {contentsOf, type PrunedPart, type StoreContents} from '../files/store-contents.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';
import {carryFootprints} from '../files/footprint-pack.js';
import {publishManifest} from './publish-manifest.js';
import {engineOf, type WriterPlace, type WriterState, writtenAtUs} from './writer-state.js';

const READ_BYTES = 2 ** 20;

/** Batches that become one, and what of them. */
export interface Merge {
  readonly sources: readonly BatchManifest[];
  readonly batchId: string;
  /** Rows that start before are left out, by granularity. */
  readonly keepFromUs: Readonly<Record<StoredSeconds, number>>;
  /** What was pruned away, of this time and before. */
  readonly pruned: ReadonlyMap<StoredSeconds, PrunedPart>;
  /** Rejected rows of these are kept. */
  readonly keepRejectsOf: readonly BatchManifest[];
  readonly keepOldSeconds: number;
  readonly onProgress: ((progress: {readonly done: number; readonly total: number}) => void) | undefined;
}

/**
 * Writes one batch in place of several: its data first, flushed; then, by one rename, the manifest that replaces theirs.
 * One bucket at a time is in the engine, which spills to disk, so that memory does not grow with the store. The old
 * files stay for the readers that know their names. Throws what the disk or the engine throws.
 */
export async function mergeBatches(
  state: WriterState,
  place: WriterPlace,
  merge: Merge,
): Promise<BatchManifest> {
  const {storePath, files, options} = place;
  const {batchId, sources} = merge;
  const {series, sums} = await mergeSeries(state, place, merge);
  const sourcePacks = new Set(sources.map(({footprints}) => footprints?.path));
  const places = [...state.contents.footprints].filter(([, {path: pack}]) => sourcePacks.has(pack));
  const footprints = await carryFootprints({storePath, batchId, files}, places);
  const rejects = await joinRejects(place, merge);
  const coverage = mergeCoverage(sources.flatMap(coverageOf), merge.keepFromUs[3600]);
  const volumes = describeVolumes(sums, merge);
  const placeOf = new Map(volumes.map(({name}, index) => [name, index]));
  const atUs = writtenAtUs(options);
  const manifest: BatchManifest = {
    kind: MANIFEST_KIND.kind,
    version: MANIFEST_KIND.version,
    tool: options.tool,
    createdAt: formatInstantUs(atUs),
    sequence: nextSequence(state),
    batchId,
    inputs: sources.flatMap(({inputs}) => inputs),
    totals: totalsOf(sums),
    volumes,
    series: [...series],
    ...(rejects ? {rejects} : {}),
    ...(footprints ? {footprints} : {}),
    coverage: describeCoverage(coverage, volumes),
    ...(merge.pruned.size === 0 ? {} : {pruned: describePruned(merge, placeOf)}),
    replaces: {
      batchIds: [...sources, ...replacedBefore(sources, state)].map((source) => source.batchId),
      keepUntil: formatInstantUs(atUs + merge.keepOldSeconds * US_PER_SECOND),
    },
  };
  refuseOtherTotals(manifest, merge);
  await publishManifest(manifest, {storePath, files, signal: options.signal});
  state.replaced = [...state.replaced, ...sources];
  state.contents = contentsOf([
    ...state.contents.manifests.filter((one) => !sources.includes(one)),
    manifest,
  ]);
  return manifest;
}

/** The sums of a volume's rows, by granularity. */
type Sums = Readonly<Record<StoredSeconds, Map<string, VolumeSums>>>;

async function mergeSeries(
  state: WriterState,
  place: WriterPlace,
  merge: Merge,
): Promise<{readonly series: readonly SeriesFile[]; readonly sums: Sums}> {
  const engine = await engineOf(state, place);
  const sums: Sums = {60: new Map(), 3600: new Map()};
  const series: SeriesFile[] = [];
  const old = merge.sources.flatMap((manifest) => manifest.series);
  const buckets = [...new Set(old.map(({bucket}) => bucket))].sort((left, right) => left - right);
  for (const [done, bucket] of buckets.entries()) {
    merge.onProgress?.({done, total: buckets.length});
    for (const stored of STORED_SECONDS) {
      place.options.signal?.throwIfAborted();
      const keepFromUs = merge.keepFromUs[stored];
      const files = old.filter(
        (file) => file.bucket === bucket && file.granularity === stored && file.lastUs >= keepFromUs,
      );
      const written = files.length > 0 && (await mergeFiles(engine, files, place, merge.batchId, keepFromUs));
      if (!written) continue;
      series.push(written.file);
      for (const [name, numbers] of written.sums) sums[stored].set(name, numbers);
    }
  }
  return {series, sums};
}

/** Undefined when no row is left. */
async function mergeFiles(
  engine: Engine,
  old: readonly SeriesFile[],
  {storePath, files}: WriterPlace,
  batchId: string,
  keepFromUs: number,
): Promise<{readonly file: SeriesFile; readonly sums: ReadonlyMap<string, VolumeSums>} | undefined> {
  const [{granularity, bucket} = {granularity: 60 as const, bucket: 0}] = old;
  const relativePath = seriesPath(granularity, bucket, batchId);
  const file = path.join(storePath, relativePath);
  await files.makeFolder(path.dirname(file));
  files.announce({action: 'copy', path: file});
  const {rowsChanged: rows} = await engine.connection.run(
    `COPY (${mergedFilesSql(granularity)}) TO ${sqlText(file)} (${PARQUET_OPTIONS}, USE_TMP_FILE false)`,
    {
      files: engine.duckdb.listValue(old.map((one) => literalPath(path.join(storePath, one.path)))),
      from_us: BigInt(Math.max(keepFromUs, Number.MIN_SAFE_INTEGER)),
    },
  );
  if (rows === 0) {
    await files.remove(file);
    return undefined;
  }
  const digest = await files.seal(file);
  const sums = await sumVolumes(engine, [file]);
  return {
    file: {path: relativePath, ...digest, granularity, bucket, rows, ...spanOf([...sums.values()])},
    sums,
  };
}

function spanOf(sums: readonly VolumeSums[]): {readonly firstUs: number; readonly lastUs: number} {
  return {
    firstUs: sums.reduce((least, {firstUs}) => Math.min(least, firstUs), Infinity),
    lastUs: sums.reduce((most, {lastUs}) => Math.max(most, lastUs), -Infinity),
  };
}

/** What the merged batch says of its volumes: those with rows, and those of which all rows were pruned. */
function describeVolumes(sums: Sums, {sources, pruned}: Merge): BatchManifest['volumes'] {
  const contents = contentsOf(sources);
  const hours = pruned.get(3600);
  const names = new Set([...sums[60].keys(), ...sums[3600].keys(), ...(hours?.volumes.keys() ?? [])]);
  const beforeUs = hours?.beforeUs ?? 0;
  return [...names].sort().map((name) => {
    const minute = sums[60].get(name);
    const hour = sums[3600].get(name);
    const isCut = minute && hour && hour.firstUs < floorToStepUs(minute.firstUs, 3600);
    return {
      name,
      minutes: minute?.rows ?? 0,
      firstUs: (isCut ? hour : (minute ?? hour))?.firstUs ?? beforeUs,
      lastUs: (minute ?? hour)?.lastUs ?? beforeUs,
      ...whatIsTold(contents, name),
    };
  });
}

/** What batches tell of a volume beside its rows. */
function whatIsTold(
  {provisioned, footprintTold}: StoreContents,
  name: string,
): Partial<BatchManifest['volumes'][number]> {
  const provisionedBytes = provisioned.get(name);
  return {
    ...(provisionedBytes === undefined ? {} : {provisionedBytes}),
    ...(footprintTold.has(name) ? {} : {isFootprintUntold: true}),
  };
}

function describePruned(
  {pruned}: Merge,
  placeOf: ReadonlyMap<string, number>,
): NonNullable<BatchManifest['pruned']> {
  return [...pruned].map(([granularity, {beforeUs, volumes}]) => ({
    granularity,
    beforeUs,
    volumes: [...volumes].flatMap(([name, rest]) => {
      const volume = placeOf.get(name);
      return volume === undefined ? [] : [{volume, ...rest}];
    }),
  }));
}

/** Of the hours, which are kept at least as long as the minutes; samples are counted by minutes. */
function totalsOf(sums: Sums): BatchManifest['totals'] {
  const hours = [...sums[3600].values()];
  return {
    reads: sum(hours.map(({reads}) => reads)),
    writes: sum(hours.map(({writes}) => writes)),
    trims: sum(hours.map(({trims}) => trims)),
    readBytes: sum(hours.map(({readBytes}) => readBytes)),
    writeBytes: sum(hours.map(({writeBytes}) => writeBytes)),
    footprintGrowthBytes: sum(hours.map(({growthBytes}) => growthBytes)),
    usageSamples: sum([...sums[60].values()].map(({usageSamples}) => usageSamples)),
  };
}

/** Damage must not be made permanent by a merge: where no hour is left out, the sums must be those of the sources. */
function refuseOtherTotals({totals}: BatchManifest, {sources, keepFromUs}: Merge): void {
  if (keepFromUs[3600] > -Infinity) return;
  for (const key of ['reads', 'writes', 'trims'] as const) {
    const stated = sum(sources.map((source) => source.totals[key]));
    if (totals[key] === stated) continue;
    throw new InputError(
      'store-damaged',
      `the series of ${sources.length} batches have ${totals[key]} ${key}, their manifests ${stated}; nothing was changed`,
      {hints: ['foreshadow store verify']},
    );
  }
}

function nextSequence({contents}: WriterState): number {
  return (contents.manifests.at(-1)?.sequence ?? 0) + 1;
}

/** Batches that some sources have replaced and whose manifests are still there. */
function replacedBefore(
  sources: readonly BatchManifest[],
  {replaced}: WriterState,
): readonly BatchManifest[] {
  const ids = new Set(sources.flatMap(({replaces}) => replaces?.batchIds ?? []));
  return replaced.filter(({batchId}) => ids.has(batchId));
}

async function joinRejects({storePath, files}: WriterPlace, merge: Merge): Promise<BatchManifest['rejects']> {
  const kept = merge.keepRejectsOf.flatMap(({rejects}) => rejects ?? []);
  if (kept.length === 0) return undefined;
  const relativePath = rejectsPath(merge.batchId);
  const file = path.join(storePath, relativePath);
  await files.makeFolder(path.dirname(file));
  const digest = await files.write(file, partsOf(kept.map((rejects) => path.join(storePath, rejects.path))));
  return {path: relativePath, ...digest, rows: sum(kept.map(({rows}) => rows))};
}

/** The bytes of some files, one after the other, a part at a time. */
function* partsOf(paths: readonly string[]): Generator<Uint8Array> {
  for (const file of paths) {
    const descriptor = openSync(file, 'r');
    try {
      for (;;) {
        const part = Buffer.alloc(READ_BYTES);
        const length = readSync(descriptor, part);
        if (length === 0) break;
        yield part.subarray(0, length);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}
