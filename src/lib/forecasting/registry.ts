import {nearestName, UsageError} from '../core/index.js';
import {createEnsemble} from './ensemble.js';
import type {ForecastModel} from './model.js';
import {arima} from './models/arima.js';
import {dampedHolt} from './models/damped-holt.js';
import {drift} from './models/drift.js';
import {ets} from './models/ets.js';
import {gru} from './models/gru.js';
import {lstm} from './models/lstm.js';
import {mlpLong} from './models/mlp-long.js';
import {mlp} from './models/mlp.js';
import {mstlArima} from './models/mstl-arima.js';
import {mstlEts} from './models/mstl-ets.js';
import {naive} from './models/naive.js';
import {nptsMoves} from './models/npts-moves.js';
import {npts} from './models/npts.js';
import {prophet} from './models/prophet.js';
import {seasonalNaive} from './models/seasonal-naive.js';
import {theta} from './models/theta.js';

const SINGLE_MODELS = {
  'seasonal-naive': seasonalNaive,
  naive,
  drift,
  theta,
  'damped-holt': dampedHolt,
  ets,
  arima,
  'mstl-ets': mstlEts,
  'mstl-arima': mstlArima,
  lstm,
  gru,
  mlp,
  'mlp-long': mlpLong,
  npts,
  'npts-moves': nptsMoves,
} as const satisfies Record<string, ForecastModel>;

const ensemble = createEnsemble(
  'ensemble',
  'the models that together did best on the last horizon, seasonal naive unless beaten',
  Object.values(SINGLE_MODELS),
);

/** The models that can be chosen, the one to beat first. */
export const FORECAST_MODELS: readonly ForecastModel[] = [
  ...Object.values(SINGLE_MODELS),
  // Not in the ensemble: it costs more than all others together, and did not win on M4.
  prophet,
  ensemble,
];

/** The model of a name. Throws UsageError that lists the names, and the nearest. */
export function forecastModel(name: string): ForecastModel {
  const found = FORECAST_MODELS.find((model) => model.name === name);
  if (found) return found;
  const names = FORECAST_MODELS.map((model) => model.name);
  const near = nearestName(name, names);
  throw new UsageError('unknown-model', `unknown model "${name}"; there are ${names.join(', ')}`, {
    hints: near === undefined ? [] : [`did you mean ${near}?`],
  });
}
