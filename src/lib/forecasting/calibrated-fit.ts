import {type Series} from '../core/index.js';
import {calibrate, calibrationWindow, type Calibration} from './conformal.js';
import {cutEnd, panelSteps} from './history.js';
import {type FitOptions, type FittedModel, type ForecastModel} from './model.js';

export interface CalibratedModel {
  readonly fitted: FittedModel;
  readonly calibration: Calibration;
}

/**
 * Fits a model on all but the end of the history and calibrates it on that end. It is not fitted again on the whole:
 * the model that forecasts is the one whose errors were measured (it forecasts from the whole history nevertheless).
 * All series end at the same time. Throws what the model's fit throws.
 */
export async function fitCalibrated(
  model: ForecastModel,
  panel: readonly Series[],
  options: FitOptions,
): Promise<CalibratedModel> {
  const window = calibrationWindow(panelSteps(panel), options.horizonSteps);
  const fitted = await model.fit(
    panel.map((series) => cutEnd(series, window.tailSteps)),
    options,
  );
  const calibration = await calibrate(fitted, panel, {seasonSteps: options.seasonSteps, window});
  return {fitted, calibration};
}
