import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {
  fitCalibrated,
  forecastModel,
  forecastQuantiles,
  hideMarked,
  type MarkedStretch,
} from '../../src/lib/forecasting/index.js';
import {made} from './builders.js';

const HOUR_US = 3_600_000_000;
const options = {horizonSteps: 24, seasonSteps: [24], random: createRandom(1)};

/** Twenty days, and a burst of three hours on the last one. */
const burst = made(480, (step, noise) => 100 + 20 * Math.sin((2 * Math.PI * step) / 24) + noise, {id: 'a'});
burst.values.fill(5000, 470, 473);
const mark: MarkedStretch = {
  volume: 'a',
  fromUs: burst.startUs + 470 * HOUR_US,
  toUs: burst.startUs + 473 * HOUR_US,
};

describe('marked stretches', () => {
  it('become unknown in the volume that they name, where a step touches them', () => {
    const [hidden] = hideMarked([burst], [{...mark, fromUs: mark.fromUs + 1, toUs: mark.toUs - 1}]);
    const unknown = [...(hidden?.values ?? []).entries()].filter(([, value]) => Number.isNaN(value));
    expect(unknown.map(([step]) => step)).toEqual([470, 471, 472]);
    expect(burst.values[471]).toBe(5000);
    const other = {...mark, volume: 'b'};
    expect(hideMarked([burst], [other])[0]).toBe(burst);
    const beyond = {...mark, fromUs: burst.startUs - HOUR_US, toUs: burst.startUs};
    expect(hideMarked([burst], [beyond])[0]).toEqual(burst);
  });

  it('are not repeated by a forecast, and still count as what happened when errors are measured', async () => {
    const ask = async (marks: readonly MarkedStretch[]): Promise<{highest: number; error: number}> => {
      const {fitted, calibration} = await fitCalibrated(forecastModel('seasonal-naive'), [burst], {
        ...options,
        marks,
      });
      const [forecast] = await forecastQuantiles(fitted, calibration, [burst], {
        ...{horizonSteps: 24, levels: [0.5], lowest: 0},
      });
      const errors = calibration.stepErrors.flatMap((sorted) => [...sorted]);
      return {highest: Math.max(...(forecast?.point ?? [])), error: Math.max(...errors)};
    };
    const [plain, marked] = [await ask([]), await ask([mark])];
    expect(plain.highest).toBe(5000);
    expect(marked.highest).toBeLessThan(130);
    expect(marked.error).toBeGreaterThan(plain.error / 2);
    expect(marked.error).toBeGreaterThan(10);
  });
});
