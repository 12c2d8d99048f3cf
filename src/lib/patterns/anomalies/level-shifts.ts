import {quantile, type Series} from '../../core/index.js';
import {type DetectionMode, type Evidence, scoreOfSurprise} from './evidence.js';
import {tailSurprises} from './tail-surprise.js';
import {isMaterial} from './usual-range.js';

const DAY_SECONDS = 86_400;
const LEAST_WINDOW_STEPS = 12;
/** A change of level as rare as this, −log10, is a shift. */
const USUAL_SURPRISE = 3;
/** Changes overlap: those of fewer days tell nothing. */
const LEAST_DAYS = 4;

/**
 * Where the level changes to stay: the median of the day from a step on against that of the day before it, both whole days, so
 * that a daily rhythm cancels. Judged against all such changes; online against those known a day after the step, so that a
 * shift is told a day late. The evidence reaches until the level is back, at least a day.
 */
export function levelShifts(series: Series, mode: DetectionMode): readonly Evidence[] {
  const {values, stepSeconds} = series;
  const window = Math.max(LEAST_WINDOW_STEPS, Math.round(DAY_SECONDS / stepSeconds));
  const changes = values.map((_, step) => changeAt(values, step, window));
  const sizes = changes.map(Math.abs);
  const scores = tailSurprises(sizes, mode, LEAST_DAYS * window).map((surprise, step) => {
    const score = scoreOfSurprise(surprise, USUAL_SURPRISE);
    return score >= 0.5 && isMaterial(sizes[step] ?? 0, values, step, LEAST_DAYS * window) ? score : 0;
  });
  return peaksOf(scores, sizes, window).map((peak) => {
    const from = onsetNear(values, peak, window);
    const to = endOfShift(values, from, window);
    return {kind: 'level-shift', from, to, score: scores[peak] ?? 0, absorbsTo: from + window};
  });
}

/** NaN unless half of both days is known. */
function changeAt(values: Float64Array, step: number, window: number): number {
  if (step < window || step + window > values.length) return Number.NaN;
  return knownMedian(values, step, step + window) - knownMedian(values, step - window, step);
}

function knownMedian(values: Float64Array, from: number, to: number): number {
  const known = values.subarray(from, to).filter((value) => !Number.isNaN(value));
  return known.length >= (to - from) / 2 ? quantile(known, 0.5) : Number.NaN;
}

/** Steps where the change is the largest within a window, of those that count. */
function peaksOf(scores: Float64Array, sizes: Float64Array, window: number): readonly number[] {
  const peaks: number[] = [];
  for (const [step, score] of scores.entries()) {
    if (score < 0.5) continue;
    const last = peaks.at(-1);
    if (last === undefined || step - last > window) peaks.push(step);
    else if ((sizes[step] ?? 0) > (sizes[last] ?? 0)) peaks[peaks.length - 1] = step;
  }
  return peaks;
}

/** Medians change little as long as most of a day is on one side: where the values themselves part best, by absolute distance. */
function onsetNear(values: Float64Array, peak: number, window: number): number {
  const [first, last] = [peak - window, Math.min(values.length, peak + window)];
  const [before, after] = [knownMedian(values, first, peak), knownMedian(values, peak, last)];
  let [gain, most, onset] = [0, -Infinity, peak];
  // What is gained when steps before the onset are laid to the level before instead of the one after.
  for (let step = first; step < last; step += 1) {
    if (gain > most && Math.abs(step - peak) <= window / 2) [most, onset] = [gain, step];
    const value = values[step] ?? Number.NaN;
    if (!Number.isNaN(value)) gain += Math.abs(value - after) - Math.abs(value - before);
  }
  return onset;
}

/** The first step from which a day's median is nearer to the old level than to the new. */
function endOfShift(values: Float64Array, from: number, window: number): number {
  const before = knownMedian(values, from - window, from);
  const after = knownMedian(values, from, from + window);
  for (let step = from + 1; step + window <= values.length; step += 1) {
    const level = knownMedian(values, step, step + window);
    if (Math.abs(level - before) < Math.abs(level - after))
      return Math.max(from + window, step + (window >> 1));
  }
  return values.length;
}
