import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {initialState} from '../../src/lib/forecasting/ets/initial-state.js';
import {minimise} from '../../src/lib/forecasting/ets/nelder-mead.js';
import {
  type EtsForm,
  type EtsParameters,
  neutralSeason,
  project,
  smooth,
} from '../../src/lib/forecasting/ets/recursion.js';
import {admissibleForms, chooseEts} from '../../src/lib/forecasting/ets/search.js';
import {ets} from '../../src/lib/forecasting/models/ets.js';
import {fitOptions, made, seriesOf, wave} from './builders.js';

interface Components {
  level: number;
  trend: number;
  seasons: number[];
}

/**
 * Holt and Winters' component form (Winters 1960; smoothing of values, not correction by errors), which gives the same
 * path as the state space form when its trend is smoothed by beta / alpha.
 */
function holtWinters(
  values: readonly number[],
  form: EtsForm,
  {alpha, beta, gamma, phi}: EtsParameters,
  start: Components,
): Components & {squares: number} {
  const isMultiplicative = form.season === 'M';
  let {level, trend} = start;
  const seasons = [...start.seasons];
  let squares = 0;
  for (const y of values) {
    const season = seasons.shift() ?? 0;
    const before = level + phi * trend;
    const foreseen = isMultiplicative ? before * season : before + season;
    const error = form.error === 'M' ? (y - foreseen) / foreseen : y - foreseen;
    squares += error * error;
    const next = alpha * (isMultiplicative ? y / season : y - season) + (1 - alpha) * before;
    trend = (beta / alpha) * (next - level) + (1 - beta / alpha) * phi * trend;
    seasons.push(gamma * (isMultiplicative ? y / before : y - before) + (1 - gamma) * season);
    level = next;
  }
  return {level, trend, seasons, squares};
}

const share = fc.double({min: 0.01, max: 0.99, noNaN: true});
const forms = fc.constantFrom(...admissibleForms([4]).filter(({trend}) => trend !== 'M' && trend !== 'Md'));

describe('the recursion', () => {
  it('follows the component form of Holt and Winters for all 15 forms with additive trend', () => {
    fc.assert(
      fc.property(
        forms,
        fc.tuple(share, share, share, share),
        fc.integer({min: 5, max: 30}),
        (form, u, count) => {
          const alpha = u[0];
          const parameters: EtsParameters = {
            alpha,
            beta: form.trend === 'N' ? 0 : alpha * u[1],
            gamma: form.season === 'N' ? 0 : (1 - alpha) * u[2],
            phi: form.trend === 'Ad' ? 0.8 + 0.18 * u[3] : 1,
          };
          const values = Array.from({length: count}, (_, step) => 100 + 3 * wave(step, 4) + ((step * 7) % 5));
          const seasons = neutralSeason(form).map((value, phase) =>
            form.season === 'N' ? value : value + phase / 10,
          );
          const start = {level: 100, trend: form.trend === 'N' ? 0 : 0.5, seasons: [...seasons]};
          const expected = holtWinters(values, form, parameters, start);
          const state = {...start, seasons: Float64Array.from(seasons)};
          smooth(Float64Array.from(values), form, parameters, state);
          expect(state.level).toBeCloseTo(expected.level, 8);
          expect(state.trend).toBeCloseTo(expected.trend, 8);
          if (form.season !== 'N') {
            for (const [phase, value] of expected.seasons.entries())
              expect(state.seasons[phase]).toBeCloseTo(value, 8);
          }
        },
      ),
      {numRuns: 200, seed: 7},
    );
  });

  it('measures -2 log likelihood as Hyndman et al. do, relative errors with the means', () => {
    const values = [12, 15, 11, 14, 16];
    const form: EtsForm = {error: 'M', trend: 'N', season: 'N', seasonSteps: 1};
    const state = {level: 10, trend: 0, seasons: new Float64Array(1)};
    const deviance = smooth(Float64Array.from(values), form, {alpha: 0.4, beta: 0, gamma: 0, phi: 1}, state);
    let [level, squares, logs] = [10, 0, 0];
    for (const y of values) {
      squares += (y / level - 1) ** 2;
      logs += Math.log(level);
      level = 0.4 * y + 0.6 * level;
    }
    expect(deviance).toBeCloseTo(5 * Math.log(squares) + 2 * logs, 10);
    expect(state.level).toBeCloseTo(level, 10);
  });

  it('moves on without correction at a gap', () => {
    const form: EtsForm = {error: 'A', trend: 'A', season: 'N', seasonSteps: 1};
    const state = {level: 5, trend: 2, seasons: new Float64Array(1)};
    smooth(Float64Array.of(Number.NaN, Number.NaN), form, {alpha: 0.5, beta: 0.2, gamma: 0, phi: 1}, state);
    expect(state).toMatchObject({level: 9, trend: 2});
  });

  it('refuses a multiplicative form whose mean is not positive', () => {
    const form: EtsForm = {error: 'M', trend: 'A', season: 'N', seasonSteps: 1};
    const state = {level: 1, trend: -2, seasons: new Float64Array(1)};
    expect(smooth(Float64Array.of(1, 1), form, {alpha: 0.1, beta: 0.01, gamma: 0, phi: 1}, state)).toBe(
      Infinity,
    );
  });

  it('projects a damped trend towards its limit', () => {
    const form: EtsForm = {error: 'A', trend: 'Ad', season: 'N', seasonSteps: 1};
    const state = {level: 10, trend: 4, seasons: new Float64Array(1)};
    const path = project(form, {alpha: 0.1, beta: 0.01, gamma: 0, phi: 0.5}, state, 30);
    expect([...path.subarray(0, 3)]).toEqual([12, 13, 13.5]);
    expect(path[29]).toBeCloseTo(14, 6);
  });
});

