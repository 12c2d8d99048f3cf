import path from 'node:path';

import {sum} from '../../core/index.js';
import {literalPath, nameOf} from '../engine/duckdb-engine.js';
import {granularityFaultsSql} from '../engine/series-sql.js';
import type {VolumeSums} from '../engine/volume-sums.js';
import type {BatchManifest, SeriesFile} from '../files/batch-manifest.js';
import {STORED_SECONDS, type StoredSeconds} from '../shadow-store.js';
import {checkSeriesFile, instantText} from './check-series-file.js';
import {fileOfManifest, type Finding, findingOf, type Verification} from './verification.js';

/** Sums of bytes are added in another order than when they were stated; beyond 2^53 the last digits may differ. */
const ROUNDING = 1e-12;

export interface CheckedSeries {
  readonly findings: readonly Finding[];
  /** Footprint growth by volume over all hours; undefined when not all of it could be read. */
  readonly growthBytes: ReadonlyMap<string, number> | undefined;
}

/** Checks the rows of every live series file against order, manifest and the other granularity. */
export async function checkSeries(
  verification: Verification,
  damaged: ReadonlySet<string>,
): Promise<CheckedSeries> {
  const {live, signal, onProgress} = verification;
  const findings: Finding[] = [];
  const growthBytes = new Map<string, number>();
  const total = sum(live.map(({series}) => series.length));
  let done = 0;
  let isWhole = damaged.size === 0;
  for (const manifest of live) {
    const sums: Sums = {60: new Map(), 3600: new Map()};
    for (const file of manifest.series) {
      signal?.throwIfAborted();
      onProgress?.({stage: 'rows', done, total});
      done += 1;
      if (damaged.has(file.path)) continue;
      findings.push(...(await checkSeriesFile(verification, file, sums[file.granularity])));
    }
    if (manifest.series.some((file) => damaged.has(file.path))) continue;
    findings.push(...faultsOfManifest(verification, manifest, sums));
    for (const bucket of new Set(manifest.series.map((file) => file.bucket))) {
      findings.push(...(await faultsBetween(verification, manifest, bucket)));
    }
    addGrowth(growthBytes, manifest, sums[3600]);
  }
  isWhole &&= findings.length === 0;
  return {findings, growthBytes: isWhole ? growthBytes : undefined};
}

type Sums = Readonly<Record<StoredSeconds, Map<string, VolumeSums>>>;

function faultsOfManifest(
  {storePath}: Verification,
  manifest: BatchManifest,
  sums: Sums,
): readonly Finding[] {
  const say = (code: string, message: string): Finding =>
    findingOf(storePath, fileOfManifest(manifest), code, message);
  const findings = totalsOf(sums).flatMap(([key, found]) => {
    const stated = manifest.totals[key];
    return Math.abs(found - stated) <= Math.abs(stated) * ROUNDING
      ? []
      : [say('wrong-totals', `says ${stated} ${key}, its series have ${found}`)];
  });
  const named = new Set(manifest.volumes.map(({name}) => name));
  const unnamed = STORED_SECONDS.flatMap((stored) => [...sums[stored].keys()]).find(
    (name) => !named.has(name),
  );
  if (unnamed !== undefined)
    findings.push(say('wrong-volumes', `does not name volume ${JSON.stringify(unnamed)}`));
  const wrong = manifest.volumes.find(({name, minutes}) => (sums[60].get(name)?.rows ?? 0) !== minutes);
  if (wrong === undefined) return findings;
  const minutes = sums[60].get(wrong.name)?.rows ?? 0;
  const message = `says ${wrong.minutes} minutes of volume ${JSON.stringify(wrong.name)}, its series have ${minutes}`;
  return [...findings, say('wrong-volumes', message)];
}

function totalsOf(sums: Sums): readonly (readonly [keyof BatchManifest['totals'], number])[] {
  const hours = [...sums[3600].values()];
  const minutes = [...sums[60].values()];
  return [
    ['reads', sum(hours.map(({reads}) => reads))],
    ['writes', sum(hours.map(({writes}) => writes))],
    ['trims', sum(hours.map(({trims}) => trims))],
    ['readBytes', sum(hours.map(({readBytes}) => readBytes))],
    ['writeBytes', sum(hours.map(({writeBytes}) => writeBytes))],
    ['footprintGrowthBytes', sum(hours.map(({growthBytes}) => growthBytes))],
    ['usageSamples', sum(minutes.map(({usageSamples}) => usageSamples))],
  ];
}

/** The hours of a bucket must be the sums of its minutes, as far as these were not pruned. */
async function faultsBetween(
  verification: Verification,
  manifest: BatchManifest,
  bucket: number,
): Promise<readonly Finding[]> {
  const [minutes, hours] = STORED_SECONDS.map((stored) =>
    manifest.series.find((file) => file.bucket === bucket && file.granularity === stored),
  );
  const fromUs = manifest.pruned?.find(({granularity}) => granularity === 60)?.beforeUs;
  if (minutes && hours) return compareGranularities(verification, minutes, hours, fromUs);
  const only = minutes ?? hours;
  const isPruned = hours !== undefined && fromUs !== undefined && hours.lastUs < fromUs;
  if (isPruned || !only) return [];
  const message = 'its batch has no such rows of the other granularity';
  return [findingOf(verification.storePath, only.path, 'one-granularity', message)];
}

async function compareGranularities(
  {engine, storePath}: Verification,
  minutes: SeriesFile,
  hours: SeriesFile,
  fromUs = Number.MIN_SAFE_INTEGER,
): Promise<readonly Finding[]> {
  const {connection, duckdb} = engine;
  const answer = await connection.runAndReadAll(granularityFaultsSql(), {
    minutes: duckdb.listValue([literalPath(path.join(storePath, minutes.path))]),
    hours: duckdb.listValue([literalPath(path.join(storePath, hours.path))]),
    from_us: BigInt(fromUs),
  });
  const [[count, name, startUs] = []] = answer.getRows();
  if (Number(count) === 0) return [];
  const example = `volume ${JSON.stringify(nameOf(engine, name))} at ${instantText(Number(startUs))}`;
  const message = `${Number(count)} hours are not the sums of their minutes in ${minutes.path}, such as of ${example}`;
  return [findingOf(storePath, hours.path, 'granularities-differ', message)];
}

function addGrowth(
  growthBytes: Map<string, number>,
  {pruned = [], volumes}: BatchManifest,
  hours: ReadonlyMap<string, VolumeSums>,
): void {
  const add = (name: string, bytes: number): void => {
    growthBytes.set(name, (growthBytes.get(name) ?? 0) + bytes);
  };
  for (const [name, numbers] of hours) add(name, numbers.growthBytes);
  for (const part of pruned.filter(({granularity}) => granularity === 3600)) {
    for (const {volume, growthBytes: bytes} of part.volumes) add(volumes[volume]?.name ?? '', bytes);
  }
}
