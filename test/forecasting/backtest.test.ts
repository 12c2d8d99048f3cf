import {describe, expect, it} from 'vitest';

import {createRandom, InputError, type Series} from '../../src/lib/core/index.js';
import {
  backtest,
  type BacktestOptions,
  type FittedModel,
  type ForecastModel,
  forecastModel,
  maseOf,
  pinballLoss,
  naive2,
  rankModels,
  scoreForecast,
  scoreInterval,
} from '../../src/lib/forecasting/index.js';
import {made, seriesOf, wave} from './builders.js';

function settings(options: Partial<BacktestOptions> = {}): BacktestOptions {
  return {
    ...{horizonSteps: 8, folds: 2, levels: [0.1, 0.9], seasonSteps: [8], lowest: 0, random: createRandom(1)},
    ...options,
  };
}

const naive = forecastModel('seasonal-naive');
const panel = ['a', 'b', 'c'].map((id, index) =>
  made(120, (step, noise) => 40 + 10 * wave(step, 8) + noise, {id, seed: index}),
);

describe('the backtest', () => {
  it('never shows a model the future', async () => {
    const longest: number[] = [];
    const spying: ForecastModel = {
      ...naive,
      name: 'spying',
      fit: async (histories, options) => {
        longest.push(Math.max(...histories.map(({values}) => values.length)));
        const fitted = await naive.fit(histories, options);
        const predict = (given: readonly Series[], steps: number): Promise<readonly Float64Array[]> => {
          longest.push(Math.max(...given.map(({values}) => values.length)));
          return fitted.predict(given, steps);
        };
        return {...fitted, predict} satisfies FittedModel;
      },
    };
    await backtest([spying], panel, settings({folds: 1}));
    expect(longest.length).toBeGreaterThan(2);
    expect(Math.max(...longest)).toBe(112);
  });

  it.each(['seasonal-naive', 'ets'])('scores the past of %s the same whatever comes later', async (name) => {
    const poisoned = panel.map((series) => ({
      ...series,
      values: series.values.map((value, step) => (step < 112 ? value : 1e15)),
    }));
    const model = forecastModel(name);
    const [clean, dirty] = [
      await backtest([model], panel, settings()),
      await backtest([model], poisoned, settings()),
    ];
    const pastOf = ({scores}: typeof clean): unknown => scores.filter(({fold}) => fold === 1);
    expect(pastOf(dirty)).toEqual(pastOf(clean));
    expect(dirty.scores[5]?.absoluteError).toBeGreaterThan(1e15);
  });

  it('lets the seasonal naive win on a pure season, and not on a trend', async () => {
    const models = [naive, forecastModel('ets')];
    const names = models.map(({name}) => name);
    const pure = Array.from({length: 4}, (_, index) =>
      made(120, (step) => 40 + (((step % 8) * 7 + index) % 8) ** 2, {id: `${index}`}),
    );
    const [onSeason] = await rankModels(await backtest(models, pure, settings()), names, [0.1, 0.9]);
    expect(onSeason).toMatchObject({model: 'seasonal-naive', wql: 0, unscaledSeries: 8});
    expect(onSeason?.mase).toBeUndefined();
    const rising = [made(120, (step, noise) => 5 * step + noise)];
    const [onTrend] = await rankModels(await backtest(models, rising, settings()), names, [0.1, 0.9]);
    expect(onTrend?.model).toBe('ets');
  });

  it('does not count a series that begins after the origin, and names one that a model cannot foresee', async () => {
    const late = seriesOf(
      Float64Array.from({length: 120}, (_, step) => (step < 116 ? Number.NaN : 5)),
      'late',
    );
    const silent: ForecastModel = {
      ...naive,
      name: 'silent',
      fit: async (histories, options) => ({
        ...(await naive.fit(histories, options)),
        predict: (given, steps) =>
          Promise.resolve(given.map(({id}) => new Float64Array(steps).fill(id === 'b' ? Number.NaN : 1))),
      }),
    };
    const {scores, failures} = await backtest([naive, silent], [...panel, late], settings());
    expect(scores.filter(({model}) => model === 'seasonal-naive')).toHaveLength(6);
    expect(failures.map(({model, series, fold}) => [model, series, fold])).toEqual([
      ['silent', 'b', 1],
      ['silent', 'b', 2],
    ]);
  });

  it('goes on when a model refuses, and stops at a bug', async () => {
    const failing = (error: Error): ForecastModel => ({
      ...naive,
      name: 'failing',
      fit: () => Promise.reject(error),
    });
    const refusing = failing(new InputError('series-too-short', 'too short for me'));
    const {scores, failures} = await backtest([refusing, naive], panel, settings());
    expect(scores).toHaveLength(6);
    expect(failures).toEqual([
      expect.objectContaining({model: 'failing', fold: 1, reason: 'too short for me'}),
      expect.objectContaining({model: 'failing', fold: 2, reason: 'too short for me'}),
    ]);
    await expect(backtest([failing(new TypeError('bug'))], panel, settings())).rejects.toThrow('bug');
  });

  it('refuses more folds than the history holds, and says how many it does', async () => {
    const refused = backtest([naive], panel, settings({folds: 15}));
    await expect(refused).rejects.toMatchObject({
      code: 'history-too-short',
      hints: ['use --folds 14, or a shorter --horizon'],
    });
  });
});

