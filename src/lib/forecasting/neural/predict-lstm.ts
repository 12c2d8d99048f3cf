import type {Series} from '../../core/index.js';
import {fillGaps, fromFirstKnown} from '../history.js';
import {mapWeights, quantilesOf, splitWeights, weightShapes, type NetShape} from './lstm-net.js';
import type {TensorBackend} from './tensor-backend.js';
import {cutBatch, leastScale, windowScale, type WindowPlace} from './windows.js';

const ROWS_A_BATCH = 512;

/** The medians of each history's next steps, in its unit; NaN for a history of which nothing is known. */
export async function predictMedians(
  {tf}: TensorBackend,
  shape: NetShape,
  joined: Float32Array,
  histories: readonly Series[],
  horizonSteps: number,
): Promise<readonly Float64Array[]> {
  const values = splitWeights(shape, joined);
  if (!values) throw new Error('broken invariant: the weights do not belong to the shape');
  const places = histories.map((history) => lastWindow(history.values, shape));
  const known = places.flatMap((place, index) => (place ? [{place, index}] : []));
  const paths = histories.map(() => new Float64Array(horizonSteps).fill(Number.NaN));
  const shapes = weightShapes(shape);
  const weights = mapWeights((name) => tf.tensor2d(values[name], [...shapes[name]]));
  try {
    for (let from = 0; from < known.length; from += ROWS_A_BATCH) {
      const part = known.slice(from, from + ROWS_A_BATCH);
      const batch = cutBatch(
        part.map(({place}) => place),
        shape,
        false,
      );
      const output = tf.tidy(() => quantilesOf(tf, shape, weights, batch));
      const scaled = await output.data();
      output.dispose();
      for (const [row, {place, index}] of part.entries()) readRow(scaled, row, place, shape, paths[index]);
    }
  } finally {
    tf.dispose(Object.values(weights));
  }
  return paths;
}

function readRow(
  scaled: ArrayLike<number>,
  row: number,
  place: WindowPlace,
  {patchSteps, patchCount, horizonSteps, levels}: NetShape,
  path: Float64Array | undefined,
): void {
  const {centre, scale} = windowScale(place, patchSteps * patchCount);
  const median = levels.indexOf(0.5);
  for (let step = 0; path && step < path.length; step += 1) {
    path[step] =
      centre + scale * (scaled[(row * horizonSteps + step) * levels.length + median] ?? Number.NaN);
  }
}

/** The newest window; a shorter history is extended backwards by its first patch, over and over. */
function lastWindow(values: Float64Array, {patchSteps, patchCount}: NetShape): WindowPlace | undefined {
  const filled = fillGaps(fromFirstKnown(values), patchSteps);
  if (filled.length === 0) return undefined;
  const missing = Math.max(0, patchSteps * patchCount - filled.length);
  const cycle = Math.min(patchSteps, filled.length);
  const before = Float64Array.from({length: missing}, (_, step) => {
    return filled[(cycle - ((missing - step) % cycle)) % cycle] ?? 0;
  });
  const extended = missing === 0 ? filled : Float64Array.of(...before, ...filled);
  return {values: extended, origin: extended.length, leastScale: leastScale(filled)};
}
