import {readFile} from 'node:fs/promises';
import {gunzipSync} from 'node:zlib';

import {parse} from 'csv-parse/sync';
import {z} from 'zod';

import type {Random, Series} from '../src/lib/core/index.js';

const HOUR_SECONDS = 3600;
/** So many volumes are made of each recording. */
const COPIES = 20;
/** They begin within so many hours. */
const BEGIN_HOURS = 96;

const rowsSchema = z.array(
  z.object({
    volume: z.string(),
    ts_s: z.coerce.number(),
    write_working_set_bytes: z.coerce.number(),
  }),
);

/**
 * The volumes of the CloudPhysics traces (BlockTraceFeatures, half-hour windows) by what they must hold at least: the largest
 * write working set of any window so far, which a write footprint is never below. There are 53 recordings of about a
 * week, too few for 40 hosts: each is taken twenty times, beginning at random hours of the first four days. One value an hour;
 * NaN before the begin, the last one after the recording's end.
 */
export async function readWriteFootprints(path: string, random: Random): Promise<readonly Series[]> {
  const text = gunzipSync(await readFile(path)).toString('utf8');
  const levels = new Map<string, number[]>();
  for (const {volume, ts_s: endSeconds, write_working_set_bytes: bytes} of rowsSchema.parse(
    parse(text, {columns: true}),
  )) {
    const ofVolume = levels.get(volume) ?? [];
    levels.set(volume, ofVolume);
    const hour = Math.floor(endSeconds / HOUR_SECONDS);
    const before = ofVolume.at(-1) ?? 0;
    while (ofVolume.length <= hour) ofVolume.push(before);
    ofVolume[hour] = Math.max(before, ofVolume[hour] ?? 0, bytes);
  }
  const steps = BEGIN_HOURS + Math.max(...[...levels.values()].map(({length}) => length));
  return [...levels].flatMap(([volume, hours]) =>
    Array.from({length: COPIES}, (_, copy): Series => {
      const begin = random.below(BEGIN_HOURS);
      const values = new Float64Array(steps).fill(hours.at(-1) ?? 0);
      values.fill(Number.NaN, 0, begin).set(hours, begin);
      return {id: `${volume}-${copy}`, startUs: 0, stepSeconds: HOUR_SECONDS, values};
    }),
  );
}
