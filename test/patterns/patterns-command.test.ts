import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Patterns from '../../src/commands/patterns.js';
import {createRandom} from '../../src/lib/core/index.js';
import type {PatternsSummary, SubjectPatterns} from '../../src/lib/workflows/patterns-summary.js';
import {batchOf, BEGIN_US, HOUR_US} from '../shadow-store/batches.js';
import {openWriter} from '../shadow-store/stores.js';
import {runCommand} from '../support/run-command.js';
import {yamlFile} from '../topology/topology-files.js';

const DAYS = 21;
const GIB = 2 ** 30;
const WEIRD = '<b>&\u001b[2J';
let folder: string;
let store: string;

/** `db` is busy from 9 to 17 and grows by 1 GiB a day; the other grows by half of that. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-patterns-'));
  store = path.join(folder, 'store');
  const random = createRandom(2);
  const rows = ['db', WEIRD].flatMap((volume, index) =>
    Array.from({length: 24 * DAYS}, (_, step) => {
      const startUs = BEGIN_US + step * HOUR_US;
      const hour = (step + 5) % 24;
      const busy = index === 0 && hour >= 9 && hour < 17 ? 1 : 0;
      const writeBytes = Math.round(1e6 * Math.exp(2 * busy + 0.3 * random.normal()));
      const bytes = Math.round(GIB * (10 + ((1 - index / 2) * step) / 24 + 0.01 * random.normal()));
      return {volume, startUs, writes: 1, writeBytes, used: {bytes, atUs: startUs}};
    }),
  );
  const writer = await openWriter(store);
  await writer.commit({...batchOf('rows', rows), provisioned: new Map([['db', 40 * GIB]])});
  await writer.close();
});
afterAll(() => rm(folder, {recursive: true, force: true}));

async function run(
  ...args: string[]
): Promise<Awaited<ReturnType<typeof runCommand>> & {summary: PatternsSummary}> {
  const done = await runCommand(Patterns, [...args, '--store', store]);
  return {...done, summary: done.result as PatternsSummary};
}

function subject({subjects}: PatternsSummary, id: string): SubjectPatterns {
  return subjects.find((one) => one.id === id)!;
}

describe('patterns', () => {
  it('shows seasons by the clock of a place, and what is not yet to be seen', async () => {
    const {stdout, summary} = await run('--metric', 'write-bytes', '--time-zone', '+02:00');
    expect(stdout).toMatch(/^db +daily +\d+ % +1e-9 +[▁▂▃▄▅▆▇█]{24} +11-19 h$/m);
    expect(stdout).toMatch(/^yearly seasons are not yet seen: two cycles need 711 more days$/m);
    expect(stdout).not.toContain('\u001b[2J');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(subject(summary, WEIRD).seasons).toEqual([]);
    expect(summary.fullRanking).toEqual([]);
  });

  it('says when volumes, boundaries, hosts and all are full, the soonest first', async () => {
    const topology = await yamlFile(TOPOLOGY);
    const {stdout, summary} = await run('--topology', topology);
    const day = (id: string): number => subject(summary, id).full?.days ?? Number.NaN;
    expect(subject(summary, 'db').trend?.perDay).toBeCloseTo(GIB, -7);
    // 10 of 40 GiB were used at first and 21 more are by now.
    expect(day('db')).toBeCloseTo(9, 0);
    // 90 % of 60 GiB less 1 GiB, less the 31 and 20.5 that both hold; both grow.
    expect(day('host/h1')).toBeCloseTo(1, 0);
    expect(day('rack/a')).toBeCloseTo(day('host/h1'), 0);
    expect(summary.fullRanking.map(({id}) => id)).toEqual(
      [...summary.fullRanking].sort((left, right) => left.full.days! - right.full.days!).map(({id}) => id),
    );
    expect(stdout).toMatch(/^full first +in +with the growth that is possible$/m);
    expect(subject(summary, 'all volumes').trend?.perDay).toBeCloseTo(1.5 * GIB, -7);
  });

  it('writes everything as CSV and a picture with names escaped', async () => {
    const [csv, plot] = ['p.csv', 'p.svg'].map((name) => path.join(folder, name));
    await run('--metric', 'write-bytes', '--csv', csv!, '--plot', plot!);
    const rows = (await readFile(csv!, 'utf8')).trimEnd().split('\n');
    expect(new Set(rows.map((row) => row.split(',').length))).toEqual(new Set([14]));
    expect(rows.find((row) => row.startsWith('volume,db,season,daily,,1,'))).toMatch(/,9-17 h$/);
    const svg = await readFile(plot!, 'utf8');
    expect(svg).toContain('&lt;b&gt;&amp;');
    expect(svg).not.toContain('\u001b');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.match(/<g /g)).toHaveLength(3);
  });

  it('looks at nothing from --as-of on, and gives the same for the same seed', async () => {
    const asOf = ['--as-of', '2026-03-10T00:00:00Z'];
    const [first, second] = [await run(...asOf), await run(...asOf)];
    expect(first.summary).toEqual(second.summary);
    expect(first.summary.toUs).toBe(Date.parse('2026-03-10T00:00:00Z') * 1000);
    expect(first.stdout).toContain('weekly seasons are not yet seen');
  });

  it.each([
    [
      'an unknown zone',
      ['--time-zone', 'Europe/Berlyn'],
      2,
      /--time-zone cannot be read: "Europe\/Berlyn"\n {2}try: /,
    ],
    ['an unknown volume', ['--volume', 'bd'], 3, /no volume "bd"; did you mean "db"\?\n {2}try: /],
    ['a time before all', ['--as-of', '2020-01-01'], 3, /no whole hourly step/],
    ['a topology that is not there', ['--topology', 'no-such.yaml'], 3, /no-such\.yaml/],
  ])('refuses %s', async (_, args, exitCode, message) => {
    const {exitCode: found, stderr, stdout} = await run(...args);
    expect(found).toBe(exitCode);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });
});

const TOPOLOGY = `kind: topology
version: 1
fillLimit: 90%
hosts:
  - {id: h1, capacity: 60GiB, otherUsed: 1GiB, labels: {rack: a}}
  - {id: h2, capacity: 100GiB, labels: {rack: b}}
volumes:
  - {id: db, replicas: [h1, h2]}
  - {id: "${WEIRD.replace('\u001b', '\\u001b')}", replicas: [h1, h2]}
`;
