import {setImmediate} from 'node:timers/promises';

import {fromFirstKnown, scaleSeason, seasonalScale, cutEnd} from './history.js';
import type {FittedModel, Forecast} from './model.js';
import {upperOfSorted} from './upper-quantile.js';
import {invariant, mean, quantile, US_PER_SECOND, type Series} from '../core/index.js';

/**
 * What a fitted model's errors were on steps that it was not fitted on. Errors are signed (what happened less what
 * was foreseen) and in units of each series' own scale, so that they can be pooled.
 */
export interface Calibration {
  readonly seasonSteps: readonly number[];
  readonly originCount: number;
  /** Per step of the horizon the errors of all series and origins, in rising order, at most 400 of them. */
  readonly stepErrors: readonly Float64Array[];
  /** A series' mean absolute error as a multiple of all series' mean; only where there were enough origins. */
  readonly spreads: ReadonlyMap<string, number>;
}

export interface CalibrationOptions {
  readonly seasonSteps: readonly number[];
  readonly window: CalibrationWindow;
}

/** Which origins at the end of the history are kept for calibration. */
export interface CalibrationWindow {
  /** Steps of each origin's horizon that are compared. */
  readonly compareSteps: number;
  readonly originCount: number;
  readonly strideSteps: number;
  /** Steps at the end that the model must not have been fitted on. */
  readonly tailSteps: number;
}

const MOST_ORIGINS = 16;
const MOST_ERRORS_A_STEP = 400;
/** Of large fleets every so manieth series is pooled, so that memory does not grow with them. */
const MOST_POOLED = 8000;
const ORIGINS_FOR_OWN_SPREAD = 4;
const MOST_SPREAD = 4;
/** With fewer, the middle of the errors says less than the model does. */
const ERRORS_FOR_MEDIAN = 20;

/**
 * The calibration window of a history: as many as 16 origins, an eighth of the horizon apart, in at most half of it.
 * Where not even one whole horizon fits into that half, as many steps as do.
 */
export function calibrationWindow(historySteps: number, horizonSteps: number): CalibrationWindow {
  const half = Math.floor(historySteps / 2);
  const compareSteps = Math.min(horizonSteps, half);
  const strideSteps = Math.max(1, Math.ceil(horizonSteps / 8));
  const more = Math.floor((half - compareSteps) / strideSteps);
  const originCount = compareSteps === 0 ? 0 : Math.min(MOST_ORIGINS, 1 + more);
  const tailSteps = compareSteps + Math.max(0, originCount - 1) * strideSteps;
  return {compareSteps, originCount, strideSteps, tailSteps};
}

/**
 * Split conformal calibration (Lei et al. 2018): forecasts from past origins, each seeing only what was before it,
 * compared with what came. `fitted` must not have seen the last `window.tailSteps` steps of the panel; all series end
 * at the same time.
 */
export async function calibrate(
  fitted: FittedModel,
  panel: readonly Series[],
  {seasonSteps, window}: CalibrationOptions,
): Promise<Calibration> {
  const pooled = Array.from({length: window.compareSteps}, (): number[] => []);
  const own = new Map<string, number[]>();
  const poolEvery = Math.ceil((panel.length * window.originCount) / MOST_POOLED);
  for (let origin = 0; origin < window.originCount; origin += 1) {
    await setImmediate();
    const held = window.compareSteps + origin * window.strideSteps;
    const histories = panel.map((series) => cutEnd(series, held));
    const points = await fitted.predict(histories, window.compareSteps);
    for (const [index, series] of panel.entries()) {
      const history = histories[index];
      const point = points[index];
      invariant(
        history !== undefined && point !== undefined,
        `${fitted.model} predicted fewer series than given`,
      );
      const errors = scaledErrors(series, history, point, seasonSteps);
      const known = errors.filter((error) => Number.isFinite(error));
      for (const [step, error] of errors.entries()) {
        if (index % poolEvery === 0 && Number.isFinite(error)) pooled[step]?.push(error);
      }
      if (known.length > 0) append(own, series.id, mean(known.map(Math.abs)));
    }
  }
  return {
    seasonSteps,
    originCount: window.originCount,
    stepErrors: pooled.map((errors) => thin(Float64Array.from(errors).sort())),
    spreads: spreadsOf(own),
  };
}

/**
 * Forecasts with quantiles: point + scale of the series x error at the level. The error at a level is the pooled one
 * of that step, with the finite-sample rank, times the middle between 1 and the series' own spread. Quantiles never
 * cross, those under 0.5 lie at or under the point and those over it at or over, and none is under `lowest`. 0.5 is
 * the point moved by the middle error, so that a model that is always too low is put right there. Beyond the last
 * calibrated step the errors grow with the square root of the step. A series that never moved has no scale: all its
 * quantiles are its point. Coverage is meant on average over series and time.
 */
