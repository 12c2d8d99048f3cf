import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Admit from '../../src/commands/admit.js';
import Ingest from '../../src/commands/ingest.js';
import {runCommand} from '../support/run-command.js';
import type {FinishedRun} from '../support/run-foreshadow.js';

const TOPOLOGY = `kind: topology
version: 1
hosts:
  - {id: a, capacity: 10GiB, labels: {rack: r1}}
  - {id: b, capacity: 10GiB, labels: {rack: r2}}
  - {id: c, capacity: 10GiB, labels: {rack: r3}}
  - {id: d, capacity: 10GiB, labels: {rack: r4}}
volumes:
  - {id: v, replicas: [a, b], antiAffinity: [rack], provisioned: 4GiB}
`;

let folder: string;

const inFolder = (name: string): string => path.join(folder, name);

function admit(...args: readonly string[]): Promise<FinishedRun> {
  const common = [
    '--topology',
    inFolder('cluster.yaml'),
    '--store',
    inFolder('store'),
    '--as-of',
    '2026-11-03',
  ];
  return runCommand(Admit, [...common, ...args]);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'admit-'));
  const hours = Array.from({length: 48}, (_, hour) => {
    const at = new Date(Date.UTC(2026, 10, 1, hour)).toISOString();
    return `v,${at},${2 ** 30 + hour}`;
  });
  await writeFile(inFolder('cluster.yaml'), TOPOLOGY);
  await writeFile(inFolder('usage.csv'), `volume,time,used_bytes\n${hours.join('\n')}\n`);
  const ingested = await runCommand(Ingest, [inFolder('usage.csv'), '--store', inFolder('store')]);
  expect(ingested.exitCode).toBe(0);
}, 30_000);

afterAll(async () => {
  await rm(folder, {recursive: true});
});

describe('foreshadow admit', () => {
  it('says yes with 0, where they go, and the answers to each what-if beside it', async () => {
    const whatIfs = ['hosts+1@rack=r5:10GiB', 'drain:rack/r4', 'growth*1.5; lost:rack/r3'];
    const run = await admit(
      '--size',
      '1GiB',
      '--replicas',
      '2',
      ...whatIfs.flatMap((one) => ['--whatif', one]),
    );
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(/^warning: 47h of history are few for a horizon of 1w: .*\n$/);
    expect(run.stdout).toContain('new-volume-1  ');
    const rows = run.stdout
      .split('\n')
      .filter((line) => /^(as it is|hosts|drain|growth)[^:]*(:[^:]*)* +yes/.test(line));
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(['as it is', ...whatIfs]);
    expect(run.stdout).toContain('launches add nothing: no new volume was seen in 23h');
    expect(run.stdout).toMatch(/1 volume of 1\.00 GiB \(2 copies each, apart in rack\): yes/);
  }, 20_000);

  it('says no with 4, and what is short; one JSON document with --json', async () => {
    const run = await admit('--size', '20GiB', '--replicas', '2', '--no-launches', '--json');
    expect(run).toMatchObject({exitCode: 4, stderr: ''});
    const {answers, volumes} = JSON.parse(run.stdout) as {
      volumes: unknown;
      answers: {
        admitted: boolean;
        most: number;
        launches?: unknown;
        firstBreak: {missingBytes: number; message: string};
      }[];
    };
    expect(volumes).toMatchObject({count: 1, copyBytes: 20 * 2 ** 30, antiAffinity: ['rack']});
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({admitted: false, most: 0});
    expect(answers[0]?.launches).toBeUndefined();
    expect(answers[0]?.firstBreak.missingBytes).toBeGreaterThan(10 * 2 ** 30);
  }, 20_000);

  it('counts as much of the size as other volumes use, for a growth class', async () => {
    const run = await admit('--size', '4GiB', '--replicas', '2', '--growth-class', 'typical', '--json');
    const {volumes} = JSON.parse(run.stdout) as {volumes: {copyBytes: number}};
    expect(volumes.copyBytes / 2 ** 30).toBeCloseTo(1, 2);
  }, 20_000);

  it.each([
    [['--size', '1GiB', '--tier', 'ssd'], 'the topology has no tier "ssd"'],
    [['--size', '1GiB', '--whatif', 'drain:rack/r9'], 'there is no boundary "rack/r9"'],
  ])(
    'refuses %j with 2',
    async (args, message) => {
      const run = await admit(...args);
      expect(run).toMatchObject({exitCode: 2, stdout: ''});
      expect(run.stderr).toContain(message);
    },
    20_000,
  );
});
