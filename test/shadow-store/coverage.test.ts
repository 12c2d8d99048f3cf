import {readFile} from 'node:fs/promises';
import path from 'node:path';

import fc from 'fast-check';
import {expect, test} from 'vitest';

import {readPanel} from '../../src/lib/forecasting/index.js';
import type {StepExportQuery} from '../../src/lib/shadow-store/index.js';
import {
  coveredShares,
  coveredSpans,
  describeCoverage,
  mergeCoverage,
  type LogCoverage,
} from '../../src/lib/shadow-store/files/coverage.js';
import type {BatchManifest} from '../../src/lib/shadow-store/files/batch-manifest.js';
import {contentsOf} from '../../src/lib/shadow-store/files/store-contents.js';
import type {IngestBatch, InputCoverage} from '../../src/lib/traces/index.js';
import {type Activity, batchOf, BEGIN_US, HOUR_US, inputNamed, MINUTE_US} from './batches.js';
import {commitAll, newStorePath, reading, writing} from './stores.js';

const at = (hour: number): number => BEGIN_US + hour * HOUR_US;
const QUARTER_US = 15 * MINUTE_US;

/** A batch of one input that covers some hours for some volumes. */
function logged(
  name: string,
  hours: readonly (readonly [number, number])[],
  activities: readonly Activity[],
  more: Partial<InputCoverage> = {},
): IngestBatch {
  const volumes = [...new Set(activities.map(({volume}) => volume))].sort();
  const spansUs = hours.map(([from, to]) => [at(from), at(to)] as const);
  const coverage = [{of: 'requests' as const, gapUs: QUARTER_US, spansUs, volumes, ...more}];
  return batchOf(name, activities, {inputs: [{...inputNamed(name), coverage}]});
}

const row = (volume: string, hour: number, more: Partial<Activity> = {}): Activity => ({
  volume,
  startUs: at(hour),
  reads: 1,
  ...more,
});

async function reads(
  storePath: string,
  query: {volumes?: readonly string[]; leastCoverage?: number} = {},
): Promise<Record<string, number[]>> {
  return reading(storePath, async (store) => {
    const series = await store.readSeries({stepSeconds: 3600, ...query}, 'reads');
    return Object.fromEntries(series.map(({id, values}) => [id, [...values]]));
  });
}

test('no request is not the same as no log: 0 where an input covers the step, NaN where none does', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [
    logged('monday', [[0, 3]], [row('a', 0), row('b', 1)]),
    logged('tuesday', [[5, 7]], [row('a', 6)]),
  ]);
  expect(await reads(storePath)).toEqual({
    a: [1, 0, 0, NaN, NaN, 0, 1],
    // Before its first minute nothing is known of b; tuesday has no row of it, and cannot speak for it.
    b: [NaN, 1, 0, NaN, NaN, NaN, NaN],
  });
  await reading(storePath, async (store) => {
    const coverage = await store.readCoverage({stepSeconds: 3600, fromUs: at(1)});
    expect(coverage.map(({id, values}) => [id, [...values]])).toEqual([
      ['a', [1, 1, 0, 0, 1, 1]],
      ['b', [1, 1, 0, 0, 0, 0]],
    ]);
  });
});

test('inputs of one source speak for each other’s volumes, also once they are compacted', async () => {
  const storePath = await newStorePath();
  const source = 'host-1';
  await commitAll(storePath, [
    logged('monday', [[0, 3]], [row('a', 0), row('b', 1)], {source}),
    logged('tuesday', [[5, 7]], [row('a', 6)], {source}),
    logged('another', [[3, 5]], [row('c', 4)]),
  ]);
  const expected = {
    a: [1, 0, 0, NaN, NaN, 0, 1],
    b: [NaN, 1, 0, NaN, NaN, 0, 0],
    c: [NaN, NaN, NaN, NaN, 1, NaN, NaN],
  };
  expect(await reads(storePath)).toEqual(expected);
  await writing(storePath, (writer) => writer.compact({smallerThanBytes: Infinity, keepOldSeconds: 1}));
  expect(await reads(storePath)).toEqual(expected);
});

test('a hole between two inputs that is no longer than silence within them is none', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [
    logged('first', [[0, 2.9]], [row('a', 0)]),
    logged('second', [[3.1, 4]], [row('a', 3.5)]),
    logged('third', [[4.5, 6]], [row('a', 5)]),
  ]);
  await reading(storePath, async (store) => {
    const [coverage] = await store.readCoverage({stepSeconds: 3600});
    expect([...(coverage?.values ?? [])]).toEqual([1, 1, 1, 1, 0.5, 1]);
  });
});

test('a step that is covered too little is unknown to forecasting: what is missing would look like a drop', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [
    logged(
      'first',
      [[0, 2.5]],
      [0, 1, 2].map((hour) => row('a', hour)),
    ),
    logged(
      'second',
      [[3, 5]],
      [3, 4].map((hour) => row('a', hour)),
    ),
  ]);
  expect(await reads(storePath)).toEqual({a: [1, 1, 1, 1, 1]});
  expect(await reads(storePath, {leastCoverage: 0.9})).toEqual({a: [1, 1, NaN, 1, 1]});
  const panel = await reading(storePath, (store) =>
    readPanel(store, {granularity: 'hourly', metric: 'reads', asOfUs: at(4)}),
  );
  expect(panel.map(({values}) => [...values])).toEqual([[1, 1, NaN, 1]]);
});

