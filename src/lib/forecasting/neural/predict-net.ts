import type {Series} from '../../core/index.js';
import {fillGaps, fromFirstKnown} from '../history.js';
import {part, splitWeights, type NetKind, type NetShape} from './net.js';
import type {TensorBackend} from './tensor-backend.js';
import {cutBatch, leastScale, windowScale, type WindowPlace} from './windows.js';

/** A trained network. */
export interface TrainedNet {
  readonly kind: NetKind;
  readonly shape: NetShape;
  readonly weights: Float32Array;
}

const ROWS_A_BATCH = 512;

/**
 * One band a history, in its unit: `bands[i][q]` the quantile at the net's level q, one value a step, sorted so that
 * quantiles do not cross; NaN for a history of which nothing is known.
 */
export async function predictBands(
  {tf}: TensorBackend,
  {kind, shape, weights: joined}: TrainedNet,
  histories: readonly Series[],
  horizonSteps: number,
): Promise<readonly (readonly Float64Array[])[]> {
  const sizes = kind.weights(shape);
  const values = splitWeights(sizes, joined);
  if (!values) throw new Error('broken invariant: the weights do not belong to the shape');
  const places = histories.map((history) => lastWindow(history.values, shape));
  const known = places.flatMap((place, index) => (place ? [{place, index}] : []));
  const bands = histories.map(() => shape.levels.map(() => new Float64Array(horizonSteps).fill(Number.NaN)));
  const weights = values.map((value, index) => {
    const {rows, columns} = part(sizes, index);
    return tf.tensor2d(value, [rows, columns]);
  });
  try {
    for (let from = 0; from < known.length; from += ROWS_A_BATCH) {
      const rows = known.slice(from, from + ROWS_A_BATCH);
      const windows = rows.map(({place}) => place);
      const batch = cutBatch(windows, shape, false);
      const output = tf.tidy(() => kind.quantiles(tf, shape, weights, batch));
      const scaled = await output.data();
      output.dispose();
      for (const [row, {place, index}] of rows.entries())
        readRow(scaled, row, place, shape, part(bands, index));
    }
  } finally {
    tf.dispose(weights);
  }
  return bands;
}

function readRow(
  scaled: ArrayLike<number>,
  row: number,
  place: WindowPlace,
  {patchSteps, patchCount, horizonSteps, levels}: NetShape,
  band: readonly Float64Array[],
): void {
  const {centre, scale} = windowScale(place, patchSteps * patchCount);
  const steps = band[0]?.length ?? 0;
  for (let step = 0; step < steps; step += 1) {
    const from = (row * horizonSteps + step) * levels.length;
    const sorted = Float64Array.from(levels, (_, level) => scaled[from + level] ?? Number.NaN).sort();
    for (const [level, path] of band.entries()) path[step] = centre + scale * (sorted[level] ?? Number.NaN);
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
