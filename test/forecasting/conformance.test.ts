import {beforeAll, describe, expect, it} from 'vitest';

import {createRandom, type Series} from '../../src/lib/core/index.js';
import {
  FORECAST_MODELS,
  fitCalibrated,
  forecastQuantiles,
  type ForecastModel,
  type FittedModel,
} from '../../src/lib/forecasting/index.js';
import {createEnsemble} from '../../src/lib/forecasting/ensemble.js';
import {acrossSeries} from '../../src/lib/forecasting/across-series.js';
import {gruNet} from '../../src/lib/forecasting/neural/gru-net.js';
import {lstmNet} from '../../src/lib/forecasting/neural/lstm-net.js';
import {mlpNet} from '../../src/lib/forecasting/neural/mlp-net.js';
import type {NetKind} from '../../src/lib/forecasting/neural/net.js';
import {fitOptions, made, seriesOf, wave} from './builders.js';

const HORIZON = 6;
const SEASONS = [8];
function small(name: string, kind: NetKind): ForecastModel {
  const sizes = {hiddenUnits: 6, mostPatches: 7, batchRows: 16, epochs: 1, mostRounds: 20, rate: 0.01};
  return acrossSeries({name, summary: name, kind, ...sizes});
}
const NETS: Readonly<Record<string, NetKind>> = {
  lstm: lstmNet,
  gru: gruNet,
  mlp: mlpNet,
  'mlp-long': mlpNet,
};
/** The registry, with networks small enough for a test. */
const singles: readonly ForecastModel[] = FORECAST_MODELS.slice(0, -1).map((model) => {
  const kind = NETS[model.name];
  return kind ? small(model.name, kind) : model;
});
/** One of each kind: the others are as these to an ensemble. */
const MEMBERS = new Set(['seasonal-naive', 'theta', 'ets', 'mlp']);
const members = singles.filter(({name}) => MEMBERS.has(name));
const models = [...singles, createEnsemble('ensemble', 'of one of each kind', members)];

const panel = ['a', 'b', 'quo"te', '__proto__'].map((id, index) =>
  made(80, (step, noise) => 50 + 10 * index + 8 * wave(step, 8) + noise, {id, seed: index}),
);

function fit(model: ForecastModel, histories: readonly Series[] = panel, seed = 1): Promise<FittedModel> {
  return model.fit(histories, {horizonSteps: HORIZON, seasonSteps: SEASONS, random: createRandom(seed)});
}