describe('the initial state', () => {
  it('finds level, slope and season of a series without noise', () => {
    const season = [3, -1, -4, 2];
    const values = Float64Array.from(
      {length: 40},
      (_, step) => 20 + 0.5 * (step + 1) + (season[step % 4] ?? 0),
    );
    const state = initialState(values, {error: 'A', trend: 'A', season: 'A', seasonSteps: 4});
    expect(state.level).toBeCloseTo(20, 8);
    expect(state.trend).toBeCloseTo(0.5, 8);
    for (const [phase, value] of season.entries()) expect(state.seasons[phase]).toBeCloseTo(value, 8);
  });

  it('finds a multiplicative season of odd length', () => {
    const season = [1.2, 0.7, 1.1];
    const values = Float64Array.from({length: 30}, (_, step) => 50 * (season[step % 3] ?? 1));
    const state = initialState(values, {error: 'M', trend: 'N', season: 'M', seasonSteps: 3});
    expect(state.level).toBeCloseTo(50, 8);
    for (const [phase, value] of season.entries()) expect(state.seasons[phase]).toBeCloseTo(value, 8);
  });
});

describe('the search', () => {
  it.each([
    ['a level with noise', (_step: number, noise: number) => 100 + noise, 'N', 'N'],
    ['a straight line', (step: number, noise: number) => 100 + 2 * step + noise, 'A', 'N'],
    ['a season', (step: number, noise: number) => 100 + 9 * wave(step, 12) + noise, 'N', 'A'],
  ])('recognises %s', (_, value, trend, season) => {
    const {form} = chooseEts(made(240, value).values, [12]) ?? {};
    expect(form?.trend).toBe(trend);
    expect(form?.season).toBe(season);
  });

  it('recognises a season that grows with the level', () => {
    const {values} = made(
      240,
      (step, noise) => (50 + step) * (1 + 0.4 * wave(step, 12)) * (1 + 0.01 * noise),
    );
    expect(chooseEts(values, [12])?.form).toMatchObject({error: 'M', season: 'M'});
  });

  it('finds the smoothing of a series made by simple smoothing', () => {
    const random = createRandom(5);
    let level = 1000;
    const values = Float64Array.from({length: 3000}, () => {
      const noise = random.normal();
      const value = level + noise;
      level += 0.35 * noise;
      return value;
    });
    const {form, parameters} = chooseEts(values, []) ?? {};
    expect(form?.trend).toBe('N');
    expect(parameters?.alpha).toBeGreaterThan(0.3);
    expect(parameters?.alpha).toBeLessThan(0.4);
  });

  it('offers no form when there are as few values as parameters', () => {
    expect(chooseEts(Float64Array.of(1, 2, 3, 4), [])).toBeUndefined();
  });
});

