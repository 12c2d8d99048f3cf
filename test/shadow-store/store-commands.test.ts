import {readdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {afterEach, expect, test, vi} from 'vitest';

import Ingest from '../../src/commands/ingest.js';
import StoreCompactCommand from '../../src/commands/store/compact.js';
import StoreExportCommand from '../../src/commands/store/export.js';
import StoreInfoCommand from '../../src/commands/store/info.js';
import StorePruneCommand from '../../src/commands/store/prune.js';
import StoreVerifyCommand from '../../src/commands/store/verify.js';
import {runCommand} from '../support/run-command.js';
import {batchOf, BEGIN_US, FIRST, HOUR_US, SECOND} from './batches.js';
import {commitAll, contentOf, newStorePath} from './stores.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

function run(command: Parameters<typeof runCommand>[0], ...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(command, args);
}

async function storeWithTwoBatches(): Promise<string> {
  const storePath = await newStorePath();
  const evil = {
    volume: 'evil\u001b[2J',
    startUs: BEGIN_US + HOUR_US,
    reads: 1,
    used: {bytes: 7, atUs: BEGIN_US + HOUR_US},
  };
  await commitAll(storePath, [SECOND, batchOf('third', [evil])]);
  return storePath;
}

test('store info tells the sums, and on request the batches and the volumes, with names that are safe to print', async () => {
  const storePath = await storeWithTwoBatches();
  const {stdout} = await run(StoreInfoCommand, '--store', storePath, '--batches', '--volumes');
  expect(stdout).toMatch(/^volumes +2$/m);
  expect(stdout).toMatch(/^time +2026-03-02T05:00:00Z to 2026-03-02T06:01:00Z, 0\.0 days$/m);
  expect(stdout).toMatch(/^batches +2 of 2 inputs$/m);
  expect(stdout).toMatch(/^1 .*second \(foreshadow-csv\) +rejects\/[0-9a-f]{32}\.jsonl$/m);
  expect(stdout).toMatch(
    /^evil\\u001b\[2J +2026-03-02T06:00:00Z +2026-03-02T06:00:00Z +1 +1 +>= 0 B +100\.0 %$/m,
  );
  expect(stdout).not.toContain('\u001b');
});

test('store info --json has the lists only when they are asked for', async () => {
  const storePath = await storeWithTwoBatches();
  const short: unknown = JSON.parse((await run(StoreInfoCommand, '--store', storePath, '--json')).stdout);
  expect(short).toMatchObject({schemaVersion: 1, volumeCount: 2, batchCount: 2, rows: 3});
  expect(short).not.toHaveProperty('batches');
  const long: unknown = JSON.parse(
    (await run(StoreInfoCommand, '--store', storePath, '--json', '--batches', '--volumes')).stdout,
  );
  expect(long).toMatchObject({
    batches: [{sequence: 1}, {sequence: 2}],
    volumes: [{name: 'a'}, {name: 'evil\u001b[2J'}],
  });
});

test('store export writes CSV to standard output, of the volumes and the time asked for', async () => {
  const storePath = await storeWithTwoBatches();
  const all = await run(StoreExportCommand, '--store', storePath, '--granularity', 'hourly');
  expect(all.stdout).toBe(
    [
      'volume,start_us,reads,writes,trims,read_bytes,write_bytes,footprint_growth_bytes,used_bytes,used_at_us',
      `a,${BEGIN_US},0,2,0,0,8192,4096,,`,
      `a,${BEGIN_US + HOUR_US},5,0,0,512,0,0,,`,
      `evil\u001b[2J,${BEGIN_US + HOUR_US},1,0,0,0,0,0,7,${BEGIN_US + HOUR_US}`,
      '',
    ].join('\n'),
  );
  expect(all.stderr).toBe('3 rows written\n');
  const some = await run(
    StoreExportCommand,
    '--store',
    storePath,
    '--volume',
    'a',
    '--from',
    '2026-03-02T06:00:00Z',
    '-q',
  );
  expect(some.stdout.split('\n').slice(1)).toEqual([`a,${BEGIN_US + HOUR_US},5,0,0,512,0,0,,`, '']);
  const none = await run(StoreExportCommand, '--store', storePath, '--to', '2026-03-02T05:00:00Z', '-q');
  expect(none.stdout.split('\n')).toHaveLength(2);
});

test('store export writes a Parquet file wholly or not at all, and tells its rows as JSON', async () => {
  const storePath = await storeWithTwoBatches();
  const folder = path.dirname(storePath);
  const out = path.join(folder, 'out.parquet');
  const {stdout} = await run(
    StoreExportCommand,
    '--store',
    storePath,
    '--format',
    'parquet',
    '--out',
    out,
    '--json',
  );
  expect(JSON.parse(stdout)).toMatchObject({rows: 3});
  expect((await readFile(out)).subarray(0, 4).toString()).toBe('PAR1');
  const refused = await run(
    StoreExportCommand,
    '--store',
    storePath,
    '--out',
    path.join(folder, 'no', 'such', 'folder.csv'),
  );
  expect(refused).toMatchObject({exitCode: 6, stdout: ''});
  expect((await readdir(folder)).sort()).toEqual(['out.parquet', 'store']);
});

test.each([
  [['--out', import.meta.dirname], 2, 'is a folder'],
  [['--out', '/dev/null'], 2, 'is not a regular file'],
  [['--json'], 2, '--json needs standard output for itself'],
  [['--from', 'yesterday'], 2, '--from cannot be read: \\"?"yesterday'],
  [['--volume', 'b'], 3, 'the store has no volume \\"?"b'],
])('store export %j exits with %i', async (args, exitCode, message) => {
  const storePath = await storeWithTwoBatches();
  const result = await run(StoreExportCommand, '--store', storePath, ...args);
  expect(result.exitCode).toBe(exitCode);
  expect(result.stdout + result.stderr).toMatch(new RegExp(message));
});

test('Parquet does not go to a terminal', async () => {
  const isTerminal = process.stdout.isTTY;
  process.stdout.isTTY = true;
  try {
    const {stderr, exitCode} = await run(StoreExportCommand, '--store', 'none', '--format', 'parquet');
    expect({stderr, exitCode}).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('terminal') as string,
    });
  } finally {
    process.stdout.isTTY = isTerminal;
  }
});

