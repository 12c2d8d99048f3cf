import {quantile} from '../core/index.js';
import {fromFirstKnown, seenSeasons} from './history.js';

/**
 * How a series is treated whatever the model:
 *
 * - `unknown`: no value is known. Foreseen as NaN, and told as a failure.
 * - `constant`: never moved, all zeros included. Foreseen as it is, all quantiles the same (no error can be scaled).
 * - `intermittent`: mostly zeros with three bursts at least between them (a new or deleted volume has one), and no season that repeats better than zeros foresee. Models of levels, trends
 *   and seasons get the quantiles of the values seen last (`intermittentQuantiles`); the seasonal naive, npts and networks keep
 *   their own.
 * - `ordinary`: all others; the model's own. Short ones are the model's matter too: see `eachSeries`.
 */
export type SeriesKind = 'unknown' | 'constant' | 'intermittent' | 'ordinary';

/** Two weeks of hours: what is longer ago tells less of rare requests (bitbrains disks). */
const RECENT_VALUES = 336;
/** With fewer, a share of zeros says little. */
const LEAST_VALUES = 48;
/** A volume that was created or deleted is zero for long, too: it begins once. */
const LEAST_BURSTS = 3;

/** The kind of a history, which may have gaps (NaN). */
export function kindOf(values: Float64Array, seasonSteps: readonly number[]): SeriesKind {
  const known = fromFirstKnown(values);
  if (known.length === 0) return 'unknown';
  if (known.every((value) => Number.isNaN(value) || value === known[0])) return 'constant';
  const recent = recentValues(known);
  const zeros = recent.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
  if (recent.length < LEAST_VALUES || 2 * zeros <= recent.length || burstCount(recent) < LEAST_BURSTS)
    return 'ordinary';
  return seenSeasons(known, seasonSteps).some((steps) => isRepeated(known, steps))
    ? 'ordinary'
    : 'intermittent';
}

/** Whether there is nothing to fit a model to. */
export function isStill(kind: SeriesKind): boolean {
  return kind === 'unknown' || kind === 'constant';
}

/**
 * The quantile at each level of the values seen last, in any order: what comes is taken for another
 * draw of them. Croston's method (Syntetos and Boylan 2005) and TSB (Teunter, Syntetos and Babai 2011) foresee a mean instead,
 * and lost to this and to the seasonal naive at three origins on the intermittent disks of bitbrains.
 */
export function intermittentQuantiles(values: Float64Array, levels: readonly number[]): readonly number[] {
  const recent = recentValues(values);
  return levels.map((level) => quantile(recent, level));
}

function recentValues(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).slice(-RECENT_VALUES);
}

/** How often something follows on nothing. */
function burstCount(recent: Float64Array): number {
  return recent.reduce((count, value, step) => count + (value !== 0 && recent[step - 1] === 0 ? 1 : 0), 0);
}

/** Whether the last season repeated is less wrong than zeros. */
function isRepeated(known: Float64Array, seasonSteps: number): boolean {
  let [ofRepetition, ofZeros] = [0, 0];
  for (let step = Math.max(seasonSteps, known.length - RECENT_VALUES); step < known.length; step += 1) {
    const [value, before] = [known[step] ?? Number.NaN, known[step - seasonSteps] ?? Number.NaN];
    if (Number.isNaN(value) || Number.isNaN(before)) continue;
    ofRepetition += Math.abs(value - before);
    ofZeros += Math.abs(value);
  }
  return ofRepetition < ofZeros;
}
