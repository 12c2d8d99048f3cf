import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createReadStream, createWriteStream} from 'node:fs';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as wait} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, it, test} from 'vitest';

import {initClickHouseStore, setStoreAccess} from '../../src/lib/shadow-store/index.js';
import {testStore} from '../shadow-store/store-conformance.js';
import {
  CLUSTER,
  clickHouseIsMissing,
  type ClickHouseCluster,
  startClickHouse,
} from '../support/clickhouse-cluster.js';
import {PROGRAM, runForeshadow, USERS_ENVIRONMENT} from '../support/run-foreshadow.js';

/** 10,000,000 take about a minute on two cores: FORESHADOW_TEST_REQUESTS=10000000 asks for them, as CI does. */
const REQUESTS = Number(process.env['FORESHADOW_TEST_REQUESTS'] ?? 1_000_000);
const JOBS = 4;
const why = clickHouseIsMissing();
if (why !== undefined) process.stderr.write(`skipped: ClickHouse: ${why}\n`);

let cluster: ClickHouseCluster;
let folder: string;
let printed = '';

beforeAll(async () => {
  if (why !== undefined) return;
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-clickhouse-test-'));
  cluster = await startClickHouse({shards: 2, replicas: 2});
  process.stderr.write(
    `four servers and a ZooKeeper on loopback: ClickHouse ${(await cluster.query('SELECT version()')).trim()}\n`,
  );
  const {FORESHADOW_CLICKHOUSE_USER: user, FORESHADOW_CLICKHOUSE_PASSWORD: password} = cluster.environment;
  setStoreAccess({user, password, stateFolder: path.join(folder, 'state')});
}, 120_000);

afterAll(async () => {
  if (why !== undefined) return;
  setStoreAccess();
  await cluster.stop();
  await rm(folder, {recursive: true, force: true});
}, 60_000);

async function foreshadow(args: readonly string[], exitCodes: readonly number[] = [0]): Promise<string> {
  const env = {...cluster.environment, FORESHADOW_STATE: path.join(folder, 'state')};
  const run = await runForeshadow(args, {cwd: folder, env});
  printed += run.stdout + run.stderr;
  if (!exitCodes.includes(run.exitCode ?? -1))
    throw new Error(`${args.join(' ')} ended with ${run.exitCode ?? 'a signal'}: ${run.stderr}${run.stdout}`);
  return run.stdout;
}

let stores = 0;

async function newStore(): Promise<string> {
  stores += 1;
  const url = cluster.storeUrl(`store_${stores}`);
  await initClickHouseStore({path: url, cluster: CLUSTER, tool: 'foreshadow/test', nowUs: 0});
  return url;
}

async function exported(store: string, ...flags: readonly string[]): Promise<string> {
  const out = path.join(folder, 'export.csv');
  await foreshadow(['store', 'export', '--store', store, '--out', out, ...flags]);
  return readFile(out, 'utf8');
}

/** Everything that a store tells by the minute, by the hour, and in regular steps with coverage and used bytes. */
async function everythingOf(store: string): Promise<readonly string[]> {
  return [
    await exported(store),
    await exported(store, '--granularity', 'hourly'),
    await exported(store, '--step', '30m'),
  ];
}

const made = new Map<number, Promise<readonly string[]>>();

/** The traces of a cluster, a file a job, whose volumes are no other's. */
async function makeTraces(requests: number): Promise<readonly string[]> {
  const known = made.get(requests) ?? splitTraces(path.join(folder, `cluster-${requests}`), requests);
  made.set(requests, known);
  return known;
}

async function splitTraces(place: string, requests: number): Promise<readonly string[]> {
  const size = ['--hosts', '8', '--racks', '4', '--feeds', '2', '--volumes', '40', '--days', '3'];
  await foreshadow(['synth', '--out', place, ...size, '--rows', String(requests), '--format', 'alibaba']);
  const [trace = ''] = await readdir(path.join(place, 'traces'));
  const files = Array.from({length: JOBS}, (_, number) => path.join(place, `job-${number}.csv`));
  const parts = files.map((file) => createWriteStream(file));
  const places = new Map<string, number>();
  for await (const line of createInterface({input: createReadStream(path.join(place, 'traces', trace))})) {
    const [volume = ''] = line.split(',', 1);
    const at = places.get(volume) ?? places.size;
    places.set(volume, at);
    const part = parts[at % JOBS];
    if (part !== undefined && !part.write(`${line}\n`)) await once(part, 'drain');
  }
  await Promise.all(parts.map((part) => once(part.end(), 'close')));
  return files;
}

const job = (
  file: string,
  store: string,
  number: number,
  exitCodes: readonly number[] = [0],
): Promise<string> =>
  foreshadow(
    ['ingest', file, '--store', store, '--format', 'alibaba', '--shard', `job-${number}`],
    exitCodes,
  );

