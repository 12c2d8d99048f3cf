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

/** One weight matrix: its rows and columns, and what it begins with. */
export interface NetWeight {
  /** Of its random numbers; two of a network differ. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /**
   * `uniform`: within sqrt(6 / (rows + columns)) (Glorot and Bengio 2010); `repetition`: of a skip, the steps that
   * `firstWeights` is told; numbers: one a column.
   */
  readonly first: 'zeros' | 'uniform' | 'repetition' | Float32Array;
}

/** An architecture: what its weights are and how quantiles come of them. */
export interface NetKind {
  readonly name: string;
  /** In the order of all lists of weights; `outputWeights` last, so that a network begins as a seasonal naive forecast. */
  weights(shape: NetShape): readonly NetWeight[];
  /** Quantiles of a batch, [rows, horizon x levels]. */
  quantiles(tf: TensorLibrary, shape: NetShape, weights: readonly Tensor[], batch: NetBatch): Tensor;
}

/** Weights to begin with; the steps `repeatSteps` ago are repeated. */
export function firstWeights(
  kind: NetKind,
  shape: NetShape,
  repeatSteps: number,
  random: Random,
): readonly Float32Array[] {
  return kind.weights(shape).map(({name, rows, columns, first}) => {
    const values = new Float32Array(rows * columns);
    if (first === 'zeros') return values;
    if (first === 'repetition') return repetition(shape, repeatSteps);
    if (first !== 'uniform') return values.map((_, index) => first[index % columns] ?? 0);
    const bound = Math.sqrt(6 / (rows + columns));
    const draw = random.fork(name);
    return values.map(() => bound * (2 * draw.next() - 1));
  });
}

/** What every network ends with: a linear head on the units it has learned, a linear skip from the whole window, a bias. */
export function outputWeights(shape: NetShape): readonly NetWeight[] {
  const columns = shape.horizonSteps * shape.levels.length;
  return [
    {name: 'head', rows: shape.hiddenUnits, columns, first: 'zeros'},
    {name: 'skip', rows: shape.patchSteps * shape.patchCount, columns, first: 'repetition'},
    {name: 'head bias', rows: 1, columns, first: 'zeros'},
  ];
}

/** Quantiles of learned units; `weights` as `outputWeights` lists them. */
export function outputOf(
  tf: TensorLibrary,
  {patchSteps, patchCount}: NetShape,
  hidden: Tensor,
  weights: readonly Tensor[],
  batch: NetBatch,
): Tensor {
  const windows = tf.tensor2d(batch.windows, [batch.rows, patchCount * patchSteps]);
  const learned = tf.add(tf.matMul(hidden, part(weights, 0)), part(weights, 2));
  return tf.add(learned, tf.matMul(windows, part(weights, 1)));
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

/** What `joinWeights` joined; undefined when the number of values does not belong to the weights. */
export function splitWeights(
  weights: readonly NetWeight[],
  joined: Float32Array,
): readonly Float32Array[] | undefined {
  let offset = 0;
  const parts = weights.map(({rows, columns}) => {
    offset += rows * columns;
    return joined.slice(offset - rows * columns, offset);
  });
  return offset === joined.length ? parts : undefined;
}

/** A skip that repeats the steps `repeatSteps` ago. */
function repetition(shape: NetShape, repeatSteps: number): Float32Array {
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
