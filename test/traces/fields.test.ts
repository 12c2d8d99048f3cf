import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {BEGIN_US, createMemorySink, ingest, minutesOf} from './support.js';
import {parseTimeZone} from '../../src/lib/core/index.js';

describe('numbers', () => {
  it('are read exactly or refused, whatever digits they have', async () => {
    const digits = fc.oneof(
      fc.nat(20_000).map(String),
      fc.bigInt({min: 0n, max: 2n ** 70n}).map(String),
      fc.bigInt({min: 2n ** 53n - 5n, max: 2n ** 53n + 5n}).map(String),
      fc.stringMatching(/^0{0,30}\d{1,17}$/),
      fc.stringMatching(/^[0-9 .+\-eEx_,']{0,8}$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(digits, {minLength: 1, maxLength: 20}), async (texts) => {
        const store = createMemorySink();
        const rows = texts.map((text, row) => `v${row},${BEGIN_US},read,${text},1`);
        const content = ['volume,time_us,op,offset,length', `good,${BEGIN_US},read,0,1`, ...rows, ''].join(
          '\n',
        );
        const {rejects} = await ingest(content, {store, maxBadRows: 100});
        const isExact = (text: string): boolean => /^\d+$/.test(text) && BigInt(text) + 1n < 2n ** 53n;
        const expected = texts.flatMap((text, row) => (isExact(text) ? [] : [row + 3]));
        expect(rejects.map(({line}) => line)).toEqual(expected);
      }),
      {seed: 5, numRuns: 150},
    );
  });

  it('keep their value to the last bit', async () => {
    const store = createMemorySink();
    const lengths = ['0', '7', '42', '999', '4096', '12345', '100000', '9999999', '12345678', '4294967295'];
    const rows = lengths.map((length, row) => `v${row},${BEGIN_US},read,0,${length}`);
    await ingest(`${rows.join('\n')}\n`, {store});
    expect(minutesOf(store.batches[0]!.rows).map(({readBytes}) => String(readBytes))).toEqual(lengths);
    const used = ['9007199254740991', '9007199254740990', '1234567890123456'];
    const samples = used.map((bytes, row) => `v${row},${BEGIN_US},${bytes}`);
    await ingest(`volume,time_us,used_bytes\n${samples.join('\n')}\n`, {store});
    expect(minutesOf(store.batches[1]!.rows).map(({usedBytes}) => String(usedBytes))).toEqual(used);
  });

  it('of FILETIME, which a double cannot hold, give exact microseconds', async () => {
    const filetimes = ['128166372003061629', '128166372003061620', '132223104000000019'];
    for (const filetime of filetimes) {
      const {totals} = await ingest(`${filetime},h,0,Read,0,512,0\n`);
      expect(totals.firstUs).toBe(Number((BigInt(filetime) - 116444736000000000n) / 10n));
    }
  });
});

