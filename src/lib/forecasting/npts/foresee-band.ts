import {fromFirstKnown, RECENT_STEPS, seenSeasons} from '../history.js';
import type {Band} from '../member-bands.js';
import {BAND_LEVELS} from '../model.js';
import {lagWeights, type Kernel, type Observed} from './kernel.js';

/** Moves are sorted for every step anew: of longer histories every so manieth is looked at. */
const MOST_MOVES = 256;

/** Lag weights, made once for histories that have seen the same seasons. */
export type WeightCache = Map<string, Float64Array>;

/**
 * Quantiles at `BAND_LEVELS` of the weighted distribution of what a history did: for each step to come every past value
 * (or move) weighs what the kernel says of the lag between them. NaN where nothing is known.
 */
export function foreseeBand(
  values: Float64Array,
  kernel: Kernel,
  {
    observed,
    seasonSteps,
    horizonSteps,
    cache,
  }: {
    readonly observed: Observed;
    readonly seasonSteps: readonly number[];
    readonly horizonSteps: number;
    readonly cache: WeightCache;
  },
): Band {
  const known = fromFirstKnown(fromFirstKnown(values).subarray(-RECENT_STEPS));
  const seasons = seenSeasons(known, seasonSteps);
  const key = seasons.join();
  const weights = cache.get(key) ?? lagWeights(kernel, seasons, RECENT_STEPS + horizonSteps);
  cache.set(key, weights);
  return observed === 'values'
    ? quantilesOfValues(known, weights, horizonSteps)
    : quantilesOfMoves(known, weights, horizonSteps);
}

function emptyBand(horizonSteps: number): readonly Float64Array[] {
  return BAND_LEVELS.map(() => new Float64Array(horizonSteps).fill(Number.NaN));
}

function quantilesOfValues(known: Float64Array, weights: Float64Array, horizonSteps: number): Band {
  const steps = Uint32Array.from(known.keys()).filter((step) => !Number.isNaN(known[step]));
  const past = inOrder(
    Float64Array.from(steps, (step) => known[step] ?? 0),
    steps.map((step) => known.length - step),
  );
  const band = emptyBand(horizonSteps);
  for (let step = 0; step < horizonSteps; step += 1) putQuantiles(band, step, past, weights.subarray(step));
  return band;
}

function quantilesOfMoves(known: Float64Array, weights: Float64Array, horizonSteps: number): Band {
  const last = known.findLast((value) => !Number.isNaN(value)) ?? Number.NaN;
  const band = emptyBand(horizonSteps);
  const stay: Past = {values: Float64Array.of(last), ages: Uint32Array.of(1)};
  for (let step = 0; step < horizonSteps; step += 1) {
    const moves = movesOver(known, step + 1, last);
    putQuantiles(band, step, moves.values.length === 0 ? stay : moves, weights);
  }
  return band;
}

/** Where the history would come to from `last` if it moved once more as it did over so many steps. */
function movesOver(known: Float64Array, steps: number, last: number): Past {
  const every = Math.max(1, Math.ceil((known.length - steps) / MOST_MOVES));
  const most = Math.max(0, Math.ceil((known.length - steps) / every));
  const [values, ages] = [new Float64Array(most), new Uint32Array(most)];
  let count = 0;
  for (let at = known.length - 1; at >= steps; at -= every) {
    const move = (known[at] ?? Number.NaN) - (known[at - steps] ?? Number.NaN);
    if (Number.isNaN(move)) continue;
    values[count] = last + move;
    ages[count] = known.length - at;
    count += 1;
  }
  return inOrder(values.subarray(0, count), ages.subarray(0, count));
}

/** Values in rising order, and how many steps ago each was. */
interface Past {
  readonly values: Float64Array;
  readonly ages: Uint32Array;
}

/** Sorts by value. Numbers alone are sorted several times faster than pairs; each age is put to its value afterwards. */
function inOrder(values: Float64Array, ages: Uint32Array): Past {
  const sorted = values.slice().sort();
  const placed = new Uint32Array(values.length);
  const ordered = new Uint32Array(values.length);
  for (const [index, value] of values.entries()) {
    const first = firstNotBelow(sorted, value);
    ordered[first + (placed[first] ?? 0)] = ages[index] ?? 0;
    placed[first] = (placed[first] ?? 0) + 1;
  }
  return {values: sorted, ages: ordered};
}

function firstNotBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** At each level the smallest value whose share of the weight, with all before it, reaches the level. */
function putQuantiles(
  band: readonly Float64Array[],
  step: number,
  {values, ages}: Past,
  weights: Float64Array,
): void {
  const weightOf = (at: number): number => weights[ages[at] ?? 0] ?? 0;
  let total = 0;
  for (let at = 0; at < values.length; at += 1) total += weightOf(at);
  let [at, below] = [0, 0];
  for (const [index, level] of BAND_LEVELS.entries()) {
    while (at < values.length - 1 && below + weightOf(at) < level * total) {
      below += weightOf(at);
      at += 1;
    }
    band[index]?.fill(values[at] ?? Number.NaN, step, step + 1);
  }
}
