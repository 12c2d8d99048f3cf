import {describe, expect, it} from 'vitest';

import type {Series} from '../../src/lib/core/index.js';
import {createEnsemble} from '../../src/lib/forecasting/ensemble.js';
import {BAND_LEVELS, type ForecastModel, forecastModel} from '../../src/lib/forecasting/index.js';
import {fitOptions, made, wave} from './builders.js';

/** Foresees what `path` says, a step from the end of the history on. */
function saying(name: string, path: (history: Series, step: number) => number): ForecastModel {
  const fitted = {
    model: name,
    predict: (histories: readonly Series[], horizonSteps: number) =>
      Promise.resolve(
        histories.map((history) => new Float64Array(horizonSteps).map((_, step) => path(history, step))),
      ),
    save: () => ({}),
  };
  const make = (): Promise<typeof fitted> => Promise.resolve(fitted);
  return {name, summary: name, scope: 'each', fit: make, load: make};
}

const truth = (step: number): number => 100 + 0.1 * step + 20 * wave(step, 8);
const right = saying('right', (history, step) => truth(history.values.length + step));
const high = saying('high', (history, step) => truth(history.values.length + step) + 1);
const low = saying('low', (history, step) => truth(history.values.length + step) - 1);
const wild = saying('wild', (_, step) => 1e6 * step);
const panel = Array.from({length: 30}, (_, seed) =>
  made(160, (step, noise) => truth(step) + 0.1 * noise, {id: `v${seed}`, seed}),
);
const options = fitOptions({horizonSteps: 8, seasonSteps: [8]});

async function membersOf(models: readonly ForecastModel[]): Promise<unknown> {
  const fitted = await createEnsemble('ensemble', '', models).fit(panel, options);
  return fitted.notes?.['members'];
}

describe('the ensemble', () => {
  it('leaves out what is worse than the rest together', async () => {
    expect(await membersOf([forecastModel('seasonal-naive'), wild, right])).toBe('right');
  });

  it('keeps the first model alone where nothing beats it', async () => {
    expect(await membersOf([right, wild, forecastModel('naive')])).toBe('right');
  });

  it('takes several that do as well together', async () => {
    const members = await membersOf([forecastModel('naive'), high, low]);
    expect(String(members).split(', ').toSorted()).toEqual(['high', 'low']);
  });

  it('leaves out a network that has seen what it is to be judged by', async () => {
    const judged = (unseenSteps: number): ForecastModel => ({
      ...right,
      scope: 'panel',
      fit: async (...given) => ({...(await right.fit(...given)), unseenSteps}),
    });
    expect(await membersOf([forecastModel('naive'), judged(0)])).toBe('naive');
    expect(await membersOf([forecastModel('naive'), judged(16)])).toBe('right');
  });

  it('has quantiles in rising order, and the median as its point', async () => {
    const fitted = await createEnsemble('ensemble', '', [right, high, low]).fit(panel, options);
    const [band = []] = (await fitted.predictBands?.(panel, 8)) ?? [];
    const [point] = await fitted.predict(panel, 8);
    expect(point).toEqual(band[BAND_LEVELS.indexOf(0.5)]);
    for (let step = 0; step < 8; step += 1) {
      const row = band.map((path) => path[step] ?? Number.NaN);
      expect(row).toEqual(row.toSorted((left, next) => left - next));
    }
  });

  it('refuses a member that it does not know', async () => {
    const saved = {seasonSteps: [8], losses: {}, members: [{model: 'nobody', parameters: {}}]};
    await expect(createEnsemble('ensemble', '', [right]).load(saved, 'm.json')).rejects.toThrow(
      /^m\.json: members: there is no "nobody"/,
    );
  });
});
