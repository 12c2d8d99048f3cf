import path from 'node:path';

import {expect, it} from 'vitest';

import type {InputOptions} from '../../src/lib/traces/index.js';
import type {IngestResult} from '../../src/lib/workflows/ingest-files.js';
import {ingestStream} from '../../src/lib/workflows/ingest-stream.js';
import {BEGIN_US, createMemorySink, ingest, type MemorySink, minutesOf, streamOf} from './support.js';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/traces');
const BLKTRACE = path.join(FOLDER, 'recorded/blktrace-viewer.blktrace.0.gz');
const NEVER = {next: () => new Promise<never>(() => undefined)};

function volumesOf({batches}: MemorySink): readonly (readonly string[])[] {
  return batches.map(({rows}) => [...new Set(minutesOf(rows).map(({volume}) => volume))]);
}

it('keeps apart the devices of hosts that call them alike, and knows the log of each again', async () => {
  const store = createMemorySink();
  const ofHost = (volumePrefix: string): Promise<IngestResult> =>
    ingest('', {paths: [BLKTRACE], store, options: {startUs: BEGIN_US, volumePrefix}});
  await ofHost('host-a/');
  await ofHost('host-b/');
  expect(volumesOf(store)).toEqual([['host-a/259,0'], ['host-b/259,0']]);
  expect(await ofHost('host-b/')).toMatchObject({inputs: [], skipped: [{batchId: 'batch-2'}]});
});

it.each([
  ['a log of one volume', '0,18540,1,4096,0,0\n1,18540,1,4096,4096,0\n', 'fio-lat'],
  ['a log whose only device can be told', '8,16 5 1 0.000001850 18615 Q W 1024 + 8 [java]\n', 'blkparse'],
])('is the same as the whole name, of %s', async (_, content, format) => {
  const store = createMemorySink();
  const options = {format, startUs: BEGIN_US};
  await ingest(content, {store, options: {...options, volume: 'host-a/data'}});
  const again = await ingest(content, {
    store,
    options: {...options, volume: 'data', volumePrefix: 'host-a/'},
  });
  expect(volumesOf(store)).toEqual([['host-a/data']]);
  expect(again).toMatchObject({inputs: [], skipped: [{batchId: 'batch-1'}]});
});

it('stands before the volumes of a stream, which goes on when it is given again', async () => {
  const store = createMemorySink();
  const rows = ['v,W,0,4096', 'w,W,4096,4096'].map((row, second) => `${row},${BEGIN_US + second * 1e6}\n`);
  const stream = (text: string, options: Partial<InputOptions>): Promise<IngestResult> =>
    ingestStream({
      input: {kind: 'stream', name: '-', stream: streamOf(Buffer.from(text))},
      ...{maxBadRows: 0, store, ticks: NEVER, options: {skewUs: 60_000_000, ...options}},
    });
  await stream(rows[0] ?? '', {volumePrefix: 'host-a/'});
  await stream(rows.join(''), {volumePrefix: 'host-a/'});
  await stream(rows.join(''), {volumePrefix: 'host-b/'});
  expect(volumesOf(store)).toEqual([['host-a/v'], ['host-a/w'], ['host-b/v', 'host-b/w']]);
});

it('keeps names of a table apart from those of the log, under the prefix, and knows the log again only with them', async () => {
  const store = createMemorySink();
  const content = '5000000 8388624 W 8 4096\n6000000 8388608 W 8 4096\n';
  const named = (volumeNames: ReadonlyMap<string, string>): Promise<IngestResult> =>
    ingest(content, {
      store,
      options: {format: 'bpftrace', startUs: BEGIN_US, volumePrefix: 'a/', volumeNames},
    });
  await named(new Map([['8,16', 'vol-7']]));
  expect(volumesOf(store)).toEqual([['a/8,0', 'a/vol-7']]);
  expect(await named(new Map([['8,16', 'vol-7']]))).toMatchObject({skipped: [{batchId: 'batch-1'}]});
  expect(await named(new Map([['8,16', 'vol-8']]))).toMatchObject({skipped: []});
});
