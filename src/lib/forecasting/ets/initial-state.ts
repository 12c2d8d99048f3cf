import {mean} from '../../core/index.js';
import {fillGaps} from '../history.js';
import {hasFactorSeason, hasFactorTrend, neutralSeason, type EtsForm, type EtsState} from './recursion.js';

const CYCLES_FOR_SEASON = 7;
/** With fewer, a level that hardly moves would stay wrong by chance. */
const STEPS_FOR_LEVEL = 30;

/**
 * The state before the first value, by rule and not by search (Hyndman et al. 2008, 2.6.1): the season from what is
 * left beside a centred moving average over the first cycles, level and trend from a line through the first values
 * without their season; a multiplicative trend from a line through their logarithms. It needs two cycles of the form's season.
 */
export function initialState(values: Float64Array, form: EtsForm): EtsState {
  const {seasonSteps} = form;
  const start = fillGaps(
    values.subarray(0, Math.max(STEPS_FOR_LEVEL, CYCLES_FOR_SEASON * seasonSteps)),
    seasonSteps,
  );
  const seasons = form.season === 'N' ? neutralSeason(form) : firstSeason(start, form);
  const adjusted = start
    .subarray(0, Math.max(STEPS_FOR_LEVEL, 2 * seasonSteps))
    .map((value, step) => withoutSeason(value, seasons[step % seasonSteps] ?? 0, form));
  if (form.trend === 'N') return {level: mean(adjusted), trend: 0, seasons};
  if (!hasFactorTrend(form)) return {...lineThrough(adjusted), seasons};
  const {level, trend} = lineThrough(adjusted.map(Math.log));
  return {level: Math.exp(level), trend: Math.exp(trend), seasons};
}

function firstSeason(start: Float64Array, form: EtsForm): Float64Array {
  const {seasonSteps, season} = form;
  const sums = new Float64Array(seasonSteps);
  const counts = new Float64Array(seasonSteps);
  const half = Math.floor(seasonSteps / 2);
  for (let step = half; step + half < start.length; step += 1) {
    const level = centredMean(start, step, seasonSteps);
    const value = start[step] ?? 0;
    const phase = step % seasonSteps;
    sums[phase] = (sums[phase] ?? 0) + (season === 'M' ? value / level : value - level);
    counts[phase] = (counts[phase] ?? 0) + 1;
  }
  const raw = sums.map((total, phase) => total / (counts[phase] ?? 1));
  const centre = mean(raw);
  return raw.map((value) => (season === 'M' ? value / centre : value - centre));
}

/** The mean of one season around a step; an even season takes its two ends at half weight. */
function centredMean(values: Float64Array, step: number, seasonSteps: number): number {
  const half = Math.floor(seasonSteps / 2);
  let total = 0;
  for (let near = step - half; near <= step + half; near += 1) total += values[near] ?? 0;
  if (seasonSteps % 2 === 0) total -= ((values[step - half] ?? 0) + (values[step + half] ?? 0)) / 2;
  return total / seasonSteps;
}

function withoutSeason(value: number, season: number, form: EtsForm): number {
  return hasFactorSeason(form) ? value / season : value - season;
}

/** Least squares through values at 1, 2, ..., n: the height at 0 and the slope. */
function lineThrough(values: Float64Array): {level: number; trend: number} {
  const centre = (values.length + 1) / 2;
  const height = mean(values);
  let cross = 0;
  let spread = 0;
  for (let step = 0; step < values.length; step += 1) {
    const distance = step + 1 - centre;
    cross += distance * ((values[step] ?? 0) - height);
    spread += distance * distance;
  }
  const trend = spread === 0 ? 0 : cross / spread;
  return {level: height - trend * centre, trend};
}
