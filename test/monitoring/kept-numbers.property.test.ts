import {mkdtemp, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import {afterAll, beforeAll, expect, test} from 'vitest';

import {KEPT_LEVELS, keptNumbersBytes, readKeptNumbers} from '../../src/lib/monitoring/index.js';
import {effort} from '../support/effort.js';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-numbers-'));
  file = path.join(folder, 'numbers');
});
afterAll(() => rm(folder, {recursive: true, force: true}));

function forecastOf(id: string, values: readonly (readonly number[])[]) {
  const quantiles = values.map((path) => Float64Array.from(path));
  const point = quantiles[0] ?? new Float64Array();
  return {...{id, startUs: 0, stepSeconds: 3600, point}, levels: KEPT_LEVELS, quantiles};
}

const scene = fc
  .record({
    horizonSteps: fc.integer({min: 1, max: 12}),
    blockSteps: fc.integer({min: 1, max: 5}),
    ids: fc.uniqueArray(fc.string({unit: 'binary'}), {minLength: 1, maxLength: 4}),
    seed: fc.integer(),
  })
  .map(({ids, horizonSteps, seed, ...rest}) => ({
    ...rest,
    horizonSteps,
    forecasts: ids.map((id, series) =>
      forecastOf(
        id,
        KEPT_LEVELS.map((_, level) =>
          Array.from({length: horizonSteps}, (__, step) => 1e9 * series + 1e6 * level + step + (seed % 7)),
        ),
      ),
    ),
  }));

test('what is read of a block is what was written, to 32 bits, whatever names are', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({forecasts, horizonSteps, blockSteps}) => {
      await writeFile(
        file,
        keptNumbersBytes(forecasts, blockSteps, (id) => ({kind: 'ordinary', scale: id.length})),
      );
      for (let block = 0; block * blockSteps < horizonSteps; block += 1) {
        const read = await readKeptNumbers(file, block);
        const [from, to] = [block * blockSteps, (block + 1) * blockSteps];
        expect(read).toEqual(
          forecasts.map(({id, quantiles}) => ({
            ...{id, kind: 'ordinary', scale: id.length},
            quantiles: quantiles.map((values) => values.subarray(from, to).map(Math.fround)),
          })),
        );
      }
    }),
    {numRuns: effort(30, 500)},
  );
});

test('a file that is cut off or something else is refused by name', async () => {
  const forecast = forecastOf(
    'v',
    KEPT_LEVELS.map(() => [1, 2, 3]),
  );
  const bytes = keptNumbersBytes([forecast], 2, () => ({kind: 'constant', scale: 0}));
  for (const length of [0, 5, 11, 40, bytes.length - 1]) {
    await writeFile(file, bytes);
    await truncate(file, length);
    await expect(readKeptNumbers(file, 1)).rejects.toMatchObject({
      ...{exitCode: 3, message: expect.stringContaining(file) as string},
    });
  }
  await writeFile(file, 'volume,step\n'.repeat(20));
  await expect(readKeptNumbers(file, 0)).rejects.toMatchObject({code: 'not-kept'});
  await expect(readKeptNumbers(path.join(folder, 'none'), 0)).rejects.toMatchObject({code: 'cannot-read'});
});
