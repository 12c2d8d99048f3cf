import fc from 'fast-check';
import {expect, test} from 'vitest';

import {encodeHours, encodeRows} from '../../src/lib/shadow-store/clickhouse/series-rows.js';
import {parseClickHouseUrl} from '../../src/lib/shadow-store/clickhouse/place.js';
import type {RowReader} from '../../src/lib/shadow-store/clickhouse/row-binary.js';
import {readRows, RowWriter} from '../../src/lib/shadow-store/clickhouse/row-binary.js';
import {identifier, literal} from '../../src/lib/shadow-store/clickhouse/statements.js';
import {volumeSlices} from '../../src/lib/shadow-store/writing/row-tally.js';
import {rowsOf, WEIRD_NAMES} from './batches.js';
import {ACTIVITIES, naiveHistory} from './naive.js';

const ATTEMPT = '18446744073709551615';

/** What a server reads: `\xHH` is a byte, all else is itself. */
function unescaped(text: string): string {
  const bytes = text.slice(1, -1).match(/\\x[0-9A-F]{2}|[^\\']/g) ?? [];
  return Buffer.from(
    bytes.map((one) => (one.length > 1 ? Number.parseInt(one.slice(2), 16) : one.charCodeAt(0))),
  ).toString('utf8');
}

test('a literal is one literal, whatever the name, and gives the name back', () => {
  const name = fc.oneof(fc.string({unit: 'binary'}), fc.constantFrom(...WEIRD_NAMES));
  fc.assert(
    fc.property(name, (text) => {
      expect(literal(text)).toMatch(/^'([A-Za-z0-9 _.:/-]|\\x[0-9A-F]{2})*'$/);
      expect(unescaped(literal(text))).toBe(text);
    }),
    {seed: 1},
  );
});

test('an identifier that was not checked is a bug, never a statement', () => {
  expect(() => identifier('a`; DROP DATABASE b; --')).toThrow('was not checked');
});

test('rows come back from their encoding however an answer is cut', async () => {
  const row = fc.record({
    text: fc.string({unit: 'grapheme'}),
    blob: fc.uint8Array({maxLength: 300}),
    unsigned: fc.maxSafeNat(),
    signed: fc.maxSafeInteger(),
    id: fc.bigInt({min: 0n, max: 2n ** 64n - 1n}).map(String),
    flag: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, {maxLength: 5}), fc.integer({min: 1, max: 50}), async (rows, cut) => {
      const writer = new RowWriter();
      for (const {text, blob, unsigned, signed, id, flag} of rows) {
        writer.text(text);
        writer.bytes(blob);
        writer.whole(unsigned);
        writer.whole(signed);
        writer.id(id);
        writer.flag(flag);
      }
      const bytes = writer.take(true) ?? new Uint8Array(0);
      const decode = (one: RowReader): unknown => ({
        ...{text: one.text(), blob: Uint8Array.from(one.blob()), unsigned: one.unsigned()},
        ...{signed: one.signed(), id: one.id(), flag: one.flag()},
      });
      expect(await all(readRows(pieces(bytes, cut), decode))).toEqual(rows);
      if (bytes.length > 0) {
        const torn = readRows(pieces(bytes.subarray(0, -1), cut), decode);
        await expect(all(torn)).rejects.toThrow('within a row');
      }
    }),
    {seed: 2},
  );
});

test('hours that are sent are the sums of the minutes that are sent', async () => {
  await fc.assert(
    fc.asyncProperty(ACTIVITIES, async (activities) => {
      const rows = rowsOf(activities);
      const slices = volumeSlices(rows);
      const minutes = await decoded(encodeRows(rows, slices, ATTEMPT));
      expect(minutes).toHaveLength(rows.count);
      for (const {volume, startUs, numbers, attempt} of await decoded(encodeHours(rows, slices, ATTEMPT))) {
        const [hour] = [naiveHistory(activities, volume, {startUs, stepSeconds: 3600, steps: 1})];
        const used = hour.usedBytes[0] ?? Number.NaN;
        expect(attempt).toBe(ATTEMPT);
        expect(numbers).toEqual([
          ...[hour.reads, hour.writes, hour.trims, hour.readBytes, hour.writeBytes].map((sums) => sums[0]),
          hour.footprintGrowthBytes[0],
          used,
        ]);
      }
    }),
    {seed: 3},
  );
});

test('a URL of a store names servers and a database, never who we are', () => {
  expect(parseClickHouseUrl('clickhouse://a,b:9000/fleet?tls')).toMatchObject({
    urls: ['https://a:8443', 'https://b:9000'],
    database: 'fleet',
    isPrivate: true,
  });
  expect(parseClickHouseUrl('clickhouse://[::1]:8124/x').urls).toEqual(['http://[::1]:8124']);
  expect(parseClickHouseUrl('clickhouse://127.0.0.1/x').isPrivate).toBe(true);
  expect(parseClickHouseUrl('clickhouse://ch.example/x').isPrivate).toBe(false);
  for (const wrong of ['', 'a', 'a/', '/x', 'a/x/y', 'a/x;y', 'a/x?password=hunter2', 'a b/x', 'a:port/x'])
    expect(() => parseClickHouseUrl(`clickhouse://${wrong}`)).toThrow('--store');
  const secret = (): unknown => parseClickHouseUrl('clickhouse://me:hunter2@a/x');
  expect(secret).toThrow(
    expect.objectContaining({exitCode: 2, message: expect.not.stringContaining('hunter2') as string}),
  );
});

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += length)
    yield await Promise.resolve(bytes.subarray(from, from + length));
}

async function all<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

interface Decoded {
  readonly volume: string;
  readonly startUs: number;
  /** Sums, growth, and the used bytes, NaN without a sample. */
  readonly numbers: readonly number[];
  readonly attempt: string;
}

async function decoded(chunks: Iterable<Uint8Array>): Promise<readonly Decoded[]> {
  const bytes = Buffer.concat([...chunks]);
  return all(
    readRows(pieces(bytes, 1000), (row) => {
      const [volume, startUs] = [row.text(), row.signed()];
      const sums = [1, 2, 3, 4, 5].map(() => row.unsigned());
      const growthBytes = row.signed();
      const usedBytes = row.unsigned();
      row.signed();
      const used = row.flag() ? usedBytes : Number.NaN;
      return {volume, startUs, numbers: [...sums, growthBytes, used], attempt: row.id()};
    }),
  );
}
