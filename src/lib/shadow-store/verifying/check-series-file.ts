import path from 'node:path';

import {errorText, formatInstantUs} from '../../core/index.js';
import {type Engine, literalPath} from '../engine/duckdb-engine.js';
import {orderFaultsSql} from '../engine/series-sql.js';
import {sumVolumes, type VolumeSums} from '../engine/volume-sums.js';
import type {SeriesFile} from '../files/batch-manifest.js';
import {bucketOf} from '../files/layout.js';
import {type Finding, findingOf, type Verification} from './verification.js';

/** Checks the rows of one file against its entry in the manifest, and adds the sums of its volumes to `sums`. */
export async function checkSeriesFile(
  {engine, storePath, buckets}: Verification,
  file: SeriesFile,
  sums: Map<string, VolumeSums>,
): Promise<readonly Finding[]> {
  const say = ([code, message]: Fault): Finding => findingOf(storePath, file.path, code, message);
  const absolute = path.join(storePath, file.path);
  try {
    const ordered = await orderFaults(engine, absolute, file);
    const own = await sumVolumes(engine, [absolute]);
    for (const [name, numbers] of own) sums.set(name, numbers);
    return [...ordered, ...placeFaults(own, file, buckets)].map(say);
  } catch (error) {
    return [say(['unreadable', `cannot be read as Parquet: ${errorText(error)}`])];
  }
}

type Fault = readonly [code: string, message: string];

async function orderFaults(
  {connection, duckdb}: Engine,
  absolute: string,
  file: SeriesFile,
): Promise<readonly Fault[]> {
  const answer = await connection.runAndReadAll(orderFaultsSql(file.granularity), {
    files: duckdb.listValue([literalPath(absolute)]),
  });
  const [[rows = 0, unordered = 0, uneven = 0] = []] = answer.getRows().map((row) => row.map(Number));
  const faults: Fault[] = [];
  if (rows !== file.rows) faults.push(['wrong-rows', `has ${rows} rows, its manifest says ${file.rows}`]);
  if (unordered > 0) {
    faults.push(['unsorted', `${unordered} rows are not after the row before by volume and time`]);
  }
  if (uneven > 0) faults.push(['uneven-step', `${uneven} rows do not begin at a whole step`]);
  return faults;
}

function placeFaults(
  own: ReadonlyMap<string, VolumeSums>,
  file: SeriesFile,
  buckets: number,
): readonly Fault[] {
  const faults: Fault[] = [];
  const stranger = [...own.keys()].find((name) => bucketOf(name, buckets) !== file.bucket);
  if (stranger !== undefined) {
    faults.push(['wrong-bucket', `volume ${JSON.stringify(stranger)} belongs into another bucket`]);
  }
  const sums = [...own.values()];
  const firstUs = sums.reduce((least, one) => Math.min(least, one.firstUs), Infinity);
  const lastUs = sums.reduce((most, one) => Math.max(most, one.lastUs), -Infinity);
  if (sums.length > 0 && (firstUs !== file.firstUs || lastUs !== file.lastUs)) {
    const stated = `${instantText(file.firstUs)} to ${instantText(file.lastUs)}`;
    const message = `its rows are from ${instantText(firstUs)} to ${instantText(lastUs)}, its manifest says ${stated}`;
    faults.push(['wrong-span', message]);
  }
  return faults;
}

/** A time for people; a damaged file may hold one that no calendar has. */
export function instantText(atUs: number): string {
  return Math.abs(atUs) < 8.64e18 ? formatInstantUs(atUs) : `${atUs} us`;
}