describe('the model', () => {
  it('answers all-zero and intermittent series with what they hold on average', async () => {
    const idle = made(100, () => 0, {id: 'idle'});
    const rare = made(400, (step) => (step % 10 === 3 ? 50 : 0), {id: 'rare'});
    const fitted = await ets.fit([idle, rare], fitOptions({seasonSteps: []}));
    const [zero, some] = await fitted.predict([idle, rare], 4);
    expect([...(zero ?? [])]).toEqual([0, 0, 0, 0]);
    for (const value of some ?? []) expect(Math.abs(value - 5)).toBeLessThan(4);
  });

  it('repeats the last of fewer than five values', async () => {
    const young = seriesOf([1, 5, 2, 9]);
    const [path] = await (await ets.fit([young], fitOptions())).predict([young], 3);
    expect([...(path ?? [])]).toEqual([9, 9, 9]);
  });

  it('keeps the season in step when the history grows', async () => {
    const full = made(103, (step) => 10 + 5 * wave(step, 8));
    const fitted = await ets.fit([seriesOf(full.values.subarray(0, 80))], fitOptions({seasonSteps: [8]}));
    const [path = new Float64Array()] = await fitted.predict([full], 8);
    for (const [step, value] of path.entries()) expect(value).toBeCloseTo(10 + 5 * wave(103 + step, 8), 3);
  });
});

describe('the simplex', () => {
  it("finds the bottom of Rosenbrock's valley", () => {
    const rosenbrock = ([x = 0, y = 0]: Float64Array): number => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
    const options = {edge: 0.5, maxEvaluations: 400, tolerance: 1e-12};
    const {at, value} = minimise(rosenbrock, Float64Array.of(-1.2, 1), options);
    expect(value).toBeLessThan(1e-8);
    expect(at[0]).toBeCloseTo(1, 3);
  });

  it('walks away from points that are not allowed, and stays within its evaluations', () => {
    let calls = 0;
    const cost = ([x = 0]: Float64Array): number => {
      calls += 1;
      return x < 2 ? Infinity : (x - 3) ** 2;
    };
    const {at} = minimise(cost, Float64Array.of(2.5), {edge: 1, maxEvaluations: 60, tolerance: 1e-9});
    expect(at[0]).toBeCloseTo(3, 3);
    expect(calls).toBeLessThan(65);
  });
});

describe('volumes that write a few bytes in one hour and 10^12 in another', () => {
  it('are foreseen within what such a history can come to', async () => {
    const random = createRandom(5);
    const panel = Array.from({length: 60}, (_, index) => {
      const values = Array.from({length: 168}, () => Math.exp(Math.min(27, 14 + 8 * random.normal())));
      return seriesOf(values, `v${index}`);
    });
    // The choice is made on the first days, the path begins where other values followed.
    const early = panel.map((series) => ({...series, values: series.values.subarray(0, 96)}));
    const fit = await ets.fit(early, fitOptions({seasonSteps: [24]}));
    const paths = await fit.predict(panel, 48);
    for (const [index, path] of paths.entries()) {
      const most = Math.max(...(panel[index]?.values ?? []));
      expect(Math.max(...path.map(Math.abs))).toBeLessThan(6 * most);
    }
  });
});
