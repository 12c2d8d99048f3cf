import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';

import {quantile} from '../src/lib/core/index.js';
import type {BenchOptions, BenchResult} from './bench.js';

const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'run.js');
const DISK_BYTES = 256 * 1024 * 1024;
/** An interceptor is at work long before fio begins to count. */
const RAMP_SECONDS = 8;
const COUNTED_SECONDS = 5;
/** At 1 a processor is free while the disk works; at 16 fio and the disk take all there is. */
const DEPTHS = [1, 16] as const;
/** What is said in /proc/PID/stat is in ticks of this many ms. */
const TICK_MS = 10;

interface Way {
  /** An interceptor, or what it is compared with. */
  readonly name: string;
  readonly bare: string;
  /** Why it cannot be run here. */
  readonly skip: string | undefined;
  readonly run: (depth: number, folder: string) => Promise<Sample>;
}

interface Sample {
  readonly iops: number;
  readonly p99Us: number;
  /** CPU time of capture and what it runs besides fio and nbdkit, a request, us; NaN where it is not apart. */
  readonly cpuUsPerRequest: number;
}

/**
 * The same load of fio (4 KiB, 70 % reads, at random over a disk in memory) bare and with each interceptor that capture
 * runs, into a store, alternating: IOPS and the 99th percentile of reads' latency as ratios of medians of `runs` (at
 * least 5), and CPU time of the interceptor a request; `sets` names some of them. nbdkit is compared with nbdkit that does not log.
 */
export async function bench({runs = 5, sets}: BenchOptions): Promise<BenchResult> {
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'foreshadow-bench-'));
  const noBlocks = whyNoBlocks();
  const device = noBlocks === undefined ? attachDisk(folder) : '';
  const asked = sets?.split(',');
  const all = waysOf(device, noBlocks);
  const isAsked = ({name}: Way): boolean => asked === undefined || asked.includes(name);
  const ways = all.filter(
    (way) => isAsked(way) || all.some((other) => isAsked(other) && other.bare === way.name),
  );
  for (const {name, skip} of ways) if (skip !== undefined) console.error(`${name} is left out: ${skip}`);
  const able = ways.filter(({skip}) => skip === undefined);
  const samples = new Map<string, Sample[]>();
  try {
    for (let run = 0; run < Math.max(5, runs); run += 1)
      for (const depth of DEPTHS)
        for (const way of able) {
          const key = `${way.name} ${depth}`;
          samples.set(key, [...(samples.get(key) ?? []), await way.run(depth, folder)]);
        }
  } finally {
    if (device !== '') execFileSync('losetup', ['-d', device]);
    rmSync(folder, {recursive: true});
  }
  return judge(able, samples);
}

function judge(ways: readonly Way[], samples: ReadonlyMap<string, readonly Sample[]>): BenchResult {
  const figures: Record<string, number> = {};
  const table: Record<string, string | number>[] = [];
  for (const depth of DEPTHS)
    for (const {name, bare} of ways) {
      const own = mediansOf(samples.get(`${name} ${depth}`) ?? []);
      const base = mediansOf(samples.get(`${bare} ${depth}`) ?? []);
      const ratios = {iops: own.iops / base.iops, p99: own.p99Us / base.p99Us};
      table.push({
        load: `depth ${depth}`,
        way: name,
        IOPS: Math.round(own.iops),
        'of bare': ratios.iops.toFixed(3),
        'p99, us': Math.round(own.p99Us),
        'p99 of bare': ratios.p99.toFixed(2),
        'CPU us a request': Number.isNaN(own.cpuUsPerRequest) ? '' : own.cpuUsPerRequest.toFixed(2),
      });
      if (name === bare) continue;
      const key = depth === 16 ? name : `${name}.depth_${depth}`;
      figures[`${key}.iops_ratio`] = ratios.iops;
      figures[`${key}.p99_ratio`] = ratios.p99;
      if (!Number.isNaN(own.cpuUsPerRequest)) figures[`${key}.cpu_us_per_request`] = own.cpuUsPerRequest;
    }
  return {name: 'interceptors', figures, table};
}

function mediansOf(samples: readonly Sample[]): Sample {
  const median = (of: (sample: Sample) => number): number => quantile(samples.map(of), 0.5);
  return {
    iops: median(({iops}) => iops),
    p99Us: median(({p99Us}) => p99Us),
    cpuUsPerRequest: median(({cpuUsPerRequest}) => cpuUsPerRequest),
  };
}

function waysOf(device: string, noBlocks: string | undefined): readonly Way[] {
  const noNbdkit = missing(['nbdkit', 'fio']);
  const noBpftrace = noBlocks ?? missing(['bpftrace']);
  const onDevice = (depth: number): readonly string[] => [
    ...[`--filename=${device}`, '--direct=1', '--ioengine=libaio'],
    ...[`--iodepth=${depth}`],
  ];
  const traced = (name: string): Way => ({
    ...{name, bare: 'bare', skip: noBpftrace},
    run: async (depth, folder) => {
      const capture = startCapture([name, '--device', device], folder);
      const report = await load(onDevice(depth), folder);
      return endCapture(capture, report, true);
    },
  });
  return [
    {
      ...{name: 'bare', bare: 'bare', skip: noBlocks},
      run: async (depth, folder) => sampleOf(await load(onDevice(depth), folder)),
    },
    traced('bpftrace-sums'),
    traced('bpftrace'),
    {
      ...{name: 'fio', bare: 'bare', skip: noBlocks},
      run: async (depth, folder) => {
        const report = path.join(folder, 'captured.json');
        const args = fioArguments(onDevice(depth), report);
        const {ended} = startCapture(['fio', '--', ...args], folder);
        await ended;
        return sampleOf(report);
      },
    },
    {
      ...{name: 'bare nbdkit', bare: 'bare nbdkit', skip: noNbdkit},
      run: async (depth, folder) => {
        const socket = path.join(folder, 'bare.sock');
        const args = ['--foreground', '--unix', socket, 'memory', String(DISK_BYTES)];
        const server = spawn('nbdkit', args, {stdio: 'ignore'});
        const report = await overSocket(socket, depth, folder);
        server.kill('SIGTERM');
        rmSync(socket);
        return sampleOf(report);
      },
    },
    {
      ...{name: 'nbdkit', bare: 'bare nbdkit', skip: noNbdkit},
      run: async (depth, folder) => {
        const socket = path.join(folder, 'logged.sock');
        const args = ['nbdkit', '--volume', 'v', '--', '--unix', socket, 'memory', String(DISK_BYTES)];
        const capture = startCapture(args, folder);
        const report = await overSocket(socket, depth, folder);
        const sample = await endCapture(capture, report, false);
        rmSync(socket);
        return sample;
      },
    },
  ];
}

