import {readFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';

import {describe, expect, it} from 'vitest';

import {BEGIN_US, createMemorySink, ingest, minutesOf} from './support.js';

const RECORDING = path.join(
  import.meta.dirname,
  '../../fixtures/traces/recorded/blktrace-viewer.blktrace.0.gz',
);

/** Records and bytes of one type of action (1 Q, 7 D, 8 C), added up record by record. */
function sumOf(type: number): {readonly requests: number; readonly bytes: number} {
  const content = gunzipSync(readFileSync(RECORDING));
  let [requests, bytes] = [0, 0];
  for (let at = 0; at < content.length; at += 48 + content.readUInt16LE(at + 46)) {
    if (content.readUInt16LE(at + 28) !== type || content.readUInt16LE(at + 30) & 0x400) continue;
    requests += 1;
    bytes += content.readUInt32LE(at + 24);
  }
  return {requests, bytes};
}

describe('a recording of blktrace', () => {
  it.each([
    ['Q', 1],
    ['D', 7],
    ['C', 8],
  ] as const)('is counted by action %s alone, each request once', async (action, type) => {
    const store = createMemorySink();
    const {inputs} = await ingest('', {
      paths: [RECORDING],
      store,
      options: {startUs: BEGIN_US, readings: {action}},
    });
    const minutes = minutesOf(store.batches[0]!.rows);
    const {requests, bytes} = sumOf(type);
    expect(requests).toBe(963);
    expect(inputs[0]).toMatchObject({format: 'blktrace', lines: 6743, rows: 963, remarkLines: 6743 - 963});
    expect(minutes).toMatchObject([{volume: '259,0', reads: 963, readBytes: bytes, writes: 0}]);
  });

  it('is of the same totals in two parts, as blktrace writes one file a CPU', async () => {
    const content = gunzipSync(readFileSync(RECORDING));
    const middle = content.indexOf(Buffer.from('07746165', 'hex'), content.length / 2);
    const store = createMemorySink();
    const options = {startUs: BEGIN_US};
    await ingest(content.subarray(middle), {store, options});
    await ingest(content.subarray(0, middle), {store, options});
    const whole = createMemorySink();
    await ingest(content, {store: whole, options});
    const growth = (sink: typeof store): number =>
      sink.batches.flatMap(({rows}) => minutesOf(rows)).reduce((sum, {readBytes}) => sum + readBytes, 0);
    expect(growth(store)).toBe(growth(whole));
  });

  it('that has no request of the action says which it has', async () => {
    const content = Uint8Array.from(gunzipSync(readFileSync(RECORDING)));
    for (let at = 0; at < content.length; at += 48 + content[at + 46]! + 256 * content[at + 47]!) {
      if (content[at + 28] === 1) content[at + 28] = 4;
    }
    const {inputs} = await ingest(content, {options: {startUs: BEGIN_US}});
    expect(inputs[0]).toMatchObject({
      rows: 0,
      remarks: ['none is of action Q; there are D (963), C (963): --action says which to count'],
    });
  });
});
