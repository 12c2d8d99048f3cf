import {describe, expect, it} from 'vitest';

import {createRandom, type Series} from '../../src/lib/core/index.js';
import {
  FORECAST_MODELS,
  fitCalibrated,
  type Forecast,
  forecastModel,
  forecastQuantiles,
} from '../../src/lib/forecasting/index.js';
import {intermittentQuantiles, kindOf} from '../../src/lib/forecasting/series-kind.js';
import {fitOptions, made, seriesOf, wave} from './builders.js';

const LEVELS = [0.1, 0.5, 0.9, 0.975];
const gap = Number.NaN;

/** Busy in every tenth step or so, never in a rhythm. */
function rareBursts(id = 'rare'): Series {
  const random = createRandom('bursts');
  return made(200, () => (random.next() < 0.1 ? 10 + 90 * random.next() : 0), {id});
}

const nightly = made(200, (step) => (step % 8 === 3 ? 500 : 0), {id: 'nightly'});
const busy = made(200, (step, noise) => 50 + 9 * wave(step, 8) + noise, {id: 'busy'});

async function foresee(model: string, panel: readonly Series[]): Promise<readonly Forecast[]> {
  const options = fitOptions({horizonSteps: 4, seasonSteps: [8]});
  const {fitted, calibration} = await fitCalibrated(forecastModel(model), panel, options);
  return forecastQuantiles(fitted, calibration, panel, {horizonSteps: 4, levels: LEVELS, lowest: 0});
}

describe('the kind of a series', () => {
  it.each<[string, string, Float64Array]>([
    ['unknown', 'without values', new Float64Array()],
    ['unknown', 'of gaps', Float64Array.of(gap, gap)],
    ['constant', 'of zeros', new Float64Array(100)],
    ['constant', 'of one value with gaps', Float64Array.of(gap, 7, gap, 7, 7)],
    ['intermittent', 'with rare bursts', rareBursts().values],
    [
      'intermittent',
      'with rare bursts and gaps',
      rareBursts().values.map((value, step) => (step % 5 === 0 ? gap : value)),
    ],
    ['ordinary', 'that is mostly zero, but in a rhythm', nightly.values],
    ['ordinary', 'that is busy', busy.values],
    ['ordinary', 'too short to tell', rareBursts().values.subarray(0, 47)],
    [
      'ordinary',
      'that was idle long ago',
      Float64Array.of(...new Float64Array(500), ...busy.values, ...busy.values),
    ],
  ])('is %s: one %s', (kind, _, values) => {
    expect(kindOf(values, [8])).toBe(kind);
  });

  it('draws what comes of an intermittent one from the values seen last, gaps left out', () => {
    const values = Float64Array.of(
      ...new Array<number>(300).fill(1e9),
      gap,
      ...new Float64Array(302),
      ...new Array<number>(34).fill(8),
    );
    expect(intermittentQuantiles(values, [0.5, 0.89, 0.95])).toEqual([0, 0, 8]);
  });
});

describe('forecasts by kind', () => {
  const pointwise = ['naive', 'drift', 'theta', 'damped-holt', 'ets', 'arima', 'mstl-ets', 'mstl-arima'];

  it.each(pointwise)(
    '%s: an intermittent series is foreseen by its own last values, never under 0',
    async (model) => {
      const rare = rareBursts();
      const [, forecast] = await foresee(model, [busy, rare]);
      const expected = intermittentQuantiles(rare.values, LEVELS);
      expect(expected.at(-1)).toBeGreaterThan(30);
      expect(forecast?.point).toEqual(new Float64Array(4));
      for (const [index, path] of forecast?.quantiles.entries() ?? [])
        expect([...path]).toEqual(new Array(4).fill(expected[index]));
    },
  );

  it('the seasonal naive, which all are measured by, keeps its own', async () => {
    const rare = rareBursts();
    const last = rare.values.length - 8 + rare.values.subarray(-8).findIndex((value) => value > 0);
    const shifted = seriesOf(rare.values.subarray(0, last + 6), 'rare');
    const [, forecast] = await foresee('seasonal-naive', [busy, shifted]);
    expect(forecast?.point).toEqual(shifted.values.slice(-8, -4));
  });

  it('a series that is zero but in a rhythm is left to the model', async () => {
    const [, forecast] = await foresee('mstl-ets', [busy, nightly]);
    const burst = (11 - (200 % 8)) % 8;
    expect(forecast?.point[burst]).toBeCloseTo(500, 0);
  });

  const quick = FORECAST_MODELS.filter(({scope, name}) => scope === 'each' && name !== 'prophet');
  it.each(quick.map(({name}) => name))('%s: a constant has no spread, zeros stay zeros', async (model) => {
    const flat = [0, 7].map((value) => made(200, () => value, {id: String(value)}));
    const forecasts = await foresee(model, [busy, ...flat]);
    for (const [index, value] of [0, 7].entries()) {
      for (const path of forecasts[index + 1]?.quantiles ?? [])
        for (const one of path) expect(one).toBe(value);
    }
  });

  it.each(quick.map(({name}) => name))(
    '%s: one value is enough for a forecast, none gives NaN',
    async (model) => {
      const young = seriesOf([...new Array<number>(199).fill(gap), 42], 'young');
      const unknown = seriesOf(new Array<number>(200).fill(gap), 'unknown');
      const [, first, second] = await foresee(model, [busy, young, unknown]);
      expect([...(first?.point ?? [])]).toEqual([42, 42, 42, 42]);
      expect([...(second?.point ?? [])]).toEqual([gap, gap, gap, gap]);
    },
  );

  it('takes a volume that was created or deleted of late for an ordinary one', () => {
    const created = Float64Array.from({length: 336}, (_, step) => (step < 250 ? 0 : 1e9 + step));
    expect(kindOf(created, [24])).toBe('ordinary');
    expect(kindOf(created.toReversed(), [24])).toBe('ordinary');
  });
});