describe.skipIf(why !== undefined)('stores on real ClickHouse servers, replicated and distributed', () => {
  testStore({kind: 'clickhouse', newStore, runs: 1});

  test(
    `${REQUESTS} requests by ${JOBS} jobs at once give what the store in files gives, exactly`,
    {timeout: 1_800_000},
    async () => {
      const files = await makeTraces(REQUESTS);
      const [served, inFiles] = [await newStore(), path.join(folder, 'in-files')];
      await Promise.all(files.map((file, number) => job(file, served, number)));
      await foreshadow(['ingest', ...files, '--store', inFiles, '--format', 'alibaba']);
      expect(await everythingOf(served)).toEqual(await everythingOf(inFiles));
      const counted = async (server: number): Promise<number> =>
        Number(await cluster.query('SELECT count() FROM store_' + String(stores) + '.minutes_local', server));
      const [first, , second] = await Promise.all([0, 1, 2].map(counted));
      expect([first, second].every((rows) => (rows ?? 0) > 0)).toBe(true);
      for (const file of files.slice(0, 1)) expect(await job(file, served, 0)).toContain('nothing new');
    },
  );

  test(
    'a server that is killed in the midst of ingests and of readings: nothing is lost, nothing counts twice',
    {timeout: 600_000},
    async () => {
      const files = await makeTraces(200_000);
      const [served, inFiles] = [await newStore(), path.join(folder, 'in-files-killed')];
      // What only the killed server had taken is a clear error for as long as it is gone, and all else is well.
      const tryJobs = (exitCodes: readonly number[]): Promise<readonly string[]> =>
        Promise.all(files.map((file, number) => job(file, served, number, exitCodes)));
      const jobs = tryJobs([0, 6]);
      await untilRows(`store_${stores}`);
      await cluster.kill(0);
      await jobs;
      await tryJobs([0, 6]);
      await cluster.start(0);
      await tryJobs([0]);
      await foreshadow(['ingest', ...files, '--store', inFiles, '--format', 'alibaba']);
      const expected = await everythingOf(inFiles);
      expect(await everythingOf(served)).toEqual(expected);

      const reading = exported(served);
      await wait(700);
      await cluster.kill(0);
      expect(await reading).toEqual(expected[0]);
      expect(await everythingOf(served)).toEqual(expected);
      await cluster.start(0);
    },
  );

  test(
    'a shard of which no server is left is a clear error, and nothing is lost when one is back',
    {timeout: 300_000},
    async () => {
      const [file = ''] = await makeTraces(200_000);
      const served = await newStore();
      await job(file, served, 0);
      const before = await exported(served);
      await cluster.kill(2);
      await cluster.kill(3);
      await foreshadow(['store', 'export', '--store', served, '--out', path.join(folder, 'none.csv')], [6]);
      await foreshadow(
        ['ingest', file, '--store', served, '--format', 'alibaba', '--volume-prefix', 'x', '--shard', 'x'],
        [6],
      );
      await Promise.all([cluster.start(2), cluster.start(3)]);
      expect(await exported(served)).toBe(before);
    },
  );

  test('a writer that is killed in the midst leaves nothing that counts', {timeout: 300_000}, async () => {
    const [file = ''] = await makeTraces(200_000);
    const [served, inFiles] = [await newStore(), path.join(folder, 'in-files-writer')];
    const env = {...USERS_ENVIRONMENT, ...cluster.environment, FORESHADOW_STATE: path.join(folder, 'state')};
    const args = [PROGRAM, 'ingest', file, '--store', served, '--format', 'alibaba'];
    const child = spawn(process.execPath, args, {env, cwd: folder, stdio: 'ignore'});
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await untilRows(`store_${stores}`);
    child.kill('SIGKILL');
    await gone;
    await foreshadow(['ingest', file, '--store', served, '--format', 'alibaba']);
    await foreshadow(['ingest', file, '--store', inFiles, '--format', 'alibaba']);
    expect(await everythingOf(served)).toEqual(await everythingOf(inFiles));
  });

  test('the whole demo runs on one', {timeout: 900_000}, async () => {
    const served = await newStore();
    const told = JSON.parse(await foreshadow(['demo', '--store', served, '--json'])) as {
      alreadyThere: number;
    };
    expect(told).toMatchObject({command: 'demo'});
    expect(told.alreadyThere).toBeGreaterThan(30);
    const report = JSON.parse(await foreshadow(['store', 'verify', '--store', served, '--json'])) as unknown;
    expect(report).toMatchObject({isSound: true, findings: []});
  });

  it('prints no password anywhere', () => {
    expect(printed).not.toContain(cluster.environment['FORESHADOW_CLICKHOUSE_PASSWORD']);
  });
});

/** Until an ingest has sent some rows. */
async function untilRows(database: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const rows = await cluster.query(`SELECT count() FROM ${database}.minutes`, 3).catch(() => '0');
    if (Number(rows) > 0) return;
    await wait(50);
  }
  throw new Error('no rows came');
}
