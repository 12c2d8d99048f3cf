import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {createRandom, sealedText} from '../../src/lib/core/index.js';
import {
  fitCalibrated,
  forecastCsv,
  forecastModel,
  forecastQuantiles,
  panelSha256,
  readModelFile,
  type TrainedModel,
  writeModelFile,
} from '../../src/lib/forecasting/index.js';
import {decodeFloat64, encodeFloat64} from '../../src/lib/forecasting/float-text.js';
import {made, wave} from './builders.js';

const TOOL = {tool: 'foreshadow/0.0.0', createdAtUs: Date.UTC(2026, 10, 23) * 1000};
const panel = ['a', 'b/../"c"\n'].map((id, index) =>
  made(120, (step, noise) => 40 + 10 * wave(step, 24) + noise, {id, seed: index}),
);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-models-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

async function train(model: string): Promise<TrainedModel> {
  const options = {horizonSteps: 12, seasonSteps: [24], random: createRandom(3)};
  const calibrated = await fitCalibrated(forecastModel(model), panel, options);
  return {
    ...calibrated,
    ...{
      metric: 'write-bytes',
      granularity: 'hourly',
      horizonSteps: 12,
      seed: 3,
      series: panel.map(({id}) => id),
    },
    trainedOn: {fromUs: 0, untilUs: 120 * 3600 * 1e6, steps: 120, panelSha256: panelSha256(panel)},
  };
}

async function damaged(change: (file: Record<string, unknown>) => void): Promise<string> {
  const whole = path.join(folder, 'whole.json');
  await writeModelFile(whole, await train('naive'), TOOL);
  const file = JSON.parse(await readFile(whole, 'utf8')) as Record<string, unknown>;
  change(file);
  const target = path.join(folder, 'damaged.json');
  // Sealed again: what is told must be what is wrong, not that something is.
  await writeFile(target, sealedText(file as unknown as Parameters<typeof sealedText>[0]).text);
  return target;
}

