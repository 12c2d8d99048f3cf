import fc from 'fast-check';
import {expect, test} from 'vitest';

import {usageLevel, type VolumeHistory} from '../../src/lib/shadow-store/index.js';
import {batchOf, BEGIN_US, HOUR_US} from './batches.js';
import {ACTIVITIES} from './naive.js';
import {commitAll, newStorePath, reading} from './stores.js';

/** A history of hours with these growths and samples. */
function history(growth: readonly number[], used: readonly number[]): VolumeHistory {
  const none = new Float64Array(growth.length);
  return {
    volume: 'v',
    startUs: BEGIN_US,
    stepSeconds: 3600,
    reads: none,
    writes: none,
    trims: none,
    readBytes: none,
    writeBytes: none,
    footprintGrowthBytes: Float64Array.from(growth),
    usedBytes: Float64Array.from(used),
  };
}

test('a sample is carried forward with the growth since, and backward without the growth until it', () => {
  const levels = usageLevel(history([10, 5, 5, 0, -3, 7], [NaN, NaN, 100, NaN, NaN, 50]));
  expect([...levels]).toEqual([90, 95, 100, 100, 97, 50]);
});

test('without a sample the level is the growth since the begin', () => {
  expect([...usageLevel(history([0, 4, 0, 2, -1], [NaN, NaN, NaN, NaN, NaN]))]).toEqual([NaN, 4, 4, 6, 5]);
});

test('a level is never below 0, and unknown before the first activity', () => {
  expect([...usageLevel(history([0, 8, 2], [NaN, NaN, 5]))]).toEqual([NaN, 3, 5]);
  expect([...usageLevel(history([1, 8, -9], [NaN, 5, NaN]))]).toEqual([0, 5, 0]);
  expect([...usageLevel(history([0, 0], [NaN, NaN]))]).toEqual([NaN, NaN]);
  expect([...usageLevel(history([], []))]).toEqual([]);
});

test('where growth tells all, samples at any steps give back the true level from the first activity on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({growth: fc.nat({max: 1e9}), isSampled: fc.boolean()}), {
        minLength: 1,
        maxLength: 50,
      }),
      fc.nat({max: 1e12}),
      (steps, initial) => {
        let level = initial;
        const truth = steps.map(({growth}) => (level += growth));
        const used = steps.map(({isSampled}, step) => (isSampled ? (truth[step] ?? 0) : NaN));
        const unknown = steps.some(({isSampled}) => isSampled) ? 0 : initial;
        const first = steps.findIndex(({growth, isSampled}) => growth > 0 || isSampled);
        const expected = truth.map((value, step) => (first >= 0 && step >= first ? value - unknown : NaN));
        expect([
          ...usageLevel(
            history(
              steps.map(({growth}) => growth),
              used,
            ),
          ),
        ]).toEqual(expected);
      },
    ),
    {seed: 1},
  );
});

test('a used-bytes series is the level of the whole hourly history at the end of each step, from wherever it is asked', async () => {
  await fc.assert(
    fc.asyncProperty(
      ACTIVITIES,
      fc.constantFrom(3600, 10_800, 86_400),
      fc.nat({max: 40}),
      async (activities, stepSeconds, hour) => {
        const storePath = await newStorePath();
        await commitAll(storePath, [batchOf('one', activities)]);
        await reading(storePath, async (store) => {
          const hourly = await store.readHistory({stepSeconds: 3600});
          const fromUs = BEGIN_US + hour * HOUR_US;
          const series = await store.readSeries({stepSeconds, fromUs}, 'used-bytes');
          expect(series.map(({id}) => id)).toEqual(hourly.map(({volume}) => volume));
          for (const [index, {id, startUs, values}] of series.entries()) {
            const levels = usageLevel(hourly[index]!);
            const expected = Array.from(values, (_, step) => {
              const lastHour =
                (startUs - hourly[index]!.startUs) / HOUR_US + ((step + 1) * stepSeconds) / 3600 - 1;
              return levels[Math.min(lastHour, levels.length - 1)];
            });
            expect({id, values: [...values]}).toEqual({id, values: expected});
          }
        });
      },
    ),
    {numRuns: 4, seed: 2},
  );
});

test('what happens later does not change a level that no sample reaches back to', async () => {
  const storePath = await newStorePath();
  const at = (hour: number): number => BEGIN_US + hour * HOUR_US;
  await commitAll(storePath, [
    batchOf('one', [
      {volume: 'v', startUs: at(0), writes: 1, growthBytes: 100},
      {volume: 'v', startUs: at(2), used: {bytes: 1000, atUs: at(2)}},
      {volume: 'w', startUs: at(3), writes: 1, growthBytes: 7},
    ]),
  ]);
  await reading(storePath, async (store) => {
    const levels = async (toUs: number): Promise<number[][]> => {
      const series = await store.readSeries({stepSeconds: 3600, toUs}, 'used-bytes');
      return series.map(({values}) => [...values]);
    };
    expect(await levels(at(2))).toEqual([
      [100, 100],
      [NaN, NaN],
    ]);
    expect(await levels(at(4))).toEqual([
      [1000, 1000, 1000, 1000],
      [NaN, NaN, NaN, 7],
    ]);
  });
});
