import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Evaluate from '../../src/commands/evaluate.js';
import Forecast from '../../src/commands/forecast.js';
import Train from '../../src/commands/train.js';
import {createRandom, type Series} from '../../src/lib/core/index.js';
import {readPanel} from '../../src/lib/forecasting/index.js';
import {evaluateModels} from '../../src/lib/workflows/evaluate-models.js';
import {forecastSeries} from '../../src/lib/workflows/forecast-series.js';
import {trainModel} from '../../src/lib/workflows/train-model.js';
import {batchOf, BEGIN_US, HOUR_US} from '../shadow-store/batches.js';
import {openWriter} from '../shadow-store/stores.js';
import {runCommand} from '../support/run-command.js';
import {yamlFile} from '../topology/topology-files.js';
import {made, seriesOf, storeOf, wave} from './builders.js';

const STEPS = 12 * 24;
let folder: string;
let store: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-forecast-'));
  store = path.join(folder, 'store');
  const random = createRandom(2);
  const samples = ['db "1"', 'web\u001b[2J'].flatMap((volume, index) =>
    Array.from({length: STEPS}, (_, step) => {
      const bytes = Math.round(1e9 * (2 + index) + 1e7 * step + 3e8 * wave(step, 24) + 1e7 * random.normal());
      return {volume, startUs: BEGIN_US + step * HOUR_US, used: {bytes, atUs: BEGIN_US + step * HOUR_US}};
    }),
  );
  const writer = await openWriter(store);
  await writer.commit(batchOf('usage', samples));
  await writer.close();
});
afterAll(() => rm(folder, {recursive: true, force: true}));

function run(command: Parameters<typeof runCommand>[0], ...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(command, [...args, '--store', store]);
}

describe('train, then forecast', () => {
  it('writes a model file and tells what was learned, then foresees every volume with quantiles', async () => {
    const model = path.join(folder, 'ets.json');
    const trained = await run(Train, '--model', 'ets', '--horizon', '1d', '--out', model);
    expect(trained.stdout).toMatch(/^model +ets, hourly used-bytes$/m);
    expect(trained.stdout).toMatch(/^history +2 volumes, 287 steps to 2026-03-14T04:00:00Z$/m);
    expect(trained.stdout).toMatch(/^coverage +newest horizon: [\d.]+ % under q0\.1, [\d.]+ % under q0\.9$/m);
    const out = path.join(folder, 'forecast.csv');
    const args = ['--model-file', model, '--levels', '0.9,0.1', '--out', out];
    const forecast = await run(Forecast, ...args);
    expect(forecast.stdout).toMatch(/^db "1" .*[▁▂▃▄▅▆▇█]{24}$/m);
    expect(forecast.stdout).not.toContain('\u001b[2J');
    const rows = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(rows[0]).toBe('volume,origin,step,time,point,q0.1,q0.9');
    expect(rows[1]).toMatch(/^"db ""1""",2026-03-14T04:00:00Z,\d+/);
    expect(rows).toHaveLength(1 + 2 * 24);
    // Trend and day are in it: a day after the last whole step the first volume should hold about this.
    const truth = 2e9 + 1e7 * 310 + 3e8 * wave(310, 24);
    const [low, high] = (rows[24]?.split(',') ?? []).slice(-2).map(Number);
    expect(low).toBeLessThan(truth);
    expect(high).toBeGreaterThan(truth);
    expect((high ?? 0) - (low ?? 0)).toBeLessThan(3e8);
  });

  it('prints the CSV itself for --out -, of the volumes asked for', async () => {
    const args = ['--model', 'seasonal-naive', '--horizon', '2h', '--volume', 'db "1"', '--out', '-'];
    const {stdout} = await run(Forecast, ...args);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((row) => row.split(',').length),
    ).toEqual([8, 8, 8]);
  });

  it('looks at nothing from --as-of on', async () => {
    const args = ['--model', 'seasonal-naive', '--horizon', '1h', '--as-of', '2026-03-10T12:34:56Z'];
    const {result} = await run(Forecast, ...args);
    expect(result).toMatchObject({originUs: Date.UTC(2026, 2, 10, 12) * 1000});
  });

  it.each([
    [['--levels', '0.5,1'], 'bad-flag-value'],
    [['--horizon', 'soon'], 'bad-flag-value'],
    [['--model', 'etts'], 'unknown-model'],
    [['--volume', 'db 1'], 'unknown-volume'],
    [['--as-of', '2026-03-02T05:30:00Z'], 'no-whole-step'],
    [['--model-file', './no-such-model.json'], 'cannot-read'],
    [['--model-file', 'latest', '--metric', 'reads'], 'no-such-model'],
  ])('refuses %j', async (args, code) => {
    const {stdout} = await run(Forecast, ...args, '--json');
    expect(JSON.parse(stdout)).toMatchObject({error: {code}});
  });
});

