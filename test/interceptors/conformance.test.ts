import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';

import {describe, expect, it} from 'vitest';
import {z} from 'zod';

import {type Interceptor, INTERCEPTORS} from '../../src/lib/interceptors/index.js';
import {openShadowStore, type StoreInfo} from '../../src/lib/shadow-store/index.js';
import {TRACE_FORMATS} from '../../src/lib/traces/index.js';
import {capture, type CaptureRequest, type CaptureResult} from '../../src/lib/workflows/capture.js';
import {standIn, temporaryFolder} from './stand-in.js';

const ROOT = path.join(import.meta.dirname, '../..');
const README = readFileSync(path.join(ROOT, 'interceptors/README.md'), 'utf8');
/** What the stand-in of each logs. */
const LOGS: Readonly<Record<keyof typeof INTERCEPTORS, string>> = {
  nbdkit: 'nbdkit-log/named-exports',
  bpftrace: 'bpftrace/block-requests',
  'bpftrace-sums': 'bpftrace-sums/recorded',
  fio: 'fio-iolog/version-3',
};
const goldenSchema = z.object({
  rows: z.number(),
  rejects: z.array(z.unknown()),
  minutes: z.array(z.unknown()),
});
const NEVER = {next: () => new Promise<never>(() => undefined)};
/** 2026-01-05T00:00:00Z */
const BEGIN_US = 1_767_571_200_000_000;

async function infoOf(storePath: string): Promise<StoreInfo> {
  const store = await openShadowStore(storePath);
  try {
    return store.info();
  } finally {
    store.close();
  }
}

async function captured(
  interceptor: string,
  programs: string,
  more: Partial<CaptureRequest> = {},
): Promise<CaptureResult> {
  const takes = INTERCEPTORS[interceptor as keyof typeof INTERCEPTORS].takes;
  return capture({
    interceptor,
    devices: takes === 'devices' ? ['7,0'] : [],
    programArguments: takes === 'devices' ? [] : ['memory'],
    options: {skewUs: 60_000_000},
    maxBadRows: 100,
    storePath: path.join(await temporaryFolder(), 'store'),
    environment: {...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}`},
    userId: 0,
    nowUs: BEGIN_US,
    bootUs: BEGIN_US,
    tool: 'test',
    ticks: NEVER,
    signal: new AbortController().signal,
    onRemark: () => undefined,
    ...more,
  });
}

describe.each(Object.entries(INTERCEPTORS) as [keyof typeof INTERCEPTORS, Interceptor][])(
  'interceptor %s',
  (name, interceptor) => {
    const log = path.join(ROOT, 'fixtures/traces', LOGS[name]);

    it('has a section in the README that tells its cost, what it cannot see, and its packages', () => {
      const section = README.split(/^## /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
      expect(section).toContain(`foreshadow capture ${name}`);
      expect(section).toContain('**Costs**');
      expect(section).toContain('**Cannot see**');
      for (const packageName of interceptor.packages) expect(section).toContain(`\`${packageName}\``);
      expect(interceptor.packages.length).toBeGreaterThan(0);
      expect(interceptor.example).toContain(`foreshadow capture ${name} `);
    });

    it('logs in a format that can be read', () => {
      expect(Object.keys(TRACE_FORMATS)).toContain(interceptor.format);
    });

    it('adds everything that a stand-in for its program logs', async () => {
      const golden = goldenSchema.parse(JSON.parse(readFileSync(`${log}.expected.json`, 'utf8')));
      const programs = await standIn(interceptor.program, `cat '${log}.log' >$log`);
      const storePath = path.join(await temporaryFolder(), 'store');
      const result = await captured(name, programs, {storePath});
      expect(result).toMatchObject({
        interceptor: name,
        totals: {rows: golden.rows, rejectedRows: golden.rejects.length},
      });
      const info = await infoOf(storePath);
      expect(info).toMatchObject({rows: golden.rows, minutes: golden.minutes.length});
    });

    it('says which package to install when its program is missing', async () => {
      const environment = {...process.env, PATH: await temporaryFolder()};
      await expect(captured(name, '', {environment})).rejects.toMatchObject({
        code: 'no-program',
        exitCode: 2,
        hints: [`apt-get install ${interceptor.packages.join(' ')}`],
      });
    });
  },
);