function missing(programs: readonly string[]): string | undefined {
  const absent = programs.filter((program) => {
    try {
      execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], {stdio: 'ignore'});
      return false;
    } catch {
      return true;
    }
  });
  return absent.length === 0
    ? undefined
    : `${absent.join(', ')} is missing (apt-get install ${absent.join(' ')})`;
}

function whyNoBlocks(): string | undefined {
  if (process.getuid?.() !== 0) return 'a loop device needs root';
  const absent = missing(['fio', 'losetup']);
  if (absent !== undefined) return absent;
  try {
    execFileSync('losetup', ['-f'], {stdio: 'pipe'});
    return undefined;
  } catch (error) {
    return `there is no loop device: ${String(error)}`;
  }
}

function attachDisk(folder: string): string {
  const image = path.join(folder, 'disk.img');
  const fd = openSync(image, 'w');
  ftruncateSync(fd, DISK_BYTES);
  closeSync(fd);
  return execFileSync('losetup', ['-f', '--show', image], {encoding: 'utf8'}).trim();
}

function fioArguments(where: readonly string[], report: string): readonly string[] {
  return [
    ...['--name=load', '--rw=randrw', '--rwmixread=70', '--bs=4k', `--size=${DISK_BYTES}`, '--randseed=7'],
    ...['--time_based', `--ramp_time=${RAMP_SECONDS}`, `--runtime=${COUNTED_SECONDS}`],
    ...['--output-format=json', `--output=${report}`, ...where],
  ];
}

/** Runs fio to its end: where its report is. */
async function load(where: readonly string[], folder: string): Promise<string> {
  const report = path.join(folder, 'report.json');
  await endOf(
    spawn('fio', fioArguments(where, report), {cwd: folder, stdio: ['ignore', 'ignore', 'inherit']}),
  );
  return report;
}

async function overSocket(socket: string, depth: number, folder: string): Promise<string> {
  while (!existsSync(socket)) await setTimeout(100);
  return load(['--ioengine=nbd', `--uri=nbd+unix:///v?socket=${socket}`, `--iodepth=${depth}`], folder);
}

interface Capturing {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly said: () => string;
}

function startCapture(args: readonly string[], folder: string): Capturing {
  const [name = '', ...rest] = args;
  const store = path.join(mkdtempSync(path.join(folder, 'store-')), 'store');
  const child = spawn(process.execPath, [PROGRAM, 'capture', name, '--store', store, '--json', ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  return {child, ended: endOf(child), said: () => said};
}

/** Ends a capture, and sees that it saw at least what was counted. */
async function endCapture(
  {child, ended, said}: Capturing,
  report: string,
  isApart: boolean,
): Promise<Sample> {
  const cpuMs = isApart ? cpuMsOf(child.pid ?? 0) : Number.NaN;
  child.kill('SIGINT');
  await ended;
  const {totals, lostEvents} = JSON.parse(said()) as {totals: {rows: number}; lostEvents: number};
  const sample = sampleOf(report);
  const counted = sample.iops * COUNTED_SECONDS;
  const isSums = said().includes('"bpftrace-sums"');
  if (lostEvents > 0) console.error(`${lostEvents} events were lost`);
  if (!isSums && totals.rows + lostEvents < counted)
    throw new Error(`capture saw ${totals.rows} of at least ${counted} requests`);
  return {...sample, cpuUsPerRequest: (1000 * cpuMs) / (sample.iops * (RAMP_SECONDS + COUNTED_SECONDS))};
}

async function endOf(child: ChildProcess): Promise<void> {
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${exitCode}`);
}

interface FioSide {
  readonly iops: number;
  readonly clat_ns: {readonly percentile?: Readonly<Record<string, number>>};
}

function sampleOf(report: string): Sample {
  const {jobs} = JSON.parse(readFileSync(report, 'utf8')) as {jobs: {read: FioSide; write: FioSide}[]};
  const [job] = jobs;
  if (job === undefined) throw new Error(`${report} has no job`);
  const p99Ns = job.read.clat_ns.percentile?.['99.000000'] ?? Number.NaN;
  return {iops: job.read.iops + job.write.iops, p99Us: p99Ns / 1000, cpuUsPerRequest: Number.NaN};
}

/** CPU time of a process and its children so far. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own = TICK_MS * (Number(fields[11]) + Number(fields[12]));
  return children.split(' ').reduce((sum, child) => sum + (child === '' ? 0 : cpuMsOf(Number(child))), own);
}
