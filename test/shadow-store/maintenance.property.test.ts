import {cp} from 'node:fs/promises';

import fc from 'fast-check';
import {expect, test} from 'vitest';

import {effort} from '../support/effort.js';
import {batchOf, BEGIN_US, FIRST, footprintOf, HOUR_US, SECOND} from './batches.js';
import {ACTIVITIES} from './naive.js';
import {
  type Act,
  commitAll,
  contentOf,
  killAnywhere,
  newStorePath,
  reading,
  seenOf,
  writing,
} from './stores.js';

const STRIDE = effort(20, 1);
const ALL = {smallerThanBytes: Infinity, keepOldSeconds: 600};
const compact: Act = (storePath, options) => writing(storePath, (writer) => writer.compact(ALL), options);
const prune: Act = (storePath, options) =>
  writing(
    storePath,
    (writer) => writer.prune({beforeUs: BEGIN_US + HOUR_US, granularities: [60, 3600], keepOldSeconds: 600}),
    options,
  );
/** Opens when the time for readers of replaced batches is over, so that it removes them. */
const openLater: Act = (storePath, options) =>
  writing(storePath, () => Promise.resolve(), {...options, nowUs: BEGIN_US + 24 * HOUR_US});

const FOURTH = batchOf('fourth', [{volume: 'a', startUs: BEGIN_US, reads: 1}], {
  rejects: [{source: 'fourth', line: 1, reason: 'no time', text: '?'}],
  footprints: new Map([['a', footprintOf(1, 2, 3)]]),
});
const SAMPLED = batchOf(
  'sampled',
  [
    {volume: 'a', startUs: BEGIN_US, used: {bytes: 10_000, atUs: BEGIN_US + 5}, growthBytes: -4096, trims: 1},
    {volume: 'a', startUs: BEGIN_US + 2 * HOUR_US, writes: 1, growthBytes: 4096},
  ],
  {
    rejects: [{source: 'sampled', line: 1, reason: 'no time', text: '?'}],
    footprints: new Map([['a', footprintOf(1, 2)]]),
  },
);

const commit: Act = (storePath, options) => commitAll(storePath, [FOURTH], options);

async function storeOfThree(): Promise<string> {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST, SECOND, SAMPLED]);
  return storePath;
}

test('committing, killed before any change to the disk, leaves a store as it was or complete, and again mends it', async () => {
  const storePath = await storeOfThree();
  const actions = await killAnywhere(storePath, commit, seenOf, STRIDE);
  expect(new Set(actions)).toEqual(
    new Set(['make-folder', 'remove', 'write', 'copy', 'seal', 'sync-folder', 'rename']),
  );
});

test('compacting, killed before any change to the disk, leaves what is read as it was, and again completes it', async () => {
  const storePath = await storeOfThree();
  const before = await seenOf(storePath);
  expect(await killAnywhere(storePath, compact, seenOf, STRIDE)).toContain('rename');
  await compact(storePath, {});
  expect(await seenOf(storePath)).toEqual(before);
});

test('pruning, killed before any change to the disk, leaves a store as it was or pruned, and again completes it', async () => {
  const storePath = await storeOfThree();
  expect(await killAnywhere(storePath, prune, seenOf, STRIDE)).toContain('rename');
});

test('removing what was replaced twice over, killed before any change to the disk, brings nothing back', async () => {
  const storePath = await storeOfThree();
  await compact(storePath, {});
  await commitAll(storePath, [batchOf('fourth', [{volume: 'a', startUs: BEGIN_US, reads: 1}])]);
  await compact(storePath, {});
  const before = await seenOf(storePath);
  expect(await killAnywhere(storePath, openLater, seenOf, STRIDE)).toContain('remove');
  await openLater(storePath, {});
  expect(await seenOf(storePath)).toEqual(before);
});

test.each([
  ['committing', commit],
  ['compacting', compact],
  ['pruning', prune],
] as const)(
  '%s onto a full disk is exit 6, changes nothing, and goes through when there is room',
  async (_, act) => {
    const storePath = await storeOfThree();
    const before = await contentOf(storePath);
    const actions: string[] = [];
    const whole = await newStorePath();
    await cp(storePath, whole, {recursive: true});
    await act(whole, {onFileOperation: ({action}) => actions.push(action)});
    const writes = actions.flatMap((action, at) =>
      ['write', 'copy', 'make-folder'].includes(action) ? [at] : [],
    );
    for (const at of writes.filter((__, index) => index % STRIDE === 0)) {
      let operations = 0;
      const onFileOperation = (): void => {
        operations += 1;
        if (operations - 1 !== at) return;
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), {syscall: 'write'});
      };
      await expect(act(storePath, {onFileOperation})).rejects.toMatchObject({exitCode: 6});
      expect(await contentOf(storePath)).toEqual(before);
    }
    await act(storePath, {});
    expect(await contentOf(storePath)).toEqual(await contentOf(whole));
  },
);

/** Sums and levels from a time on. */
async function seenFrom(storePath: string, fromUs: number, stepSeconds: number): Promise<unknown> {
  return reading(storePath, async (store) => ({
    levels: await store.readSeries({stepSeconds, fromUs}, 'used-bytes'),
    sums: await store.readSeries({stepSeconds, fromUs}, 'write-bytes'),
    coverage: await store.readCoverage({stepSeconds, fromUs}),
  }));
}

test('whatever is pruned and compacted in between, what is read of later hours stays the same', async () => {
  const hours = fc.integer({min: 1, max: 45});
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(ACTIVITIES, hours, fc.boolean()), {minLength: 1, maxLength: 3}),
      async (rounds) => {
        const [whole, pruned] = [await newStorePath(), await newStorePath()];
        let beforeUs = 0;
        for (const [round, [activities, hour, isCompacted]] of rounds.entries()) {
          // Nothing older than what was pruned comes in: of that the store says that it does not know.
          const rows = activities.filter(({startUs}) => startUs >= beforeUs);
          const batch = batchOf(`round ${round}`, rows);
          await commitAll(whole, [batch]);
          await writing(pruned, async (writer) => {
            await writer.commit(batch);
            const bound = {beforeUs: BEGIN_US + hour * HOUR_US, granularities: [60, 3600] as const};
            const report = await writer.prune({...bound, keepOldSeconds: 1});
            beforeUs = Math.max(beforeUs, report.beforeUs);
            if (isCompacted) await writer.compact(ALL);
          });
        }
        for (const stepSeconds of [3600, 21_600]) {
          const fromUs = Math.ceil(beforeUs / stepSeconds / 1e6) * stepSeconds * 1e6;
          expect(await seenFrom(pruned, fromUs, stepSeconds)).toEqual(
            await seenFrom(whole, fromUs, stepSeconds),
          );
        }
      },
    ),
    {numRuns: effort(2, 60), seed: 3},
  );
});
