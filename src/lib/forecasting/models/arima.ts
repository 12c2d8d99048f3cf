import {chooseArima} from '../arima/search.js';
import {projectArima} from '../arima/project.js';
import {describeArima, loadArima, saveArima, savedArima} from '../arima/saved-arima.js';
import {eachSeries} from '../each-series.js';
import {fillGaps, RECENT_STEPS, seenSeasons} from '../history.js';

/**
 * ARIMA with seasonal orders, found by stepwise search per series (see `chooseArima`), the season the shortest seen
 * twice. The likelihood of the model found is exact, but conditional where the season is longer than `exactErrors` affords
 * (168 steps). Gaps are filled with the value a season earlier.
 */
export const arima = eachSeries({
  name: 'arima',
  summary: 'autoregression and moving averages of differences, orders found by stepwise search',
  mostSteps: RECENT_STEPS,
  parameters: savedArima,
  choose: (known, seasonSteps) => {
    const [season = 1] = seenSeasons(known, seasonSteps);
    const chosen = chooseArima(fillGaps(known, season), season);
    return chosen && saveArima(chosen);
  },
  foresee: (known, saved, horizonSteps) =>
    projectArima(fillGaps(known, saved.orders.seasonSteps), loadArima(saved), horizonSteps),
  describe: describeArima,
});