it('refuses a model file of another metric or granularity than was written on the command line', async () => {
  const model = path.join(folder, 'hourly.json');
  await run(Train, '--model', 'naive', '--horizon', '1d', '--out', model);
  for (const [flag, value] of [
    ['--metric', 'reads'],
    ['--granularity', 'daily'],
  ] as const) {
    const {stdout} = await run(Forecast, '--model-file', model, flag, value, '--json');
    expect(JSON.parse(stdout)).toMatchObject({error: {code: `wrong-${flag.slice(2)}`}});
  }
});

describe('evaluate', () => {
  it('ranks the models with the seasonal naive among them, and scores every volume', async () => {
    const {stdout, result} = await run(Evaluate, '--models', 'ets', '--horizon', '1d', '--folds', '2');
    expect(stdout).toMatch(/^hourly used-bytes: 2 volumes, 287 steps, 2 folds of 24 steps$/m);
    const lines = stdout.split('\n');
    expect(lines[3]).toMatch(/^ets +0\.\d{4} +\d\.\d{3} +\d+\.\d{2} +0\.\d{3} +\d+\.\d{2} +[\d.]+ %$/);
    expect(lines[4]).toMatch(/^seasonal-naive \* /);
    expect(lines[9]).toMatch(/^ets +[\d.]+ % +[\d.]+ % +[\d.]+ % +4 +0 +0$/);
    expect(Math.max(...lines.map(({length}) => length))).toBeLessThanOrEqual(80);
    expect(result).toMatchObject({toBeat: 'seasonal-naive', volumes: {length: 8}, skipped: []});
  });

  it('compares at several granularities, leaves out one that is too short, and writes a row each as CSV', async () => {
    const csv = path.join(folder, 'accuracy.csv');
    const args = ['--granularity', 'hourly,daily,weekly', '--models', 'naive', '--horizon', '2d'];
    const {stdout, result} = await run(Evaluate, ...args, '--folds', '2', '--csv', csv);
    expect(stdout).toMatch(/^hourly used-bytes: 2 volumes, 287 steps, 2 folds of 48 steps$/m);
    expect(stdout).toMatch(/^daily used-bytes: 2 volumes, 11 steps, 2 folds of 2 steps$/m);
    expect(stdout).toMatch(/^left out: weekly: /m);
    expect(result).toMatchObject({
      granularities: [{granularity: 'hourly'}, {granularity: 'daily', horizonSteps: 2, series: 2}],
      skipped: [{granularity: 'weekly'}],
    });
    const [header, ...rows] = (await readFile(csv, 'utf8')).trimEnd().split('\n');
    expect(header).toBe(
      'granularity,model,wql,mase,smape,owa,msis,inside95,unscaledSeries,scored,failed,under_q0.1,under_q0.5,under_q0.9',
    );
    expect(rows.map((row) => row.split(',')[0])).toEqual(['hourly', 'hourly', 'daily', 'daily']);
    const {stdout: refused} = await run(Evaluate, '--granularity', 'weekly', '--horizon', '2d', '--json');
    expect(JSON.parse(refused)).toMatchObject({error: {exitCode: 3}});
  });
});

