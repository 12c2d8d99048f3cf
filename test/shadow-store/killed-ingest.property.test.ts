import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream} from 'node:fs';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, expect, test} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {effort} from '../support/effort.js';
import {PROGRAM, runForeshadow} from '../support/run-foreshadow.js';
import {BEGIN_US} from './batches.js';
import {contentOf} from './stores.js';

const ROWS = effort(10_000, 1_000_000);
const KILLS = effort(1, 50);
const SEED = 'killed ingest';

let folder: string;
let trace: string;
let whole: unknown;
let wholeMs: number;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-killed-'));
  trace = path.join(folder, 'trace.csv');
  await writeTrace(trace);
  const startedMs = performance.now();
  await ingestWhole(path.join(folder, 'whole'));
  wholeMs = performance.now() - startedMs;
  whole = await meaningOf(path.join(folder, 'whole'));
});
afterAll(() => rm(folder, {recursive: true, force: true}));

/** Requests of 20 volumes over two days. */
async function writeTrace(file: string): Promise<void> {
  const random = createRandom(SEED);
  const out = createWriteStream(file);
  for (let written = 0; written < ROWS; written += 10_000) {
    const lines = Array.from({length: 10_000}, (_, n) => {
      const atUs = BEGIN_US + Math.floor(((written + n) / ROWS) * 2 * 86_400e6);
      const op = random.below(3) === 0 ? 'read' : 'write';
      return `vol-${random.below(20)},${atUs},${op},${4096 * random.below(1_000_000)},4096\n`;
    });
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

async function ingestWhole(storePath: string): Promise<void> {
  const {exitCode, stderr} = await runForeshadow(['ingest', trace, '--store', storePath, '--quiet']);
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''});
}

/** Starts an ingest and kills it; whether it was still running. */
async function ingestAndKill(storePath: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, 'ingest', trace, '--store', storePath, '--quiet'], {
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return signal === 'SIGKILL';
}

/** Every file by its bytes; what only tells when it was made is left out. */
async function meaningOf(storePath: string): Promise<unknown> {
  const content = await contentOf(storePath);
  const manifests = (await readdir(path.join(storePath, 'batches'))).map((name) => `batches/${name}`);
  const timeless = await Promise.all(
    ['store.json', ...manifests].map(async (file) => {
      const text = await readFile(path.join(storePath, file), 'utf8');
      return [file, text.replace(/"createdAt": "[^"]+"/, '')] as const;
    }),
  );
  return {...content, ...Object.fromEntries(timeless)};
}

test('kill -9 at any moment of an ingest, then again: the store equals that of an uninterrupted run', async () => {
  const random = createRandom(SEED);
  let killed = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const storePath = path.join(folder, 'broken');
    // As often as not the ingest is killed again while it mends what the first one left.
    for (let times = 1 + random.below(2); times > 0; times -= 1) {
      if (await ingestAndKill(storePath, random.next() * wholeMs)) killed += 1;
    }
    await ingestWhole(storePath);
    expect(await meaningOf(storePath)).toEqual(whole);
    await rm(storePath, {recursive: true});
  }
  expect(killed).toBeGreaterThan(KILLS / 3);
});
