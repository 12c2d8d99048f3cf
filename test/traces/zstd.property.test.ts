import {readFileSync} from 'node:fs';
import path from 'node:path';

import {describe, expect, it} from 'vitest';

import {unpackZstd} from '../../src/lib/traces/reading/unpack-zstd.js';
import {effort} from '../support/effort.js';
import {createMemorySink, ingest, minutesOf, streamOf} from './support.js';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/packed');
const packed = readFileSync(path.join(FOLDER, 'frames.csv.zst'));
const plain = readFileSync(path.join(FOLDER, 'frames.csv'));

/** Not every byte, to be quick. */
const STEP = effort(11, 1);

async function unpack(bytes: Uint8Array, pieceBytes = 100): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of unpackZstd('log.zst', streamOf(bytes, pieceBytes))) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Ends of the frames in the file: it may be cut there without harm. */
function bordersOf(bytes: Buffer): readonly number[] {
  return [0, ...[0xfd2f_b528, 0x184d_2a53].flatMap((magic) => placesOf(bytes, magic)), bytes.length];
}

function placesOf(bytes: Buffer, magic: number): readonly number[] {
  return [...bytes.keys()].filter((at) => at + 4 <= bytes.length && bytes.readUInt32LE(at) === magic);
}

describe('a trace that is packed with zstd', () => {
  it.each([1, 7, 100, 10_000])('is unpacked frame by frame, in pieces of %i bytes', async (pieceBytes) => {
    expect(await unpack(packed, pieceBytes)).toEqual(plain);
  });

  it('gives the store of the plain one, which is then known', async () => {
    const [one, other] = [createMemorySink(), createMemorySink()];
    await ingest(plain, {store: one});
    await ingest(packed, {store: other});
    expect(minutesOf(other.batches[0]!.rows)).toEqual(minutesOf(one.batches[0]!.rows));
    expect((await ingest(plain, {store: other})).skipped).toMatchObject([{name: '-', batchId: 'batch-1'}]);
  });

  it('says that it was cut, wherever that is', async () => {
    const borders = bordersOf(packed);
    expect(borders).toHaveLength(6);
    for (let end = 1; end < packed.length; end += end < 40 || borders.includes(end + 1) ? 1 : STEP) {
      const cut = unpack(packed.subarray(0, end));
      if (borders.includes(end)) expect(plain.indexOf(await cut)).toBe(0);
      else
        await expect(cut, `cut at ${end}`).rejects.toThrow(
          'log.zst: the zstd data end too early: the file was cut',
        );
    }
  });

  it('never gives other content when a byte is damaged', async () => {
    let [told, tried] = [0, 0];
    for (let at = 0; at < packed.length; at += at < 40 ? 1 : STEP) {
      tried += 1;
      const damaged = Buffer.from(packed);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      const outcome = await unpack(damaged).catch((error: unknown) => error);
      if (outcome instanceof Error) told += 1;
      // What is skipped may be anything.
      else expect(outcome, `damaged at ${at}`).toEqual(plain);
    }
    expect(told).toBeGreaterThan(0.9 * tried);
  });

  it('says what it would need, when that is a dictionary or more memory', async () => {
    const dictionary = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x00, 0x2a, 0, 0, 0]);
    await expect(unpack(dictionary)).rejects.toMatchObject({code: 'zstd-dictionary'});
    const window = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0, 0, 0, 0]);
    await expect(unpack(window)).rejects.toThrow('a window of 2.00 GiB');
  });
});
