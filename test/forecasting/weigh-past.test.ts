import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {BAND_LEVELS, forecastModel} from '../../src/lib/forecasting/index.js';
import {foreseeBand} from '../../src/lib/forecasting/npts/foresee-band.js';
import {KERNELS, lagWeights, type Kernel} from '../../src/lib/forecasting/npts/kernel.js';
import {fitOptions, made, seriesOf} from './builders.js';

const KERNEL: Kernel = {decaySteps: 10, decayPower: 1.5, floor: 0.1, widthSteps: 1, gains: [1]};

/** The smallest past value whose share of the weight, with all smaller ones, reaches the level. */
function naiveQuantile(values: Float64Array, weights: Float64Array, step: number, level: number): number {
  const rows = Array.from(values, (value, at) => ({value, weight: weights[values.length - at + step] ?? 0}))
    .filter(({value}) => !Number.isNaN(value))
    .toSorted((left, right) => left.value - right.value);
  const total = rows.reduce((sum, {weight}) => sum + weight, 0);
  let below = 0;
  for (const {value, weight} of rows) {
    below += weight;
    if (below >= level * total) return value;
  }
  return Number.NaN;
}

describe('the weighted past', () => {
  it('has the quantiles of its definition, gaps left out', () => {
    const {values} = made(60, (_, noise) => noise);
    values.fill(Number.NaN, 20, 25);
    const weights = lagWeights(KERNEL, [8], 100);
    const band = foreseeBand(values, KERNEL, {
      ...{observed: 'values', seasonSteps: [8], horizonSteps: 12, cache: new Map()},
    });
    for (const [index, level] of BAND_LEVELS.entries())
      for (let step = 0; step < 12; step += 1)
        expect(band[index]?.[step]).toBe(naiveQuantile(values, weights, step, level));
  });

  it('weighs a lag by its age and by its distance from whole seasons that were seen', () => {
    const weights = lagWeights(KERNEL, [8], 20);
    expect(weights[16]).toBeCloseTo((1 + 1.6) ** -1.5 * 1.1, 12);
    expect(weights[15]).toBeCloseTo((1 + 1.5) ** -1.5 * (0.1 + Math.exp(-0.5)), 12);
    expect(lagWeights(KERNEL, [], 20)[16]).toBeCloseTo((1 + 1.6) ** -1.5 * 0.1, 12);
  });

  it('foresees bursts in their hour and silence in the others', async () => {
    const panel = Array.from({length: 12}, (_, index) =>
      made(24 * 12, (step, noise) => (step % 24 === 3 ? 100 + noise : 0), {id: `v${index}`, seed: index}),
    );
    const fitted = await forecastModel('npts').fit(
      panel,
      fitOptions({horizonSteps: 24, seasonSteps: [24, 168]}),
    );
    const [path = new Float64Array()] = await fitted.predict(panel, 24);
    expect(path[3]).toBeGreaterThan(95);
    expect(path.filter((value) => value > 1)).toHaveLength(1);
  });

  it('moves on from the last value as it did before, and knows by how much it may', async () => {
    const random = createRandom(4);
    let level = 0;
    const walk = Array.from({length: 300}, () => (level += random.next() < 0.1 ? 10 : 0));
    const series = seriesOf(walk);
    const fitted = await forecastModel('npts-moves').fit(
      [series],
      fitOptions({horizonSteps: 48, seasonSteps: [24]}),
    );
    const [band = []] = (await fitted.predictBands?.([series], 48)) ?? [];
    const growth = (band[BAND_LEVELS.indexOf(0.5)]?.[47] ?? Number.NaN) - level;
    expect(growth).toBeGreaterThanOrEqual(30);
    expect(growth).toBeLessThanOrEqual(70);
    expect(band[0]?.[0]).toBe(level);
    expect(band.at(-1)?.[0]).toBe(level + 10);
  });

  it('takes another kernel than the first only where it loses less by more than chance', async () => {
    const shifts = Array.from({length: 20}, (_, seed) =>
      made(200, (step, value) => 50 * Math.floor((step + 7 * seed) / 40) + value, {id: `v${seed}`, seed}),
    );
    const options = fitOptions({horizonSteps: 8, seasonSteps: [24]});
    const kernelOf = async (panel: typeof shifts): Promise<unknown> =>
      (await forecastModel('npts').fit(panel, options)).save();
    expect(await kernelOf(shifts)).not.toEqual({seasonSteps: [24], kernel: KERNELS.values[0]});
    expect(await kernelOf([seriesOf([1, 1, 1, 1])])).toEqual({seasonSteps: [24], kernel: KERNELS.values[0]});
  });
});
