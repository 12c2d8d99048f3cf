import {existsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {z} from 'zod';

import {quantile} from '../src/lib/core/index.js';
import {clickHouseIsMissing, startClickHouse} from '../test/support/clickhouse-cluster.js';
import {writeAlibabaFile} from './alibaba-file.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {type Use, useOf} from './use-of-node.js';

const ROOT = path.join(import.meta.dirname, '..');
const PROGRAM = path.join(ROOT, 'bin', 'run.js');

/** Ingest into one real ClickHouse server beside ingest into files, in turns: the client's CPU, and bytes on disk. */
export async function bench({rows = 2_000_000, runs = 3}: BenchOptions): Promise<BenchResult> {
  if (!existsSync(path.join(ROOT, 'dist'))) throw new Error('npm run build comes first');
  const why = clickHouseIsMissing();
  if (why !== undefined) throw new Error(why);
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-bench-'));
  const server = await startClickHouse({shards: 1, replicas: 1});
  try {
    const file = path.join(folder, 'io_traces.csv');
    await writeAlibabaFile(file, rows);
    const environment = {...server.environment, FORESHADOW_STATE: path.join(folder, 'state')};
    const foreshadow = (...args: readonly string[]): Promise<Use> =>
      useOf([PROGRAM, ...args, '--json'], environment);
    const served: Use[] = [];
    const inFiles: Use[] = [];
    const names = (run: number): readonly [string, string] => [
      server.storeUrl(`bench_${run}`),
      path.join(folder, `store-${run}`),
    ];
    for (let run = 0; run < runs; run += 1) {
      const [url, place] = names(run);
      await foreshadow('store', 'init', '--store', url);
      served.push(await foreshadow('ingest', file, '--threads', '1', '--store', url));
      inFiles.push(await foreshadow('ingest', file, '--threads', '1', '--store', place));
    }
    for (const table of ['minutes', 'hours'])
      await server.query(`OPTIMIZE TABLE bench_${runs - 1}.${table} FINAL`);
    const measure = async (uses: readonly Use[], store: string): Promise<Measured> => {
      const {stdout} = await foreshadow('store', 'info', '--store', store);
      return measuredOf(uses, sizeSchema.parse(JSON.parse(stdout)));
    };
    const [url, place] = names(runs - 1);
    return report(rows, await measure(served, url), await measure(inFiles, place));
  } finally {
    await server.stop();
    await rm(folder, {recursive: true, force: true});
  }
}

const sizeSchema = z.object({minutes: z.number(), bytesOnDisk: z.object({series: z.number()})});

/** One kind of store. */
interface Measured {
  readonly cpuSeconds: number;
  readonly minutes: number;
  /** Minutes and hours, by (volume, minute). */
  readonly bytesPerMinute: number;
}

function measuredOf(uses: readonly Use[], size: z.infer<typeof sizeSchema>): Measured {
  const seconds = uses.map(({cpuSeconds}) => cpuSeconds);
  const {minutes, bytesOnDisk} = size;
  return {cpuSeconds: quantile(seconds, 0.5), minutes, bytesPerMinute: bytesOnDisk.series / minutes};
}

function report(rows: number, served: Measured, inFiles: Measured): BenchResult {
  const line = (store: string, {cpuSeconds, minutes, bytesPerMinute}: Measured) => ({
    store,
    'CPU s': cpuSeconds.toFixed(2),
    'requests a CPU s': Math.round(rows / cpuSeconds),
    '(volume, minute) rows': minutes,
    'bytes a (volume, minute)': bytesPerMinute.toFixed(2),
  });
  return {
    name: 'clickhouse',
    figures: {
      requests_per_core_second: rows / served.cpuSeconds,
      minutes_per_core_second: served.minutes / served.cpuSeconds,
      cpu_ratio_to_files: served.cpuSeconds / inFiles.cpuSeconds,
      bytes_per_volume_minute: served.bytesPerMinute,
      bytes_per_volume_minute_in_files: inFiles.bytesPerMinute,
    },
    table: [line('ClickHouse, one server', served), line('Parquet files', inFiles)],
  };
}
