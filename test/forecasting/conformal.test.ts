import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {createRandom, type Series} from '../../src/lib/core/index.js';
import {
  calibrate,
  type Calibration,
  calibrationWindow,
  checkCalibration,
  fitCalibrated,
  type FittedModel,
  type Forecast,
  forecastModel,
  forecastQuantiles,
} from '../../src/lib/forecasting/index.js';
import {fitOptions, made, seriesOf, wave} from './builders.js';

const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95];

/** Foresees the last value and half of the series' slope: wrong in a direction that calibration has to find. */
const biased: FittedModel = {
  model: 'biased',
  predict: (histories, horizonSteps) =>
    Promise.resolve(
      histories.map(({values}) =>
        new Float64Array(horizonSteps).map((_, step) => (values.at(-1) ?? 0) + step / 2),
      ),
    ),
  save: () => ({}),
};

/** The share of outcomes at or under each level's quantile, over series and steps after the end of the histories. */
async function coverageOf(
  panel: readonly Series[],
  horizonSteps: number,
  model: string,
): Promise<readonly number[]> {
  const histories = panel.map((series) => seriesOf(series.values.subarray(0, -horizonSteps), series.id));
  const options = fitOptions({horizonSteps, seasonSteps: [24]});
  const {fitted, calibration} = await fitCalibrated(forecastModel(model), histories, options);
  const forecasts = await forecastQuantiles(fitted, calibration, histories, {
    horizonSteps,
    levels: LEVELS,
    lowest: 0,
  });
  return LEVELS.map((_, index) => {
    let [under, all] = [0, 0];
    for (const [row, forecast] of forecasts.entries()) {
      for (const [step, y] of (panel[row]?.values.subarray(-horizonSteps) ?? []).entries()) {
        all += 1;
        if (y <= (forecast.quantiles[index]?.[step] ?? Number.NaN)) under += 1;
      }
    }
    return under / all;
  });
}

function expectOrder({levels, quantiles}: Forecast, step: number, point: number): void {
  const path = quantiles.map((quantile) => quantile[step] ?? Number.NaN);
  expect(path).toEqual(path.toSorted((left, right) => left - right));
  for (const [index, value] of path.entries()) {
    expect(value).toBeGreaterThanOrEqual(0);
    const side = Math.sign((levels[index] ?? Number.NaN) - 0.5);
    if (side !== 0) expect([0, side]).toContain(Math.sign(value - point));
  }
}

describe('calibrated quantiles', () => {
  it.each([
    [
      'seasonal noise',
      'seasonal-naive',
      (step: number, noise: number) => 100 + 20 * wave(step, 24) + 4 * noise,
    ],
    ['skewed noise', 'seasonal-naive', (_: number, noise: number) => 100 + Math.exp(1.2 * noise)],
    ['seasonal noise', 'ets', (step: number, noise: number) => 100 + 20 * wave(step, 24) + 4 * noise],
  ])('cover new outcomes of %s by %s as often as their levels say', async (_, model, value) => {
    const panel = Array.from({length: 60}, (_unused, index) =>
      made(300, value, {id: `v${index}`, seed: index}),
    );
    const shares = await coverageOf(panel, 12, model);
    // 480 outcomes of 40 series: two and a half standard errors of a share are under 0.06.
    for (const [index, level] of LEVELS.entries())
      expect(Math.abs((shares[index] ?? 0) - level)).toBeLessThan(0.06);
  });

  it('find the direction of a model that is always too low', async () => {
    const panel = [made(200, (step, noise) => 50 + step + noise / 10)];
    const window = calibrationWindow(200, 8);
    const calibration = await calibrate(biased, panel, {seasonSteps: [], window});
    const [forecast] = await forecastQuantiles(biased, calibration, panel, {
      horizonSteps: 8,
      levels: [0.1, 0.9],
      lowest: 0,
    });
    const [low, high] = forecast?.quantiles ?? [];
    // The last value was at step 199; step 8 after it holds 50 + 207.
    expect(high?.[7]).toBeGreaterThan(256);
    expect(low?.[7]).toBe(forecast?.point[7]);
    const middle = {
      ...calibration,
      stepErrors: calibration.stepErrors.map((errors) => Float64Array.of(...errors, ...errors).sort()),
    };
    const [moved] = await forecastQuantiles(biased, middle, panel, {
      horizonSteps: 8,
      levels: [0.5],
      lowest: 0,
    });
    expect(Math.abs((moved?.quantiles[0]?.[7] ?? 0) - 257)).toBeLessThan(1);
  });

  it('never cross, hold the point, never go under the lowest, and stay put for a series that never moved', async () => {
    const errors = fc.array(fc.double({min: -50, max: 50, noNaN: true}), {maxLength: 30});
    const levels = fc.uniqueArray(fc.double({min: 0.001, max: 0.999, noNaN: true}), {
      minLength: 1,
      maxLength: 6,
    });
    const property = fc.asyncProperty(
      fc.array(errors, {minLength: 1, maxLength: 3}),
      levels,
      async (steps, asked) => {
        const calibration: Calibration = {
          seasonSteps: [],
          originCount: 1,
          stepErrors: steps.map((values) => Float64Array.from(values).sort()),
          spreads: new Map([['v', 2]]),
        };
        const histories = [seriesOf([3, 9, 4, 8, 5]), seriesOf([6, 6, 6, 6], 'flat')];
        const options = {horizonSteps: 5, levels: asked, lowest: 0};
        const [forecast, flat] = await forecastQuantiles(biased, calibration, histories, options);
        if (!forecast || !flat) throw new Error('two histories give two forecasts');
        expect(forecast.levels).toEqual(asked.toSorted((left, right) => left - right));
        for (const [step, point] of forecast.point.entries()) expectOrder(forecast, step, point);
        for (const quantile of flat.quantiles) expect(quantile).toEqual(flat.point);
      },
    );
    await fc.assert(property, {numRuns: 60, seed: 3});
  });

  it('are as wide for a series of its own spread as half of it says', async () => {
    const calibration = {seasonSteps: [], originCount: 8, stepErrors: [Float64Array.of(-1, 0, 1)]};
    const history = seriesOf([10, 12, 10, 12]);
    const widthOf = async (spread: number): Promise<number> => {
      const spreads = new Map([['v', spread]]);
      const [forecast] = await forecastQuantiles(biased, {...calibration, spreads}, [history], {
        ...{horizonSteps: 1, levels: [0.75], lowest: 0},
      });
      return (forecast?.quantiles[0]?.[0] ?? 0) - (forecast?.point[0] ?? 0);
    };
    // The mean step of the history is 2, the error at level .75 of three is the largest.
    expect(await widthOf(1)).toBeCloseTo(2, 10);
    expect(await widthOf(3)).toBeCloseTo(4, 10);
  });

  it('grow with the square root of the step beyond what was calibrated', async () => {
    const calibration = {
      seasonSteps: [],
      originCount: 1,
      stepErrors: [Float64Array.of(-1, 0, 1)],
      spreads: new Map(),
    };
    const [forecast] = await forecastQuantiles(biased, calibration, [seriesOf([10, 12])], {
      ...{horizonSteps: 4, levels: [0.75], lowest: 0},
    });
    expect((forecast?.quantiles[0]?.[3] ?? 0) - (forecast?.point[3] ?? 0)).toBeCloseTo(2 * 2, 10);
  });
});

