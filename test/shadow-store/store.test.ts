import {mkdir, readdir, readFile, rm, truncate, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {openShadowStore} from '../../src/lib/shadow-store/index.js';
import {bucketOf} from '../../src/lib/shadow-store/files/layout.js';
import {asTheyAre, batchOf, BEGIN_US, FIRST, HOUR_US, MINUTE_US, rowsOf, SECOND} from './batches.js';
import {commitAll, contentOf, newStorePath, openWriter, reading, temporaryFolder} from './stores.js';

const containing = (text: string): string => expect.stringContaining(text) as string;

test('the bucket of a volume is FNV-1a of its UTF-8, as published', () => {
  // draft-eastlake-fnv, test vectors of FNV-1a 32: "" 0x811c9dc5, "a" 0xe40c292c, "foobar" 0xbf9cf968.
  const hash = (name: string): number => bucketOf(name, 2 ** 32);
  expect([hash(''), hash('a'), hash('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  expect(hash('é')).not.toBe(hash('Ã©'));
});

test('a second writer is told who holds the lock; readers are not held up', async () => {
  const storePath = await newStorePath();
  const writer = await openWriter(storePath);
  await writer.commit(FIRST);
  await expect(openWriter(storePath)).rejects.toMatchObject({
    exitCode: 5,
    message: containing(`process ${process.pid}`),
    hints: [containing('wait'), containing('remove')],
  });
  const [history] = await reading(storePath, (store) => store.readHistory({stepSeconds: 60}));
  expect(history?.writes).toEqual(Float64Array.of(1));
  await writer.close();
  await (await openWriter(storePath)).close();
});

test('a reader keeps what it opened while a writer goes on', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  await reading(storePath, async (store) => {
    await commitAll(storePath, [SECOND]);
    const [history] = await store.readHistory({stepSeconds: 60});
    expect(history?.writes).toEqual(Float64Array.of(1));
  });
});

test('a reader changes nothing in the store', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND]);
  const before = await contentOf(storePath);
  await reading(storePath, (store) => store.readSeries({stepSeconds: 3600}, 'used-bytes'));
  expect(await contentOf(storePath)).toEqual(before);
});

test('where no store is, reading says how to make one', async () => {
  const storePath = await newStorePath();
  await expect(openShadowStore(storePath)).rejects.toMatchObject({
    exitCode: 3,
    code: 'no-store',
    hints: [`foreshadow ingest TRACE... --store ${storePath}`],
  });
});

test('a folder of something else, a file and a store of a newer program are refused and left alone', async () => {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'thesis.tex'), 'x');
  const file = path.join(folder, 'thesis.tex');
  const newer = await temporaryFolder();
  const header = {kind: 'foreshadow.store', version: 2, tool: 'foreshadow/9.0.0', buckets: 4};
  await writeFile(path.join(newer, 'store.json'), JSON.stringify(header));
  const before = [await contentOf(folder), await contentOf(newer)];
  for (const open of [openShadowStore, openWriter]) {
    await expect(open(folder)).rejects.toMatchObject({exitCode: 3, message: containing('thesis.tex')});
    await expect(open(file)).rejects.toMatchObject({exitCode: 3, message: containing('is a file')});
    await expect(open(newer)).rejects.toMatchObject({
      code: 'store-too-new',
      message: containing('version 2, made by foreshadow/9.0.0'),
    });
  }
  expect([await contentOf(folder), await contentOf(newer)]).toEqual(before);
});

test('a stranger’s file in the store stays, leftovers do not', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  const before = await contentOf(storePath);
  const leftover = path.join(
    storePath,
    'series',
    'granularity=60',
    'bucket=003',
    `${'0'.repeat(32)}.parquet`,
  );
  await mkdir(path.dirname(leftover), {recursive: true});
  await writeFile(leftover, 'half');
  await writeFile(path.join(storePath, 'batches', 'README'), 'mine');
  const remarks: string[] = [];
  await commitAll(storePath, [], {onRemark: (text) => remarks.push(text)});
  expect(remarks).toEqual(['removed 1 files that an interrupted run had left']);
  expect(Object.keys(await contentOf(storePath))).toEqual([...Object.keys(before), 'batches/README'].sort());
});

