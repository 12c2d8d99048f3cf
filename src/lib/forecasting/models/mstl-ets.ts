import {z} from 'zod';

import {eachSeries} from '../each-series.js';
import {RECENT_STEPS} from '../history.js';
import {initialState} from '../ets/initial-state.js';
import {project, smooth} from '../ets/recursion.js';
import {savedError, savedSmoothing, savedTrend} from '../ets/saved-smoothing.js';
import {chooseEts} from '../ets/search.js';
import {withoutSeasons} from '../stl/without-seasons.js';

/** All seasons seen twice taken off by MSTL and repeated, exponential smoothing without season on the rest. */
export const mstlEts = eachSeries({
  name: 'mstl-ets',
  summary: 'several seasons by local regression, exponential smoothing on the rest',
  mostSteps: RECENT_STEPS,
  parameters: z.object({
    seasonSteps: z.array(z.int().positive()),
    error: savedError,
    trend: savedTrend,
    smoothing: savedSmoothing,
  }),
  choose: (known, seasonSteps) => {
    const chosen = chooseEts(withoutSeasons(known, seasonSteps, 0).rest, []);
    if (!chosen) return undefined;
    const {error, trend} = chosen.form;
    return {seasonSteps: [...seasonSteps], error, trend, smoothing: chosen.parameters};
  },
  foresee: (known, {seasonSteps, error, trend, smoothing}, horizonSteps) => {
    const {rest, ahead} = withoutSeasons(known, seasonSteps, horizonSteps);
    const form = {error, trend, season: 'N', seasonSteps: 1} as const;
    const state = initialState(rest, form);
    smooth(rest, form, smoothing, state);
    return project(form, smoothing, state, horizonSteps).map((value, step) => value + (ahead[step] ?? 0));
  },
  describe: ({error, trend}) => `${error},${trend},N`,
});
