import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {verifyStore} from '../../src/lib/shadow-store/index.js';
import {reading} from '../shadow-store/stores.js';
import {effort} from '../support/effort.js';
import {runForeshadow} from '../support/run-foreshadow.js';
import {streamForeshadow, type StreamingRun} from '../support/stream-foreshadow.js';

const KILLS = effort(1, 30);
const PIECES = 12;
const PAUSE_MS = 60;
const COMMITTED = /committed \d+ rows/;
/** Committing at 20 Hz makes several parts of a stream of a second. */
const OFTEN = ['--commit-every', '0.05s'];
const folder = mkdtempSync(path.join(tmpdir(), 'foreshadow-stream-'));
const pieces = makePieces();
const text = pieces.join('');
let whole = '';

beforeAll(async () => {
  const file = path.join(folder, 'log.csv');
  writeFileSync(file, text);
  whole = await contentAfter('whole', ['ingest', file]);
});

afterAll(() => {
  rmSync(folder, {recursive: true});
});

/** 6,000 rows of 5 volumes; pieces end wherever it comes, as they do in a pipe. */
function makePieces(): readonly string[] {
  const random = createRandom('live stream');
  const rows = Array.from({length: 6000}, (_, row) => {
    const block = Math.floor(random.next() * 4096);
    return `vol-${row % 5},${row % 4 === 0 ? 'R' : 'W'},${block * 4096},8192,${1_790_000_000_000_000 + row * 50_000}\n`;
  }).join('');
  const size = Math.ceil(rows.length / PIECES);
  return Array.from({length: PIECES}, (_, piece) => rows.slice(piece * size, (piece + 1) * size));
}

async function contentAfter(name: string, args: readonly string[], stdin?: string): Promise<string> {
  const store = path.join(folder, name);
  const run = await runForeshadow([...args, '--store', store], stdin === undefined ? {} : {stdin});
  expect(run, run.stderr).toMatchObject({exitCode: 0});
  expect(await verifyStore(store, {threads: 1})).toMatchObject({isSound: true});
  const exported = `${store}.csv`;
  await reading(store, (opened) => opened.exportTo(exported, {format: 'csv', granularity: 60}));
  return readFile(exported, 'utf8');
}

function startStream(name: string): StreamingRun {
  return streamForeshadow(['ingest', '-', '--store', path.join(folder, name), ...OFTEN, '--verbose']);
}

describe('a live stream into the store', () => {
  it('that is killed at any moment and given again is in the store once and whole', async () => {
    const random = createRandom('kill');
    for (let kill = 0; kill < KILLS; kill += 1) {
      const name = `killed-${kill}`;
      const stream = startStream(name);
      const fed = stream.feed(pieces, PAUSE_MS);
      const commits = Math.floor(random.next() * 4);
      await Promise.race([stream.hears(COMMITTED, commits), fed.then(() => setTimeout(2000))]);
      await setTimeout(random.next() * 300);
      stream.process.kill('SIGKILL');
      await Promise.all([stream.finished, fed]);
      expect(await contentAfter(name, ['ingest', '-', ...OFTEN], text), name).toBe(whole);
    }
  });

  it.each((['SIGINT', 'SIGTERM'] as const).slice(0, effort(1, 2)))(
    'that is ended by %s keeps what came, exits with 130, and goes on from there when it is given again',
    async (signal) => {
      const stream = startStream(signal);
      await stream.feed(pieces.slice(0, 4), PAUSE_MS);
      expect(await stream.hears(COMMITTED, 1)).toBe(true);
      await stream.feed(pieces.slice(4, 9), PAUSE_MS);
      expect(await stream.hears(COMMITTED, 2)).toBe(true);
      await setTimeout(500);
      stream.process.kill(signal);
      const {exitCode, stdout} = await stream.finished;
      const rows = (pieces.slice(0, 9).join('').match(/\n/g) ?? []).length;
      expect(exitCode).toBe(130);
      // What was still in the pipe is lost; on a busy machine that may be some.
      const [, told] = /^(\d+) rows of 5 volumes .* \d+ batches$/m.exec(stdout) ?? [];
      expect(Number(told)).toBeGreaterThan(0);
      expect(Number(told)).toBeLessThanOrEqual(rows);
      expect(await contentAfter(signal, ['ingest', '-'], text)).toBe(whole);
    },
  );

  it('that ends by itself is in the store as the file would be', async () => {
    const stream = startStream('ended');
    await stream.feed(pieces, PAUSE_MS);
    stream.process.stdin.end();
    expect(await stream.finished).toMatchObject({exitCode: 0});
    expect(await contentAfter('ended', ['ingest', path.join(folder, 'log.csv')])).toBe(whole);
  });
});
