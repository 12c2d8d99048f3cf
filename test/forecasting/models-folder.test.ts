import {copyFile, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {
  fitCalibrated,
  forecastModel,
  keepModel,
  modelsFolderOf,
  panelSha256,
  readChosenModel,
  type ModelFileChoice,
  type TrainedModel,
} from '../../src/lib/forecasting/index.js';
import {made, seriesOf, wave} from './builders.js';

const panel = [made(60, (step, noise) => 40 + 10 * wave(step, 24) + noise)];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-models-folder-'));
});
afterEach(() => rm(folder, {recursive: true}));

async function trained(model: string, about: Partial<TrainedModel> = {}): Promise<TrainedModel> {
  const options = {horizonSteps: 6, seasonSteps: [24], random: createRandom(3)};
  return {
    ...(await fitCalibrated(forecastModel(model), panel, options)),
    ...{metric: 'used-bytes', granularity: 'hourly', horizonSteps: 6, seed: 3, series: ['v']},
    trainedOn: {fromUs: 0, untilUs: 216e9, steps: 60, panelSha256: panelSha256(panel)},
    ...about,
  };
}

async function keep(model: string, atUs: number, about: Partial<TrainedModel> = {}): Promise<string> {
  const made = {tool: 'foreshadow/test', createdAtUs: atUs};
  return path.basename((await keepModel(folder, await trained(model, about), made)).filePath);
}

function choose(name: string, about: Partial<ModelFileChoice> = {}): Promise<string> {
  const wanted = {granularity: 'hourly', metric: 'used-bytes', asked: {}} as const;
  const choice = {name, modelsFolder: folder, ...wanted, ...about};
  return readChosenModel(choice, 'unused').then(({filePath}) => path.basename(filePath));
}

describe('a folder of models', () => {
  it('names a file by what it is and by its content: the same again takes its place', async () => {
    const file = await keep('naive', 1e6);
    expect(file).toMatch(/^naive\.hourly\.used-bytes\.[0-9a-f]{12}\.json$/);
    expect(await keep('naive', 2e6)).toBe(file);
    expect(await keep('naive', 3e6, {seed: 4})).not.toBe(file);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('gives the latest of a granularity and metric, of any model or of one', async () => {
    const theta = await keep('theta', 2e6);
    await keep('naive', 1e6);
    await keep('naive', 4e6, {metric: 'writes'});
    await keep('naive', 5e6, {granularity: 'daily'});
    const newer = await keep('naive', 2e6, {seed: 9});
    expect(await choose('theta')).toBe(theta);
    expect(await choose('naive')).toBe(newer);
    const newest = await keep('theta', 3e6, {seed: 9});
    expect(await choose('latest')).toBe(newest);
    expect(await choose('latest', {granularity: 'daily'})).toMatch(/^naive\.daily\./);
  });

  it('finds a file by the beginning of its name, and refuses one that may mean several', async () => {
    const files = [await keep('naive', 1e6), await keep('naive', 2e6, {seed: 4})];
    expect(await choose(files[1]?.slice(0, -6) ?? '')).toBe(files[1]);
    expect(await choose(path.join(folder, files[0] ?? ''))).toBe(files[0]);
    const several = {code: 'several-models', message: expect.stringContaining(files[0] ?? '') as string};
    await expect(choose('naive.hourly')).rejects.toMatchObject(several);
  });

  it('says what there is when there is no such model', async () => {
    await expect(choose('latest')).rejects.toMatchObject({
      message: `there is no model, hourly used-bytes, in ${folder}, and no file latest`,
      hints: [
        expect.stringContaining('no model is kept there') as string,
        'foreshadow train --granularity hourly --metric used-bytes',
      ],
    });
    const kept = await keep('naive', 1e6);
    await expect(choose('ets', {metric: 'reads'})).rejects.toMatchObject({
      code: 'no-such-model',
      hints: [`kept there: ${kept}`, 'foreshadow train --model ets --granularity hourly --metric reads'],
    });
    await expect(choose('etz')).rejects.toMatchObject({message: expect.stringContaining('"etz"') as string});
  });

  it('refuses a model of another granularity or metric than was asked for', async () => {
    const file = path.join(folder, await keep('naive', 1e6));
    await expect(choose(file, {asked: {granularity: 'daily'}})).rejects.toMatchObject({
      code: 'wrong-granularity',
      message: `${file}: granularity is hourly, not daily as asked`,
      hints: ['foreshadow train --granularity daily', 'another --model-file'],
    });
    await expect(choose(file, {asked: {metric: 'reads'}})).rejects.toMatchObject({code: 'wrong-metric'});
    expect(await choose(file, {asked: {metric: 'used-bytes', granularity: 'hourly'}})).toBeTruthy();
  });

  it('refuses a file under the name of another one, and a damaged one though an older one is whole', async () => {
    const [first, second] = [await keep('naive', 1e6), await keep('naive', 2e6, {seed: 4})];
    const text = await readFile(path.join(folder, second), 'utf8');
    await writeFile(path.join(folder, second), text.replace('"seed": 4', '"seed": 5'));
    await expect(choose('naive')).rejects.toMatchObject({code: 'changed-bytes'});
    await copyFile(path.join(folder, first), path.join(folder, second));
    await expect(choose(second)).rejects.toMatchObject({
      code: 'other-model',
      message: expect.stringMatching(
        /naive\..*\.json: sha256 is [0-9a-f]{12}, its name says [0-9a-f]{12}/,
      ) as string,
    });
    await rename(path.join(folder, second), path.join(folder, 'free-name.json'));
    expect(await choose(path.join(folder, 'free-name.json'))).toBe('free-name.json');
  });

  it('is beside the store unless told', () => {
    expect(modelsFolderOf('data/store/')).toBe('data/store-models');
    expect(modelsFolderOf('./store')).toBe('store-models');
  });
});

it('hashes a panel by every value, name and time of it', () => {
  const series = seriesOf([1, 2, Number.NaN]);
  const hashes = [
    [series],
    [{...series, id: 'w'}],
    [{...series, startUs: 1}],
    [{...series, ceiling: 5}],
    [seriesOf([1, 2, 3])],
    [seriesOf([1, 2])],
    [series, series],
  ].map(panelSha256);
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(panelSha256([{...series, values: Float64Array.of(0, 1, 2, Number.NaN).subarray(1)}])).toBe(
    hashes[0],
  );
});
