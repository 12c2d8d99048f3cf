import {readFile, readdir} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {openShadowStore} from '../../src/lib/shadow-store/index.js';
import {batchOf, BEGIN_US, FIRST, footprintOf, HOUR_US, MINUTE_US, SECOND, WEIRD_NAMES} from './batches.js';
import {
  type Act,
  commitAll,
  contentOf,
  newStorePath,
  openWriter,
  reading,
  seenOf,
  writing,
} from './stores.js';

const ALL = {smallerThanBytes: Infinity, keepOldSeconds: 600};
const compact: Act = (storePath, options) => writing(storePath, (writer) => writer.compact(ALL), options);
const LATER_US = BEGIN_US + 601_000_000;

/** Meets the first two in volume and minute, and has what they lack. */
const THIRD = batchOf(
  'third',
  [
    {volume: 'a', startUs: BEGIN_US, used: {bytes: 10_000, atUs: BEGIN_US + 5}, growthBytes: -4096, trims: 1},
    ...WEIRD_NAMES.slice(1, 5).map((volume, index) => ({
      volume,
      startUs: BEGIN_US + index * MINUTE_US,
      reads: index,
    })),
  ],
  {
    rejects: [{source: 'third', line: 1, reason: 'no time', text: '?'}],
    footprints: new Map([['a', footprintOf(1)]]),
  },
);

async function storeOfThree(): Promise<string> {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND, THIRD]);
  return storePath;
}

test('compacting changes nothing that a reader sees; rejects, footprints and the knowledge of inputs stay', async () => {
  const storePath = await storeOfThree();
  const before = await seenOf(storePath);
  const report = await writing(storePath, (writer) => writer.compact(ALL));
  expect(report).toMatchObject({batchesBefore: 3, batchesAfter: 1, merged: 3});
  expect(report.filesAfter).toBeLessThan(report.filesBefore);
  expect(await seenOf(storePath)).toEqual(before);
  const {batches} = await reading(storePath, (store) => Promise.resolve(store.info()));
  const rejects = await readFile(path.join(storePath, batches[0]?.rejectsFile ?? ''), 'utf8');
  expect(
    rejects
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual([...SECOND.rejects, ...THIRD.rejects]);
  const writer = await openWriter(storePath);
  expect(writer.loadFootprint('a')?.footprintBytes).toBe(4096);
  expect(writer.newestUs('a')).toBe(BEGIN_US + HOUR_US);
  expect(writer.knownInputs().size).toBe(3);
  expect(writer.knownRawSha().size).toBe(3);
  const content = await contentOf(storePath);
  for (const batch of [FIRST, SECOND, THIRD]) {
    expect(await writer.commit(batch)).toMatchObject({batchId: batches[0]?.batchId});
  }
  expect(await writer.compact(ALL)).toMatchObject({batchesBefore: 1, merged: 0});
  expect(await contentOf(storePath)).toEqual(content);
  await writer.commit(batchOf('fourth', [{volume: 'a', startUs: BEGIN_US, reads: 1}]));
  await writer.close();
  expect(await seenOf(storePath)).not.toEqual(before);
});

test('a reader that opened before keeps reading until the grace is over; then the next writer removes the old files', async () => {
  const storePath = await storeOfThree();
  const store = await openShadowStore(storePath);
  try {
    const before = await store.readHistory({stepSeconds: 60});
    await compact(storePath, {});
    expect(await store.readHistory({stepSeconds: 60})).toEqual(before);
    await writing(storePath, () => Promise.resolve(), {nowUs: LATER_US - 2_000_000});
    expect(await store.readHistory({stepSeconds: 60})).toEqual(before);
    const remarks: string[] = [];
    await commitAll(storePath, [], {nowUs: LATER_US, onRemark: (text) => remarks.push(text)});
    expect(remarks).toEqual(['removed the files of 3 batches that were compacted or pruned']);
    await expect(store.readHistory({stepSeconds: 60})).rejects.toMatchObject({
      exitCode: 3,
      hints: expect.arrayContaining([expect.stringContaining('again') as string]) as string[],
    });
  } finally {
    store.close();
  }
  expect(await readdir(path.join(storePath, 'batches'))).toHaveLength(1);
  expect(await readdir(path.join(storePath, 'state'))).toHaveLength(1);
});

test('only small batches are merged, and sums that do not agree with the manifests are refused', async () => {
  const storePath = await storeOfThree();
  const {batches} = await reading(storePath, (store) => Promise.resolve(store.info()));
  const sizes = batches.map(({bytes}) => bytes).sort((left, right) => left - right);
  await writing(storePath, async (writer) => {
    const smallerThanBytes = sizes[2] ?? 0;
    expect(await writer.compact({...ALL, smallerThanBytes})).toMatchObject({merged: 2, batchesAfter: 2});
  });
});
