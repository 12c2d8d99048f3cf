import {z} from 'zod';

import {eachSeries} from '../each-series.js';
import {repeatSeason} from '../repeat-season.js';

/** Naive (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2): the last known value stays. */
export const naive = eachSeries({
  name: 'naive',
  summary: 'repeats the last value',
  parameters: z.object({}),
  choose: () => ({}),
  foresee: (known, _, horizonSteps) => repeatSeason(known, [], horizonSteps),
});
