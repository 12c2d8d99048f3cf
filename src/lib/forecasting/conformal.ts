import {setImmediate} from 'node:timers/promises';

import {fromFirstKnown, scaleSeason, seasonalScale, cutEnd} from './history.js';
import {BAND_LEVELS, type FittedModel, type Forecast} from './model.js';
import {ownShifts} from './own-shifts.js';
import {intermittentQuantiles, kindOf} from './series-kind.js';
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
  /** Of a model that learns quantiles: the errors about each of them. */
  readonly bands?: BandErrors | undefined;
}

/** What happened less the quantile that was foreseen, in units of the series' scale. */
export interface BandErrors {
  /** As `stepErrors`, one list for each of `BAND_LEVELS`. */
  readonly stepErrors: readonly (readonly Float64Array[])[];
  /** By series: the error at each of `BAND_LEVELS` of its own, over all steps; only where that helps (see `ownShifts`). */
  readonly ownShifts: ReadonlyMap<string, Float64Array>;
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
 * The calibration window of a history: as many as 16 origins, an eighth of the horizon apart, in at most half of it;
 * of many series fewer over the same time, four at least, since their errors are pooled. Where not even one whole horizon fits into that
 * half, as many steps as do.
 */
export function calibrationWindow(
  historySteps: number,
  horizonSteps: number,
  seriesCount = 1,
): CalibrationWindow {
  const enough = Math.max(ORIGINS_FOR_OWN_SPREAD, Math.ceil(MOST_POOLED / seriesCount));
  const half = Math.floor(historySteps / 2);
  const compareSteps = Math.min(horizonSteps, half);
  const leastStride = Math.max(1, Math.ceil(horizonSteps / 8));
  const more = Math.floor((half - compareSteps) / leastStride);
  const places = compareSteps === 0 ? 0 : Math.min(MOST_ORIGINS, 1 + more);
  const originCount = Math.min(places, enough);
  const strideSteps =
    originCount > 1 ? Math.floor(((places - 1) * leastStride) / (originCount - 1)) : leastStride;
  const tailSteps = compareSteps + Math.max(0, originCount - 1) * strideSteps;
  return {compareSteps, originCount, strideSteps, tailSteps};
}

/**
 * Split conformal calibration (Lei et al. 2018): forecasts from past origins, each seeing only what was before it,
 * compared with what came; of a model that learns quantiles, its quantiles are (conformalised quantile regression, Romano,
 * Patterson and Candes 2019). `fitted` must not have seen the last `window.tailSteps` steps of the panel; all series end
 * at the same time.
 */
export async function calibrate(
  fitted: FittedModel,
  panel: readonly Series[],
  {seasonSteps, window}: CalibrationOptions,
): Promise<Calibration> {
  const pool = emptyPool(window.compareSteps);
  const bandPools = fitted.predictBands ? BAND_LEVELS.map(() => emptyPool(window.compareSteps)) : [];
  const poolEvery = Math.ceil((panel.length * window.originCount) / MOST_POOLED);
  for (let origin = 0; origin < window.originCount; origin += 1) {
    await setImmediate();
    const held = window.compareSteps + origin * window.strideSteps;
    const histories = panel.map((series) => cutEnd(series, held));
    const {points, bands} = await predictBoth(fitted, histories, window.compareSteps);
    for (const [index, series] of panel.entries()) {
      const [history, point] = [histories[index], points[index]];
      invariant(
        history !== undefined && point !== undefined,
        `${fitted.model} predicted fewer series than given`,
      );
      const add = (to: ErrorPool, path: Float64Array): void => {
        addErrors(to, series.id, scaledErrors(series, history, path, seasonSteps), index % poolEvery === 0);
      };
      add(pool, point);
      for (const [level, path] of (bands?.[index] ?? []).entries()) {
        const to = bandPools[level];
        if (to) add(to, path);
      }
    }
  }
  const scales = new Map(panel.map(({id, values}) => [id, scaleOf(values, seasonSteps)]));
  return {
    seasonSteps,
    originCount: window.originCount,
    stepErrors: sortedSteps(pool),
    spreads: spreadsOf(pool),
    ...(fitted.predictBands && {bands: bandErrors(bandPools, scales, window)}),
  };
}

async function predictBoth(
  fitted: FittedModel,
  histories: readonly Series[],
  horizonSteps: number,
): Promise<{points: readonly Float64Array[]; bands?: readonly (readonly Float64Array[])[]}> {
  const bands = await fitted.predictBands?.(histories, horizonSteps);
  const median = BAND_LEVELS.indexOf(0.5);
  if (!bands) return {points: await fitted.predict(histories, horizonSteps)};
  return {bands, points: bands.map((band) => band[median] ?? new Float64Array())};
}

/** Errors by step of the horizon, and by series. */
interface ErrorPool {
  readonly steps: readonly number[][];
  readonly own: Map<string, Float64Array[]>;
}

function emptyPool(steps: number): ErrorPool {
  return {steps: Array.from({length: steps}, (): number[] => []), own: new Map()};
}

function addErrors(pool: ErrorPool, id: string, errors: Float64Array, isPooled: boolean): void {
  for (const [step, error] of errors.entries())
    if (isPooled && Number.isFinite(error)) pool.steps[step]?.push(error);
  append(
    pool.own,
    id,
    errors.filter((error) => Number.isFinite(error)),
  );
}

function sortedSteps({steps}: ErrorPool): readonly Float64Array[] {
  return steps.map((errors) => thin(Float64Array.from(errors).sort()));
}

function bandErrors(
  pools: readonly ErrorPool[],
  scales: ReadonlyMap<string, number>,
  {compareSteps, strideSteps}: CalibrationWindow,
): BandErrors {
  const own = pools.map((pool) => pool.own);
  return {
    stepErrors: pools.map(sortedSteps),
    ownShifts: ownShifts(own, scales, Math.ceil(compareSteps / strideSteps)),
  };
}

/**
 * Forecasts with quantiles: a path + scale of the series x error at the level. The path is the model's own quantile
 * (between two of its levels the straight line, beyond them the nearest), or its point where it has none; the error at a level is the pooled one of that step, with the
 * finite-sample rank, moved half the way to the series' own. Quantiles never
 * cross, those under 0.5 lie at or under the point and those over it at or over, and none is under `lowest`. 0.5 is
 * the point moved by the middle error, so that a model that is always too low is put right there. Beyond the last
 * calibrated step the errors grow with the square root of the step. A series that never moved has no scale: all its
 * quantiles are its point. An intermittent one takes point and quantiles from its own last values where the
 * model says so (`kindOf`). Coverage is meant on average over series and time.
 */
export async function forecastQuantiles(
  fitted: FittedModel,
  calibration: Calibration,
  histories: readonly Series[],
  options: {readonly horizonSteps: number; readonly levels: readonly number[]; readonly lowest: number},
): Promise<readonly Forecast[]> {
  const levels = options.levels.toSorted((left, right) => left - right);
  const {horizonSteps, lowest} = options;
  const shifts = levels.map((level) => shiftsAt(level, calibration, horizonSteps));
  const none = new Float64Array(horizonSteps);
  const bandShifts = BAND_LEVELS.map((level) => shiftsAt(level, calibration, horizonSteps));
  const pooledAtBands = BAND_LEVELS.map((level) => knownShifts(level, calibration));
  const {points, bands} = await predictBoth(fitted, histories, horizonSteps);
  return histories.map((history, index) => {
    const place = {
      id: history.id,
      startUs: history.startUs + history.values.length * history.stepSeconds * US_PER_SECOND,
      stepSeconds: history.stepSeconds,
      levels,
    };
    if (fitted.intermittentFromPast && kindOf(history.values, calibration.seasonSteps) === 'intermittent')
      return {...place, ...intermittentPaths(history.values, levels, options)};
    const predicted = points[index] ?? new Float64Array(horizonSteps).fill(Number.NaN);
    const point = predicted.map((value) => Math.max(lowest, value));
    const scale = scaleOf(history.values, calibration.seasonSteps);
    const moved = (level: number, shift: Float64Array): Float64Array => {
      const base = bands?.[index]?.[nearestBand(level)] ?? point;
      const own = ownShift(calibration, pooledAtBands, history.id, level, shift);
      return base.map((value, step) => value + scale * (own[step] ?? 0));
    };
    const band = bands ? BAND_LEVELS.map((level, at) => moved(level, bandShifts[at] ?? none)) : [];
    const raw = levels.map((level, at) => betweenBands(band, level) ?? moved(level, shifts[at] ?? none));
    return {...place, point, quantiles: uncross(point, levels, raw, lowest)};
  });
}

/** A path between the two of a calibrated band that enclose the level; undefined outside of them. */
function betweenBands(band: readonly Float64Array[], level: number): Float64Array | undefined {
  const above = BAND_LEVELS.findIndex((known) => known >= level);
  const [low, high] = [band[above - 1], band[above]];
  const [from = 0, to = 1] = [BAND_LEVELS[above - 1], BAND_LEVELS[above]];
  if (level === to) return high;
  if (!low || !high) return undefined;
  const share = (level - from) / (to - from);
  return low.map((value, step) => value + share * ((high[step] ?? value) - value));
}

/** The same at every step. */
function intermittentPaths(
  values: Float64Array,
  levels: readonly number[],
  {horizonSteps, lowest}: {readonly horizonSteps: number; readonly lowest: number},
): Pick<Forecast, 'point' | 'quantiles'> {
  const path = (level: number): Float64Array =>
    new Float64Array(horizonSteps).fill(Math.max(lowest, intermittentQuantiles(values, [level])[0] ?? 0));
  return {point: path(0.5), quantiles: levels.map(path)};
}

function nearestBand(level: number): number {
  const distances = BAND_LEVELS.map((known) => Math.abs(known - level));
  return distances.indexOf(Math.min(...distances));
}

/** Half the series' own error and half the pool's: a series alone has too few origins (measured on M4 Hourly). */
function ownShift(
  {bands, spreads}: Calibration,
  pooledAtBands: readonly Float64Array[],
  id: string,
  level: number,
  pooled: Float64Array,
): Float64Array {
  if (!bands) return pooled.map((shift) => shift * ((1 + (spreads.get(id) ?? 1)) / 2));
  const nearest = nearestBand(level);
  const own = bands.ownShifts.get(id)?.[nearest];
  // Beyond the levels that were learned only the pool tells how far the next quantile lies.
  if (own === undefined || level === 0.5) return pooled;
  const atBand = pooledAtBands[nearest];
  const last = atBand?.at(-1) ?? 0;
  return pooled.map((shift, step) => shift + (own - (atBand?.[step] ?? last)) / 2);
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

function spreadsOf({own}: ErrorPool): ReadonlyMap<string, number> {
  const known = [...own].map(([id, lists]) => ({id, origins: lists.filter(({length}) => length > 0)}));
  const means = known.map(({id, origins}) => ({
    id,
    count: origins.length,
    meanError: mean(origins.map((errors) => mean(errors.map(Math.abs)))),
  }));
  const all = mean(known.flatMap(({origins}) => origins.map((errors) => mean(errors.map(Math.abs)))));
  const enough = means.filter(({count}) => count >= ORIGINS_FOR_OWN_SPREAD && all > 0);
  return new Map(
    enough.map(({id, meanError}) => [id, Math.min(MOST_SPREAD, Math.max(1 / MOST_SPREAD, meanError / all))]),
  );
}

/** The scaled error at a level, one a step that was calibrated. */
function knownShifts(level: number, {stepErrors, bands}: Calibration): Float64Array {
  const errors = bands ? bands.stepErrors[nearestBand(level)] : stepErrors;
  return Float64Array.from(errors ?? [], (sorted) => errorAt(sorted, level));
}

/** The same, one a step of the horizon. */
function shiftsAt(level: number, calibration: Calibration, horizonSteps: number): Float64Array {
  const known = knownShifts(level, calibration);
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
  raw: readonly Float64Array[],
  lowest: number,
): readonly Float64Array[] {
  let below = new Float64Array(point.length).fill(lowest);
  return levels.map((level, index) => {
    const path = point.map((centre, step) => {
      const shifted = raw[index]?.[step] ?? centre;
      const held =
        level === 0.5 ? shifted : level > 0.5 ? Math.max(centre, shifted) : Math.min(centre, shifted);
      return Math.max(below[step] ?? lowest, held);
    });
    below = path;
    return path;
  });
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