describe('names of volumes', () => {
  it('come back exactly, whatever they hold, when they are quoted', async () => {
    const name = fc.oneof(
      fc.string({minLength: 1, maxLength: 300, unit: 'grapheme'}),
      fc.stringMatching(/^[a-c",\n\r ]{1,12}$/),
      fc.string({minLength: 1, maxLength: 12, unit: 'binary'}),
    );
    const names = fc.uniqueArray(
      name.filter((text) => !/\0|\p{Surrogate}/u.test(text)),
      {minLength: 1, maxLength: 30},
    );
    await fc.assert(
      fc.asyncProperty(names, async (list) => {
        const store = createMemorySink();
        const rows = list.map((text) => `"${text.replaceAll('"', '""')}",${BEGIN_US},write,0,4096`);
        const {totals} = await ingest(['volume,time_us,op,offset,length', ...rows, ''].join('\n'), {store});
        expect(totals.rows).toBe(list.length);
        expect([...store.batches[0]!.footprints.keys()].sort()).toEqual([...list].sort());
      }),
      {seed: 11, numRuns: 100},
    );
  });

  it('are refused when they are longer than 4096 bytes, and only their own line is lost', async () => {
    const rows = [
      `${'v'.repeat(4097)},${BEGIN_US},write,0,4096`,
      `"${'w'.repeat(5000)}",${BEGIN_US},write,0,4096`,
      `a,${BEGIN_US},write,0,4096`,
      `"open,${BEGIN_US},write,0,4096`,
      ...Array.from({length: 300}, (_, row) => `b,${BEGIN_US + row},write,0,4096`),
    ];
    const {totals, rejects} = await ingest(`volume,time_us,op,offset,length\n${rows.join('\n')}\n`, {
      maxBadRows: 9,
    });
    expect(totals.rows).toBe(301);
    expect(rejects.map(({line, reason}) => [line, reason.split(':')[0]])).toEqual([
      [2, 'volume is longer than 4096 bytes'],
      [3, 'volume begins with a quote that is not closed within 4096 bytes'],
      [5, 'volume begins with a quote that is not closed within 4096 bytes'],
    ]);
  });

  it('are told apart when there are thousands of them', async () => {
    const store = createMemorySink();
    const rows = Array.from({length: 20_000}, (_, row) => `vol-${row % 7000},W,0,4096,${BEGIN_US}`);
    await ingest(`${rows.join('\n').replaceAll(/^(\S+?),W,0,4096,(\d+)$/gm, '$1,W,0,4096,$2')}\n`, {store});
    const minutes = minutesOf(store.batches[0]!.rows);
    expect(minutes).toHaveLength(7000);
    expect(minutes.filter(({writes}) => writes === 3)).toHaveLength(6000);
  });
});

describe('local time', () => {
  const utc = (text: string): number => Date.parse(`${text}Z`) * 1000;

  it.each([
    ['UTC', '2026-07-01T12:00:00', '2026-07-01T12:00:00'],
    ['+02:00', '2026-07-01T12:00:00', '2026-07-01T10:00:00'],
    ['-0330', '2026-07-01T12:00:00', '2026-07-01T15:30:00'],
    ['Europe/Berlin', '2026-07-01T12:00:00', '2026-07-01T10:00:00'],
    ['Europe/Berlin', '2026-12-01T12:00:00', '2026-12-01T11:00:00'],
    ['America/New_York', '2026-03-08T03:00:00', '2026-03-08T07:00:00'],
    ['Asia/Kathmandu', '2026-01-01T00:00:00', '2025-12-31T18:15:00'],
  ])('of %s at %s is %s UTC', (name, local, expected) => {
    expect(parseTimeZone(name)?.toUtcUs(utc(local), Number.NEGATIVE_INFINITY)).toBe(utc(expected));
  });

  it.each([
    ['Europe/Berlin', '2026-03-29T00:59:59', 1],
    ['Europe/Berlin', '2026-03-29T01:00:00', 2],
    ['Asia/Kathmandu', '2026-01-01T00:00:00', 5.75],
    ['-03:30', '2026-01-01T00:00:00', -3.5],
  ])('of %s are ahead of UTC: %s, %s h', (name, at, hours) => {
    expect(parseTimeZone(name)?.aheadUs(utc(at))).toBe(hours * 3_600_000_000);
  });

  it('of the hour that is told twice goes on in order', () => {
    const zone = parseTimeZone('Europe/Berlin')!;
    const local = utc('2026-10-25T02:30:00');
    const first = zone.toUtcUs(local, utc('2026-10-25T00:29:00'));
    const second = zone.toUtcUs(local, utc('2026-10-25T00:59:00'));
    expect([first, second]).toEqual([utc('2026-10-25T00:30:00'), utc('2026-10-25T01:30:00')]);
  });

  it('needs a zone that exists', () => {
    expect(parseTimeZone('Europe/Berlyn')).toBeUndefined();
  });
});
