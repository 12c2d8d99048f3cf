import {readFile} from 'node:fs/promises';
import {gunzipSync} from 'node:zlib';

import {parse} from 'csv-parse/sync';
import {z} from 'zod';

import type {Series} from '../src/lib/core/index.js';

const GIB = 2 ** 30;
const HOUR_SECONDS = 3600;

const rowsSchema = z.array(
  z.object({
    instance_sn: z.string(),
    disk_request: z.coerce.number(),
    creation_time: z.string(),
    deletion_time: z.string(),
  }),
);

/**
 * The instances of alibaba/clusterdata's disaggregated_DLRM_trace (cluster-trace-gpu-v2025) as volumes: each uses its
 * `disk_request`, what the scheduler set aside for it, from its creation to its deletion (`disk_limit`, what it may grow
 * to, is over-committed and nobody's allocation). One value an hour, as it stands when the hour begins: NaN before the
 * creation, 0 from the deletion on. Without a time of creation it was there from the start, without one of deletion it
 * still is at the end.
 */
export async function readInstanceLog(path: string): Promise<readonly Series[]> {
  const text = gunzipSync(await readFile(path)).toString('utf8');
  const rows = rowsSchema.parse(parse(text, {columns: true}));
  const times = rows.flatMap((row) => [row.creation_time, row.deletion_time].filter(Boolean).map(Number));
  const steps = Math.floor(times.reduce((last, time) => Math.max(last, time), 0) / HOUR_SECONDS) + 1;
  return rows.map((row): Series => {
    const bytes = Math.round(row.disk_request * GIB);
    const from = row.creation_time === '' ? 0 : stepFrom(row.creation_time);
    const until = row.deletion_time === '' ? steps : stepFrom(row.deletion_time);
    const values = new Float64Array(steps).fill(Number.NaN, 0, from).fill(bytes, from, until).fill(0, until);
    return {id: row.instance_sn, startUs: 0, stepSeconds: HOUR_SECONDS, values};
  });
}

/** The first hour that begins at or after a time. */
function stepFrom(seconds: string): number {
  return Math.ceil(Number(seconds) / HOUR_SECONDS);
}
