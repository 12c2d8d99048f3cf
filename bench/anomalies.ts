import {existsSync} from 'node:fs';
import path from 'node:path';

import {createRandom, type Series} from '../src/lib/core/index.js';
import {detectAnomalies} from '../src/lib/patterns/index.js';
import {type Alarm, rollingZScore, seasonalEsd} from './anomaly-peers.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {inject, INJECTIONS} from './injections.js';
import {BITBRAINS_FILE, CLOUDPHYSICS_FILE, readBitbrains, readCloudphysics} from './real-volumes.js';

/** Volumes of each recording at most; every n-th of more. */
const MOST_VOLUMES = 60;
const LEAST_STEPS = 120;
/** A week of hours. */
const Z_WINDOW_STEPS = 168;
const HOUR_US = 3600e6;

interface Ways {
  readonly name: string;
  readonly detect: (series: Series) => readonly Alarm[];
}

/**
 * `npm run bench -- anomalies`: one anomaly after another put into real volumes, hourly. Found: an alarm lies over part of it that is not
 * there in the volume as recorded. Precision: of the alarms on the changed volumes, those over what was put in; what is odd in the
 * recordings themselves counts as false, for all alike. The peers' limits are set so that they raise as many alarms on the recordings
 * as ours in batch; `z-3` and `esd-1` are with the limits that are usual.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const folder = options.data ?? path.join(import.meta.dirname, '..', '..', 'shared', 'data');
  const volumes = await readVolumes(folder);
  if (volumes.length === 0) throw new Error(`no volumes in ${folder}: name the folder of data by --data`);
  const ways = waysFor(volumes);
  const table: Record<string, string | number>[] = [];
  const totals = new Map(ways.map(({name}) => [name, {put: 0, found: 0, alarms: 0, alarmsOver: 0}]));
  for (const injection of INJECTIONS) {
    const random = createRandom(`${injection.kind} ${injection.size}`);
    const row: Record<string, string | number> = {kind: injection.kind, size: injection.size};
    const changed = volumes.flatMap((series) => {
      const one = inject(series, injection, random);
      return one === undefined ? [] : [{...one, series: one.series, recorded: series}];
    });
    row['volumes'] = changed.length;
    for (const {name, detect} of ways) {
      const counts = {put: 0, found: 0, alarms: 0, alarmsOver: 0};
      for (const {series, truth, recorded} of changed) {
        const alarms = detect(series);
        const before = detect(recorded);
        const over = alarms.filter((alarm) => overlaps(alarm, truth));
        counts.put += 1;
        if (over.some((alarm) => !before.some((old) => isSame(old, alarm)))) counts.found += 1;
        counts.alarms += alarms.length;
        counts.alarmsOver += over.length;
      }
      row[`${name} recall`] = rounded(counts.found / counts.put);
      row[`${name} precision`] = rounded(counts.alarmsOver / Math.max(1, counts.alarms));
      const total = totals.get(name);
      if (total !== undefined)
        for (const key of ['put', 'found', 'alarms', 'alarmsOver'] as const) total[key] += counts[key];
    }
    table.push(row);
  }
  return {name: 'anomalies', figures: figuresOf(totals, ways, volumes), table};
}

function figuresOf(
  totals: ReadonlyMap<string, {put: number; found: number; alarms: number; alarmsOver: number}>,
  ways: readonly Ways[],
  volumes: readonly Series[],
): Record<string, number> {
  const figures: Record<string, number> = {volumes: volumes.length};
  const steps = volumes.reduce((total, {values}) => total + values.filter((value) => value >= 0).length, 0);
  for (const {name, detect} of ways) {
    const {put = 0, found = 0, alarms = 0, alarmsOver = 0} = totals.get(name) ?? {};
    figures[`recall ${name}`] = found / put;
    figures[`precision ${name}`] = alarmsOver / alarms;
    const raised = volumes.reduce((total, series) => total + detect(series).length, 0);
    figures[`alarms_per_volume_week ${name}`] = (raised / steps) * 168;
  }
  return figures;
}

/** Hourly volumes that do something in at least half of the hours. */
async function readVolumes(folder: string): Promise<readonly Series[]> {
  const sets: (readonly Series[])[] = [];
  const cloudphysics = path.join(folder, CLOUDPHYSICS_FILE);
  const bitbrains = path.join(folder, BITBRAINS_FILE);
  if (existsSync(cloudphysics)) sets.push(await readCloudphysics(cloudphysics, 'write_bytes'));
  if (existsSync(bitbrains)) sets.push(await readBitbrains(bitbrains));
  return sets.flatMap((set) => {
    const busy = set.flatMap(busyPart);
    const every = Math.ceil(busy.length / MOST_VOLUMES);
    return busy.filter((_, index) => index % every === 0);
  });
}

/** From the first known step on. */
function busyPart(series: Series): readonly Series[] {
  const first = series.values.findIndex((value) => !Number.isNaN(value));
  const values = series.values.slice(Math.max(0, first));
  const active = values.filter((value) => value > 0).length;
  return first >= 0 && values.length >= LEAST_STEPS && active >= values.length / 2
    ? [{...series, startUs: series.startUs + first * HOUR_US, values}]
    : [];
}

function waysFor(volumes: readonly Series[]): readonly Ways[] {
  const ours = (mode: 'batch' | 'online') => (series: Series) => detectAnomalies(series, {mode});
  const raised = (detect: Ways['detect']): number =>
    volumes.reduce((total, series) => total + detect(series).length, 0);
  const [batch, online] = [raised(ours('batch')), raised(ours('online'))];
  const zScore = (limit: number) => (series: Series) => rollingZScore(series, limit, Z_WINDOW_STEPS);
  const esd = (factor: number) => (series: Series) => seasonalEsd(series, factor);
  const zLimit = limitFor(online, (limit) => raised(zScore(limit)));
  const esdFactor = limitFor(batch, (factor) => raised(esd(factor)));
  return [
    {name: 'batch', detect: ours('batch')},
    {name: 'online', detect: ours('online')},
    {name: 'z', detect: zScore(zLimit)},
    {name: 'esd', detect: esd(esdFactor)},
    {name: 'z-3', detect: zScore(3)},
    {name: 'esd-1', detect: esd(1)},
  ];
}

/** The limit that raises as many alarms as asked for, by halving; fewer alarms with higher limits. */
function limitFor(alarms: number, raisedAt: (limit: number) => number): number {
  let [low, high] = [0.1, 1000];
  for (let round = 0; round < 14; round += 1) {
    const middle = Math.sqrt(low * high);
    if (raisedAt(middle) > alarms) low = middle;
    else high = middle;
  }
  return high;
}

function overlaps(a: Alarm, b: Alarm): boolean {
  return a.startUs < b.endUs && b.startUs < a.endUs;
}

function isSame(a: Alarm, b: Alarm): boolean {
  return a.startUs === b.startUs && a.endUs === b.endUs;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
