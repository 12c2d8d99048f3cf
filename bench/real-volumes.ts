import {readFile} from 'node:fs/promises';
import {gunzipSync} from 'node:zlib';

import {parse} from 'csv-parse/sync';

import {type Series, US_PER_SECOND} from '../src/lib/core/index.js';

const HOUR_SECONDS = 3600;

/** The volumes of the CloudPhysics traces (BlockTraceFeatures, half-hour windows), in the folder of data. */
export const CLOUDPHYSICS_FILE = 'volumes/cloudphysics-30min-odd.csv.gz';
/** The disks of the VMs of Bitbrains' `rnd` (GWA-T-12), by hour, in the folder of data. */
export const BITBRAINS_FILE = 'volumes/bitbrains-rnd-2013-07-hourly.csv.gz';

/** The rows of a gzipped CSV file, by the names of its columns. */
export async function readRows(file: string): Promise<readonly Readonly<Record<string, string>>[]> {
  return parse(gunzipSync(await readFile(file)), {columns: true});
}

/**
 * Bytes by hour of one column, such as `write_bytes`: each window's spread evenly over its length. The recordings have no
 * clock in common: all volumes are made to end together, NaN before their begin.
 */
export async function readCloudphysics(file: string, column: string): Promise<readonly Series[]> {
  const sums = new Map<string, number[]>();
  const ends = new Map<string, number>();
  for (const row of await readRows(file)) {
    const [id, until, bytes] = [row['volume'] ?? '', Number(row['ts_s']), Number(row[column])];
    const from = ends.get(id) ?? 0;
    const hours = sums.get(id) ?? [];
    sums.set(id, hours);
    ends.set(id, until);
    for (let hour = Math.floor(from / HOUR_SECONDS); hour * HOUR_SECONDS < until; hour += 1) {
      const overlap = Math.min(until, (hour + 1) * HOUR_SECONDS) - Math.max(from, hour * HOUR_SECONDS);
      hours[hour] = (hours[hour] ?? 0) + (bytes * overlap) / (until - from);
    }
  }
  return endingTogether(
    [...sums].map(([id, hours]) => ({
      id,
      values: Float64Array.from(hours.slice(0, Math.floor((ends.get(id) ?? 0) / HOUR_SECONDS))),
    })),
  );
}

function endingTogether(all: readonly {id: string; values: Float64Array}[]): readonly Series[] {
  const steps = all.reduce((most, {values}) => Math.max(most, values.length), 0);
  return all.map(({id, values}) => {
    const padded = new Float64Array(steps).fill(Number.NaN);
    padded.set(values, steps - values.length);
    return {id, startUs: 0, stepSeconds: HOUR_SECONDS, values: padded};
  });
}

/** Disk reads and writes of every VM, `<vm>/disk_read_kBps` and `<vm>/disk_write_kBps`: mean KB/s an hour; hours without data are NaN. */
export async function readBitbrains(file: string): Promise<readonly Series[]> {
  const rows = await readRows(file);
  const hours = rows.map((row) => Math.floor(Number(row['ts_unix']) / HOUR_SECONDS));
  const first = hours.reduce((least, hour) => Math.min(least, hour), Infinity);
  const steps = hours.reduce((most, hour) => Math.max(most, hour), 0) - first + 1;
  const all = new Map<string, Float64Array>();
  for (const [index, row] of rows.entries()) {
    for (const column of ['disk_read_kBps', 'disk_write_kBps']) {
      const id = `${row['vm'] ?? ''}/${column}`;
      const values = all.get(id) ?? new Float64Array(steps).fill(Number.NaN);
      values[(hours[index] ?? 0) - first] = Number(row[column]);
      all.set(id, values);
    }
  }
  const startUs = first * HOUR_SECONDS * US_PER_SECOND;
  return [...all].map(([id, values]) => ({id, startUs, stepSeconds: HOUR_SECONDS, values}));
}
