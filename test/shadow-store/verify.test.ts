import {cp, mkdir, readdir, readFile, rm, truncate, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {DuckDBInstance} from '@duckdb/node-api';
import {expect, test} from 'vitest';

import {sha256Hex} from '../../src/lib/core/index.js';
import {verifyStore, type VerifyReport} from '../../src/lib/shadow-store/index.js';
import {batchOf, BEGIN_US, FIRST, HOUR_US, SECOND, WEIRD_NAMES} from './batches.js';
import {commitAll, contentOf, newStorePath, writing} from './stores.js';

async function storeOfTwo(): Promise<string> {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND]);
  return storePath;
}

const verify = (storePath: string): Promise<VerifyReport> => verifyStore(storePath, {threads: 1});

/** Codes of the faults, with the file of each. */
async function faultsOf(storePath: string): Promise<readonly string[]> {
  const {findings, isSound} = await verify(storePath);
  expect(isSound).toBe(findings.length === 0);
  for (const {message, advice} of findings) expect(message.length * advice.length).toBeGreaterThan(0);
  return findings.map(({code, at}) => `${code} ${path.relative(storePath, at).split('/')[0] ?? ''}`);
}

interface Manifest {
  batchId: string;
  sequence: number;
  totals: Record<string, number>;
  inputs: object[];
  volumes: {name: string; minutes: number}[];
  series: {path: string; sha256: string; sizeBytes: number; granularity: number; lastUs: number}[];
  footprints: {path: string; sha256: string; sizeBytes: number};
}

/** Changes the manifest of the newest batch. */
async function edit(storePath: string, change: (manifest: Manifest) => void): Promise<Manifest> {
  const names = (await readdir(path.join(storePath, 'batches'))).sort();
  const file = path.join(storePath, 'batches', names.at(-1) ?? '');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
  change(manifest);
  await writeFile(file, JSON.stringify(manifest));
  return manifest;
}

/** Replaces a file of the newest batch by another, and its checksum in the manifest. */
async function replace(
  storePath: string,
  of: (manifest: Manifest) => {path: string; sha256: string; sizeBytes: number} | undefined,
  make: (file: string) => Promise<void>,
): Promise<void> {
  const {path: relativePath = ''} = of(await edit(storePath, () => undefined)) ?? {};
  const file = path.join(storePath, relativePath);
  await make(file);
  const bytes = await readFile(file);
  await edit(storePath, (manifest) => {
    Object.assign(of(manifest) ?? {}, {sha256: sha256Hex(bytes), sizeBytes: bytes.length});
  });
}

const seriesOf =
  (granularity: number) =>
  ({series}: Manifest): Manifest['series'][number] | undefined =>
    series.find((file) => file.granularity === granularity);