export async function forecastQuantiles(
  fitted: FittedModel,
  calibration: Calibration,
  histories: readonly Series[],
  options: {readonly horizonSteps: number; readonly levels: readonly number[]; readonly lowest: number},
): Promise<readonly Forecast[]> {
  const levels = options.levels.toSorted((left, right) => left - right);
  const shifts = levels.map((level) => shiftsAt(level, calibration.stepErrors, options.horizonSteps));
  const points = await fitted.predict(histories, options.horizonSteps);
  return histories.map((history, index) => {
    const predicted = points[index] ?? new Float64Array(options.horizonSteps).fill(Number.NaN);
    const point = predicted.map((value) => Math.max(options.lowest, value));
    const width = scaleOf(history.values, calibration.seasonSteps) * ownFactor(calibration, history.id);
    return {
      id: history.id,
      startUs: history.startUs + history.values.length * history.stepSeconds * US_PER_SECOND,
      stepSeconds: history.stepSeconds,
      point,
      levels,
      quantiles: uncross(point, levels, shifts, width, options.lowest),
    };
  });
}

/** What happened less what was foreseen over the scale of the history; NaN where either is unknown or it never moved. */
function scaledErrors(
  series: Series,
  history: Series,
  point: Float64Array,
  seasonSteps: readonly number[],
): Float64Array {
  const scale = scaleOf(history.values, seasonSteps);
  return point.map((value, step) => {
    const actual = series.values[history.values.length + step] ?? Number.NaN;
    return scale > 0 ? (actual - value) / scale : Number.NaN;
  });
}

/** 0 where nothing can be said of the scale. */
function scaleOf(values: Float64Array, seasonSteps: readonly number[]): number {
  const known = fromFirstKnown(values);
  const scale = seasonalScale(known, scaleSeason(known, seasonSteps));
  return Number.isFinite(scale) ? scale : 0;
}

/** Evenly spaced order statistics, such that rank j of the kept ones stands for level j / (kept + 1). */
function thin(sorted: Float64Array): Float64Array {
  if (sorted.length <= MOST_ERRORS_A_STEP) return sorted;
  return Float64Array.from({length: MOST_ERRORS_A_STEP}, (_, index) => {
    const rank = Math.ceil(((sorted.length + 1) * (index + 1)) / (MOST_ERRORS_A_STEP + 1));
    return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
  });
}

function spreadsOf(own: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, number> {
  const all = mean([...own.values()].flat());
  const spreads = new Map<string, number>();
  for (const [id, errors] of own) {
    if (errors.length < ORIGINS_FOR_OWN_SPREAD || !(all > 0)) continue;
    spreads.set(id, Math.min(MOST_SPREAD, Math.max(1 / MOST_SPREAD, mean(errors) / all)));
  }
  return spreads;
}

/** Half the series' own spread and half the pool's: a series alone has too few origins (measured on M4 Hourly). */
function ownFactor({spreads}: Calibration, id: string): number {
  return (1 + (spreads.get(id) ?? 1)) / 2;
}

/** The scaled error at a level, one a step of the horizon. */
function shiftsAt(level: number, stepErrors: readonly Float64Array[], horizonSteps: number): Float64Array {
  const known = stepErrors.map((sorted) => errorAt(sorted, level));
  const last = known.at(-1) ?? 0;
  return Float64Array.from({length: horizonSteps}, (_, step) => {
    return known[step] ?? last * Math.sqrt((step + 1) / Math.max(1, known.length));
  });
}

function errorAt(sorted: Float64Array, level: number): number {
  if (sorted.length === 0) return 0;
  if (level === 0.5) return sorted.length < ERRORS_FOR_MEDIAN ? 0 : quantile(sorted, 0.5);
  return level > 0.5 ? upperOfSorted(sorted, level) : -upperOfSorted(mirrored(sorted), 1 - level);
}

function mirrored(sorted: Float64Array): Float64Array {
  return sorted.map((value) => -value).reverse();
}

function uncross(
  point: Float64Array,
  levels: readonly number[],
  shifts: readonly Float64Array[],
  width: number,
  lowest: number,
): readonly Float64Array[] {
  let below = new Float64Array(point.length).fill(lowest);
  return levels.map((level, index) => {
    const path = point.map((centre, step) => {
      const shifted = centre + (shifts[index]?.[step] ?? 0) * width;
      const held =
        level === 0.5 ? shifted : level > 0.5 ? Math.max(centre, shifted) : Math.min(centre, shifted);
      return Math.max(below[step] ?? lowest, held);
    });
    below = path;
    return path;
  });
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