describe('the scores', () => {
  const forecast = {
    ...{id: 'v', startUs: 0, stepSeconds: 3600, point: Float64Array.of(10, 0, 30, 7)},
    levels: [0.2, 0.8],
    quantiles: [Float64Array.of(8, 0, 25, 7), Float64Array.of(14, 0, 35, 7)],
  };

  it('are those of the formulas, gaps left out', () => {
    const score = scoreForecast(
      forecast,
      Float64Array.of(1, 3, 2, 6),
      Float64Array.of(12, 0, 20, Number.NaN),
      [],
    );
    expect(score).toMatchObject({stepCount: 3, absoluteError: 12, absoluteOutcome: 32, coveredSteps: [2, 3]});
    // Differences of 2, 1 and 4 in the history; percentages of 200 x 2/22 and 200 x 10/50, and 0 for 0 against 0.
    expect(score?.scale).toBeCloseTo(7 / 3, 12);
    expect(score && maseOf(score)).toBeCloseTo(12 / 3 / (7 / 3), 12);
    expect(score?.smapeSum).toBeCloseTo((200 * 2) / 22 + 40, 12);
    const losses = [0.2 * 4, 0.2 * 2, 0, 0, 0.8 * 5, 0.2 * 15];
    expect(score?.quantileLoss).toBeCloseTo(
      losses.reduce((total, loss) => total + loss, 0),
      12,
    );
  });

  it('take the shortest season seen twice as scale, and none where nothing moved', () => {
    const season = Float64Array.of(1, 5, 2, 6, 3, 7);
    expect(scoreForecast(forecast, season, Float64Array.of(1), [2])?.scale).toBe(1);
    const flat = scoreForecast(forecast, new Float64Array(6), Float64Array.of(1), [2]);
    expect(flat?.scale).toBe(0);
    expect(flat && maseOf(flat)).toBeUndefined();
  });

  it('are none where nothing was foreseen or nothing came', () => {
    const nothing = {...forecast, point: new Float64Array(4).fill(Number.NaN)};
    expect(scoreForecast(nothing, Float64Array.of(1, 2), Float64Array.of(1), [])).toBeUndefined();
    expect(scoreForecast(forecast, Float64Array.of(1, 2), Float64Array.of(Number.NaN), [])).toBeUndefined();
  });

  it('weigh over and under by the level', () => {
    expect(pinballLoss(10, 4, 0.9)).toBeCloseTo(5.4, 12);
    expect(pinballLoss(4, 10, 0.9)).toBeCloseTo(0.6, 12);
  });
});

describe('the interval of M4', () => {
  it('costs its width, and 40 times by how much it missed; unknown outcomes are left out', () => {
    const [low, high] = [Float64Array.of(0, 10, 10, 0), Float64Array.of(4, 20, 20, 1)];
    const outcome = Float64Array.of(4, 7, 21, Number.NaN);
    expect(scoreInterval(low, high, outcome)).toEqual({
      intervalSum: 4 + (10 + 40 * 3) + (10 + 40 * 1),
      insideSteps: 1,
    });
  });
});

describe('Naive2', () => {
  const season = (step: number): number => [3, 1, 0.5, 0.5][step % 4] ?? 1;

  it('repeats the last value with the season put back where it is confirmed by three cycles', () => {
    const history = Float64Array.from({length: 40}, (_, step) => 100 * season(step) * 1.2);
    const path = naive2(history, 4, 6);
    const wanted = Array.from({length: 6}, (_, step) => 120 * season(40 + step) * (4 / 5));
    for (const [step, value] of path.entries()) expect(value).toBeCloseTo((wanted[step] ?? 0) * 1.25, 6);
    expect([...naive2(history.subarray(0, 11), 4, 2)]).toEqual([60, 60]);
  });

  it('is the last known value without a season, and nothing where nothing is known', () => {
    const noisy = made(60, (_, noise) => 50 + noise).values;
    expect([...naive2(noisy, 4, 2)]).toEqual([noisy[59], noisy[59]]);
    expect([...naive2(Float64Array.of(1, 7, Number.NaN), 1, 2)]).toEqual([7, 7]);
    expect([...naive2(Float64Array.of(Number.NaN), 1, 1)]).toEqual([Number.NaN]);
  });
});

describe('the ranking', () => {
  it('pools steps, leaves idle series out of MASE only, and keeps a row for a model without scores', async () => {
    const naive2 = {absoluteError: 16, smapeSum: 40};
    const shared = {
      fold: 1,
      originUs: 0,
      smapeSum: 30,
      stepCount: 2,
      intervalSum: 24,
      insideSteps: 1,
      naive2,
    };
    const result = {
      scores: [
        {
          ...shared,
          model: 'x',
          id: 'busy',
          absoluteError: 8,
          scale: 2,
          quantileLoss: 6,
          absoluteOutcome: 60,
          coveredSteps: [1],
        },
        {
          ...shared,
          model: 'x',
          id: 'idle',
          absoluteError: 50,
          scale: 0,
          quantileLoss: 3,
          absoluteOutcome: 0,
          coveredSteps: [2],
        },
      ],
      failures: [{model: 'y', fold: 1, originUs: 0, reason: 'none'}],
    };
    expect(await rankModels(result, ['y', 'x'], [0.9])).toEqual([
      {
        ...{model: 'x', wql: 9 / 60, mase: 2, unscaledSeries: 1, smape: 15, scored: 2, failed: 0},
        // sMAPE 15 over 20, MASE 2 over 4; 24 over 2 steps over a scale of 2.
        ...{owa: (15 / 20 + 2 / 4) / 2, msis: 6, inside95: 0.5},
        coverage: [{level: 0.9, share: 0.75}],
      },
      {model: 'y', unscaledSeries: 0, coverage: [], scored: 0, failed: 1},
    ]);
  });
});
