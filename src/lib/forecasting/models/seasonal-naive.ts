import {z} from 'zod';

import {parseWith} from '../../core/index.js';
import {requireSteps} from '../history.js';
import type {FittedModel, ForecastModel} from '../model.js';
import {repeatSeason} from '../repeat-season.js';

/** Seasonal naive: see `repeatSeason`. */
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
      Promise.resolve(histories.map((history) => repeatSeason(history.values, seasonSteps, horizonSteps))),
    save: () => ({seasonSteps}),
  };
}