describe('what is told of a capture', () => {
  it('keeps the number of lost events with the batch, from the log and from beside it', async () => {
    const log = path.join(ROOT, 'fixtures/traces/bpftrace/block-requests.log');
    const programs = await standIn('bpftrace', `echo 'Lost 40 events' >&2; sleep 0.5; cat '${log}' >$log`);
    const storePath = path.join(await temporaryFolder(), 'store');
    const result = await captured('bpftrace', programs, {storePath});
    // The log itself has "Lost 3 events".
    expect(result.lostEvents).toBe(43);
    expect(await infoOf(storePath)).toMatchObject({lostEvents: 43, batches: [{lostEvents: 43}]});
  });

  it('is a failure of the interceptor, with its words; what it logged before stays', async () => {
    const programs = await standIn(
      'bpftrace',
      `echo '5000000000 7340032 W 8 4096' >$log; echo 'ERROR: tracepoint not found: block' >&2; exit 1`,
    );
    const storePath = path.join(await temporaryFolder(), 'store');
    await expect(captured('bpftrace', programs, {storePath})).rejects.toMatchObject({
      exitCode: 6,
      code: 'interceptor-failed',
      message: 'bpftrace ended with exit code 1; the 1 rows that it logged before are in the store',
      diagnostics: [{message: 'ERROR: tracepoint not found: block'}],
      hints: ['mount -t tracefs none /sys/kernel/tracing'],
    });
    expect(await infoOf(storePath)).toMatchObject({rows: 1});
  });

  it('is that root is needed, and why, before anything is run', async () => {
    await expect(captured('bpftrace', await temporaryFolder(), {userId: 1000})).rejects.toMatchObject({
      exitCode: 2,
      code: 'needs-root',
      message: 'bpftrace must be run by root: only root may load programs into the kernel',
    });
  });

  it.each([
    ['bpftrace', {devices: []}, 'bpftrace needs --device'],
    ['bpftrace', {programArguments: ['x']}, 'bpftrace takes no arguments of its own'],
    ['nbdkit', {programArguments: []}, 'nbdkit needs arguments of its own after --'],
    ['nbdkit', {devices: ['7,0']}, 'nbdkit takes no --device'],
    ['fio', {programArguments: ['--name=a', '--name=b']}, 'fio is told 2 jobs, and one iolog holds one job'],
    ['fio', {programArguments: ['--name=a', '--numjobs=4']}, /--numjobs=4/],
    ['bpftrace', {devices: Array.from({length: 9}, (_, minor) => `7,${minor}`)}, /9 devices/],
  ])('is what does not fit: %s %o', async (name, more, message) => {
    const refusal = captured(name, await temporaryFolder(), more);
    await expect(refusal).rejects.toMatchObject({exitCode: 2});
    await expect(refusal).rejects.toThrow(message);
  });

  it('calls devices as they were named, or as a map of names does', async () => {
    const folder = await temporaryFolder();
    const names = path.join(folder, 'names.csv');
    writeFileSync(names, 'name,volume\n"7,1",vol-1\n');
    const script = `for minor in 0 1; do echo "500000000$minor $((7340032 + minor)) W 8 4096"; done >$log`;
    const programs = await standIn('bpftrace', script);
    const storePath = path.join(folder, 'store');
    await captured('bpftrace', programs, {
      storePath,
      devices: ['7,0', '7:1'],
      volumeNamesPath: names,
      options: {skewUs: 0, volumePrefix: 'host-a/'},
    });
    const store = await openShadowStore(storePath);
    expect(store.volumes().map(({name}) => name)).toEqual(['host-a/7,0', 'host-a/vol-1']);
    store.close();
  });
});