/** Writes the rows of a Parquet file anew, as a query over `old`. */
async function rewrite(file: string, sql: string): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`CREATE TABLE old AS SELECT * FROM read_parquet('${file}')`);
  await connection.run(`COPY (${sql}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
  connection.closeSync();
}

test('a store is sound after every kind of writing, and verifying changes nothing in it', async () => {
  const storePath = await newStorePath();
  const odd = WEIRD_NAMES.map((volume, index) => ({volume, startUs: BEGIN_US + index * HOUR_US, reads: 1}));
  await commitAll(storePath, [FIRST, SECOND, batchOf('odd', odd)]);
  const keepOldSeconds = 600;
  const check = async (): Promise<VerifyReport> => {
    const before = await contentOf(storePath);
    const report = await verify(storePath);
    expect(report).toMatchObject({isSound: true, findings: []});
    expect(await contentOf(storePath)).toEqual(before);
    return report;
  };
  expect(await check()).toMatchObject({checked: {batches: 3, footprints: 1, rows: 30}, strays: []});
  const bound = {beforeUs: BEGIN_US + 3 * HOUR_US, keepOldSeconds};
  await writing(storePath, (writer) => writer.prune({...bound, granularities: [60]}));
  await check();
  await writing(storePath, (writer) => writer.compact({smallerThanBytes: Infinity, keepOldSeconds}));
  const report = await check();
  expect(new Set(report.strays.map(({why}) => why))).toEqual(new Set(['its batch was replaced']));
  await writing(storePath, (writer) => writer.prune({...bound, granularities: [60, 3600]}));
  await check();
});

test('files that are gone, cut short or changed are all told, with the file and what to do', async () => {
  const storePath = await storeOfTwo();
  const files = Object.keys(await contentOf(storePath));
  const [first = '', second = '', third = ''] = files.filter((file) => file.endsWith('.parquet'));
  const pack = files.find((file) => file.endsWith('.footprints')) ?? '';
  const changed = await readFile(path.join(storePath, pack));
  changed[9] = (changed[9] ?? 0) ^ 1;
  await rm(path.join(storePath, first));
  await truncate(path.join(storePath, second), 50);
  await writeFile(
    path.join(storePath, third),
    Buffer.alloc((await readFile(path.join(storePath, third))).length),
  );
  await writeFile(path.join(storePath, pack), changed);
  const {findings} = await verify(storePath);
  expect(findings.map(({code, at}) => [code, path.relative(storePath, at)])).toEqual(
    expect.arrayContaining([
      ['missing-file', first],
      ['wrong-size', second],
      ['wrong-checksum', third],
      ['wrong-checksum', pack],
    ]),
  );
  expect(findings).toHaveLength(4);
});

test('rows out of order, twice, in another hour or bucket are told though the checksum agrees', async () => {
  const storePath = await storeOfTwo();
  await replace(storePath, seriesOf(60), (file) => rewrite(file, 'SELECT * FROM old ORDER BY start_us DESC'));
  expect(await faultsOf(storePath)).toEqual(['unsorted series']);
  await replace(storePath, seriesOf(60), (file) =>
    rewrite(file, 'SELECT * FROM old UNION ALL SELECT * FROM old ORDER BY start_us'),
  );
  expect(await faultsOf(storePath)).toEqual(
    expect.arrayContaining(['unsorted series', 'wrong-rows series', 'granularities-differ series']),
  );
  const moved = await storeOfTwo();
  await replace(moved, seriesOf(3600), (file) =>
    rewrite(file, "SELECT * REPLACE ('elsewhere' AS volume, start_us + 1 AS start_us) FROM old"),
  );
  expect(await faultsOf(moved)).toEqual(
    expect.arrayContaining([
      'uneven-step series',
      'wrong-bucket series',
      'wrong-span series',
      'wrong-volumes batches',
      'granularities-differ series',
    ]),
  );
});

test('a manifest that does not say what its files have is told', async () => {
  const storePath = await storeOfTwo();
  await edit(storePath, (manifest) => {
    manifest.totals['reads'] = 6;
    for (const volume of manifest.volumes) volume.minutes += 1;
  });
  expect(await faultsOf(storePath)).toEqual(['wrong-totals batches', 'wrong-volumes batches']);
  await writeFile(path.join(storePath, 'batches', `00000009-${'0'.repeat(32)}.json`), '{');
  expect(await faultsOf(storePath)).toContain('bad-manifest batches');
});

test('a footprint that is not what has grown is told, and one that is not there', async () => {
  const storePath = await storeOfTwo();
  const other = await newStorePath();
  await commitAll(other, [FIRST]);
  const [pack = ''] = await readdir(path.join(other, 'state'));
  await replace(
    storePath,
    ({footprints}) => footprints,
    (file) => cp(path.join(other, 'state', pack), file),
  );
  await edit(storePath, ({footprints}) => {
    Object.assign(footprints, {entries: [{volume: 'a', offset: 0, length: footprints.sizeBytes}]});
  });
  expect(await faultsOf(storePath)).toEqual(['footprint-differs state']);
  const without = await newStorePath();
  await commitAll(without, [{...FIRST, footprints: new Map()}]);
  expect(await faultsOf(without)).toEqual(['no-footprint state']);
});

test('an input in two batches, and a batch that is there twice, are told', async () => {
  const storePath = await storeOfTwo();
  const manifest = await edit(storePath, () => undefined);
  const id = 'f'.repeat(32);
  const copy = JSON.parse(JSON.stringify(manifest).replaceAll(manifest.batchId, id)) as Manifest;
  for (const [index, {path: to}] of copy.series.entries()) {
    await cp(path.join(storePath, manifest.series[index]?.path ?? ''), path.join(storePath, to));
  }
  await cp(path.join(storePath, manifest.footprints.path), path.join(storePath, copy.footprints.path));
  await cp(
    path.join(storePath, `rejects/${manifest.batchId}.jsonl`),
    path.join(storePath, `rejects/${id}.jsonl`),
  );
  const write = (sequence: number, one: Manifest): Promise<void> =>
    writeFile(
      path.join(storePath, 'batches', `0000000${sequence}-${one.batchId}.json`),
      JSON.stringify({...one, sequence}),
    );
  await write(3, copy);
  // The footprint is right for one of them only: it is not looked at where inputs are counted twice.
  expect(await faultsOf(storePath)).toEqual(['double-input batches']);
  await write(4, manifest);
  expect(await faultsOf(storePath)).toContain('double-batch batches');
});

test('strays are told apart from faults', async () => {
  const storePath = await storeOfTwo();
  await mkdir(path.join(storePath, 'series', 'notes'), {recursive: true});
  await writeFile(path.join(storePath, 'series', 'notes', 'README'), 'mine');
  await writeFile(path.join(storePath, 'state', `${'0'.repeat(32)}.footprints`), 'half');
  const {isSound, strays} = await verify(storePath);
  expect(isSound).toBe(true);
  expect(strays).toEqual([
    {path: 'series/notes/README', why: 'not of the store'},
    {path: `state/${'0'.repeat(32)}.footprints`, why: 'no batch names it'},
  ]);
});
