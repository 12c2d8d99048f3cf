import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {PROGRAM, runForeshadow} from '../support/run-foreshadow.js';

/** More than one task for threads; most stand still, which costs a model next to nothing. */
const VOLUMES = 70;
const MOVING = 8;
const HOURS = 96;
const FIRST_US = 1_790_000_000_000_000 - (1_790_000_000_000_000 % 3_600_000_000);
const folder = mkdtempSync(path.join(tmpdir(), 'foreshadow-models-'));
afterAll(() => {
  rmSync(folder, {recursive: true});
});

async function run(...args: readonly string[]): Promise<string> {
  const done = await runForeshadow([...args, '--store', 'store'], {cwd: folder});
  expect(done, done.stderr).toMatchObject({exitCode: 0});
  return done.stdout;
}

beforeAll(async () => {
  const random = createRandom('model threads');
  const rows = Array.from({length: VOLUMES * HOURS}, (_, row) => {
    const [volume, hour] = [row % VOLUMES, Math.floor(row / VOLUMES)];
    const day = Math.sin((2 * Math.PI * hour) / 24);
    const change = volume < MOVING ? 1e7 * hour + 2e8 * day + 1e7 * random.normal() : 0;
    const bytes = Math.round(1e9 * (1 + volume) + change);
    return `v-${volume},${FIRST_US + hour * 3_600_000_000},${bytes}`;
  });
  writeFileSync(path.join(folder, 'usage.csv'), `volume,time_us,used_bytes\n${rows.join('\n')}\n`);
  await run('ingest', 'usage.csv');
}, 60_000);

async function train(model: string, threads: string): Promise<string> {
  const out = `${model}-${threads}.json`;
  await run('train', '--model', model, '--horizon', '12h', '--threads', threads, '--out', out);
  return withoutTime(out);
}

async function withoutTime(file: string): Promise<string> {
  return (await readFile(path.join(folder, file), 'utf8')).replace(/"createdAt": *"[^"]*"/, '');
}

describe('any number of threads', () => {
  it.each(['arima', 'mlp'])('trains the same %s, byte for byte', async (model) => {
    const [one, two] = await Promise.all(['1', '2'].map((threads) => train(model, threads)));
    expect(one?.length).toBeGreaterThan(5000);
    expect(two).toBe(one);
  });

  it('give the same after a kill, going on where it stopped', async () => {
    const out = 'killed.json';
    const args = ['train', '--model', 'mlp', '--horizon', '12h', '--threads', '2', '--out', out];
    const kept = path.join(folder, `${out}.checkpoints`, 'mlp.checkpoint.json');
    const child = spawn(process.execPath, [PROGRAM, ...args, '--store', 'store'], {cwd: folder});
    const ended = once(child, 'exit');
    while (!existsSync(kept)) await setTimeout(10);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(existsSync(path.join(folder, out))).toBe(false);
    const resumed = await runForeshadow([...args, '--store', 'store'], {cwd: folder});
    expect(resumed.stderr).toMatch(/^mlp: goes on after step \d+, from killed\.json\.checkpoints/);
    expect(await withoutTime(out)).toBe(await withoutTime('mlp-1.json'));
    expect(existsSync(path.dirname(kept))).toBe(false);
  });

  it('tells a refusal of a thread as its own', async () => {
    const args = ['train', '--model', 'mlp', '--horizon', '200h', '--threads', '2', '--out', 'long.json'];
    const refused = await runForeshadow([...args, '--store', 'store'], {cwd: folder});
    expect(refused).toMatchObject({exitCode: 3, stdout: ''});
    expect(refused.stderr).toContain('model mlp needs a series of at least');
  });
});

describe('shards of a forecast', () => {
  it('give the whole when they are merged, in whatever order', async () => {
    await run('train', '--model', 'theta', '--horizon', '6h', '--out', 'theta.json');
    const forecast = ['forecast', '--model-file', 'theta.json'];
    await run(...forecast, '--out', 'whole.csv');
    const parts = ['part-1.csv', 'part-2.parquet'];
    for (const [index, part] of parts.entries())
      await run(...forecast, '--shard', `${index + 1}/2`, '--threads', String(index + 1), '--out', part);
    const merge = ['forecast', 'merge', ...parts.toReversed(), '--out', 'merged.csv'];
    const merged = await runForeshadow(merge, {cwd: folder});
    expect(merged).toMatchObject({exitCode: 0, stdout: '70 volumes of 2 files in merged.csv\n'});
    const [whole, joined] = await Promise.all(
      ['whole.csv', 'merged.csv'].map((file) => readFile(path.join(folder, file), 'utf8')),
    );
    expect(joined).toBe(whole);
    expect(whole?.split('\n')).toHaveLength(2 + VOLUMES * 6);
    const missing = await runForeshadow(['forecast', 'merge', 'part-1.csv', '--out', 'x.csv'], {
      cwd: folder,
    });
    expect(missing).toMatchObject({exitCode: 3, stdout: ''});
    expect(missing.stderr).toContain('missing shards: 2/2');
  });

  it('need a model file', async () => {
    const args = ['forecast', '--shard', '1/2', '--out', 'x.csv', '--store', 'store'];
    expect(await runForeshadow(args, {cwd: folder})).toMatchObject({exitCode: 2, stdout: ''});
  });
});

it('writes Parquet where the name of the file says so', async () => {
  await run('forecast', '--model', 'naive', '--horizon', '2h', '--out', 'f.parquet');
  const {DuckDBInstance} = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const read = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER AS rows, min(step) AS first, max(step) AS last, count(DISTINCT volume)::INTEGER AS volumes,
      min(date_diff('hour', origin, time)) AS earliest FROM '${path.join(folder, 'f.parquet')}'`,
  );
  expect(read.getRowObjectsJson()).toEqual([{rows: 140, first: 1, last: 2, volumes: 70, earliest: '0'}]);
  connection.closeSync();
});
