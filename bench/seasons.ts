import {existsSync} from 'node:fs';
import path from 'node:path';

import {createRandom, parseTimeZone, type Series} from '../src/lib/core/index.js';
import {findSeasons, type Season} from '../src/lib/patterns/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {BITBRAINS_FILE, CLOUDPHYSICS_FILE, readBitbrains, readCloudphysics} from './real-volumes.js';
import {CASE_KINDS, generateCase, type SeasonCase} from './season-cases.js';

const CASES_A_KIND = 110;
/** A period without a name counts as found when it is told that exactly. */
const CLOSE = 0.02;

/**
 * `npm run bench -- seasons`: generated series with known periods. Found: every period that was put in is claimed, by its
 * name or within 2 %. False: any other is claimed. Then the volumes of CloudPhysics and Bitbrains: how many show which.
 */
export async function bench({
  rows = CASES_A_KIND,
  data = path.join(import.meta.dirname, '..', '..', 'shared', 'data'),
  sets,
}: BenchOptions): Promise<BenchResult> {
  const table: Record<string, string | number>[] = [];
  const totals = {cases: 0, withPeriods: 0, found: 0, falsely: 0};
  const started = process.cpuUsage();
  for (const kind of CASE_KINDS.filter(({name}) => sets === undefined || sets.split(',').includes(name))) {
    const scores = Array.from({length: rows}, (_, index) =>
      scoreCase(generateCase(kind, `seasons ${kind.name} ${index}`)),
    );
    const found = scores.filter((score) => score.isFound).length;
    const falsely = scores.filter((score) => score.isFalse).length;
    totals.cases += rows;
    totals.falsely += falsely;
    if (kind.components.length > 0) {
      totals.withPeriods += rows;
      totals.found += found;
    }
    table.push({
      kind: kind.name,
      cases: rows,
      found: kind.components.length === 0 ? '-' : percent(found / rows),
      false: percent(falsely / rows),
      undecided: percent(scores.filter((score) => score.isUndecided).length / rows),
      'claimed beside': beside(scores.flatMap((score) => score.extra)),
    });
  }
  const {user} = process.cpuUsage(started);
  const figures = {
    cases: totals.cases,
    found_share: totals.found / Math.max(1, totals.withPeriods),
    false_share: totals.falsely / totals.cases,
    cpu_ms_per_series: user / 1000 / totals.cases,
  };
  if (sets !== undefined) return {name: 'seasons', figures, table};
  const real = await onRealVolumes(data);
  return {name: 'seasons', figures: {...figures, ...real.figures}, table: [...table, ...real.table]};
}

interface CaseScore {
  readonly isFound: boolean;
  readonly isFalse: boolean;
  readonly isUndecided: boolean;
  readonly extra: readonly string[];
}

function scoreCase({series, zone, periods}: SeasonCase): CaseScore {
  const {found} = findSeasons(series, {zone, random: createRandom(1)});
  const extra = found.filter((season) => !periods.some((period) => isPeriod(season, period)));
  return {
    isFound: periods.every((period) => found.some((season) => isPeriod(season, period))),
    isFalse: extra.length > 0,
    isUndecided: found.some(({orElse}) => orElse !== undefined),
    extra: extra.map(nameOf),
  };
}

function isPeriod({kind, periodSeconds}: Season, period: string | number): boolean {
  return typeof period === 'string'
    ? kind === period
    : kind === 'other' && Math.abs(periodSeconds / period - 1) < CLOSE;
}

function nameOf({kind, periodSeconds}: Season): string {
  return kind === 'other' ? `${(periodSeconds / 3600).toPrecision(3)} h` : kind;
}

function beside(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted((left, right) => right[1] - left[1])
    .slice(0, 4)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Volumes of two collections: the share that shows each season. */
async function onRealVolumes(data: string): Promise<Pick<BenchResult, 'figures' | 'table'>> {
  const table: Record<string, string | number>[] = [];
  const figures: Record<string, number> = {};
  const cloudphysics = path.join(data, CLOUDPHYSICS_FILE);
  const bitbrains = path.join(data, BITBRAINS_FILE);
  const collections: readonly {name: string; file: string; read: () => Promise<readonly Series[]>}[] = [
    ...['write_bytes', 'read_bytes'].map((column) => ({
      ...{name: `cloudphysics ${column}`, file: cloudphysics},
      read: () => readCloudphysics(cloudphysics, column),
    })),
    ...['disk_write_kBps', 'disk_read_kBps'].map((column) => ({
      ...{name: `bitbrains ${column}`, file: bitbrains},
      read: async () => (await readBitbrains(bitbrains)).filter(({id}) => id.endsWith(column)),
    })),
  ];
  for (const {name, file, read} of collections) {
    if (!existsSync(file)) {
      process.stderr.write(`skipped: ${file} is not there (--data)\n`);
      continue;
    }
    const panel = await read();
    const found = panel.map(
      (series) => findSeasons(series, {zone: parseTimeZone('UTC')!, random: createRandom(1)}).found,
    );
    const share = (kind: string): number =>
      found.filter((seasons) => seasons.some((season) => season.kind === kind)).length / panel.length;
    table.push({
      kind: name,
      cases: panel.length,
      found: `daily ${percent(share('daily'))}`,
      false: `weekly ${percent(share('weekly'))}`,
      undecided: `other ${percent(share('other'))}`,
      'claimed beside': beside(
        found.flatMap((seasons) => seasons.filter(({kind}) => kind === 'other').map(nameOf)),
      ),
    });
    for (const kind of ['daily', 'weekly', 'other']) figures[`${name} ${kind}`] = share(kind);
  }
  return {figures, table};
}
