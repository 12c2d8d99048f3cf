import {readFile} from 'node:fs/promises';
import path from 'node:path';

import {parse} from 'csv-parse/sync';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {floorToStepUs} from '../../src/lib/core/index.js';
import {
  openParquetWriter,
  openShadowStore,
  openStoreWriter,
  type ShadowStore,
  type StoreWriter,
  verifyStore,
  type VolumeHistory,
} from '../../src/lib/shadow-store/index.js';
import type {IngestBatch} from '../../src/lib/traces/index.js';
import {copyStore} from '../../src/lib/workflows/copy-store.js';
import {
  type Activity,
  batchOf,
  BEGIN_US,
  FIRST,
  footprintOf,
  HOUR_US,
  inputNamed,
  MINUTE_US,
  SECOND,
  TOOL,
  WEIRD_NAMES,
} from './batches.js';
import {ACTIVITIES, naiveHistory} from './naive.js';
import {newStorePath, seenOf, temporaryFolder} from './stores.js';

/** The axis of everything that the activities cover. */
function axisOf(
  activities: readonly Activity[],
  stepSeconds: number,
): {startUs: number; stepSeconds: number; steps: number} {
  const starts = activities.map((activity) => activity.startUs);
  const startUs = floorToStepUs(Math.min(...starts), stepSeconds);
  const lastUs = floorToStepUs(Math.max(...starts), stepSeconds);
  return {startUs, stepSeconds, steps: (lastUs - startUs) / (stepSeconds * 1e6) + 1};
}

function naiveHistories(activities: readonly Activity[], stepSeconds: number): readonly VolumeHistory[] {
  const volumes = [...new Set(activities.map(({volume}) => volume))].sort();
  return volumes.map((volume) => naiveHistory(activities, volume, axisOf(activities, stepSeconds)));
}

/** A kind of store to be tested. */
export interface StoreBed {
  readonly kind: string;
  /** The name of a store that is empty. */
  newStore(): Promise<string>;
  /** How often a property is tried: where a new store takes seconds, less often. */
  readonly runs: number;
}

async function writing<T>(place: string, use: (writer: StoreWriter) => Promise<T>): Promise<T> {
  const writer = await openStoreWriter({path: place, nowUs: BEGIN_US, tool: TOOL, threads: 1});
  try {
    return await use(writer);
  } finally {
    await writer.close();
  }
}

async function commitAll(place: string, batches: readonly IngestBatch[]): Promise<void> {
  await writing(place, async (writer) => {
    for (const batch of batches) await writer.commit(batch);
  });
}