describe('the workflows', () => {
  const workflow = (panel: readonly Series[]) => ({
    ...{storePath: 'memory', openStore: () => Promise.resolve(storeOf(panel)), tool: 'foreshadow/test'},
    ...({granularity: 'hourly', metric: 'writes'} as const),
    ...{horizonSeconds: 6 * 3600, seed: 1, createdAtUs: 0, asOfUs: Infinity},
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const steady = made(120, (step, noise) => 40 + 10 * wave(step, 24) + noise, {id: 'steady'});

  it('read whole steps only: a step that the store or --as-of cuts off is not there', async () => {
    const cut = storeOf([steady], 100.5 * HOUR_US);
    const query = {granularity: 'hourly', metric: 'writes'} as const;
    expect((await readPanel(cut, {...query, asOfUs: Infinity}))[0]?.values).toHaveLength(100);
    expect((await readPanel(cut, {...query, asOfUs: 90.9 * HOUR_US}))[0]?.values).toHaveLength(90);
    const late = {...cut, info: () => ({firstUs: 3.5 * HOUR_US, endUs: 100 * HOUR_US})};
    expect((await readPanel(late, {...query, asOfUs: Infinity}))[0]).toMatchObject({startUs: 4 * HOUR_US});
    const empty = {...cut, info: () => ({})};
    await expect(readPanel(empty, {...query, asOfUs: Infinity})).rejects.toMatchObject({code: 'store-empty'});
  });

  it('train on what ended by --as-of: what comes later changes no byte of the model', async () => {
    const poisoned = seriesOf(
      steady.values.map((value, step) => (step < 100 ? value : 1e15)),
      'steady',
    );
    const files: string[] = [];
    for (const panel of [[steady], [poisoned]]) {
      const out = path.join(folder, `poison-${files.length}.json`);
      await trainModel({...workflow(panel), model: 'ets', out, asOfUs: 100 * HOUR_US});
      files.push(await readFile(out, 'utf8'));
    }
    expect(files[1]).toBe(files[0]);
  });

  it('name volumes that the model has not seen, and leave out those of which nothing is known', async () => {
    const out = path.join(folder, 'few.json');
    await trainModel({...workflow([steady]), model: 'seasonal-naive', out});
    const newer = made(120, () => 5, {id: 'newer'});
    const unknown = made(120, () => Number.NaN, {id: 'unknown'});
    const choice = {name: out, granularity: 'hourly', metric: 'writes', asked: {}} as const;
    const {summary} = await forecastSeries({
      ...workflow([steady, newer, unknown]),
      ...{source: {kind: 'file', choice}, horizonSeconds: 9 * 3600, levels: [0.9]},
    });
    expect(summary.volumes.map(({volume}) => volume)).toEqual(['steady', 'newer']);
    expect(summary.warnings).toEqual([
      '2 volumes were not there when the model was trained',
      'the horizon is longer than the model was calibrated for',
      '1 volumes are left out: nothing is known of them by then',
    ]);
  });

  it('foresee what boundaries hold, each volume as often as it has replicas there', async () => {
    const topologyPath = await yamlFile(`kind: topology
version: 1
hosts:
  - {id: h1, capacity: 1TB, labels: {rack: r1}}
  - {id: h2, capacity: 1TB, labels: {rack: r1}}
  - {id: h3, capacity: 1TB, labels: {rack: r2}}
volumes:
  - {id: steady, replicas: [h1, h2]}
  - {id: other, replicas: [h2, h3]}
`);
    const other = made(120, () => 7, {id: 'other'});
    const boundariesOut = path.join(folder, 'boundaries.csv');
    const source = {kind: 'fit', model: 'naive', granularity: 'hourly', metric: 'writes', seed: 1} as const;
    const options = {...workflow([steady, other]), horizonSeconds: 2 * 3600, levels: [0.9]};
    const {summary} = await forecastSeries({...options, source, topologyPath, boundariesOut});
    const last = steady.values.at(-1) ?? Number.NaN;
    const racks = summary.boundaries?.slice(0, 2);
    expect(racks?.map(({boundary, last: sum, point}) => [boundary, sum, point[0]])).toEqual([
      ['rack/r1', 2 * last + 7, 2 * last + 7],
      ['rack/r2', 7, 7],
    ]);
    const rows = (await readFile(boundariesOut, 'utf8')).trimEnd().split('\n');
    expect(rows[0]).toBe('boundary,origin,step,time,point,q0.9');
    expect(rows).toHaveLength(1 + 5 * 2);
    await expect(forecastSeries({...options, source, adapt: true})).rejects.toMatchObject({
      code: 'adapt-without-model',
    });
  });

  it('adapt the levels by what came after training, and by nothing where nothing did', async () => {
    const out = path.join(folder, 'adapt.json');
    const wild = made(120, (step, noise) => 500 + (step < 72 ? 1 : 20) * noise, {id: 'wild'});
    await trainModel({
      ...workflow([wild]),
      model: 'naive',
      horizonSeconds: 4 * 3600,
      out,
      asOfUs: 72 * HOUR_US,
    });
    const choice = {name: out, granularity: 'hourly', metric: 'writes', asked: {}} as const;
    const q90 = async (asOfUs: number, adapt: boolean): Promise<number | undefined> => {
      const options = {...workflow([wild]), asOfUs, adapt, levels: [0.9]};
      const {summary} = await forecastSeries({...options, source: {kind: 'file', choice}});
      return summary.volumes[0]?.quantiles[0]?.values[3];
    };
    expect(await q90(72 * HOUR_US, true)).toBe(await q90(72 * HOUR_US, false));
    expect(await q90(120 * HOUR_US, true)).not.toBe(await q90(120 * HOUR_US, false));
  });

  it('close the store whatever happens', async () => {
    let closed = 0;
    const options = {
      ...workflow([steady]),
      openStore: () => Promise.resolve({...storeOf([steady]), close: () => void (closed += 1)}),
    };
    await expect(trainModel({...options, model: 'ets', out: folder})).rejects.toMatchObject({exitCode: 6});
    const granularities = ['hourly'] as const;
    const evaluation = {...options, granularities, models: ['ets'], folds: 99, levels: [0.5]};
    await expect(evaluateModels(evaluation)).rejects.toMatchObject({code: 'history-too-short'});
    const source = {kind: 'fit', model: 'none', granularity: 'hourly', metric: 'writes', seed: 1} as const;
    await expect(forecastSeries({...options, source, levels: [0.5]})).rejects.toMatchObject({exitCode: 2});
    expect(closed).toBe(3);
  });
});
