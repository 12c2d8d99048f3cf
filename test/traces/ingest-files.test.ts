import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {gzipSync} from 'node:zlib';

import {describe, expect, it} from 'vitest';

import type {InputError} from '../../src/lib/core/index.js';
import {
  BEGIN_US,
  createMemorySink,
  ingest,
  minutesOf,
  MINUTE_US,
  streamOf,
  temporaryFolder,
} from './support.js';

const HEADER = 'volume,time_us,op,offset,length';

/** Rows of our own format, a second apart. */
function rowsOf(count: number, volume = 'a', fromUs = BEGIN_US): string[] {
  return Array.from(
    {length: count},
    (_, row) => `${volume},${fromUs + row * 1_000_000},write,${row * 4096},4096`,
  );
}

function csv(lines: readonly string[]): string {
  return `${[HEADER, ...lines].join('\n')}\n`;
}

async function fileWith(content: string | Uint8Array, name = 'trace.csv'): Promise<string> {
  const file = path.join(await temporaryFolder(), name);
  await writeFile(file, content);
  return file;
}

/** What is thrown, with everything that people see of it. */
async function failure(attempt: Promise<unknown>): Promise<InputError> {
  return attempt.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: unknown) => error as InputError,
  );
}

describe('an input that cannot be read', () => {
  it.each([
    ['cut short', (packed: Uint8Array) => packed.subarray(0, packed.length - 20), 'truncated-gzip'],
    [
      'cut within the trailer',
      (packed: Uint8Array) => packed.subarray(0, packed.length - 1),
      'truncated-gzip',
    ],
    [
      'damaged',
      (packed: Uint8Array) => packed.map((byte, index) => (index === packed.length - 6 ? byte ^ 1 : byte)),
      'damaged-gzip',
    ],
    [
      'followed by garbage',
      (packed: Uint8Array) => Buffer.concat([packed, Buffer.from('x'.repeat(99))]),
      'damaged-gzip',
    ],
  ])('is refused when the gzip is %s, although thousands of its rows are good', async (_, spoil, code) => {
    const store = createMemorySink();
    const packed = gzipSync(csv(rowsOf(5000)));
    const file = await fileWith(spoil(packed), 'trace.csv.gz');
    const error = await failure(ingest('', {paths: [file], store, maxBadRows: 1000}));
    expect(error).toMatchObject({exitCode: 3, code});
    expect(error.message).toContain(file);
    expect(store.batches).toEqual([]);
  });

  it('may be a gzip of several members', async () => {
    const half = csv(rowsOf(10));
    const packed = Buffer.concat([gzipSync(half), gzipSync(`${rowsOf(5, 'b').join('\n')}\n`)]);
    expect((await ingest(packed)).totals.rows).toBe(15);
  });

  it.each([
    ['is empty', '', 'empty-input'],
    ['is UTF-16', Buffer.from(`\uFEFF${csv(rowsOf(3))}`, 'utf16le'), 'utf-16'],
    ['is cut zstd', Buffer.from('28b52ffd0458', 'hex'), 'truncated-zstd'],
    ['is of no known format', 'some\nprose\n', 'unknown-format'],
  ])('is refused when it %s', async (_, content, code) => {
    expect(await failure(ingest(content))).toMatchObject({exitCode: 3, code});
  });

  it('is named when it is not there, together with all the others', async () => {
    const error = await failure(ingest('', {paths: ['no-such-file', 'nor-this']}));
    expect(error).toMatchObject({exitCode: 3, code: 'cannot-read'});
    expect(error.diagnostics.map(({at}) => at)).toEqual(['no-such-file', 'nor-this']);
  });

  it('is refused when it is a directory, with what to type instead', async () => {
    const folder = path.join(await temporaryFolder(), 'traces');
    await mkdir(folder);
    const error = await failure(ingest('', {paths: [folder]}));
    expect(error).toMatchObject({
      exitCode: 3,
      code: 'is-directory',
      hints: [`name the files in it: ${folder}/*`],
    });
  });

  it('is refused at once when it is not of the format that was named, and told what it looks like', async () => {
    const error = await failure(ingest(csv(rowsOf(500)), {options: {format: 'msr'}, maxBadRows: 1_000_000}));
    expect(error).toMatchObject({exitCode: 3, code: 'wrong-format'});
    expect(error.hints[0]).toContain('foreshadow-csv');
    expect(error.diagnostics[0]?.message).toContain(
      '-:1: Timestamp is not a FILETIME of 18 digits: "volume"',
    );
  });

  it('is refused when the name of the format is none, with the nearest one', async () => {
    const error = await failure(ingest(csv(rowsOf(5)), {options: {format: 'alibabba'}}));
    expect(error).toMatchObject({exitCode: 2, hints: ['--format alibaba']});
  });

  it('is refused when opcodes can be read in two ways, naming them', async () => {
    const error = await failure(
      ingest('1,8,8,42,1\n2,8,8,42,1\n', {options: {volume: 'w', startUs: BEGIN_US}}),
    );
    expect(error).toMatchObject({exitCode: 3, code: 'ambiguous-opcodes'});
  });
});