async function reading<T>(place: string, use: (store: ShadowStore) => Promise<T>): Promise<T> {
  const store = await openShadowStore(place, {threads: 1});
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

/** Copies; told to stop once `atMost` batches are copied. */
async function copy(from: string, to: string, atMost = Infinity): Promise<unknown> {
  return copyStore({
    ...{from, to, shard: undefined, nowUs: BEGIN_US, tool: TOOL, signal: new AbortController().signal},
    clockUs: () => BEGIN_US,
    onRemark: () => undefined,
    onProgress: ({done}) => {
      if (done >= atMost) throw new Error('stopped');
    },
  });
}

async function pruneMinutes(storePath: string): Promise<void> {
  const writer = await openParquetWriter({path: storePath, nowUs: BEGIN_US, tool: TOOL, threads: 1});
  try {
    await writer.prune({beforeUs: BEGIN_US + HOUR_US, granularities: [60], keepOldSeconds: 0});
  } finally {
    await writer.close();
  }
}

/** What every kind of store must do. */
export function testStore(bed: StoreBed): void {
  describe(`a store in ${bed.kind}`, () => {
    test('what was committed in any batches reads back as its sums, at any step', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(ACTIVITIES, {minLength: 1, maxLength: 3}),
          fc.constantFrom(60, 300, 3600, 5400, 86_400),
          async (batches, stepSeconds) => {
            const storePath = await bed.newStore();
            await commitAll(
              storePath,
              batches.map((activities, index) => batchOf(`input ${index}`, activities)),
            );
            const histories = await reading(storePath, (store) => store.readHistory({stepSeconds}));
            expect(histories).toEqual(naiveHistories(batches.flat(), stepSeconds));
          },
        ),
        {numRuns: bed.runs, seed: 1},
      );
    });

    test('volumes get their weirdest names back, from reading and from CSV', async () => {
      const storePath = await bed.newStore();
      const activities = WEIRD_NAMES.map((volume, index) => ({volume, startUs: BEGIN_US, reads: index + 1}));
      await commitAll(storePath, [batchOf('weird', activities)]);
      const file = path.join(await temporaryFolder(), 'out.csv');
      await reading(storePath, async (store) => {
        expect(store.volumes().map(({name}) => name)).toEqual([...WEIRD_NAMES].sort());
        for (const [index, volume] of WEIRD_NAMES.entries()) {
          const [history, ...others] = await store.readHistory({volumes: [volume], stepSeconds: 3600});
          expect(others).toEqual([]);
          expect(history).toMatchObject({volume, reads: Float64Array.of(index + 1)});
        }
        await store.exportTo(file, {format: 'csv', granularity: 60});
      });
      const records: string[][] = parse(await readFile(file, 'utf8'), {fromLine: 2});
      const exported = new Map(records.map((record) => [record[0], Number(record[2])]));
      expect(exported).toEqual(new Map(WEIRD_NAMES.map((volume, index) => [volume, index + 1])));
    });

    test('a query gets whole steps: the one that it begins in, none that ends after it, none beyond the store', async () => {
      const storePath = await bed.newStore();
      const hours = [0, 1, 2, 3].map((hour) => ({
        volume: 'v',
        startUs: BEGIN_US + hour * HOUR_US,
        reads: hour + 1,
      }));
      await commitAll(storePath, [batchOf('hours', hours)]);
      await reading(storePath, async (store) => {
        const reads = async (fromUs: number, toUs: number): Promise<number[]> => {
          const [history] = await store.readHistory({stepSeconds: 3600, fromUs, toUs});
          return [...(history?.reads ?? [])];
        };
        expect(await reads(BEGIN_US + HOUR_US + 1, BEGIN_US + 3 * HOUR_US)).toEqual([2, 3]);
        expect(await reads(BEGIN_US, BEGIN_US + 3 * HOUR_US - 1)).toEqual([1, 2]);
        expect(await reads(BEGIN_US - 90 * HOUR_US, BEGIN_US + 90 * HOUR_US)).toEqual([1, 2, 3, 4]);
        expect(await reads(BEGIN_US + 50 * HOUR_US, BEGIN_US + 90 * HOUR_US)).toEqual([]);
        expect(await reads(BEGIN_US + 2 * HOUR_US, BEGIN_US)).toEqual([]);
      });
    });

    test('a series of sums is unknown before its volume appears and 0 in its idle steps', async () => {
      const storePath = await bed.newStore();
      await commitAll(storePath, [
        batchOf('two', [
          {volume: 'early', startUs: BEGIN_US, reads: 1, readBytes: 512},
          {volume: 'early', startUs: BEGIN_US + 3 * HOUR_US, reads: 2, readBytes: 1024},
          {volume: 'late', startUs: BEGIN_US + 2 * HOUR_US + MINUTE_US, reads: 4, readBytes: 4096},
        ]),
      ]);
      await reading(storePath, async (store) => {
        const series = await store.readSeries({stepSeconds: 3600}, 'read-bytes');
        expect(series).toEqual([
          {id: 'early', startUs: BEGIN_US, stepSeconds: 3600, values: Float64Array.of(512, 0, 0, 1024)},
          {id: 'late', startUs: BEGIN_US, stepSeconds: 3600, values: Float64Array.of(NaN, NaN, 4096, 0)},
        ]);
        const [late] = await store.readSeries({stepSeconds: 3600, fromUs: BEGIN_US + 3 * HOUR_US}, 'reads');
        expect(late?.values).toEqual(Float64Array.of(2));
      });
    });

    test('an unknown volume is refused with the nearest name; several are all told', async () => {
      const storePath = await bed.newStore();
      await commitAll(storePath, [batchOf('one', [{volume: 'database-1', startUs: BEGIN_US}])]);
      await reading(storePath, async (store) => {
        await expect(store.readHistory({volumes: ['databse-1'], stepSeconds: 60})).rejects.toMatchObject({
          exitCode: 3,
          message: 'the store has no volume "databse-1"; did you mean "database-1"?',
        });
        await expect(store.readSeries({volumes: ['x', 'y'], stepSeconds: 60}, 'reads')).rejects.toMatchObject(
          {
            diagnostics: [{message: 'no volume "x"'}, {message: 'no volume "y"'}],
          },
        );
        expect(await store.readHistory({volumes: [], stepSeconds: 60})).toEqual([]);
      });
    });

    test('an empty store answers with nothing', async () => {
      const storePath = await bed.newStore();
      await commitAll(storePath, [batchOf('nothing usable', [], {inputs: []})]);
      await reading(storePath, async (store) => {
        expect(store.info()).toMatchObject({volumeCount: 0, batchCount: 1, rows: 0, metrics: []});
        expect(store.info()).not.toHaveProperty('firstUs');
        expect(await store.readHistory({stepSeconds: 3600})).toEqual([]);
        expect(await store.readSeries({stepSeconds: 3600}, 'used-bytes')).toEqual([]);
        const file = path.join(await temporaryFolder(), 'out.csv');
        expect(await store.exportTo(file, {format: 'csv', granularity: 60})).toEqual({rows: 0});
        expect(await readFile(file, 'utf8')).toMatch(/^volume,start_us,reads,[a-z_,]+used_at_us\n$/);
      });
    });

    test('an answer that would fill the memory is refused before it does', async () => {
      const storePath = await bed.newStore();
      const clockError = {volume: 'a', startUs: 0};
      const rest = ['a', 'b', 'c'].map((volume) => ({volume, startUs: BEGIN_US}));
      await commitAll(storePath, [batchOf('clock error', [clockError, ...rest])]);
      await reading(storePath, (store) =>
        expect(store.readHistory({stepSeconds: 60})).rejects.toMatchObject({
          exitCode: 3,
          code: 'answer-too-large',
        }),
      );
    });

    test('a batch given again, and one that another writer has written meanwhile, count once', async () => {
      const storePath = await bed.newStore();
      await commitAll(storePath, [FIRST, FIRST]);
      await commitAll(storePath, [FIRST, SECOND]);
      await reading(storePath, async (store) => {
        expect(store.info()).toMatchObject({batchCount: 2, rows: 3, minutes: 3});
        const [history] = await store.readHistory({stepSeconds: 60, toUs: BEGIN_US + MINUTE_US});
        expect(history?.writes).toEqual(Float64Array.of(3));
      });
    });

    test('an input in another batch than before is refused, and nothing is written', async () => {
      const storePath = await bed.newStore();
      await commitAll(storePath, [FIRST]);
      const mixed = {...SECOND, inputs: [inputNamed('first'), inputNamed('new')]};
      await expect(commitAll(storePath, [mixed])).rejects.toMatchObject({
        exitCode: 3,
        code: 'duplicate-input',
      });
      await reading(storePath, async (store) => {
        expect(store.info().batchCount).toBe(1);
        expect((await store.readHistory({stepSeconds: 60}))[0]?.reads).toEqual(Float64Array.of(0));
      });
    });

    test('a writer gets the footprints back that were saved last, and knows what is there', async () => {
      const storePath = await bed.newStore();
      await commitAll(storePath, [FIRST, SECOND]);
      await writing(storePath, (writer) => {
        expect(writer.loadFootprint('a')?.encode()).toEqual(footprintOf(0, 1).encode());
        expect(writer.loadFootprint('b')).toBeUndefined();
        expect(writer.newestUs('a')).toBe(BEGIN_US + HOUR_US);
        expect([...writer.knownInputs().keys()].sort()).toEqual(
          [inputNamed('first'), inputNamed('second')].map(({identitySha256}) => identitySha256).sort(),
        );
        return Promise.resolve();
      });
    });

    test('everything that a reader can see is the same as of a store in files', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(ACTIVITIES, {minLength: 1, maxLength: 3}), async (lists) => {
          const batches = [
            ...lists.map((activities, index) => batchOf(`input ${index}`, activities)),
            SECOND,
          ];
          const [storePath, inFiles] = [await bed.newStore(), await newStorePath()];
          for (const place of [storePath, inFiles]) await commitAll(place, batches);
          const seen = await seenOf(storePath);
          const described = (place: string): Promise<unknown> =>
            reading(place, (store) => store.describeVolumes());
          expect(seen).toEqual(await seenOf(inFiles));
          expect(await described(storePath)).toEqual(await described(inFiles));
        }),
        {numRuns: bed.runs, seed: 3},
      );
    });

    test('a store in files is copied, stopped, copied on and copied back: all that can be seen stays, compacted and pruned or not', async () => {
      const [inFiles, back] = [await newStorePath(), await newStorePath()];
      const list = [0, 1, 2].map((hour) =>
        batchOf(`hour ${hour}`, [
          {volume: 'a', startUs: BEGIN_US + hour * HOUR_US, writes: 1, writeBytes: 4096},
          {
            volume: 'b',
            startUs: BEGIN_US + hour * HOUR_US,
            used: {bytes: 7 * hour, atUs: BEGIN_US + hour * HOUR_US},
          },
        ]),
      );
      await commitAll(inFiles, [FIRST, ...list]);
      await pruneMinutes(inFiles);
      await commitAll(inFiles, [SECOND]);
      const middle = await bed.newStore();
      await expect(copy(inFiles, middle, 1)).rejects.toThrow('stopped');
      expect(await copy(inFiles, middle)).toMatchObject({batches: 4, copied: 3, alreadyThere: 1});
      expect(await seenOf(middle)).toEqual(await seenOf(inFiles));
      expect(await copy(middle, back)).toMatchObject({copied: 4});
      expect(await seenOf(back)).toEqual(await seenOf(inFiles));
      for (const place of [middle, back]) {
        expect(await verifyStore(place)).toMatchObject({isSound: true, checked: {batches: 4}});
        await writing(place, (writer) => {
          expect(writer.loadFootprint('a')?.encode()).toEqual(footprintOf(0, 1).encode());
          return Promise.resolve();
        });
        await commitAll(place, [FIRST]);
        await reading(place, (store) => {
          expect(store.info().batchCount).toBe(4);
          return Promise.resolve();
        });
      }
    });
  });
}