describe('a model file', () => {
  it.each(['seasonal-naive', 'ets'])('of %s forecasts the same after it was read back', async (model) => {
    const file = path.join(folder, `${model}.json`);
    const trained = await train(model);
    await writeModelFile(file, trained, TOOL);
    const read = await readModelFile(file);
    expect(read).toMatchObject({
      ...{metric: 'write-bytes', granularity: 'hourly', horizonSteps: 12, seed: 3},
      trainedOn: {fromUs: 0, untilUs: 432e9, steps: 120},
      series: panel.map(({id}) => id),
    });
    const options = {horizonSteps: 12, levels: [0.05, 0.5, 0.99], lowest: 0};
    const forecasts = await forecastQuantiles(read.fitted, read.calibration, panel, options);
    expect(forecasts).toEqual(await forecastQuantiles(trained.fitted, trained.calibration, panel, options));
  });

  it('begins with its kind and version, and is the same file twice', async () => {
    const files = ['one.json', 'two.json'].map((name) => path.join(folder, name));
    for (const file of files) await writeModelFile(file, await train('ets'), TOOL);
    const [one = '', two] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    expect(two).toBe(one);
    expect(one.startsWith('{\n  "kind": "foreshadow.model",\n  "version": 2,\n')).toBe(true);
  });

  it.each<[string, (file: Record<string, unknown>) => void, RegExp]>([
    [
      'another kind',
      (file) => (file['kind'] = 'foreshadow.plan'),
      /damaged\.json: kind is "foreshadow\.plan"/,
    ],
    ['a later version', (file) => (file['version'] = 3), /version is 3, this program reads 2/],
    ['an earlier version', (file) => (file['version'] = 1), /version is 1, this program reads 2/],
    ['another step', (file) => (file['stepSeconds'] = 1800), /stepSeconds is 1800, hourly steps have 3600/],
    [
      'a model this program has not',
      (file) => (file['model'] = 'crystal'),
      /damaged\.json: model: there is no "crystal"/,
    ],
    [
      'parameters of another model',
      (file) => (file['model'] = 'lstm'),
      /damaged\.json: parameters: patchSteps/,
    ],
    [
      'errors that are no numbers',
      (file) => (file['calibration'] = {originCount: 1, stepErrors: ['AAAA'], spreads: []}),
      /calibration\.stepErrors\[0\]: must be base64 of finite 64-bit floats/,
    ],
    ['no horizon', (file) => delete file['horizonSteps'], /horizonSteps/],
  ])('with %s is refused, with file and field', async (_, change, message) => {
    await expect(readModelFile(await damaged(change))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('the seal of a model file', () => {
  it('does not depend on when it was made, only on what it holds', async () => {
    const [one, other] = ['early.json', 'late.json'].map((name) => path.join(folder, name));
    const trained = await train('naive');
    const sha256 = await writeModelFile(one ?? '', trained, TOOL);
    expect(await writeModelFile(other ?? '', trained, {...TOOL, createdAtUs: 0})).toBe(sha256);
    expect(await readModelFile(other ?? '')).toMatchObject({sha256});
    expect(await writeModelFile(one ?? '', {...trained, seed: 4}, TOOL)).not.toBe(sha256);
  });

  it('breaks with any changed byte that matters', async () => {
    const file = path.join(folder, 'sealed.json');
    await writeModelFile(file, await train('seasonal-naive'), TOOL);
    const text = await readFile(file, 'utf8');
    const places = Array.from({length: 40}, (_, index) => Math.floor((index * text.length) / 40));
    const created = text.indexOf('"createdAt"');
    for (const place of places.filter((at) => at < created || at > created + 40)) {
      const changed = text[place] === 'x' ? 'y' : 'x';
      await writeFile(file, `${text.slice(0, place)}${changed}${text.slice(place + 1)}`);
      await expect(readModelFile(file), `byte ${place}`).rejects.toMatchObject({exitCode: 3});
    }
    await writeFile(file, text.replace('"seed": 3', '"seed": 4'));
    await expect(readModelFile(file)).rejects.toMatchObject({
      code: 'changed-bytes',
      message: expect.stringMatching(/sealed\.json: sha256 is [0-9a-f]{12}, its content has/) as string,
    });
    await writeFile(file, text.replace(/ {2}"sha256".*\n/, ''));
    await expect(readModelFile(file)).rejects.toMatchObject({code: 'changed-bytes'});
  });
});

describe('floats as text', () => {
  it('come back exactly, and a torn text does not come back', () => {
    const values = Float64Array.of(0, -0, 1 / 3, -1e308, 5e-324);
    expect(decodeFloat64(encodeFloat64(values))).toEqual(values);
    expect(decodeFloat64(encodeFloat64(values).slice(0, 8))).toBeUndefined();
  });
});

describe('forecasts as CSV', () => {
  it('have a row a volume and step, names quoted where they must be', () => {
    const shared = {startUs: 432e9, stepSeconds: 3600, levels: [0.5]};
    const [point, middle] = [Float64Array.of(1, 0.1), Float64Array.of(2, 1e21)];
    const forecasts = ['a', 'b/../"c"\n'].map((id) => ({...shared, id, point, quantiles: [middle]}));
    expect(forecastCsv(forecasts, [0.5])).toBe(
      [
        'volume,origin,step,time,point,q0.5',
        'a,1970-01-06T00:00:00Z,1,1970-01-06T00:00:00Z,1,2',
        'a,1970-01-06T00:00:00Z,2,1970-01-06T01:00:00Z,0.1,1e+21',
        '"b/../""c""\n",1970-01-06T00:00:00Z,1,1970-01-06T00:00:00Z,1,2',
        '"b/../""c""\n",1970-01-06T00:00:00Z,2,1970-01-06T01:00:00Z,0.1,1e+21',
        '',
      ].join('\n'),
    );
  });
});
