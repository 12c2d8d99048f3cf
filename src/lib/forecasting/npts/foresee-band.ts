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
  const order = Array.from(known.keys())
    .filter((step) => !Number.isNaN(known[step]))
    .sort((left, right) => (known[left] ?? 0) - (known[right] ?? 0));
  const sorted = Float64Array.from(order, (step) => known[step] ?? 0);
  const ages = Uint32Array.from(order, (step) => known.length - step);
  const band = emptyBand(horizonSteps);
  const of = new Float64Array(order.length);
  for (let step = 0; step < horizonSteps; step += 1) {
    for (let at = 0; at < of.length; at += 1) of[at] = weights[(ages[at] ?? 0) + step] ?? 0;
    putQuantiles(band, step, sorted, of);
  }
  return band;
}

function quantilesOfMoves(known: Float64Array, weights: Float64Array, horizonSteps: number): Band {
  const last = known.findLast((value) => !Number.isNaN(value)) ?? Number.NaN;
  const band = emptyBand(horizonSteps);
  for (let step = 0; step < horizonSteps; step += 1) {
    const moves = movesOver(known, step + 1);
    const nothing = moves.length === 0;
    const sorted = Float64Array.from(moves, ({move}) => last + move);
    putQuantiles(
      band,
      step,
      nothing ? Float64Array.of(last) : sorted,
      nothing ? Float64Array.of(1) : Float64Array.from(moves, ({age}) => weights[age] ?? 0),
    );
  }
  return band;
}

/** What the history moved by over so many steps, in rising order, and how long ago. */
function movesOver(
  known: Float64Array,
  steps: number,
): readonly {readonly move: number; readonly age: number}[] {
  const every = Math.max(1, Math.ceil((known.length - steps) / MOST_MOVES));
  const moves: {move: number; age: number}[] = [];
  for (let at = known.length - 1; at >= steps; at -= every) {
    const move = (known[at] ?? Number.NaN) - (known[at - steps] ?? Number.NaN);
    if (!Number.isNaN(move)) moves.push({move, age: known.length - at});
  }
  return moves.sort((left, right) => left.move - right.move);
}

/** At each level the smallest value whose share of the weight, with all before it, reaches the level. */
function putQuantiles(
  band: readonly Float64Array[],
  step: number,
  sorted: Float64Array,
  weights: Float64Array,
): void {
  if (sorted.length === 0) return;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let [at, below] = [0, 0];
  for (const [index, level] of BAND_LEVELS.entries()) {
    while (at < sorted.length - 1 && below + (weights[at] ?? 0) < level * total) {
      below += weights[at] ?? 0;
      at += 1;
    }
    band[index]?.fill(sorted[at] ?? Number.NaN, step, step + 1);
  }
}
