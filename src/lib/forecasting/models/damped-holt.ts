import {z} from 'zod';

import {deseasonalise, reseasonalise} from '../classical-season.js';
import {eachSeries} from '../each-series.js';
import {RECENT_STEPS} from '../history.js';
import {initialState} from '../ets/initial-state.js';
import {project, smooth, type EtsForm} from '../ets/recursion.js';
import {savedSmoothing} from '../ets/saved-smoothing.js';
import {fitEtsForm} from '../ets/search.js';

const FORM: EtsForm = {error: 'A', trend: 'Ad', season: 'N', seasonSteps: 1};
/** Holt's linear trend, damped (Gardner and McKenzie 1985), on the series without its season. */
export const dampedHolt = eachSeries({
  name: 'damped-holt',
  summary: 'level and a trend that fades, season taken off first',
  mostSteps: RECENT_STEPS,
  parameters: z.object({
    seasonSteps: z.array(z.int().positive()),
    smoothing: savedSmoothing,
  }),
  choose: (known, seasonSteps) => {
    const {values} = deseasonalise(known, seasonSteps);
    const chosen = fitEtsForm(values, FORM);
    return chosen && {seasonSteps: [...seasonSteps], smoothing: chosen.parameters};
  },
  foresee: (known, {seasonSteps, smoothing}, horizonSteps) => {
    const ready = deseasonalise(known, seasonSteps);
    const state = initialState(ready.values, FORM);
    smooth(ready.values, FORM, smoothing, state);
    return reseasonalise(project(FORM, smoothing, state, horizonSteps), ready);
  },
});
