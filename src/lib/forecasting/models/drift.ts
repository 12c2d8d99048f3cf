import {z} from 'zod';

import {eachSeries} from '../each-series.js';

/**
 * Drift (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2): the straight line through the
 * first and the last known value goes on, `y(n+h) = y(n) + h (y(n) - y(1)) / (n - 1)`.
 */
export const drift = eachSeries({
  name: 'drift',
  summary: 'goes on along the line from the first to the last value',
  parameters: z.object({}),
  choose: () => ({}),
  foresee: (known, _, horizonSteps) => {
    const last = known.findLastIndex((value) => !Number.isNaN(value));
    const [from = Number.NaN, to = Number.NaN] = [known[0], known[last]];
    const slope = last > 0 ? (to - from) / last : 0;
    const gap = known.length - 1 - last;
    return Float64Array.from({length: horizonSteps}, (_, step) => to + slope * (gap + step + 1));
  },
});
