import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {BEGIN_US, createMemorySink, ingest, minutesOf} from './support.js';

const SECOND_US = 1_000_000;
const HOUR_US = 3600 * SECOND_US;

/** Ingests one row a time, given in seconds after the beginning; returns the rejected ones by their place. */
async function rejectedOf(
  seconds: readonly number[],
  volumeOf: (place: number) => string = () => 'a',
): Promise<readonly (readonly [place: number, reason: string])[]> {
  const rows = seconds.map(
    (after, place) => `${volumeOf(place)},${BEGIN_US + after * SECOND_US},write,0,4096`,
  );
  const {totals, rejects} = await ingest(`volume,time_us,op,offset,length\n${rows.join('\n')}\n`, {
    maxBadRows: seconds.length,
  });
  expect(totals.rows + totals.rejectedRows).toBe(seconds.length);
  return rejects.map(({line, reason}) => [line - 2, reason]);
}

const placesOf = (rejected: Awaited<ReturnType<typeof rejectedOf>>): readonly number[] =>
  rejected.map(([place]) => place);

describe('the clock of a volume', () => {
  it('may run backwards by the skew and not by more', async () => {
    const rejected = await rejectedOf([0, 10, 20, 100, 40, 39, 101]);
    expect(rejected).toEqual([
      [5, 'clock ran backwards by 61s to 2026-11-23T00:00:39Z, after 2026-11-23T00:01:40Z'],
    ]);
  });

  it('rejects everything after it was set back for good', async () => {
    expect(placesOf(await rejectedOf([7200, 7201, 7202, 7203, 0, 1, 2, 3, 7204]))).toEqual([4, 5, 6, 7]);
  });

  it('does not let one or two wild times make everything after them look old', async () => {
    const wild = 10 * 365 * 86_400;
    expect(placesOf(await rejectedOf([0, 1, 2, wild, 3, 4]))).toEqual([3]);
    expect(placesOf(await rejectedOf([0, 1, 2, wild, wild + 1, 3, 4]))).toEqual([3, 4]);
    expect(placesOf(await rejectedOf([0, 1, 2, wild, 3, wild, 4, wild, 5]))).toEqual([3, 5, 7]);
  });

  it.each([
    ['first', [1e8, 0, 1, 2, 3], [0]],
    ['second', [0, 1e8, 1, 2, 3], [1]],
    ['third', [0, 1, 1e8, 2, 3], [2]],
    ['second, too low', [5e7, 0, 5e7 + 1, 5e7 + 2], [1]],
  ])('finds the wild time among the first rows: the %s', async (_, seconds, places) => {
    expect(placesOf(await rejectedOf(seconds))).toEqual(places);
  });

  it('goes on after pauses of any length, also when every row follows a pause', async () => {
    expect(await rejectedOf([0, 86_400, 90_000, 200_000, 1e6, 1e7, 2e7])).toEqual([]);
    expect(await rejectedOf([0, 86_400])).toEqual([]);
  });

  it('is not disturbed by other volumes, whose clocks may differ by years', async () => {
    const seconds = Array.from({length: 40}, (_, place) => (place % 2 === 0 ? place : 1e8 + place));
    expect(await rejectedOf(seconds, (place) => `volume-${place % 2}`)).toEqual([]);
  });

  it('catches a wild time in a log of many volumes', async () => {
    const seconds = Array.from({length: 60}, (_, place) => (place === 31 ? 5e6 : 1000 + place * 30));
    expect(placesOf(await rejectedOf(seconds, (place) => `volume-${place % 20}`))).toEqual([31]);
  });

  it('gives the same minutes for any order within the skew', async () => {
    const requests = fc.array(fc.record({second: fc.nat(600), wobble: fc.nat(55), block: fc.nat(20)}), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(requests, async (list) => {
        const inOrder = [...list].sort((left, right) => left.second - right.second);
        const shuffled = [...list].sort(
          (left, right) => left.second + left.wobble - right.second - right.wobble,
        );
        const [expected, actual] = await Promise.all(
          [inOrder, shuffled].map(async (order) => {
            const rows = order.map(
              ({second, block}) => `a,${BEGIN_US + second * SECOND_US},read,${block * 4096},4096`,
            );
            const store = createMemorySink();
            await ingest(`volume,time_us,op,offset,length\n${rows.join('\n')}\n`, {store});
            return minutesOf(store.batches[0]!.rows);
          }),
        );
        expect(actual).toEqual(expected);
      }),
      {seed: 3, numRuns: 40},
    );
  });

  it('is bounded by the skew that is given', async () => {
    const rows = [0, 3000, 1].map((second) => `a,${BEGIN_US + second * SECOND_US},write,0,4096`).join('\n');
    const trace = `volume,time_us,op,offset,length\n${rows}\n`;
    const {totals} = await ingest(trace, {options: {skewUs: HOUR_US}});
    expect(totals).toMatchObject({rows: 3, rejectedRows: 0});
    const bounded = ingest(trace, {options: {skewUs: HOUR_US / 2}});
    await expect(bounded).rejects.toThrow('clock jumped');
  });
});
