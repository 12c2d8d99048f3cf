import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Plan from '../../src/commands/plan.js';
import {verifyStore} from '../../src/lib/shadow-store/index.js';
import {batchOf, BEGIN_US, HOUR_US} from '../shadow-store/batches.js';
import {openWriter} from '../shadow-store/stores.js';
import {runCommand} from '../support/run-command.js';
import {runForeshadow} from '../support/run-foreshadow.js';
import {streamForeshadow} from '../support/stream-foreshadow.js';

const GIB = 2 ** 30;
const HOURS = 96;
const PLANNED_AT = new Date((BEGIN_US + HOURS * HOUR_US) / 1000).toISOString();
const HELD_LOCK = {nonce: 'n', pid: 1, machine: 'another-machine', since: PLANNED_AT};

let folder: string;

/** Two volumes on hosts of so much each, a rack a host. */
function topologyOf(hosts: number, capacity: string): string {
  const ids = Array.from({length: hosts}, (_, host) => `h${host}`);
  return `kind: topology
version: 1
fillLimit: 90%
hosts:
${ids.map((id) => `  - {id: ${id}, capacity: ${capacity}, labels: {rack: ${id}}}`).join('\n')}
volumes:
  - {id: db, replicas: [h0, h1], antiAffinity: [rack]}
  - {id: web, replicas: [h1, h0], antiAffinity: [rack]}
`;
}

function place(words: string): string[] {
  return words
    .split(' ')
    .map((word) => word.replace(/\{(.*)\}/, (_, name: string) => path.join(folder, name)));
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-exit-'));
  const [store = '', cluster = '', plan = ''] = place('{store} {cluster.yaml} {plan.json}');
  const rows = ['db', 'web'].flatMap((volume, index) =>
    Array.from({length: HOURS}, (_, hour) => {
      const startUs = BEGIN_US + hour * HOUR_US;
      const bytes = GIB * (10 + index) + hour * 2 ** 20;
      return {volume, startUs, writes: 1, writeBytes: 2 ** 20, used: {bytes, atUs: startUs}};
    }),
  );
  const writer = await openWriter(store);
  await writer.commit(batchOf('rows', rows));
  await writer.close();
  await writeFile(cluster, topologyOf(4, '200GiB'));
  await writeFile(path.join(folder, 'two-racks.yaml'), topologyOf(2, '200GiB'));
  await writeFile(path.join(folder, 'full.yaml'), topologyOf(3, '23GiB'));
  await writeFile(path.join(folder, 'locked.json.lock'), JSON.stringify(HELD_LOCK));
  const made = await runCommand(Plan, [
    ...['--store', store, '--topology', cluster, '--model', 'naive', '--horizon', '6h'],
    ...['--as-of', PLANNED_AT, '--out', plan],
  ]);
  expect(made, made.stderr).toMatchObject({exitCode: 0});
});
afterAll(() => rm(folder, {recursive: true}));

/** Exit code, why, the command, and what it says on standard error, or on standard output where that is empty. */
const RUNS: readonly (readonly [number, string, string, RegExp])[] = [
  [0, 'all is well', 'topology check {cluster.yaml}', /0 errors/],
  [2, 'a flag that is none', 'topology check {cluster.yaml} --bogus', /--bogus/],
  [3, 'a file that is not there', 'topology check {gone.yaml}', /gone\.yaml/],
  [4, 'a check that failed', 'topology check {two-racks.yaml}', /never-repairable/],
  [
    4,
    'a plan that is not feasible',
    `plan --store {store} --topology {full.yaml} --model naive --horizon 6h --as-of ${PLANNED_AT} --out {unfeasible.json}`,
    /not feasible: 4 of 6 scenarios/,
  ],
  [
    5,
    'a plan that expired',
    'apply {plan.json} --target file:{held.json} --yes --as-of 2026-12-01',
    /the plan expired at/,
  ],
  [
    5,
    'a lock that is held',
    `apply {plan.json} --target file:{locked.json} --yes --as-of ${PLANNED_AT}`,
    /is held by process 1 on another-machine/,
  ],
  [6, 'a store that cannot be reached', 'store info --store clickhouse://127.0.0.1:1/x', /cannot be reached/],
  [
    7,
    'changes that are pending',
    `apply {plan.json} --target file:{held.json} --dry-run --detailed-exitcode --as-of ${PLANNED_AT}`,
    /changes pending/,
  ],
];

describe('the built program', () => {
  it.each(RUNS)('exits with %i for %s', async (exitCode, _, words, says) => {
    const run = await runForeshadow(place(words));
    expect(run).toMatchObject({exitCode});
    expect(run.stderr === '' ? run.stdout : run.stderr).toMatch(says);
  });

  it('exits with 130 for Ctrl-C while it reads a log that goes on, and leaves no half file', async () => {
    const [store = ''] = place('{interrupted}');
    const stream = streamForeshadow([
      'ingest',
      '-',
      '--store',
      store,
      '--commit-every',
      '0.05s',
      '--verbose',
    ]);
    // More than what a format is told by.
    const lines = Array.from(
      {length: 4000},
      (_, row) => `vol,W,4096,8192,${1_790_000_000_000_000 + row * 1000}\n`,
    ).join('');
    await stream.feed([lines.slice(0, lines.length / 2)], 0);
    expect(await stream.hears(/committed \d+ rows/, 1)).toBe(true);
    await stream.feed([lines.slice(lines.length / 2, -9)], 100);
    stream.process.kill('SIGINT');
    expect(await stream.finished).toMatchObject({exitCode: 130});
    expect(stream.process.stdin.writableEnded).toBe(false);
    expect((await readdir(store, {recursive: true})).filter((name) => /tmp|partial/.test(name))).toEqual([]);
    expect(await verifyStore(store, {threads: 1})).toMatchObject({isSound: true});
  });

  it('has changed nothing where it refused', async () => {
    const names = await readdir(folder);
    expect(names).not.toContain('held.json');
    expect(names).not.toContain('locked.json');
    expect(JSON.parse(await readFile(path.join(folder, 'locked.json.lock'), 'utf8'))).toEqual(HELD_LOCK);
  });
});
