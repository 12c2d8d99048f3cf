import {readFile} from 'node:fs/promises';
import path from 'node:path';

import {DuckDBBlobValue, DuckDBInstance} from '@duckdb/node-api';
import {parse} from 'csv-parse/sync';
import {expect, test} from 'vitest';

import {openShadowStore} from '../../src/lib/shadow-store/index.js';
import {ingestIntoStore} from '../../src/lib/workflows/ingest-into-store.js';
import {streamOf} from '../traces/support.js';
import {batchOf, BEGIN_US, TOOL, WEIRD_NAMES} from './batches.js';
import {commitAll, contentOf, newStorePath, reading, writing} from './stores.js';

/** What a log can hold: NUL and the empty name are refused by the formats. */
const NAMES = [
  ...WEIRD_NAMES.filter((name) => name !== '' && !name.includes('\0')),
  '/etc/passwd',
  '..',
  '%2e%2e%2f',
  '$(reboot) `reboot`',
  'list_extract($names, 1)',
  'e\u0301 is not \u00e9',
];

async function ingest(storePath: string, names: readonly string[], minute: number): Promise<void> {
  const lines = names.map(
    (name, n) => `"${name.replaceAll('"', '""')}",${BEGIN_US + minute * 60e6},write,0,${4096 * (n + 1)}\n`,
  );
  await ingestIntoStore({
    paths: ['-'],
    stdin: streamOf(Buffer.from(`volume,time_us,op,offset,length\n${lines.join('')}`)),
    options: {skewUs: 60_000_000, format: 'foreshadow-csv'},
    maxBadRows: 0,
    storePath,
    nowUs: BEGIN_US,
    tool: TOOL,
    onRemark: () => undefined,
  });
}

/** Names in a Parquet file, by their bytes, with the bytes written. */
async function namesInParquet(file: string): Promise<ReadonlyMap<string, number>> {
  const connection = await (await DuckDBInstance.create()).connect();
  const answer = await connection.runAndReadAll(
    'SELECT encode(volume), sum(write_bytes)::DOUBLE FROM read_parquet($file) GROUP BY volume',
    {file},
  );
  connection.closeSync();
  const pairs = answer.getRows().map(([name, bytes]): [string, number] => {
    if (!(name instanceof DuckDBBlobValue)) throw new Error('not a blob');
    return [Buffer.from(name.bytes).toString('utf8'), Number(bytes)];
  });
  return new Map(pairs);
}

test('names of any kind go through ingest, compacting and every way out unchanged, and into no path', async () => {
  const storePath = await newStorePath();
  await ingest(storePath, NAMES, 0);
  await ingest(storePath, [...NAMES].reverse(), 1);
  await writing(storePath, (writer) => writer.compact({smallerThanBytes: Infinity, keepOldSeconds: 1}));
  const expected = new Map([...NAMES].map((name) => [name, 4096 * (NAMES.length + 1)]));
  const files = Object.keys(await contentOf(storePath));
  expect(files.filter((file) => !/^[a-z]+(\/[a-z0-9=.-]+)*(\.json)?$/.test(file))).toEqual([]);
  const store = await openShadowStore(storePath);
  try {
    expect(store.volumes().map(({name}) => name)).toEqual([...NAMES].sort());
    const series = await store.readSeries({stepSeconds: 3600, volumes: NAMES}, 'write-bytes');
    expect(new Map(series.map(({id, values}) => [id, values[0]]))).toEqual(expected);
    const out = path.join(path.dirname(storePath), 'out');
    await store.exportTo(out, {format: 'parquet', granularity: 60});
    expect(await namesInParquet(out)).toEqual(expected);
    await store.exportSteps(out, {format: 'parquet', stepSeconds: 120});
    expect(await namesInParquet(out)).toEqual(expected);
    await store.exportTo(out, {format: 'csv', granularity: 3600});
    const records: string[][] = parse(await readFile(out, 'utf8'), {fromLine: 2});
    expect(new Map(records.map((record) => [record[0], Number(record[6])]))).toEqual(expected);
  } finally {
    store.close();
  }
});

test('a folder whose name is a pattern or a quote is a store like any other', async () => {
  const storePath = `${await newStorePath()} [a-z]*?'{b}`;
  await commitAll(storePath, [batchOf('one', [{volume: 'v', startUs: BEGIN_US, writes: 3}])]);
  const [series] = await reading(storePath, (store) => store.readSeries({stepSeconds: 60}, 'writes'));
  expect(series?.values).toEqual(Float64Array.of(3));
});
