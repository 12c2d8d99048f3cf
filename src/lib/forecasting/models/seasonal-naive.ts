import {z} from 'zod';

import {parseWith, type Series} from '../../core/index.js';
import {fillGaps, fromFirstKnown, requireSteps, seenSeasons} from '../history.js';
import type {FittedModel, ForecastModel} from '../model.js';

/**
 * Seasonal naive (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2): every step repeats
 * the one a season earlier, `y(n+h) = y(n+h-m*ceil(h/m))`, with m the longest season of which two full cycles were
 * seen; without one the last known value (naive). Gaps are filled with the value a season earlier before that.
 */
export const seasonalNaive: ForecastModel = {
  name: 'seasonal-naive',
  summary: 'repeats the last full season, or the last value where no season was seen twice',
  scope: 'each',
  fit: (panel, {seasonSteps}) =>
    Promise.resolve().then(() => {
      requireSteps('seasonal-naive', panel, 1);
      return fitted(seasonSteps);
    }),
  load: (data, source = 'seasonal-naive') =>
    Promise.resolve().then(() => fitted(parseWith(savedSchema, data, source).seasonSteps)),
};

const savedSchema = z.object({seasonSteps: z.array(z.int().positive())});

function fitted(seasonSteps: readonly number[]): FittedModel {
  return {
    model: 'seasonal-naive',
    predict: (histories, horizonSteps) =>
      Promise.resolve(histories.map((history) => repeatSeason(history, seasonSteps, horizonSteps))),
    save: () => ({seasonSteps}),
  };
}

function repeatSeason(history: Series, seasonSteps: readonly number[], horizonSteps: number): Float64Array {
  const known = fromFirstKnown(history.values);
  const season = seenSeasons(known, seasonSteps).at(-1) ?? 1;
  const newest = known.subarray(-season);
  const cycle = newest.some((value) => Number.isNaN(value))
    ? fillGaps(known, season).subarray(-season)
    : newest;
  return new Float64Array(horizonSteps).map((_, step) => cycle[step % season] ?? Number.NaN);
}
