import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';

import {describe, expect, it} from 'vitest';

import {BEGIN_US, createMemorySink, ingest, type MemorySink, minutesOf} from '../traces/support.js';

/** Recordings that may not be copied into the project: beside it, or where FORESHADOW_SHARED_DATA says. */
const DATA = process.env.FORESHADOW_SHARED_DATA ?? path.join(import.meta.dirname, '../../../shared/data');
const TRACES = path.join(DATA, 'traces');
const BITBRAINS = path.join(DATA, 'volumes/bitbrains-rnd-2013-07');
const isThere = existsSync(TRACES);
if (!isThere) console.log(`skipped: the shared recordings are not at ${DATA} (FORESHADOW_SHARED_DATA)`);

function unpacked(file: string): Buffer {
  return gunzipSync(readFileSync(file));
}

function totalsOf(sink: MemorySink): Readonly<Record<string, number>> {
  const totals = {reads: 0, writes: 0, trims: 0, readBytes: 0, writeBytes: 0, growthBytes: 0};
  for (const minute of sink.batches.flatMap(({rows}) => minutesOf(rows))) {
    totals.reads += minute.reads;
    totals.writes += minute.writes;
    totals.trims += minute.trims;
    totals.readBytes += minute.readBytes;
    totals.writeBytes += minute.writeBytes;
    totals.growthBytes += minute.growthBytes;
  }
  return totals;
}

describe.runIf(isThere)('the shared recordings', () => {
  it('of CloudPhysics have the same totals as text and as vSCSI, those of a plain count', async () => {
    const content = unpacked(path.join(TRACES, 'cloudphysics-sample.vscsi.gz'));
    const expected = {reads: 0, writes: 0, trims: 0, readBytes: 0, writeBytes: 0, growthBytes: 0};
    const blocks = new Set<number>();
    for (let at = 0; at < content.length; at += 32) {
      const length = content.readUInt32LE(at + 4);
      const first = Number(content.readBigUInt64LE(at + 16)) / 8;
      if (content[at + 12] === 0x28) expected.reads += 1;
      if (content[at + 12] === 0x28) expected.readBytes += length;
      if (content[at + 12] !== 0x2a) continue;
      expected.writes += 1;
      expected.writeBytes += length;
      for (let block = Math.floor(first); block < first + length / 4096; block += 1) blocks.add(block);
    }
    expected.growthBytes = 4096 * blocks.size;
    expect(expected.reads + expected.writes).toBe(113_872);
    for (const file of ['cloudphysics-sample.vscsi.gz', 'cloudphysics-sample.csv.gz']) {
      const store = createMemorySink();
      const {totals} = await ingest('', {
        paths: [path.join(TRACES, file)],
        store,
        options: {startUs: BEGIN_US},
      });
      expect(totals).toMatchObject({rows: 113_872, rejectedRows: 0});
      expect(totalsOf(store)).toEqual(expected);
    }
  });

  it('of Bitbrains give every row, and the bytes of every mean times its time', async () => {
    const files = readdirSync(BITBRAINS).map((file) => path.join(BITBRAINS, file));
    const store = createMemorySink();
    const {totals} = await ingest('', {paths: files, store});
    let [rows, readBytes, writeBytes] = [0, 0, 0];
    for (const file of files) {
      let before = Number.NEGATIVE_INFINITY;
      for (const line of unpacked(file).toString().trimEnd().split('\n').slice(1)) {
        const [time = 0, , , , , , , read = 0, write = 0] = line.split(';\t').map(Number);
        const seconds = time - before > 450 ? 300 : time - before;
        before = time;
        rows += 1;
        readBytes += Math.round(read * 1024 * seconds);
        writeBytes += Math.round(write * 1024 * seconds);
      }
    }
    expect(rows).toBe(480_226);
    expect(totals).toMatchObject({rows, rejectedRows: 0, volumes: 60});
    expect(totalsOf(store)).toMatchObject({readBytes, writeBytes, growthBytes: 0});
  });

  it('of Bitbrains that were made hourly are not in the original layout, and refused', async () => {
    const file = path.join(DATA, 'volumes/bitbrains-rnd-2013-07-hourly.csv.gz');
    await expect(ingest('', {paths: [file]})).rejects.toMatchObject({exitCode: 3, code: 'unknown-format'});
  });
});