test('store verify exits with 0 for a sound store and with 3 for a damaged one, and names the file', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND]);
  const sound = await run(StoreVerifyCommand, '--store', storePath);
  expect(sound).toMatchObject({exitCode: 0, stdout: expect.stringMatching(/is sound\n$/) as string});
  const [file = ''] = await readdir(path.join(storePath, 'rejects'));
  await writeFile(path.join(storePath, 'rejects', file), 'x');
  const damaged = await run(StoreVerifyCommand, '--store', storePath);
  expect(damaged.exitCode).toBe(3);
  expect(damaged.stdout).toMatch(new RegExp(`^wrong-size .*${file}: has 1 bytes`));
  expect(damaged.stdout).toMatch(/is damaged: 1 fault\n$/);
  const json: unknown = JSON.parse((await run(StoreVerifyCommand, '--store', storePath, '--json')).stdout);
  expect(json).toMatchObject({isSound: false, findings: [{code: 'wrong-size'}], checked: {batches: 2}});
});

test('store compact tells what it merged, and when the old files go', async () => {
  const storePath = await storeWithTwoBatches();
  const {stdout, exitCode} = await run(StoreCompactCommand, '--store', storePath, '--keep-old', '2h');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^merged 2 batches: 2 batches in \d+ files \([^)]+\) are now 1 in \d+ /);
  expect(stdout).toContain('the first writer after 2h removes them');
  const again: unknown = JSON.parse((await run(StoreCompactCommand, '--store', storePath, '--json')).stdout);
  expect(again).toMatchObject({merged: 0, batchesAfter: 1});
});

