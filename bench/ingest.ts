import {spawn, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdtemp, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {z} from 'zod';

import {quantile} from '../src/lib/core/index.js';
import {openShadowStore} from '../src/lib/shadow-store/index.js';
import {writeAlibabaFile} from './alibaba-file.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {textOf, type Use, useOf} from './use-of-node.js';

const ROOT = path.join(import.meta.dirname, '..');
const PROGRAM = path.join(ROOT, 'bin', 'run.js');
const GIGABYTE = 1e9;
/** Reads, writes and their bytes per volume and minute into a Parquet file, and nothing more. */
const DUCKDB = `
  import {DuckDBInstance} from '@duckdb/node-api';
  const [file, out] = process.argv.slice(1);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET VARIABLE trace = '" + file + "'");
  await connection.run(\`CREATE VIEW minutes AS
    SELECT device_id, timestamp // 60000000 AS "minute",
      count(*) FILTER (opcode = 'R') AS reads, count(*) FILTER (opcode = 'W') AS writes,
      coalesce(sum(length) FILTER (opcode = 'R'), 0)::UBIGINT AS read_bytes,
      coalesce(sum(length) FILTER (opcode = 'W'), 0)::UBIGINT AS write_bytes
    FROM read_csv(getvariable('trace'), header = false, quote = '', columns = {device_id: 'VARCHAR',
      opcode: 'ENUM(''R'', ''W'')', "offset": 'UBIGINT', length: 'UBIGINT', timestamp: 'BIGINT'})
    GROUP BY 1, 2\`);
  await connection.run("COPY minutes TO '" + out + ".parquet' (COMPRESSION zstd)");
  const sums = await connection.runAndReadAll(
    "SELECT count(*)::DOUBLE, sum(reads + writes)::DOUBLE FROM '" + out + ".parquet'");
  console.log(JSON.stringify(sums.getRows()[0]));`;
/** The same sums with csv-parse and a Map, into memory. */
const CSV_PARSE = `
  import {createReadStream} from 'node:fs';
  import {parse} from 'csv-parse';
  const [file] = process.argv.slice(1);
  const cells = new Map();
  let rows = 0;
  for await (const [device, opcode, , length, timestamp] of createReadStream(file).pipe(parse({quote: null}))) {
    const key = device + ',' + Math.floor(Number(timestamp) / 60e6);
    let cell = cells.get(key);
    if (cell === undefined) cells.set(key, (cell = [0, 0, 0, 0]));
    const place = opcode === 'W' ? 1 : 0;
    cell[place] += 1;
    cell[2 + place] += Number(length);
    rows += 1;
  }
  console.log(JSON.stringify([cells.size, rows]));`;
/** The same sums with GNU awk. */
const AWK = `{
  key = $1 "," int($5 / 60e6)
  if (!(key in reads)) { reads[key] = 0; cells += 1 }
  if ($2 == "W") { writes[key] += 1; writeBytes[key] += $4 } else { reads[key] += 1; readBytes[key] += $4 }
} END { print "[" cells "," NR "]" }`;
const SERIES_RUNS = 7;

interface Uses {
  readonly ours: Use[];
  /** The same with one thread: the seconds of two that share a core are longer ones. */
  readonly oursAlone: Use[];
  readonly duckdb: Use[];
  readonly csvParse: Use[];
  /** Empty where there is no GNU awk. */
  readonly awk: Use[];
  readonly wc: Use[];
}

/**
 * CPU seconds of `foreshadow ingest` on a generated Alibaba trace, from the start of the process to the finished store,
 * beside DuckDB that only counts, csv-parse with a Map, GNU awk with the same sums, and the floor that `wc -l` is: with
 * as many threads as DuckDB, and with one, as the others. The contenders take turns; medians of `runs`, the two slow ones once. Then the time that one volume's hourly series takes
 * out of the store. Throws when they do not agree on the rows and minutes.
 */
export async function bench({rows = 5_000_000, runs = 3}: BenchOptions): Promise<BenchResult> {
  if (!existsSync(path.join(ROOT, 'dist'))) throw new Error('npm run build comes first');
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-bench-'));
  try {
    const file = path.join(folder, 'io_traces.csv');
    await writeAlibabaFile(file, rows);
    const uses: Uses = {ours: [], oursAlone: [], duckdb: [], csvParse: [], awk: [], wc: []};
    for (let run = 0; run < runs; run += 1) {
      const store = path.join(folder, `store-${run}`);
      uses.ours.push(await useOf([PROGRAM, 'ingest', file, '--store', store, '--json']));
      const alone = ['--store', `${store}-alone`, '--threads', '1', '--json'];
      uses.oursAlone.push(await useOf([PROGRAM, 'ingest', file, ...alone]));
      uses.duckdb.push(await useOf(['--input-type=module', '-e', DUCKDB, file, store]));
      if (run === 0) uses.csvParse.push(await useOf(['--input-type=module', '-e', CSV_PARSE, file]));
      if (run === 0 && hasGawk()) uses.awk.push(await useOfCommand('gawk', ['-F,', AWK, file]));
      uses.wc.push(await useOfCommand('wc', ['-l', file]));
    }
    checkSums(uses);
    const seriesMs = await timeOfSeries(path.join(folder, 'store-0'));
    return report(rows, (await stat(file)).size, uses, seriesMs);
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** Runs Node; throws when it fails. */
function hasGawk(): boolean {
  const isThere = spawnSync('gawk', ['--version']).status === 0;
  if (!isThere) console.error('GNU awk is left out: there is no gawk here (apt-get install gawk)');
  return isThere;
}

/** The shell's own accounting of a finished child. */
async function useOfCommand(command: string, words: readonly string[]): Promise<Use> {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@"';
  const child = spawn('bash', ['-c', script, 'bash', command, ...words]);
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map((stream) => textOf(stream)));
  const seconds = (stderr ?? '').trim().split(' ').map(Number);
  return {cpuSeconds: (seconds[0] ?? 0) + (seconds[1] ?? 0), peakBytes: Number.NaN, stdout: stdout ?? ''};
}

/** Median milliseconds that the hourly series of one volume after another takes, the store being open. */
async function timeOfSeries(storePath: string): Promise<number> {
  const store = await openShadowStore(storePath);
  try {
    const times: number[] = [];
    for (const {name} of store.volumes().slice(0, SERIES_RUNS)) {
      const startedMs = performance.now();
      await store.readSeries({volumes: [name], stepSeconds: 3600}, 'write-bytes');
      times.push(performance.now() - startedMs);
    }
    return quantile(times, 0.5);
  } finally {
    store.close();
  }
}

const resultSchema = z.object({totals: z.object({rows: z.number(), minutes: z.number()})});
const peerSchema = z.tuple([z.number(), z.number()]);

function checkSums(uses: Uses): void {
  const {rows, minutes} = resultSchema.parse(JSON.parse(uses.ours[0]?.stdout ?? '')).totals;
  for (const {stdout} of [...uses.duckdb, ...uses.csvParse, ...uses.awk]) {
    const [peerMinutes, peerRows] = peerSchema.parse(JSON.parse(stdout));
    if (peerMinutes === minutes && peerRows === rows) continue;
    throw new Error(`${rows} rows and ${minutes} minutes here, ${peerRows} and ${peerMinutes} there`);
  }
}

function report(rows: number, sizeBytes: number, uses: Uses, seriesMs: number): BenchResult {
  const cpu = (list: readonly Use[]): number =>
    quantile(
      list.map(({cpuSeconds}) => cpuSeconds),
      0.5,
    );
  const peak = (list: readonly Use[]): number => Math.max(...list.map(({peakBytes}) => peakBytes)) / GIGABYTE;
  const ours = cpu(uses.ours);
  const alone = cpu(uses.oursAlone);
  const line = (what: string, list: readonly Use[]): Readonly<Record<string, string | number>> => ({
    what,
    'CPU s': cpu(list).toFixed(2),
    'of ours': (cpu(list) / ours).toFixed(2),
    'M rows/CPU s': (rows / cpu(list) / 1e6).toFixed(2),
    'peak GB': Number.isNaN(peak(list)) ? '-' : peak(list).toFixed(2),
  });
  return {
    name: 'ingest',
    figures: {
      rows,
      file_gb: sizeBytes / GIGABYTE,
      ratio_to_duckdb_count: ours / cpu(uses.duckdb),
      ratio_to_csv_parse: alone / cpu(uses.csvParse),
      ...(uses.awk.length === 0 ? {} : {ratio_to_gawk: alone / cpu(uses.awk)}),
      rows_per_core_second: rows / alone,
      peak_rss_gb: peak(uses.ours),
      series_ms: seriesMs,
    },
    table: [
      line('foreshadow ingest: exact footprint, rejects, store', uses.ours),
      line('the same with --threads 1', uses.oursAlone),
      line('DuckDB, counts only', uses.duckdb),
      line('csv-parse and a Map, counts only', uses.csvParse),
      ...(uses.awk.length === 0 ? [] : [line('GNU awk, counts only', uses.awk)]),
      line('wc -l', uses.wc),
    ],
  };
}
