import {expect, it} from 'vitest';

import {forecastModel} from '../../src/lib/forecasting/index.js';
import type {Series} from '../../src/lib/core/index.js';
import {fitOptions, made, wave} from './builders.js';

async function pathOf(series: Series, horizonSteps: number): Promise<Float64Array> {
  const fitted = await forecastModel('prophet').fit([series], fitOptions({seasonSteps: [24]}));
  const [path = new Float64Array()] = await fitted.predict([series], horizonSteps);
  return path;
}

it('goes on along trend and season', async () => {
  const truth = (step: number): number => 100 + 0.5 * step + 10 * wave(step, 24);
  const path = await pathOf(
    made(240, (step, noise) => truth(step) + noise),
    48,
  );
  for (const [step, value] of path.entries()) expect(Math.abs(value - truth(240 + step))).toBeLessThan(5);
});

it('grows up to the ceiling of a series that has one, and beyond where there is none', async () => {
  const series = made(240, (step, noise) => 100 / (1 + Math.exp((120 - step) / 40)) + 0.3 * noise);
  const bounded = await pathOf({...series, ceiling: 100}, 400);
  expect(Math.max(...bounded)).toBeLessThanOrEqual(101);
  expect(bounded.at(-1)).toBeGreaterThan(95);
  const growing = made(120, (step, noise) => 10 + 0.5 * step + 0.3 * noise);
  expect(Math.max(...(await pathOf(growing, 400)))).toBeGreaterThan(100);
  expect(Math.max(...(await pathOf({...growing, ceiling: 100}, 400)))).toBeLessThanOrEqual(101);
});

it.each([
  ['a ceiling that was reached', (step: number) => 5 + step, 50],
  [
    'hardly any movement below a high ceiling',
    (step: number, noise: number) => 1e12 + noise + step / 1e9,
    2e12,
  ],
  ['one single spike', (step: number) => (step === 60 ? 1 : 0), 2e12],
  ['a level much higher than its changes', (_: number, noise: number) => 1e12 + noise, undefined],
  ['exponential growth', (step: number) => Math.exp(step / 5), undefined],
])('has a finite path of %s', async (_, value, ceiling) => {
  const path = await pathOf({...made(100, value), ceiling}, 12);
  expect(path).toHaveLength(12);
  expect(path.every((foreseen) => Number.isFinite(foreseen))).toBe(true);
});
