import type {Tensor} from '@tensorflow/tfjs-core';

import type {Random} from '../../core/index.js';
import type {TensorLibrary} from './tensor-backend.js';

/** The sizes of a network; its weights' shapes follow from them. */
export interface NetShape {
  /** Steps of a patch: one element of the sequence that a recurrent cell reads. */
  readonly patchSteps: number;
  readonly patchCount: number;
  readonly hiddenUnits: number;
  readonly horizonSteps: number;
  /** Levels of the quantiles it gives for every step of the horizon. */
  readonly levels: readonly number[];
}

/** The rows of a batch, scaled; `patches` holds the same numbers as `windows`, patch by patch instead of row by row. */
export interface NetBatch {
  readonly rows: number;
  readonly windows: Float32Array;
  readonly patches: Float32Array;
}

/** Rows and columns of one weight matrix. */
export type WeightShape = readonly [number, number];

/** An architecture: what its weights are and how quantiles come of them. */
export interface NetKind {
  readonly name: string;
  /** In the order of all lists of weights. */
  weightShapes(shape: NetShape): readonly WeightShape[];
  /**
   * Weights to begin with. Before it has learned anything a network must be a seasonal naive forecast: the steps
   * `repeatSteps` ago repeated.
   */
  firstWeights(shape: NetShape, repeatSteps: number, random: Random): readonly Float32Array[];
  /** Quantiles of a batch, [rows, horizon x levels]. */
  quantiles(tf: TensorLibrary, shape: NetShape, weights: readonly Tensor[], batch: NetBatch): Tensor;
}

/** The values of all weights one after the other. */
export function joinWeights(weights: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(weights.reduce((total, {length}) => total + length, 0));
  let offset = 0;
  for (const part of weights) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** What `joinWeights` joined; undefined when the number of values does not belong to the shapes. */
export function splitWeights(
  shapes: readonly WeightShape[],
  joined: Float32Array,
): readonly Float32Array[] | undefined {
  let offset = 0;
  const weights = shapes.map(([rows, columns]) => {
    offset += rows * columns;
    return joined.slice(offset - rows * columns, offset);
  });
  return offset === joined.length ? weights : undefined;
}

/** Uniform within sqrt(6 / (in + out)) (Glorot and Bengio 2010). */
export function uniformWeights([rows, columns]: WeightShape, random: Random): Float32Array {
  const bound = Math.sqrt(6 / (rows + columns));
  return new Float32Array(rows * columns).map(() => bound * (2 * random.next() - 1));
}

/** A linear skip from the whole window that repeats the steps `repeatSteps` ago. */
export function repetition(shape: NetShape, repeatSteps: number): Float32Array {
  const {patchSteps, patchCount, horizonSteps, levels} = shape;
  const windowSteps = patchSteps * patchCount;
  const outputs = horizonSteps * levels.length;
  const skip = new Float32Array(windowSteps * outputs);
  for (let column = 0; column < outputs; column += 1) {
    const step = Math.floor(column / levels.length);
    skip[(windowSteps - repeatSteps + (step % repeatSteps)) * outputs + column] = 1;
  }
  return skip;
}

/** Mean over rows, steps and levels of the pinball loss, `(level - 1/2) d + |d| / 2` with d = outcome - quantile. */
export function meanPinballLoss(
  tf: TensorLibrary,
  {horizonSteps, levels}: Pick<NetShape, 'horizonSteps' | 'levels'>,
  quantiles: Tensor,
  outcomes: Tensor,
): Tensor {
  const tilt = Float32Array.from({length: horizonSteps * levels.length}, (_, column) => {
    return (levels[column % levels.length] ?? 0.5) - 0.5;
  });
  const d = tf.sub(outcomes, quantiles);
  const losses = tf.add(tf.mul(d, tf.tensor1d(tilt)), tf.mul(tf.abs(d), tf.scalar(0.5)));
  return tf.mul(tf.sum(losses), tf.scalar(1 / Math.max(1, losses.size)));
}

/** The element of a list that must be there. Throws a bug when it is not. */
export function part<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`broken invariant: a list of ${list.length} has no part ${index}`);
  return found;
}
