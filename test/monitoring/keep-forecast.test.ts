import {mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, onTestFinished, test} from 'vitest';

import {historyFolderOf, KEPT_LEVELS} from '../../src/lib/monitoring/index.js';
import {setStoreAccess} from '../../src/lib/shadow-store/index.js';
import {keepForecast, type KeepForecastOptions} from '../../src/lib/workflows/keep-forecast.js';
import {monitorForecasts, type MonitorReport} from '../../src/lib/workflows/monitor-forecasts.js';

const HOUR_US = 3_600_000_000;
/** A Thursday: weeks are counted from the epoch. */
const ORIGIN_US = Date.parse('2026-01-01T00:00:00Z') * 1000;

async function newStore(): Promise<string> {
  const storePath = await mkdtemp(path.join(tmpdir(), 'foreshadow-keep-'));
  onTestFinished(async () => rm(storePath, {recursive: true, force: true}));
  return storePath;
}

/** Two volumes and their sum: q at level l is 100 l, for two days. */
function orderFor(storePath: string, change: Partial<KeepForecastOptions> = {}): KeepForecastOptions {
  const forecastOf = (id: string, factor: number) => {
    const quantiles = KEPT_LEVELS.map((level) => new Float64Array(48).fill(100 * factor * level));
    const point = quantiles[4] ?? new Float64Array();
    return {...{id, startUs: ORIGIN_US, stepSeconds: 3600, point}, levels: KEPT_LEVELS, quantiles};
  };
  const members = [
    {id: 'a', weight: 1},
    {id: 'b', weight: 1},
  ];
  return {
    ...{storePath, role: 'champion', granularity: 'hourly', metric: 'used-bytes'},
    ...{model: 'ets', modelSha256: 'abc', trainedUntilUs: ORIGIN_US, tool: 'foreshadow/test'},
    createdAtUs: ORIGIN_US,
    forecasts: [forecastOf('a', 1), forecastOf('b', 1)],
    panel: [],
    boundaries: [{forecast: forecastOf('rack/r1', 2), group: {id: 'rack/r1', members}}],
    ...change,
  };
}

function monitor(
  storePath: string,
  hours: number,
  known: readonly string[] = ['a', 'b'],
): Promise<MonitorReport> {
  const asOfUs = ORIGIN_US + hours * HOUR_US;
  return monitorForecasts({
    ...{
      storePath,
      asOfUs,
      createdAtUs: asOfUs,
      sinceUs: 0,
      nightsPerFalseAlarm: 1000,
      tool: 'foreshadow/test',
    },
    openStore: () =>
      Promise.resolve({
        info: () => ({firstUs: ORIGIN_US - 240 * HOUR_US, endUs: asOfUs}),
        readSeries: ({fromUs = 0, toUs = 0}) =>
          Promise.resolve(
            known.map((id) => ({
              ...{id, startUs: fromUs, stepSeconds: 3600},
              // Half of the hours 20, half 80.
              values: Float64Array.from({length: (toUs - fromUs) / HOUR_US}, (_, hour) =>
                hour % 2 === 0 ? 20 : 80,
              ),
            })),
          ),
        close: () => undefined,
      }),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

test('a forecast is scored as its numbers say, volumes and sums, once its day is over', async () => {
  const storePath = await newStore();
  await keepForecast(orderFor(storePath));
  expect((await monitor(storePath, 23)).newBlocks).toBe(0);
  const {rows, newBlocks, waitingBlocks} = await monitor(storePath, 47);
  expect({newBlocks, waitingBlocks}).toEqual({newBlocks: 1, waitingBlocks: 1});
  const [volumes] = rows;
  expect(volumes).toMatchObject({scope: 'volumes', series: 2, steps: 48, unknownSteps: 0, bias: 0});
  // 20 and 80 lie outside of 25 to 75, inside of 5 to 95.
  expect(volumes?.coverage.map(({share}) => share)).toEqual([0, 1, 1]);
  expect(volumes?.sharpness.map(({width}) => width)).toEqual(
    [1, 1.8, 1.9].map((width) => expect.closeTo(width, 6) as number),
  );
  expect(rows.at(-1)).toMatchObject({scope: 'boundary', name: 'rack/r1', steps: 24, bias: 0});
  expect(rows.at(-1)?.coverage).toEqual(volumes?.coverage);
});

test('numbers are removed when all are scored, scores stay, and a sum without one of its members is unknown', async () => {
  const storePath = await newStore();
  await keepForecast(orderFor(storePath));
  const {rows} = await monitor(storePath, 72, ['a']);
  expect(rows.find(({scope}) => scope === 'boundary')).toMatchObject({steps: 0, unknownSteps: 24 * 2});
  expect(rows[0]).toMatchObject({steps: 48, unknownSteps: 48});
  expect(await readdir(path.join(storePath, 'monitor', 'forecasts'))).toEqual([
    'hourly.used-bytes.20260101T000000Z.champion.json',
  ]);
  expect((await monitor(storePath, 96)).rows).toEqual(rows);
});

test('a model that was trained on what came after the origin is refused', async () => {
  const storePath = await newStore();
  const order = orderFor(storePath, {trainedUntilUs: ORIGIN_US + 5 * HOUR_US});
  await expect(keepForecast(order)).rejects.toMatchObject({
    ...{code: 'hindsight', exitCode: 3},
    message: expect.stringContaining('5 steps after 2026-01-01T00:00:00Z') as string,
  });
  expect(await readdir(storePath)).toEqual([]);
});

test('a forecast that takes the place of one that was scored is scored anew', async () => {
  const storePath = await newStore();
  await keepForecast(orderFor(storePath));
  const before = await monitor(storePath, 47);
  await keepForecast(orderFor(storePath, {model: 'theta', modelSha256: 'def'}));
  const after = await monitor(storePath, 47);
  expect(after).toMatchObject({newBlocks: 1, keptForecasts: 1});
  expect(after.rows).toEqual(before.rows.map((row) => ({...row, model: 'theta'})));
});

test('the history of a store is in its folder, and of one on servers where its models are', () => {
  expect(historyFolderOf('some/store/')).toBe(path.join('some', 'store', 'monitor'));
  setStoreAccess({user: undefined, password: undefined, stateFolder: '.foreshadow'});
  expect(historyFolderOf('clickhouse://ch1:8123/fleet')).toMatch(/fleet-monitor$/);
});