test('usage samples say nothing of requests; used bytes are carried over a gap, which the coverage shows', async () => {
  const storePath = await newStorePath();
  const used = (hour: number, bytes: number): Activity => ({
    volume: 'a',
    startUs: at(hour),
    used: {bytes, atUs: at(hour)},
  });
  await commitAll(storePath, [
    logged(
      'samples',
      [
        [0, 2],
        [5, 6],
      ],
      [used(0, 10), used(1, 20), used(5, 70)],
      {of: 'usage'},
    ),
  ]);
  expect(await reads(storePath)).toEqual({a: [NaN, NaN, NaN, NaN, NaN, NaN]});
  await reading(storePath, async (store) => {
    const [levels] = await store.readSeries({stepSeconds: 3600}, 'used-bytes');
    expect([...(levels?.values ?? [])]).toEqual([10, 20, 20, 20, 20, 70]);
    const [coverage] = await store.readCoverage({stepSeconds: 3600});
    expect([...(coverage?.values ?? [])]).toEqual([1, 1, 0, 0, 0, 1]);
    const [info] = await store.describeVolumes();
    expect(info).toMatchObject({name: 'a', minutes: 3, requests: 0});
    // Two hours and a minute of five hours and a minute.
    expect(info?.coverage).toBeCloseTo(121 / 301, 10);
  });
});

async function exported(storePath: string, query: Omit<StepExportQuery, 'format'>): Promise<string[]> {
  const out = path.join(path.dirname(storePath), 'steps.csv');
  await reading(storePath, (store) => store.exportSteps(out, {...query, format: 'csv'}));
  const [header, ...lines] = (await readFile(out, 'utf8')).trimEnd().split('\n');
  expect(header).toBe(
    'volume,start_us,coverage,reads,writes,trims,read_bytes,write_bytes,footprint_growth_bytes,used_bytes',
  );
  return lines;
}

test('an export of regular steps leaves nothing out, and adds volumes up where they are known', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [
    logged('first', [[0, 2]], [row('a', 0), row('b', 0, {writes: 2, writeBytes: 8192, growthBytes: 4096})]),
    logged('second', [[3, 4]], [row('a', 3, {growthBytes: -1}), row('c', 3.5)]),
  ]);
  expect(await exported(storePath, {stepSeconds: 7200, volumes: ['b', 'a']})).toEqual([
    `a,${at(-1)},0.5,1,0,0,0,0,0,0`,
    `a,${at(1)},0.5,0,0,0,0,0,0,0`,
    `a,${at(3)},0.5,1,0,0,0,0,-1,0`,
    `b,${at(-1)},0.5,1,2,0,0,8192,4096,4096`,
    `b,${at(1)},0.5,0,0,0,0,0,0,4096`,
    `b,${at(3)},0.0,,,,,,,4096`,
  ]);
  expect(await exported(storePath, {stepSeconds: 3600, sumAs: 'rack', fromUs: at(1)})).toEqual([
    `rack,${at(1)},1.0,0,0,0,0,0,0,4096`,
    `rack,${at(2)},0.0,,,,,,,4096`,
    `rack,${at(3)},${(2 / 3).toFixed(6)},2,0,0,0,0,-1,4096`,
  ]);
  expect(await exported(storePath, {stepSeconds: 60, volumes: []})).toEqual([]);
});

const HOUR = fc.integer({min: 0, max: 20});
const ENTRY: fc.Arbitrary<LogCoverage> = fc
  .record({
    of: fc.constantFrom('requests' as const, 'usage' as const),
    gapUs: fc.constantFrom(0, HOUR_US),
    source: fc.option(fc.constantFrom('x', 'y'), {nil: undefined}),
    spans: fc.array(fc.tuple(HOUR, HOUR), {maxLength: 4}),
    volumes: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), {minLength: 1}),
  })
  .map(({spans, source, ...rest}) => ({
    ...rest,
    ...(source === undefined ? {} : {source}),
    spansUs: spans.map(([from, length]) => [at(from), at(from + length + 1)] as const),
  }));

test('told in fewer words, coverage says the same of every volume; shares are those of counting minutes', () => {
  const volumes = ['a', 'b', 'c'].map((name) => ({name, minutes: 1, firstUs: at(0), lastUs: at(1)}));
  const contents = (entries: readonly LogCoverage[]): ReturnType<typeof contentsOf> => {
    const manifest = {batchId: '', inputs: [], volumes, coverage: describeCoverage(entries, volumes)};
    return contentsOf([manifest as unknown as BatchManifest]);
  };
  fc.assert(
    fc.property(fc.array(ENTRY, {maxLength: 6}), fc.constantFrom(60, 3600, 7200), (entries, stepSeconds) => {
      for (const of of ['requests', 'usage'] as const) {
        const spans = coveredSpans(contents(entries), ['a', 'b', 'c'], of);
        expect(coveredSpans(contents(mergeCoverage(entries, -Infinity)), ['a', 'b', 'c'], of)).toEqual(spans);
        const axis = {startUs: at(-1), stepSeconds, steps: 24};
        const own = spans.get('a') ?? [];
        const covered = (atUs: number): boolean => own.some(([from, to]) => from <= atUs && atUs < to);
        const minutes = stepSeconds / 60;
        const expected = Array.from({length: axis.steps}, (_, step) => {
          const inStep = Array.from(
            {length: minutes},
            (__, n) => axis.startUs + (step * minutes + n) * MINUTE_US,
          );
          return inStep.filter(covered).length / minutes;
        });
        for (const [step, share] of coveredShares(own, axis).entries()) {
          expect(share).toBeCloseTo(expected[step] ?? NaN, 9);
        }
      }
    }),
    {seed: 4, numRuns: 40},
  );
});
