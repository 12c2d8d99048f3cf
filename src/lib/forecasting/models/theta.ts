import {z} from 'zod';

import {deseasonalise, reseasonalise} from '../classical-season.js';
import {eachSeries} from '../each-series.js';
import {RECENT_STEPS} from '../history.js';
import {simpleSmoothing} from '../simple-smoothing.js';

/**
 * Theta (Assimakopoulos and Nikolopoulos 2000) in the form of Hyndman and Billah 2003: simple exponential smoothing
 * with drift, the drift half the slope of the regression line, on the series without its season.
 */
export const theta = eachSeries({
  name: 'theta',
  summary: 'smoothing with half the slope of the regression line as drift, season taken off first',
  mostSteps: RECENT_STEPS,
  parameters: z.object({seasonSteps: z.array(z.int().positive()), alpha: z.number().gt(0).lt(1)}),
  choose: (known, seasonSteps) => {
    if (known.length < 3) return undefined;
    const {alpha} = simpleSmoothing(deseasonalise(known, seasonSteps).values);
    return {seasonSteps: [...seasonSteps], alpha};
  },
  foresee: (known, {alpha, seasonSteps}, horizonSteps) => {
    const ready = deseasonalise(known, seasonSteps);
    const {level} = simpleSmoothing(ready.values, alpha);
    const drift = slope(ready.values) / 2;
    const lead = (1 - (1 - alpha) ** ready.values.length) / alpha;
    const path = Float64Array.from({length: horizonSteps}, (_, step) => level + drift * (step + lead));
    return reseasonalise(path, ready);
  },
});

/** Of the least-squares line over the steps. */
function slope(values: Float64Array): number {
  const centre = (values.length - 1) / 2;
  let [products, squares] = [0, 0];
  for (const [step, value] of values.entries()) {
    products += (step - centre) * value;
    squares += (step - centre) ** 2;
  }
  return squares > 0 ? products / squares : 0;
}
