import {mean, type Random} from '../../core/index.js';
import type {NetBatch, NetShape} from './net.js';

/** A stretch of a series: the window ends, and what is to be foreseen begins, at step `origin`. */
export interface WindowPlace {
  readonly values: Float64Array;
  readonly origin: number;
  /** The least a window may be scaled by: a share of how much the whole series varies. */
  readonly leastScale: number;
}

export interface Batch extends NetBatch {
  /** Scaled outcomes, one row a window, each step repeated for every level; empty when only windows were asked for. */
  readonly outcomes: Float32Array;
}

const LEAST_SCALE_SHARE = 0.01;

/** Where windows of a series may be cut, with every origin from `from` to `to`. */
export interface WindowRange {
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly leastScale: number;
}

/** A hundredth of the standard deviation: a window in which nothing happened must not blow up what follows. */
export function leastScale(values: Float64Array): number {
  return LEAST_SCALE_SHARE * deviation(values, mean(values));
}

/** As many places as asked for: the series by chance, then the origin by chance. */
export function drawPlaces(
  ranges: readonly WindowRange[],
  count: number,
  random: Random,
): readonly WindowPlace[] {
  return Array.from({length: count}, () => {
    const range = ranges[random.below(ranges.length)];
    if (range === undefined) throw new Error('broken invariant: windows drawn from no series');
    return {...range, origin: range.from + random.below(range.to - range.from + 1)};
  });
}

/** Windows less their mean over their standard deviation, and their outcomes on the same scale. */
export function cutBatch(places: readonly WindowPlace[], shape: NetShape, withOutcomes: boolean): Batch {
  const {patchSteps, patchCount, horizonSteps, levels} = shape;
  const windowSteps = patchSteps * patchCount;
  const rows = places.length;
  const windows = new Float32Array(rows * windowSteps);
  const patches = new Float32Array(rows * windowSteps);
  const outcomes = new Float32Array(withOutcomes ? rows * horizonSteps * levels.length : 0);
  for (const [row, place] of places.entries()) {
    const {centre, scale} = windowScale(place, windowSteps);
    const unit = scale || 1;
    for (let step = 0; step < windowSteps; step += 1) {
      const value = ((place.values[place.origin - windowSteps + step] ?? 0) - centre) / unit;
      windows[row * windowSteps + step] = value;
      patches[(Math.floor(step / patchSteps) * rows + row) * patchSteps + (step % patchSteps)] = value;
    }
    const from = row * horizonSteps * levels.length;
    for (let column = 0; withOutcomes && column < horizonSteps * levels.length; column += 1) {
      const step = Math.floor(column / levels.length);
      outcomes[from + column] = ((place.values[place.origin + step] ?? 0) - centre) / unit;
    }
  }
  return {rows, windows, patches, outcomes};
}

/** Mean and standard deviation of a window; the scale is 0 where neither window nor series ever moved. */
export function windowScale(
  {values, origin, leastScale: least}: WindowPlace,
  windowSteps: number,
): {readonly centre: number; readonly scale: number} {
  const window = values.subarray(origin - windowSteps, origin);
  const centre = mean(window);
  return {centre, scale: Math.max(deviation(window, centre), least)};
}

function deviation(values: Float64Array, centre: number): number {
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  return Math.sqrt(squares / values.length);
}

const WINDOWS_TO_COMPARE = 256;

/**
 * How many steps ago the value is that says most about the next ones: 1 (the last value) or one of the seasons that
 * fit into a window, by the mean absolute error of repeating it on windows drawn by chance.
 */
export function bestRepetition(
  ranges: readonly WindowRange[],
  {patchSteps, patchCount, horizonSteps}: NetShape,
  seasonSteps: readonly number[],
  random: Random,
): number {
  const windowSteps = patchSteps * patchCount;
  const candidates = [1, ...seasonSteps.filter((steps) => steps <= windowSteps)];
  const places = ranges.length === 0 ? [] : drawPlaces(ranges, WINDOWS_TO_COMPARE, random);
  const errors = candidates.map((steps) =>
    mean(
      places.map(
        (place) => repetitionError(place, steps, horizonSteps) / windowScale(place, windowSteps).scale,
      ),
    ),
  );
  return candidates[errors.indexOf(Math.min(...errors))] ?? 1;
}

function repetitionError({values, origin}: WindowPlace, repeatSteps: number, horizonSteps: number): number {
  let total = 0;
  for (let step = 0; step < horizonSteps; step += 1) {
    const repeated = values[origin - repeatSteps + (step % repeatSteps)] ?? 0;
    total += Math.abs((values[origin + step] ?? 0) - repeated);
  }
  return total / horizonSteps;
}
