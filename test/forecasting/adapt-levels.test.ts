import {describe, expect, it} from 'vitest';

import type {Series} from '../../src/lib/core/index.js';
import {forecastAdapted} from '../../src/lib/forecasting/adapt-levels.js';
import {cutEnd} from '../../src/lib/forecasting/history.js';
import {
  calibrate,
  calibrationWindow,
  type Forecast,
  forecastModel,
  forecastQuantiles,
} from '../../src/lib/forecasting/index.js';
import {fitOptions, made} from './builders.js';

const HORIZON = 8;
const LEVELS = [0.1, 0.9];
const NEW = 240;

/** Still for 200 steps and `wilder` times as noisy from then on. */
function panelOf(wilder: number): readonly Series[] {
  return Array.from({length: 30}, (_, index) =>
    made(200 + NEW + HORIZON, (step, noise) => 1000 + (step < 200 ? 1 : wilder) * noise, {
      id: `v${index}`,
      seed: index,
    }),
  );
}

function insideShare(forecasts: readonly Forecast[], panel: readonly Series[]): number {
  const inside = forecasts.flatMap(({quantiles: [low, high]}, index) =>
    Array.from(panel[index]?.values.subarray(-HORIZON) ?? [], (y, step) =>
      y > (low?.[step] ?? Number.NaN) && y <= (high?.[step] ?? Number.NaN) ? 1 : 0,
    ),
  );
  return inside.reduce((total: number, one) => total + one, 0) / inside.length;
}

async function sharesOf(wilder: number): Promise<{plain: number; adapted: number}> {
  const panel = panelOf(wilder);
  const trained = panel.map((series) => cutEnd(series, NEW + HORIZON));
  const fitted = await forecastModel('naive').fit(trained, fitOptions({horizonSteps: HORIZON}));
  const window = calibrationWindow(200, HORIZON, 30);
  const calibration = await calibrate(fitted, trained, {seasonSteps: [], window});
  const now = panel.map((series) => cutEnd(series, HORIZON));
  const asked = {horizonSteps: HORIZON, levels: LEVELS, lowest: 0};
  const plain = await forecastQuantiles(fitted, calibration, now, asked);
  const adapted = await forecastAdapted(fitted, calibration, now, {...asked, newSteps: NEW});
  return {plain: insideShare(plain, panel), adapted: insideShare(adapted, panel)};
}

describe('adapted levels', () => {
  it('come nearer to what is promised when a fleet has become wilder than its scale tells', async () => {
    const {plain, adapted} = await sharesOf(3);
    expect(plain).toBeLessThan(0.75);
    expect(adapted).toBeGreaterThan(plain + 0.05);
  });

  it('stay where they are when nothing changes', async () => {
    const {plain, adapted} = await sharesOf(1);
    expect(Math.abs(adapted - plain)).toBeLessThan(0.05);
  });

  it('are those asked for without a whole horizon since training', async () => {
    const panel = panelOf(2);
    const fitted = await forecastModel('naive').fit(panel, fitOptions({horizonSteps: HORIZON}));
    const window = calibrationWindow(200, HORIZON, 30);
    const calibration = await calibrate(fitted, panel, {seasonSteps: [], window});
    const asked = {horizonSteps: HORIZON, levels: LEVELS, lowest: 0};
    const [plain, adapted] = [
      await forecastQuantiles(fitted, calibration, panel, asked),
      await forecastAdapted(fitted, calibration, panel, {...asked, newSteps: HORIZON - 1}),
    ];
    expect(adapted).toEqual(plain);
  });
});
