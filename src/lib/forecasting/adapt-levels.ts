import type {Series} from '../core/index.js';
import {forecastQuantiles, type Calibration} from './conformal.js';
import {cutEnd} from './history.js';
import type {FittedModel, Forecast} from './model.js';

/** How far a level moves for each origin, as a share of how far its coverage was off (.02 to .05 did best on M4 Hourly). */
const RATE = 0.05;
const MOST_ORIGINS = 64;
/** Levels that a level may move among; in between, quantiles lie on the line. */
const GRID = Array.from({length: 39}, (_, index) => (index + 1) / 40);
const LEVELS = [0.005, ...GRID, 0.995];
/** Quantiles of all levels are held for so many series at a time. */
const SERIES_AT_ONCE = 512;

export interface AdaptOptions {
  readonly horizonSteps: number;
  readonly levels: readonly number[];
  /** Steps at the end of the panel that came after the model was trained and calibrated. */
  readonly newSteps: number;
  readonly lowest: number;
}

/**
 * Forecasts whose levels have been moved by what happened since training: adaptive conformal inference (Gibbs and Candes
 * 2021), per series and level `asked <- asked + rate x (level - covered)`, over as many as 64 origins since then, an eighth
 * of the horizon apart, the oldest first; covered is the share of an origin's known steps at or under the quantile at the
 * asked level. Coverage comes near the levels in the long run whatever the series does, not on each date. Without a whole
 * horizon since training the levels stay as they are. Levels beyond .005 and .995 are not moved.
 */
export async function forecastAdapted(
  fitted: FittedModel,
  calibration: Calibration,
  panel: readonly Series[],
  options: AdaptOptions,
): Promise<readonly Forecast[]> {
  const forecasts: Forecast[] = [];
  for (let from = 0; from < panel.length; from += SERIES_AT_ONCE)
    forecasts.push(
      ...(await adaptPart(fitted, calibration, panel.slice(from, from + SERIES_AT_ONCE), options)),
    );
  return forecasts;
}

async function adaptPart(
  fitted: FittedModel,
  calibration: Calibration,
  panel: readonly Series[],
  options: AdaptOptions,
): Promise<readonly Forecast[]> {
  const {horizonSteps, lowest} = options;
  const levels = options.levels.toSorted((left, right) => left - right);
  const asked = panel.map(() => Float64Array.from(levels));
  for (const held of originsSince(options)) {
    const histories = panel.map((series) => cutEnd(series, held));
    const grid = {horizonSteps, levels: LEVELS, lowest};
    const forecasts = await forecastQuantiles(fitted, calibration, histories, grid);
    for (const [index, forecast] of forecasts.entries()) {
      const {values} = panel[index] ?? {values: new Float64Array()};
      const outcome = values.subarray(values.length - held, values.length - held + horizonSteps);
      moveLevels(asked[index] ?? new Float64Array(), levels, forecast, outcome);
    }
  }
  const all = [...new Set([...LEVELS, ...levels])].toSorted((left, right) => left - right);
  const final = await forecastQuantiles(fitted, calibration, panel, {horizonSteps, levels: all, lowest});
  return final.map((forecast, index) => ({
    ...forecast,
    levels,
    quantiles: Array.from(asked[index] ?? levels, (level) => quantileAt(forecast, level)),
  }));
}

/** Steps at the end that were not yet there at an origin, the oldest origin first. */
function originsSince({horizonSteps, newSteps}: AdaptOptions): readonly number[] {
  const stride = Math.max(1, Math.ceil(horizonSteps / 8));
  const count = newSteps < horizonSteps ? 0 : 1 + Math.floor((newSteps - horizonSteps) / stride);
  return Array.from(
    {length: Math.min(MOST_ORIGINS, count)},
    (_, origin) => horizonSteps + origin * stride,
  ).toReversed();
}

function moveLevels(
  asked: Float64Array,
  levels: readonly number[],
  forecast: Forecast,
  outcome: Float64Array,
): void {
  for (const [index, level] of levels.entries()) {
    const now = asked[index] ?? level;
    const least = Math.min(level, LEVELS[0] ?? level);
    const most = Math.max(level, LEVELS.at(-1) ?? level);
    const covered = coveredShare(quantileAt(forecast, now), outcome);
    if (covered !== undefined) asked[index] = Math.min(most, Math.max(least, now + RATE * (level - covered)));
  }
  asked.sort();
}

/** Undefined where no outcome is known or nothing was foreseen. */
function coveredShare(path: Float64Array, outcome: Float64Array): number | undefined {
  let [covered, count] = [0, 0];
  for (const [step, y] of outcome.entries()) {
    const bound = path[step] ?? Number.NaN;
    if (Number.isNaN(y) || Number.isNaN(bound)) continue;
    count += 1;
    if (y <= bound) covered += 1;
  }
  return count === 0 ? undefined : covered / count;
}

function quantileAt({levels, quantiles, point}: Forecast, level: number): Float64Array {
  const above = levels.findIndex((known) => known >= level);
  const high = quantiles[above] ?? quantiles.at(-1) ?? point;
  const low = quantiles[above - 1];
  const [from, to] = [levels[above - 1], levels[above]];
  if (low === undefined || from === undefined || to === undefined) return high;
  const share = (level - from) / (to - from);
  return low.map((value, step) => value + share * ((high[step] ?? value) - value));
}