describe('the calibration window', () => {
  it('stays within half of any history and never compares more than the horizon', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.integer({min: 1, max: 500}), (steps, horizon) => {
        const window = calibrationWindow(steps, horizon);
        expect(window.tailSteps).toBeLessThanOrEqual(steps / 2);
        expect(window.compareSteps).toBe(Math.min(horizon, Math.floor(steps / 2)));
        expect(window.originCount).toBeLessThanOrEqual(16);
        if (steps >= 2) expect(window.originCount).toBeGreaterThan(0);
      }),
      {seed: 1},
    );
  });

  it('take fewer origins of many series, over the same time', () => {
    const [one, many] = [calibrationWindow(960, 48), calibrationWindow(960, 48, 10_000)];
    expect(one).toMatchObject({originCount: 16, strideSteps: 6, tailSteps: 138});
    expect(many).toMatchObject({originCount: 4, strideSteps: 30, tailSteps: 138});
    expect(calibrationWindow(960, 48, 500)).toEqual(one);
  });

  it('is kept from the fit', async () => {
    const lengths: number[] = [];
    const spy = {
      ...forecastModel('seasonal-naive'),
      fit: (panel: readonly Series[]): Promise<FittedModel> => {
        lengths.push(...panel.map(({values}) => values.length));
        return Promise.resolve(biased);
      },
    };
    await fitCalibrated(spy, [made(100, (step) => step)], fitOptions({horizonSteps: 10}));
    expect(lengths).toEqual([100 - calibrationWindow(100, 10).tailSteps]);
  });
});

describe('the check of a calibration', () => {
  it('is near the levels when nothing changes, and shows a change at the end', async () => {
    const random = createRandom(9);
    const steady = Array.from({length: 40}, (_, index) =>
      made(300, (_step, noise) => 100 + noise, {id: `${index}`, seed: index}),
    );
    const raised = steady.map((series) =>
      seriesOf(
        series.values.map((value, step) => (step < 288 ? value : value + 30)),
        series.id,
      ),
    );
    const fitted = await forecastModel('ets').fit(steady, {horizonSteps: 12, seasonSteps: [], random});
    const options = {horizonSteps: 12, seasonSteps: [], levels: [0.1, 0.9]};
    const [good, bad] = [
      await checkCalibration(fitted, steady, options),
      await checkCalibration(fitted, raised, options),
    ];
    expect(good?.[1]?.share).toBeGreaterThan(0.83);
    expect(good?.[1]?.share).toBeLessThan(0.97);
    expect(bad?.[1]?.share).toBeLessThan(0.1);
  });

  it('is not claimed for a history that is too short for it', async () => {
    const options = {horizonSteps: 12, seasonSteps: [], levels: [0.9]};
    expect(await checkCalibration(biased, [made(30, (step) => step)], options)).toBeUndefined();
  });
});
