import type {Series} from '../core/index.js';
import {scoreForecast, type SeriesScore} from './accuracy.js';
import {
  calibrate,
  calibrationWindow,
  forecastQuantiles,
  type Calibration,
  type CalibrationWindow,
} from './conformal.js';
import {foreseeingUnmarked, hideMarked, type MarkedStretch} from './hide-marked.js';
import {cutEnd, panelSteps} from './history.js';
import type {FitOptions, FittedModel, ForecastModel} from './model.js';
import {onThreads} from './on-threads.js';

/** A fitted model together with how wrong it was on what it had not seen. */
export interface CalibratedModel {
  readonly fitted: FittedModel;
  readonly calibration: Calibration;
}

/**
 * Fits a model on all but the end of the history and calibrates it on that end. It is not fitted again on the whole:
 * the model that forecasts is the one whose errors were measured (it forecasts from the whole history nevertheless).
 * Marked stretches are hidden from the fit and from every forecast, and count as what happened: the errors, and so the
 * quantiles, know that such things come. All series end at the same time. Throws what the model's fit throws.
 */
export async function fitCalibrated(
  model: ForecastModel,
  panel: readonly Series[],
  {marks = [], ...options}: FitOptions & {readonly marks?: readonly MarkedStretch[]},
): Promise<CalibratedModel> {
  const window = calibrationWindow(panelSteps(panel), options.horizonSteps, panel.length);
  const plain = await onThreads(model, options.threads).fit(
    hideMarked(panel, marks).map((series) => cutEnd(series, window.tailSteps)),
    options,
  );
  const fitted = foreseeingUnmarked(plain, marks);
  const calibration = await calibrate(fitted, panel, {seasonSteps: options.seasonSteps, window});
  return {fitted, calibration};
}

/** The share of outcomes at or under a quantile. */
export interface Coverage {
  readonly level: number;
  readonly share: number;
}

/**
 * Whether the calibration keeps its word: the newest horizon is foreseen with the errors of only those origins whose
 * horizons had ended before it, and compared. Undefined when the history has no such origins.
 */
export async function checkCalibration(
  fitted: FittedModel,
  panel: readonly Series[],
  {
    horizonSteps,
    seasonSteps,
    levels,
  }: {
    readonly horizonSteps: number;
    readonly seasonSteps: readonly number[];
    readonly levels: readonly number[];
  },
): Promise<readonly Coverage[] | undefined> {
  const window = olderOrigins(calibrationWindow(panelSteps(panel), horizonSteps, panel.length));
  if (window.originCount < 1) return undefined;
  const histories = panel.map((series) => cutEnd(series, window.compareSteps));
  const calibration = await calibrate(fitted, histories, {seasonSteps, window});
  const forecasts = await forecastQuantiles(fitted, calibration, histories, {
    horizonSteps: window.compareSteps,
    levels,
    lowest: 0,
  });
  const scores = forecasts.flatMap((forecast, index): readonly SeriesScore[] => {
    const split = histories[index]?.values.length ?? 0;
    const {values} = panel[index] ?? {values: new Float64Array()};
    const score = scoreForecast(forecast, values.subarray(0, split), values.subarray(split), seasonSteps);
    return score ? [score] : [];
  });
  const steps = scores.reduce((total, {stepCount}) => total + stepCount, 0);
  return steps === 0
    ? undefined
    : levels.map((level, index) => ({level, share: covered(scores, index) / steps}));
}

function olderOrigins(window: CalibrationWindow): CalibrationWindow {
  const originCount = window.originCount - Math.ceil(window.compareSteps / window.strideSteps);
  return {...window, originCount};
}

function covered(scores: readonly SeriesScore[], index: number): number {
  return scores.reduce((total, {coveredSteps}) => total + (coveredSteps[index] ?? 0), 0);
}
