import {z} from 'zod';

import {projectArima} from '../arima/project.js';
import {chooseArima} from '../arima/search.js';
import {describeArima, loadArima, saveArima, savedArima} from '../arima/saved-arima.js';
import {eachSeries} from '../each-series.js';
import {RECENT_STEPS} from '../history.js';
import {withoutSeasons} from '../stl/without-seasons.js';

/** All seasons seen twice taken off by MSTL and repeated, ARIMA on the rest. */
export const mstlArima = eachSeries({
  name: 'mstl-arima',
  summary: 'several seasons by local regression, ARIMA on the rest',
  mostSteps: RECENT_STEPS,
  parameters: z.object({seasonSteps: z.array(z.int().positive()), rest: savedArima}),
  choose: (known, seasonSteps) => {
    const chosen = chooseArima(withoutSeasons(known, seasonSteps, 0).rest, 1);
    return chosen && {seasonSteps: [...seasonSteps], rest: saveArima(chosen)};
  },
  foresee: (known, {seasonSteps, rest: saved}, horizonSteps) => {
    const {rest, ahead} = withoutSeasons(known, seasonSteps, horizonSteps);
    return projectArima(rest, loadArima(saved), horizonSteps).map(
      (value, step) => value + (ahead[step] ?? 0),
    );
  },
  describe: ({rest}) => describeArima(rest),
});
