import {execFileSync, spawn} from 'node:child_process';
import {closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';

import {afterAll, expect, it} from 'vitest';

import {installPackages} from '../support/debian-packages.js';
import {PROGRAM, runForeshadow, USERS_ENVIRONMENT} from '../support/run-foreshadow.js';

const folder = mkdtempSync(path.join(tmpdir(), 'foreshadow-capture-'));
const DISK_BYTES = 64 * 1024 * 1024;

/** What was asked of a device or of an export. */
interface Counts {
  readonly reads: number;
  readonly writes: number;
  readonly trims: number;
  readonly readBytes: number;
  readonly writeBytes: number;
}

function skipped(what: string, reason: string | undefined): boolean {
  if (reason !== undefined) console.warn(`skipped: ${what}: ${reason}`);
  return reason !== undefined;
}

const noNbdkit = skipped('capture of nbdkit', installPackages(['nbdkit', 'fio'], ['nbdkit', 'fio']));
const noBpftrace = skipped('capture of bpftrace', whyNoBpftrace());
/** One for the load, and one to see whether the capture has begun. */
const loops = noBpftrace ? [] : ['load', 'probe'].map(attachDisk);

afterAll(() => {
  for (const loop of loops) execFileSync('losetup', ['-d', loop]);
  rmSync(folder, {recursive: true});
});

/** Why requests of a loop device cannot be traced here. */
function whyNoBpftrace(): string | undefined {
  if (process.getuid?.() !== 0) return 'it must be root';
  const missing = installPackages(['bpftrace', 'fio', 'losetup'], ['bpftrace', 'fio', 'mount']);
  if (missing !== undefined) return missing;
  try {
    execFileSync(
      'sh',
      ['-c', '[ -d /sys/kernel/tracing/events ] || mount -t tracefs none /sys/kernel/tracing'],
      {
        stdio: 'pipe',
      },
    );
    execFileSync(
      'bpftrace',
      ['-e', 'tracepoint:block:block_bio_queue { @n = count(); } interval:ms:10 { exit(); }'],
      {
        stdio: 'pipe',
        timeout: 60_000,
      },
    );
    execFileSync('losetup', ['-f'], {stdio: 'pipe'});
    return undefined;
  } catch (error) {
    return `the kernel does not allow it: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`;
  }
}

function attachDisk(name: string): string {
  const image = path.join(folder, `${name}.img`);
  const fd = openSync(image, 'w');
  ftruncateSync(fd, DISK_BYTES);
  closeSync(fd);
  return execFileSync('losetup', ['-f', '--show', image], {encoding: 'utf8'}).trim();
}

/** Mixed sizes, reads and writes, then trims, in an order that is drawn anew by a seed. */
const JOBS: readonly (readonly string[])[] = [
  [
    '--name=mixed',
    '--rw=randrw',
    '--bssplit=4k/60:16k/30:64k/10',
    '--iodepth=8',
    '--number_ios=3000',
    '--norandommap',
  ],
  ['--name=trims', '--rw=randtrim', '--bs=64k', '--number_ios=200'],
];

/** Runs fio, and sums its iologs: what fio itself says it asked for. */
async function load(where: readonly string[]): Promise<Counts> {
  const counts = {reads: 0, writes: 0, trims: 0, readBytes: 0, writeBytes: 0};
  for (const [place, job] of JOBS.entries()) {
    const iolog = path.join(folder, `${Date.now()}-${place}.iolog`);
    const fio = spawn(
      'fio',
      [`--write_iolog=${iolog}`, '--size=64M', '--randseed=7', ...where, ...job, '--output=/dev/null'],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    expect(await new Promise((resolve) => fio.once('close', resolve))).toBe(0);
    for (const [, op, length] of readFileSync(iolog, 'utf8').matchAll(/ (read|write|trim) \d+ (\d+)$/gm)) {
      if (op === 'read') {
        counts.reads += 1;
        counts.readBytes += Number(length);
      } else if (op === 'write') {
        counts.writes += 1;
        counts.writeBytes += Number(length);
      } else counts.trims += 1;
    }
  }
  expect(Math.min(counts.reads, counts.writes, counts.trims)).toBeGreaterThan(0);
  return counts;
}

/** Captures while something is done, and ends it by SIGINT: what the store has then, by volume. */
async function captureWhile<T>(
  args: readonly string[],
  isReady: (said: string) => boolean,
  work: () => Promise<T>,
): Promise<{readonly done: T; readonly lostEvents: number; readonly stored: ReadonlyMap<string, Counts>}> {
  const store = mkdtempSync(path.join(folder, 'store-'));
  const storeAt = ['--store', path.join(store, 'store')];
  const [name = '', ...rest] = args;
  const child = spawn(
    process.execPath,
    [PROGRAM, 'capture', name, ...storeAt, '--verbose', '--commit-every', '1s', ...rest],
    {
      env: USERS_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (!isReady(said)) {
    if (child.exitCode !== null) throw new Error(`capture ended: ${said}`);
    await setTimeout(200);
  }
  const done = await work();
  child.kill('SIGINT');
  expect(await ended, said).toBe(0);
  const exported = await runForeshadow(['store', 'export', ...storeAt, '--granularity', 'hourly']);
  const info = await runForeshadow(['store', 'info', ...storeAt, '--json']);
  const {lostEvents} = JSON.parse(info.stdout) as {lostEvents: number};
  return {done, lostEvents, stored: countsOf(exported.stdout)};
}

function countsOf(csv: string): ReadonlyMap<string, Counts> {
  const [header = '', ...rows] = csv.trim().split('\n');
  const columns = header.split(',');
  const stored = new Map<string, Counts>();
  for (const row of rows) {
    const fields = row.split(',');
    const at = (column: string): number => Number(fields[columns.indexOf(column)]);
    const volume = fields[columns.indexOf('volume')] ?? '';
    const before = stored.get(volume) ?? {reads: 0, writes: 0, trims: 0, readBytes: 0, writeBytes: 0};
    stored.set(volume, {
      reads: before.reads + at('reads'),
      writes: before.writes + at('writes'),
      trims: before.trims + at('trims'),
      readBytes: before.readBytes + at('read_bytes'),
      writeBytes: before.writeBytes + at('write_bytes'),
    });
  }
  return stored;
}

it.skipIf(noNbdkit)('has in the store every request that fio makes through nbdkit, op by op', async () => {
  const socket = path.join(folder, 'nbd.sock');
  const {done, stored, lostEvents} = await captureWhile(
    ['nbdkit', '--', '--unix', socket, 'memory', String(DISK_BYTES)],
    () => isThere(socket),
    () => load(['--ioengine=nbd', `--uri=nbd+unix:///vol-7?socket=${socket}`]),
  );
  expect(Object.fromEntries(stored)).toEqual({'vol-7': done});
  expect(lostEvents).toBe(0);
});

it.skipIf(noBpftrace).each(['bpftrace', 'bpftrace-sums'])(
  'has in the store every request that fio makes to a block device, op by op: %s',
  async (interceptor) => {
    const [device = '', probe = ''] = loops;
    const {done, stored, lostEvents} = await captureWhile(
      [interceptor, '--device', device, '--device', probe],
      (said) => {
        execFileSync('dd', [`if=${probe}`, 'of=/dev/null', 'bs=4k', 'count=1', 'iflag=direct'], {
          stdio: 'pipe',
        });
        return said.includes('committed');
      },
      () => load([`--filename=${device}`, '--direct=1', '--ioengine=libaio']),
    );
    expect(lostEvents).toBe(0);
    expect(stored.get(path.basename(device))).toEqual(done);
  },
);

function isThere(file: string): boolean {
  try {
    execFileSync('test', ['-S', file]);
    return true;
  } catch {
    return false;
  }
}
