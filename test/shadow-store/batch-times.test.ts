import {readdir} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {ingestIntoStore} from '../../src/lib/workflows/ingest-into-store.js';
import {BEGIN_US, FIRST, HOUR_US, MINUTE_US, SECOND, TOOL} from './batches.js';
import {commitAll, newStorePath, reading, writing} from './stores.js';

/** A clock that is an hour later whenever it is asked. */
function hours(): () => number {
  let asked = 0;
  return () => {
    asked += 1;
    return BEGIN_US + asked * HOUR_US;
  };
}

test('each part of a stream is as old as its commit, not as the run', async () => {
  const storePath = await newStorePath();
  let ask = (): void => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const rowAt = (minute: number): Buffer =>
    Buffer.from(`v,${BEGIN_US + minute * MINUTE_US},write,${4096 * minute},4096\n`);
  async function* rows(): AsyncGenerator<Uint8Array> {
    yield Buffer.concat([Buffer.from('volume,time_us,op,offset,length\n'), ...[0, 1, 2, 3, 4].map(rowAt)]);
    for (let turn = 0; turn < 20; turn += 1) await pause();
    ask();
    for (let turn = 0; turn < 20; turn += 1) await pause();
    yield rowAt(5);
  }
  const ticks = [asked, new Promise<never>(() => undefined)];
  await ingestIntoStore({
    ...{storePath, paths: ['-'], stdin: rows(), maxBadRows: 0, tool: TOOL, onRemark: () => undefined},
    ...{nowUs: BEGIN_US, clockUs: hours(), options: {skewUs: MINUTE_US}},
    hurry: Promise.resolve(),
    ticks: {next: async () => ({done: false, value: await ticks.shift()})},
  });
  const {createdAt, batches} = await reading(storePath, (store) => Promise.resolve(store.info()));
  expect(createdAt).toBe('2026-03-02T05:00:00Z');
  expect(batches.map((batch) => batch.createdAt)).toEqual(['2026-03-02T06:00:00Z', '2026-03-02T07:00:00Z']);
});

test('old files are kept from when they were replaced, however long compacting took', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND]);
  const all = {smallerThanBytes: Infinity, keepOldSeconds: 600};
  await writing(storePath, (writer) => writer.compact(all), {clockUs: hours()});
  const manifests = (): Promise<string[]> => readdir(path.join(storePath, 'batches'));
  const replacedUs = BEGIN_US + HOUR_US;
  await commitAll(storePath, [], {nowUs: replacedUs + 599_000_000});
  expect(await manifests()).toHaveLength(3);
  await commitAll(storePath, [], {nowUs: replacedUs + 601_000_000});
  expect(await manifests()).toHaveLength(1);
});