test('store prune tells what would go without touching the store, then removes it', async () => {
  const storePath = await storeWithTwoBatches();
  const before = await contentOf(storePath);
  const args = ['--store', storePath, '--before', '2026-03-02T06:30:00Z'];
  const dry = await run(StorePruneCommand, ...args, '--dry-run');
  const what = '1 rows of 1m and 1 rows of 1h of 1 volumes that start before 2026-03-02T06:00:00Z';
  expect(dry.stdout).toBe(`would remove ${what}; 1 batches would become one\n`);
  expect(await contentOf(storePath)).toEqual(before);
  expect((await run(StorePruneCommand, ...args)).stdout).toContain(`removed ${what}`);
  expect((await run(StorePruneCommand, ...args)).stdout).toBe(
    'nothing to remove before 2026-03-02T06:00:00Z\n',
  );
  expect((await run(StorePruneCommand, '--store', storePath)).exitCode).toBe(2);
  const nowhere = await run(StorePruneCommand, '--store', `${storePath}-none`, '--older-than', '90d');
  expect(nowhere).toMatchObject({exitCode: 3, stderr: expect.stringContaining('no shadow store') as string});
});

test('store export of regular steps tells the coverage, of the volumes that a file names, added up on request', async () => {
  const storePath = await storeWithTwoBatches();
  const names = path.join(path.dirname(storePath), 'names.txt');
  await writeFile(names, 'a\n\nevil\u001b[2J\n');
  const args = ['--store', storePath, '--volumes-from', names, '-q'];
  const steps = await run(StoreExportCommand, ...args, '--step', '2h');
  const header =
    'volume,start_us,coverage,reads,writes,trims,read_bytes,write_bytes,footprint_growth_bytes,used_bytes';
  const begin = BEGIN_US - HOUR_US;
  expect(steps.stdout.split('\n')).toEqual([
    header,
    `a,${begin},0.5,0,2,0,0,8192,4096,4096`,
    `a,${begin + 2 * HOUR_US},0.008333,5,0,0,512,0,0,4096`,
    `evil\u001b[2J,${begin},0.0,,,,,,,`,
    `evil\u001b[2J,${begin + 2 * HOUR_US},0.008333,1,0,0,0,0,0,7`,
    '',
  ]);
  const summed = await run(StoreExportCommand, ...args, '--sum', 'rack', '--granularity', 'hourly');
  expect(summed.stdout.split('\n').slice(1)).toEqual([
    `rack,${BEGIN_US},1.0,0,2,0,0,8192,4096,4096`,
    `rack,${BEGIN_US + HOUR_US},0.016667,6,0,0,512,0,0,4103`,
    '',
  ]);
  expect((await run(StoreExportCommand, ...args, '--step', '90s')).exitCode).toBe(2);
});

test('ingest puts --volume-prefix before the names of volumes, and refuses one that a script left empty', async () => {
  const storePath = await newStorePath();
  const file = path.join(path.dirname(storePath), 'log.csv');
  await writeFile(file, `volume,time_us,op,offset,length\nsda,${BEGIN_US},write,0,4096\n`);
  const args = [file, '--store', storePath, '--json', '--volume-prefix'];
  const empty = await run(Ingest, ...args, '');
  expect(empty.exitCode).toBe(2);
  expect(JSON.parse(empty.stdout)).toMatchObject({
    error: {code: 'bad-flag-value', message: '--volume-prefix is empty'},
  });
  await run(Ingest, ...args, 'host-a/');
  const {stdout} = await run(StoreInfoCommand, '--store', storePath, '--volumes', '--json');
  expect(JSON.parse(stdout)).toMatchObject({volumes: [{name: 'host-a/sda'}]});
});
