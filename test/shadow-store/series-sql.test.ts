import {type DuckDBConnection, DuckDBInstance, listValue} from '@duckdb/node-api';
import {afterAll, beforeAll, expect, test} from 'vitest';

import {
  exportSql,
  historySql,
  noRowsSql,
  rolledUpSql,
  SERIES_COLUMNS,
} from '../../src/lib/shadow-store/engine/series-sql.js';

const HOUR_US = 3_600_000_000n;
const MAX = 2n ** 60n;

/** volume, start, reads, writes, trims, read bytes, write bytes, growth, used bytes, used at. */
type Row = readonly [string, bigint, ...(bigint | null)[]];
const ROWS: readonly Row[] = [
  ['a', -1n * HOUR_US, 1n, 0n, 0n, 512n, 0n, 0n, null, null],
  ['a', -60_000_000n, 2n, 0n, 0n, 512n, 0n, -4096n, 9n, -50n],
  ['a', 0n, 4n, 1n, 0n, 1024n, 4096n, 4096n, 7n, 30n],
  ['a', 60_000_000n, 8n, 1n, 1n, MAX, MAX, 0n, null, null],
  ['a', 60_000_000n, 16n, 0n, 0n, 1n, 1n, -5n, 5n, 90_000_000n],
  ['a', 60_000_000n, 0n, 0n, 0n, 0n, 0n, 0n, 6n, 90_000_000n],
  ["b'", HOUR_US, 32n, 0n, 0n, 2n, 0n, 3n, null, null],
  ['c', HOUR_US, 64n, 0n, 0n, 2n, 0n, 3n, 1n, HOUR_US],
];

let connection: DuckDBConnection;

/** A table whose columns have the types of a series file. */
beforeAll(async () => {
  connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`CREATE TABLE fixture (volume VARCHAR, start_us BIGINT, reads UBIGINT, writes UBIGINT,
    trims UBIGINT, read_bytes UBIGINT, write_bytes UBIGINT, footprint_growth_bytes BIGINT, used_bytes UBIGINT,
    used_at_us BIGINT)`);
  for (const row of ROWS)
    await connection.run(`INSERT INTO fixture VALUES (${row.map((_, i) => `$${i + 1}`).join()})`, [...row]);
});
afterAll(() => {
  connection.closeSync();
});

const QUERY = {names: listValue(["b'", 'a']), from_us: -HOUR_US, to_us: HOUR_US + 1n};

/** What merging rows to steps means, sorted. */
function merged(stepUs: bigint, rows: readonly Row[]): readonly Row[] {
  const floor = (us: bigint): bigint => us - (((us % stepUs) + stepUs) % stepUs);
  const keys = new Set(rows.map(([volume, startUs]) => JSON.stringify([volume, Number(floor(startUs))])));
  return [...keys].map((key): Row => {
    const group = rows.filter(
      ([volume, startUs]) => JSON.stringify([volume, Number(floor(startUs))]) === key,
    );
    const total = (column: number): bigint => group.reduce((sum, row) => sum + BigInt(row[column] ?? 0), 0n);
    const samples = group.flatMap(([, , , , , , , , used, at]) =>
      typeof used === 'bigint' && typeof at === 'bigint' ? [{used, at}] : [],
    );
    samples.sort((x, y) => Number(y.at - x.at) || Number(y.used - x.used));
    const [first] = group;
    return [
      first?.[0] ?? '',
      floor(first?.[1] ?? 0n),
      ...[2, 3, 4, 5, 6, 7].map(total),
      samples[0]?.used ?? null,
      samples[0]?.at ?? null,
    ];
  });
}

function inOrder(rows: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  const key = (row: readonly unknown[]): string => `${String(row[0])} ${Number(row[1]) + 2 ** 52}`;
  return [...rows].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

test.each([60, 3600] as const)(
  'rows rolled up to %i s are the sums and the last sample of each step',
  async (stored) => {
    const answer = await connection.runAndReadAll(rolledUpSql('fixture', stored));
    expect(inOrder(answer.getRows())).toEqual(inOrder(merged(BigInt(stored) * 1_000_000n, ROWS)));
    const types = answer.columnTypes().map(String);
    expect(Object.fromEntries(answer.columnNames().map((name, index) => [name, types[index]]))).toEqual({
      volume: 'VARCHAR',
      start_us: 'BIGINT',
      reads: 'UBIGINT',
      writes: 'UBIGINT',
      trims: 'UBIGINT',
      read_bytes: 'UBIGINT',
      write_bytes: 'UBIGINT',
      footprint_growth_bytes: 'BIGINT',
      used_bytes: 'UBIGINT',
      used_at_us: 'BIGINT',
    });
  },
);

test('an export has the volumes and the time that were asked for, merged and sorted, in the order of the columns', async () => {
  const answer = await connection.runAndReadAll(exportSql('fixture', 3600), QUERY);
  const wanted = ROWS.filter(([volume]) => volume !== 'c');
  expect(answer.columnNames()).toEqual([...SERIES_COLUMNS]);
  expect(answer.getRows()).toEqual(inOrder(merged(HOUR_US, wanted)));
});

test('a history numbers volumes as they were named and steps from its begin', async () => {
  const columns = ['usedBytes', 'readBytes', 'footprintGrowthBytes'] as const;
  const answer = await connection.runAndReadAll(historySql('fixture', columns), {
    ...QUERY,
    step_us: HOUR_US,
  });
  expect(inOrder(answer.getRows())).toEqual([
    [0, 2, NaN, 2, 3],
    [1, 0, 9, 1024, -4096],
    [1, 1, 6, Number(MAX + 1025n), 4091],
  ]);
});

test('a source without rows has the columns of one that has some', async () => {
  const answer = await connection.runAndReadAll(exportSql(noRowsSql(), 60), QUERY);
  expect([answer.columnNames(), answer.getRows()]).toEqual([[...SERIES_COLUMNS], []]);
});