/** The only manifest of a store, its path and its content. */
async function manifestOf(storePath: string): Promise<[file: string, text: string]> {
  const [name = ''] = await readdir(path.join(storePath, 'batches'));
  const file = path.join(storePath, 'batches', name);
  return [file, await readFile(file, 'utf8')];
}

test('a damaged store is an InputError that names the file', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [SECOND]);
  const [file, text] = await manifestOf(storePath);
  const series = path.join(storePath, /"path": "(series[^"]+3600[^"]+)"/.exec(text)?.[1] ?? '');
  await truncate(series, 100);
  const read = reading(storePath, (store) => store.readHistory({stepSeconds: 3600}));
  await expect(read).rejects.toMatchObject({
    exitCode: 3,
    code: 'store-damaged',
    message: containing('.parquet'),
  });
  await rm(series);
  const readAgain = reading(storePath, (store) => store.readHistory({stepSeconds: 3600}));
  await expect(readAgain).rejects.toMatchObject({exitCode: 3, code: 'store-damaged'});
  await writeFile(file, text.slice(0, 200));
  await expect(openShadowStore(storePath)).rejects.toMatchObject({exitCode: 3, message: containing(file)});
});

test('a manifest cannot lead out of the store, nor be another’s', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [SECOND]);
  const [file, text] = await manifestOf(storePath);
  await writeFile(file, text.replace(/series\/granularity=60\/bucket=\d+/, '../../elsewhere'));
  await expect(openShadowStore(storePath)).rejects.toMatchObject({message: containing('series[0].path')});
  await writeFile(file, text.replace('"sequence": 1', '"sequence": 2'));
  await expect(openShadowStore(storePath)).rejects.toMatchObject({code: 'store-damaged'});
  await writeFile(file, text);
  await writeFile(file.replace('00000001', '00000002'), text.replace('"sequence": 1', '"sequence": 2'));
  await expect(openShadowStore(storePath)).rejects.toMatchObject({message: containing('a batch twice')});
});

test('a footprint that was changed on disk is not believed', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  const [name = ''] = await readdir(path.join(storePath, 'state'));
  const file = path.join(storePath, 'state', name);
  const bytes = await readFile(file);
  const writer = await openWriter(storePath);
  for (const [at, message] of [
    [4, 'it is of volume'],
    [bytes.length - 1, 'footprint of volume "a"'],
  ] as const) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(file, changed);
    expect(() => writer.loadFootprint('a')).toThrow(message);
  }
  await truncate(file, 3);
  expect(() => writer.loadFootprint('a')).toThrow('ends too early');
  await writer.close();
});

test('info adds up what the batches brought', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND]);
  const info = await reading(storePath, (store) => Promise.resolve(store.info()));
  expect(info).toMatchObject({
    path: storePath,
    volumeCount: 1,
    firstUs: BEGIN_US,
    endUs: BEGIN_US + HOUR_US + MINUTE_US,
    batchCount: 2,
    inputCount: 2,
    rows: 3,
    minutes: 3,
    metrics: ['used-bytes', 'write-bytes', 'writes', 'read-bytes', 'reads'],
    granularities: [60, 3600],
    batches: [{sequence: 1, volumeCount: 1, inputs: [{name: 'first'}]}, {sequence: 2}],
  });
  const sizes = Object.values(info.bytesOnDisk);
  expect(sizes.every((bytes) => bytes > 0)).toBe(true);
});

test('rows that are not sorted or not unique are a bug of the caller and never stored', async () => {
  const storePath = await newStorePath();
  const rows = rowsOf([
    {volume: 'a', startUs: BEGIN_US},
    {volume: 'a', startUs: BEGIN_US + MINUTE_US},
  ]);
  const batch = batchOf('twice', [], {rows: asTheyAre(rows)});
  rows.startUs.reverse();
  await expect(commitAll(storePath, [batch])).rejects.toThrow('activity row 1 is not after the one before');
  rows.startUs.fill(BEGIN_US);
  await expect(commitAll(storePath, [batch])).rejects.toThrow('broken invariant');
  const back = rowsOf([
    {volume: 'a', startUs: BEGIN_US},
    {volume: 'b', startUs: BEGIN_US},
  ]);
  back.volumeIndex.reverse();
  const backwards = batchOf('back', [], {rows: asTheyAre(back)});
  await expect(commitAll(storePath, [backwards])).rejects.toThrow('out of order');
});