describe.each(models.map((model) => [model.name, model] as const))('model %s', (_, model) => {
  let fitted: FittedModel;
  beforeAll(async () => {
    fitted = await fit(model);
  });

  it('gives one finite value a step for every history, in the order given', async () => {
    const paths = await fitted.predict(panel.toReversed(), HORIZON);
    expect(paths.map((path) => path.length)).toEqual([HORIZON, HORIZON, HORIZON, HORIZON]);
    expect(paths.every((path) => path.every((value) => Number.isFinite(value)))).toBe(true);
    const forward = await fitted.predict(panel, HORIZON);
    for (const [index, path] of paths.toReversed().entries()) {
      expect([...path]).toEqual([...(forward[index] ?? [])]);
    }
  });

  it('gives the first steps of a longer forecast for a shorter horizon', async () => {
    const [long = new Float64Array()] = await fitted.predict(panel.slice(0, 1), HORIZON);
    const [short = new Float64Array()] = await fitted.predict(panel.slice(0, 1), 2);
    expect([...short]).toEqual([...long.subarray(0, 2)]);
  });

  it('foresees a constant as the constant, zero included', async () => {
    const flat = [0, 7, 3e12].map((value) => made(80, () => value, {id: String(value)}));
    const paths = await (await fit(model, flat)).predict(flat, HORIZON);
    for (const [index, value] of [0, 7, 3e12].entries()) {
      for (const foreseen of paths[index] ?? []) expect(foreseen).toBe(value);
    }
  });

  it('learns the same with the same seed, byte for byte', async () => {
    expect(JSON.stringify((await fit(model)).save())).toBe(JSON.stringify(fitted.save()));
  });

  it('forecasts the same after saving and loading', async () => {
    const saved: unknown = JSON.parse(JSON.stringify(fitted.save()));
    const loaded = await model.load(saved);
    expect(loaded.model).toBe(model.name);
    const paths = [await fitted.predict(panel, HORIZON), await loaded.predict(panel, HORIZON)];
    expect(paths[1]).toEqual(paths[0]);
  });

  it('refuses to load what it did not save, naming the source', async () => {
    await expect(model.load({nonsense: true}, 'model.json')).rejects.toThrow(/^model\.json: /);
  });

  it('refuses a panel in which no series is long enough, and says how long is', async () => {
    const refusal = fit(model, [seriesOf([]), seriesOf([Number.NaN, Number.NaN])]);
    await expect(refusal).rejects.toMatchObject({code: 'series-too-short', exitCode: 3});
    await expect(refusal).rejects.toThrow(/needs a series of at least \d+ steps, the longest of 2 has 0/);
  });

  it('bridges gaps, takes short and unseen series, and foresees NaN where nothing is known', async () => {
    const gappy = seriesOf(
      panel[0]?.values.map((value, step) => (step % 7 === 3 || step > 74 ? Number.NaN : value)) ?? [],
    );
    const late = seriesOf(
      Float64Array.from({length: 80}, (_, step) => (step < 77 ? Number.NaN : 5)),
      'late',
    );
    const unknown = seriesOf(new Float64Array(80).fill(Number.NaN), 'unknown');
    const ofAll = await fit(model, [...panel, gappy, late, unknown]);
    const [first, second, third] = await ofAll.predict([gappy, late, unknown], HORIZON);
    for (const value of first ?? []) expect(Math.abs(value - 50)).toBeLessThan(20);
    for (const value of second ?? []) expect(value).toBeCloseTo(5, 4);
    expect([...(third ?? [])]).toEqual(new Array<number>(HORIZON).fill(Number.NaN));
  });

  it('follows the unit of the series', async () => {
    const scaled = panel.map((series) => ({...series, values: series.values.map((value) => value * 1024)}));
    const paths = await fitted.predict(panel, HORIZON);
    const large = await (await fit(model, scaled)).predict(scaled, HORIZON);
    for (const [index, path] of paths.entries()) {
      for (const [step, value] of path.entries())
        expect((large[index]?.[step] ?? 0) / 1024 / value).toBeCloseTo(1, 3);
    }
  });

  it('moves with the level of the series', async () => {
    const higher = panel.map((series) => ({...series, values: series.values.map((value) => value + 1000)}));
    const paths = await fitted.predict(panel, HORIZON);
    const raised = await (await fit(model, higher)).predict(higher, HORIZON);
    // Relative errors and seasons are allowed to tell 1,000 from 1,050: what they foresee stays near.
    for (const [index, path] of paths.entries()) {
      for (const [step, value] of path.entries())
        expect(Math.abs((raised[index]?.[step] ?? 0) - 1000 - value)).toBeLessThan(4);
    }
  });

  it('has quantiles that are ordered and nested, of any level', async () => {
    const levels = [0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99];
    const options = {horizonSteps: HORIZON, seasonSteps: SEASONS, random: createRandom(1)};
    const calibrated = await fitCalibrated(model, panel, options);
    const forecasts = await forecastQuantiles(calibrated.fitted, calibrated.calibration, panel, {
      ...{horizonSteps: HORIZON, levels, lowest: 0},
    });
    for (const {quantiles} of forecasts) {
      for (let step = 0; step < HORIZON; step += 1) {
        const row = quantiles.map((path) => path[step] ?? Number.NaN);
        expect(row).toEqual(row.toSorted((left, right) => left - right));
        expect(row.every((value) => Number.isFinite(value))).toBe(true);
        expect(row.at(-1)).toBeGreaterThan(row[0] ?? Infinity);
      }
    }
  });

  it('does not change the histories it is given', async () => {
    const copy = panel.map(({values}) => [...values]);
    await fitted.predict(panel, HORIZON);
    expect(panel.map(({values}) => [...values])).toEqual(copy);
  });
});

describe('models that learn in rounds or series by series', () => {
  it.each([FORECAST_MODELS[1], small('lstm', lstmNet)])('stop when they are told to', async (model) => {
    const signal = AbortSignal.abort(new Error('stopped by hand'));
    const options = fitOptions({horizonSteps: HORIZON, seasonSteps: SEASONS, signal});
    await expect(model?.fit(panel, options)).rejects.toThrow('stopped by hand');
  });
});
