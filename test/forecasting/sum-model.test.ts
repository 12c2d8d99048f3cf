import {describe, expect, it} from 'vitest';

import {createRandom, type Series} from '../../src/lib/core/index.js';
import {
  calibrate,
  calibrationWindow,
  forecastModel,
  forecastQuantiles,
} from '../../src/lib/forecasting/index.js';
import {sumModel} from '../../src/lib/forecasting/sum-model.js';
import {fitOptions, made, seriesOf} from './builders.js';

const HORIZON = 8;
const naive = forecastModel('naive');

/** Noise that all volumes share, and noise of each alone, about a level. */
function panelOf(shared: number, alone: number, steps = 400): readonly Series[] {
  const together = made(steps, (_, noise) => noise, {seed: 'together'}).values;
  return Array.from({length: 20}, (_, index) =>
    made(steps, (step, noise) => 1000 + shared * (together[step] ?? 0) + alone * noise, {
      id: `v${index}`,
      seed: index,
    }),
  );
}

async function bandOf(panel: readonly Series[]): Promise<number> {
  const fitted = await naive.fit(panel, fitOptions({horizonSteps: HORIZON, random: createRandom(1)}));
  const members = panel.map(({id}) => ({id, weight: 1}));
  const sums = sumModel(fitted, panel, [{id: 'all', members}]);
  const window = calibrationWindow(400, HORIZON);
  const calibration = await calibrate(sums.fitted, sums.panel, {seasonSteps: [], window});
  const options = {horizonSteps: HORIZON, levels: [0.1, 0.9], lowest: 0};
  const [forecast] = await forecastQuantiles(sums.fitted, calibration, sums.panel, options);
  return (forecast?.quantiles[1]?.[3] ?? Number.NaN) - (forecast?.quantiles[0]?.[3] ?? Number.NaN);
}

describe('a model of sums', () => {
  it('adds up what is foreseen, each member as often as it counts; one that has not begun as nothing', async () => {
    const panel = [
      seriesOf([1, 2, 3], 'a'),
      seriesOf([10, 20, 30], 'b'),
      seriesOf([Number.NaN, Number.NaN, 5], 'late'),
    ];
    const fitted = await naive.fit(panel, fitOptions());
    const members = [
      {id: 'a', weight: 2},
      {id: 'b', weight: 1},
      {id: 'late', weight: 1},
      {id: 'elsewhere', weight: 1},
    ];
    const sums = sumModel(fitted, panel, [
      {id: 'rack', members},
      {id: 'empty', members: [{id: 'elsewhere', weight: 1}]},
    ]);
    expect(sums.panel.map(({id, values}) => [id, ...values])).toEqual([['rack', 12, 24, 41]]);
    const [path] = await sums.fitted.predict(sums.panel, 2);
    expect([...(path ?? [])]).toEqual([41, 41]);
    const [earlier] = await sums.fitted.predict([seriesOf([12, 24], 'rack')], 1);
    expect([...(earlier ?? [])]).toEqual([24]);
  });

  it('does not know a sum where a member that has begun is not known', async () => {
    const panel = [seriesOf([1, Number.NaN, 3], 'a'), seriesOf([1, 1, 1], 'b')];
    const fitted = await naive.fit(panel, fitOptions());
    const members = panel.map(({id}) => ({id, weight: 1}));
    const [sum] = sumModel(fitted, panel, [{id: 'rack', members}]).panel;
    expect([...(sum?.values ?? [])]).toEqual([2, Number.NaN, 4]);
  });

  it('is as wide as the sum varies: far less than the sum of widths where members vary alone', async () => {
    const [alone, shared] = [await bandOf(panelOf(0, 10)), await bandOf(panelOf(10, 0))];
    expect(alone / shared).toBeGreaterThan(0.12);
    expect(alone / shared).toBeLessThan(0.4);
  });
});
