import {InputError, type Series} from '../core/index.js';

/** The candidate seasons of a granularity, in steps: day and week, week, year. */
export const SEASON_STEPS = {hourly: [24, 168], daily: [7], weekly: [52]} as const;

/** What is longer ago than this says little of what comes: models of single series look no further back. */
export const RECENT_STEPS = 1024;

/** The values from the first known one on; a view, not a copy. Empty when nothing is known. */
export function fromFirstKnown(values: Float64Array): Float64Array {
  let first = 0;
  while (first < values.length && Number.isNaN(values[first])) first += 1;
  return first === 0 ? values : values.subarray(first);
}

/** The seasons of which two full cycles lie between the first known value and the end, in rising order. */
export function seenSeasons(values: Float64Array, seasonSteps: readonly number[]): readonly number[] {
  const {length} = fromFirstKnown(values);
  return seasonSteps.filter((steps) => steps > 1 && 2 * steps <= length).toSorted((a, b) => a - b);
}

/**
 * The values with every gap filled: the value one season earlier, filled itself if need be; where that lies before
 * the start, or there is no season (1), the last known value. Values before the first known one take that one.
 */
export function fillGaps(values: Float64Array, seasonSteps: number): Float64Array {
  const filled = Float64Array.from(values);
  const first = fromFirstKnown(values)[0] ?? Number.NaN;
  for (let step = 0; step < filled.length; step += 1) {
    if (Number.isNaN(filled[step])) filled[step] = filled[step - seasonSteps] ?? filled[step - 1] ?? first;
  }
  return filled;
}

/**
 * The mean absolute difference of values one season apart, in the unit of the series: the scale of its errors (the
 * denominator of MASE, Hyndman and Koehler 2006). Pairs with a gap are left out; NaN when there is no pair.
 */
export function seasonalScale(values: Float64Array, seasonSteps: number): number {
  let total = 0;
  let count = 0;
  for (let step = seasonSteps; step < values.length; step += 1) {
    const difference = (values[step] ?? Number.NaN) - (values[step - seasonSteps] ?? Number.NaN);
    if (Number.isNaN(difference)) continue;
    total += Math.abs(difference);
    count += 1;
  }
  return total / count;
}

/** The season that errors are scaled by: the shortest of which two cycles were seen, else 1. */
export function scaleSeason(values: Float64Array, seasonSteps: readonly number[]): number {
  return seenSeasons(values, seasonSteps)[0] ?? 1;
}

/** The series without its last `steps` values; a view, not a copy. */
export function cutEnd(series: Series, steps: number): Series {
  return {...series, values: series.values.subarray(0, Math.max(0, series.values.length - steps))};
}

/** The steps of the longest series. */
export function panelSteps(panel: readonly Series[]): number {
  return panel.reduce((most, {values}) => Math.max(most, values.length), 0);
}

/**
 * How many horizons at the end of a history are kept from networks, to stop their training in time and to choose between
 * models: as many as make a tenth of it, one at least and four at most.
 */
export function heldOutHorizons(historySteps: number, horizonSteps: number): number {
  return Math.min(4, Math.max(1, Math.floor(historySteps / 10 / horizonSteps)));
}

/** Throws InputError when no series of the panel has `knownSteps` values from its first known one on. */
export function requireSteps(model: string, panel: readonly Series[], knownSteps: number): void {
  const most = panel.reduce((steps, {values}) => Math.max(steps, fromFirstKnown(values).length), 0);
  if (most >= knownSteps) return;
  throw new InputError(
    'series-too-short',
    `model ${model} needs a series of at least ${knownSteps} steps, the longest of ${panel.length} has ${most}`,
    {hints: ['more history, a finer --granularity or a shorter --horizon', '--model seasonal-naive']},
  );
}