describe('options', () => {
  const relative = 'version,time,op,size,lbn\n1,100,2a,4096,0\n1,160,2a,4096,8\n';

  it('say when a relative time began; without --start it is refused', async () => {
    const options = {volume: 'w92'};
    expect(await failure(ingest(relative, {options}))).toMatchObject({exitCode: 3, code: 'relative-time'});
    const {totals} = await ingest(relative, {options: {...options, startUs: BEGIN_US}});
    expect(totals.firstUs).toBe(BEGIN_US + 100_000_000);
  });

  it('cannot move times that are not relative', async () => {
    const error = await failure(ingest(csv(rowsOf(3)), {options: {startUs: BEGIN_US}}));
    expect(error).toMatchObject({exitCode: 3, code: 'absolute-time'});
  });

  it.each([
    ['--volume', {volume: 'x'}],
    ['--time-zone', {timeZone: 'UTC'}],
  ])('that mean nothing for the input are refused: %s', async (flag, options) => {
    const store = createMemorySink();
    const error = await failure(ingest(csv(rowsOf(3)), {store, options}));
    expect(error).toMatchObject({exitCode: 2, code: 'unused-option'});
    expect(error.message).toContain(flag);
    expect(store.batches).toEqual([]);
  });

  it('must name the volume of a stream whose rows do not', async () => {
    const error = await failure(ingest(relative, {options: {startUs: BEGIN_US}}));
    expect(error).toMatchObject({exitCode: 3, code: 'no-volume', hints: ['--volume NAME']});
  });
});

describe('bad rows', () => {
  const lines = rowsOf(100).map((row, index) => (index % 10 === 3 ? row.replace('write', 'wrote') : row));

  it('are all kept with file, line and reason when there are as many as allowed', async () => {
    const store = createMemorySink();
    const file = await fileWith(csv(lines));
    const result = await ingest('', {paths: [file], store, maxBadRows: 10});
    expect(result.totals).toMatchObject({rows: 90, rejectedRows: 10});
    expect(result.rejects.map(({line}) => line)).toEqual([5, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
    expect(result.rejects[0]).toEqual({
      source: file,
      line: 5,
      reason: 'op is not write, read, trim or flush: "wrote"',
      text: lines[3],
    });
    expect(store.batches[0]?.rejects).toEqual(result.rejects);
  });

  it('stop everything when there is one more, over all inputs, and the first ones are told', async () => {
    const store = createMemorySink();
    const [good, bad] = [await fileWith(csv(rowsOf(50, 'good'))), await fileWith(csv(lines))];
    const error = await failure(ingest('', {paths: [good, bad], store, maxBadRows: 9}));
    expect(error).toMatchObject({exitCode: 3, code: 'bad-rows'});
    expect(error.message).toContain(`${bad}:5: op is not write, read, trim or flush: "wrote"`);
    expect(error.diagnostics[1]?.at).toBe(`${bad}:15`);
    expect(store.batches).toEqual([]);
  });

  it('may be longer than anything that is kept in memory', async () => {
    const long = `a,${BEGIN_US},write,0,${'9'.repeat(200_000)}`;
    const {totals, rejects} = await ingest(csv([...rowsOf(3), long, ...rowsOf(3, 'b'), 'x'.repeat(70_000)]), {
      maxBadRows: 2,
    });
    expect(totals).toMatchObject({rows: 6, rejectedRows: 2});
    expect(rejects.map(({line, reason, text}) => [line, reason, text.length])).toEqual([
      [5, 'the line is longer than 65536 bytes', 500],
      [9, 'the line is longer than 65536 bytes', 500],
    ]);
  });
});

describe('an input that was read before', () => {
  it('is left out and named when it comes again in a later call, also as gzip and from a pipe', async () => {
    const store = createMemorySink();
    const content = csv(rowsOf(100));
    const file = await fileWith(content);
    const packed = await fileWith(gzipSync(content), 'other-name.csv.gz');
    await ingest('', {paths: [file], store});
    const result = await ingest(content, {paths: [file, packed, '-'], store});
    expect(result).toMatchObject({
      inputs: [],
      skipped: [{name: file, batchId: 'batch-1'}, {name: packed}, {name: '-', batchId: 'batch-1'}],
    });
    expect(result.batchIds).toEqual([]);
    expect(store.batches).toHaveLength(1);
  });

  it('is counted once when it is named twice in one call, and the other files are not harmed', async () => {
    const store = createMemorySink();
    const content = csv(rowsOf(100));
    const [file, other] = [await fileWith(content), await fileWith(csv(rowsOf(10, 'b')))];
    const packed = await fileWith(gzipSync(content), 'trace.csv.gz');
    const result = await ingest(content, {paths: [other, file, file, packed, '-'], store});
    expect(result.skipped).toEqual([
      {name: file, sameAs: file},
      {name: packed, sameAs: file},
      {name: '-', sameAs: file},
    ]);
    expect(result.totals).toMatchObject({rows: 110, footprintGrowthBytes: 110 * 4096});
    expect(store.batches[0]?.inputs.map(({name}) => name)).toEqual([other, file]);
  });

  it('is another input when it means something else', async () => {
    const store = createMemorySink();
    const content = 'version,time,op,size,lbn\n1,100,2a,4096,0\n';
    await ingest(content, {store, options: {volume: 'a', startUs: BEGIN_US}});
    await ingest(content, {store, options: {volume: 'b', startUs: BEGIN_US}});
    await ingest(content, {store, options: {volume: 'b', startUs: BEGIN_US + MINUTE_US}});
    expect(store.batches).toHaveLength(3);
  });
});

describe('several inputs', () => {
  const minute = (volume: string, rows: readonly string[]): string[] =>
    rows.filter((row) => row.startsWith(`${volume},`));
  const all = [...rowsOf(300, 'a'), ...rowsOf(300, 'b')].sort(
    (left, right) => Number(left.split(',')[1]) - Number(right.split(',')[1]),
  );

  it('give the same as one, in one call or in several, when each volume stays in order', async () => {
    const whole = createMemorySink();
    await ingest(csv(all), {store: whole});
    const together = createMemorySink();
    const files = [
      await fileWith(csv(minute('b', all))),
      await fileWith(csv(minute('a', all).slice(0, 130))),
      await fileWith(csv(minute('a', all).slice(130))),
    ];
    await ingest('', {paths: files, store: together});
    const apart = createMemorySink();
    for (const file of files) await ingest('', {paths: [file], store: apart});
    const expected = minutesOf(whole.batches[0]!.rows);
    expect(minutesOf(together.batches[0]!.rows)).toEqual(expected);
    const sums = new Map<string, number>();
    for (const {rows} of apart.batches) {
      for (const {volume, startUs, growthBytes} of minutesOf(rows)) {
        const key = `${volume} ${startUs}`;
        sums.set(key, (sums.get(key) ?? 0) + growthBytes);
      }
    }
    expect([...sums].sort()).toEqual(
      expected.map(({volume, startUs, growthBytes}) => [`${volume} ${startUs}`, growthBytes]).sort(),
    );
  });

  it('count growth where blocks were first seen, and tell rows that came late', async () => {
    const store = createMemorySink();
    await ingest(csv([`a,${BEGIN_US + 3 * MINUTE_US},write,0,8192`]), {store});
    const late = await ingest(
      csv([`a,${BEGIN_US},write,0,12288`, `a,${BEGIN_US + 5 * MINUTE_US},write,0,4096`]),
      {store},
    );
    expect(late.totals).toMatchObject({rows: 2, lateRows: 1, footprintGrowthBytes: 4096});
    expect(minutesOf(store.batches[1]!.rows).map(({growthBytes}) => growthBytes)).toEqual([4096, 0]);
  });
});

describe('an interrupted ingest', () => {
  it('writes nothing', async () => {
    const store = createMemorySink();
    const abort = new AbortController();
    const stdin = streamOf(new TextEncoder().encode(csv(rowsOf(20_000))), 10_000);
    const onProgress = (): void => {
      abort.abort();
    };
    await expect(ingest('', {stdin, store, signal: abort.signal, onProgress})).rejects.toThrow('aborted');
    expect(store.batches).toEqual([]);
  });
});

describe('an input without rows', () => {
  it('is told, and is no batch', async () => {
    const store = createMemorySink();
    const result = await ingest(csv([]), {store});
    expect(result).toMatchObject({inputs: [{rows: 0, remarkLines: 1}], totals: {rows: 0}});
    expect(result.batchIds).toEqual([]);
    expect(store.batches).toEqual([]);
  });
});

describe('a million rows with a thousand damaged ones', () => {
  it('lose no good row, and every damaged one is told with its line', {timeout: 120_000}, async () => {
    const damage: readonly ((row: string) => string)[] = [
      (row) => row.replace(/,[RW],/, ',"W,'),
      (row) => row.slice(0, 12),
      (row) => `${row},1`,
      (row) => row.replace(/,(\d+),(\d+)$/, ',-$1,$2'),
      (row) => row.replace(/\d$/, 'x'),
      (row) => row.replace(/,(\d+),(\d+),(\d+)$/, ',99999999999999999999,$2,$3'),
      (row) => row.replace(/,(\d+)$/, ',$1000000'),
      () => '\0'.repeat(40),
      (row) => `"${row}`.replaceAll(',', ''),
    ];
    const rows: string[] = [];
    const damagedLines: number[] = [];
    const good = {writes: 0, reads: 0, bytes: 0};
    for (let row = 0; row < 1_000_000; row += 1) {
      const isWrite = row % 3 !== 0;
      const length = 4096 * (1 + (row % 7));
      const offset = (row % 5000) * 65_536;
      const text = `${row % 50},${isWrite ? 'W' : 'R'},${offset},${length},${BEGIN_US + row * 500}`;
      const isDamaged = row % 1000 === ((row / 1000) | 0) % 1000;
      if (isDamaged) {
        damagedLines.push(row + 1);
        rows.push(damage[damagedLines.length % damage.length]!(text));
        continue;
      }
      rows.push(text);
      good.bytes += length;
      if (isWrite) good.writes += 1;
      else good.reads += 1;
    }
    const store = createMemorySink();
    const {totals, rejects} = await ingest(`${rows.join('\n')}\n`, {store, maxBadRows: 1000});
    expect(totals).toMatchObject({rows: 999_000, rejectedRows: 1000, blankRows: 0});
    expect(rejects.map(({line}) => line)).toEqual(damagedLines);
    const minutes = minutesOf(store.batches[0]!.rows);
    const total = (of: (minute: (typeof minutes)[number]) => number): number =>
      minutes.reduce((sum, one) => sum + of(one), 0);
    expect(total(({writes}) => writes)).toBe(good.writes);
    expect(total(({reads}) => reads)).toBe(good.reads);
    expect(total(({readBytes, writeBytes}) => readBytes + writeBytes)).toBe(good.bytes);
  });
});
