import type {Random} from '../../core/index.js';
import type {TensorLibrary} from './tensor-backend.js';
import type {Tensor} from '@tensorflow/tfjs-core';

/** The sizes of a network; its weights' shapes follow from them. */
export interface NetShape {
  /** Steps of a patch: one element of the sequence that the cell reads. */
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

const WEIGHTS = ['input', 'recurrent', 'bias', 'head', 'skip', 'headBias'] as const;
export type NetWeights<T> = Readonly<Record<(typeof WEIGHTS)[number], T>>;

/** The values of all weights one after the other, in the order of their names' list. */
export function joinWeights(weights: NetWeights<Float32Array>): Float32Array {
  const parts = WEIGHTS.map((name) => weights[name]);
  const joined = new Float32Array(parts.reduce((total, {length}) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** What `joinWeights` joined; undefined when the number of values does not belong to the shape. */
export function splitWeights(shape: NetShape, joined: Float32Array): NetWeights<Float32Array> | undefined {
  const shapes = weightShapes(shape);
  let offset = 0;
  const take = ([rows, columns]: readonly [number, number]): Float32Array => {
    offset += rows * columns;
    return joined.slice(offset - rows * columns, offset);
  };
  const weights = mapWeights((name) => take(shapes[name]));
  return offset === joined.length ? weights : undefined;
}

/**
 * Weights to begin with: uniform within sqrt(6 / (in + out)) (Glorot and Bengio 2010) for the cell, 1 for the forget
 * gate's bias, nothing for the head, and for the skip the repetition of the steps `repeatSteps` ago: before it has
 * learned anything the network is a seasonal naive forecast.
 */
export function firstWeights(shape: NetShape, repeatSteps: number, random: Random): NetWeights<Float32Array> {
  const shapes = weightShapes(shape);
  const zeros = mapWeights((name) => new Float32Array(shapes[name][0] * shapes[name][1]));
  const uniform = (name: 'input' | 'recurrent'): Float32Array => {
    const bound = Math.sqrt(6 / (shapes[name][0] + shapes[name][1]));
    const draw = random.fork(name);
    return zeros[name].map(() => bound * (2 * draw.next() - 1));
  };
  const {hiddenUnits} = shape;
  const bias = zeros.bias.fill(1, hiddenUnits, 2 * hiddenUnits);
  return {
    ...zeros,
    input: uniform('input'),
    recurrent: uniform('recurrent'),
    bias,
    skip: repetition(shape, repeatSteps),
  };
}

/**
 * Quantiles of a batch, [rows, horizon x levels]. A long short-term memory (Hochreiter and Schmidhuber 1997) reads
 * the patches one by one, with the gates' rows in the order input, forget, output, candidate; a linear head on its
 * last output is added to a linear skip from the whole window.
 */
export function quantilesOf(
  tf: TensorLibrary,
  shape: NetShape,
  weights: NetWeights<Tensor>,
  batch: NetBatch,
): Tensor {
  const {patchSteps, patchCount, hiddenUnits} = shape;
  const {rows} = batch;
  const sequence = tf.tensor2d(batch.patches, [patchCount * rows, patchSteps]);
  // One product for all patches is cheaper than one a patch.
  const inputs = tf.split(tf.add(tf.matMul(sequence, weights.input), weights.bias), patchCount, 0);
  let hidden: Tensor = tf.zeros([rows, hiddenUnits]);
  let cell: Tensor = tf.zeros([rows, hiddenUnits]);
  for (const [index, input] of inputs.entries()) {
    const sums = index === 0 ? input : tf.add(input, tf.matMul(hidden, weights.recurrent));
    const [gates, candidate] = two(tf.split(sums, [3 * hiddenUnits, hiddenUnits], 1));
    const [enter, keep, leave] = three(tf.split(tf.sigmoid(gates), 3, 1));
    cell = tf.add(tf.mul(keep, cell), tf.mul(enter, tf.tanh(candidate)));
    hidden = tf.mul(leave, tf.tanh(cell));
  }
  const windows = tf.tensor2d(batch.windows, [rows, patchCount * patchSteps]);
  const learned = tf.add(tf.matMul(hidden, weights.head), weights.headBias);
  return tf.add(learned, tf.matMul(windows, weights.skip));
}

/** Mean over rows, steps and levels of the pinball loss, `(level - 1/2) d + |d| / 2` with d = outcome - quantile. */
export function meanPinballLoss(
  tf: TensorLibrary,
  {horizonSteps, levels}: NetShape,
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

/** The same function of every weight's name. */
export function mapWeights<T>(make: (name: (typeof WEIGHTS)[number]) => T): NetWeights<T> {
  const [input, recurrent, bias] = [make('input'), make('recurrent'), make('bias')];
  return {input, recurrent, bias, head: make('head'), skip: make('skip'), headBias: make('headBias')};
}

/** The weights as a list, in the order of their names, and back. */
export function listWeights<T>(weights: NetWeights<T>): T[] {
  return WEIGHTS.map((name) => weights[name]);
}

/** Throws a bug when the list is shorter than the names. */
export function weightsFrom<T>(list: readonly T[]): NetWeights<T> {
  return mapWeights((name) => {
    const weight = list[WEIGHTS.indexOf(name)];
    if (weight === undefined) throw new Error(`broken invariant: no weight ${name}`);
    return weight;
  });
}

/** Rows and columns of each weight matrix. */
export function weightShapes(shape: NetShape): NetWeights<readonly [number, number]> {
  const {patchSteps, patchCount, hiddenUnits, horizonSteps, levels} = shape;
  const outputs = horizonSteps * levels.length;
  return {
    input: [patchSteps, 4 * hiddenUnits],
    recurrent: [hiddenUnits, 4 * hiddenUnits],
    bias: [1, 4 * hiddenUnits],
    head: [hiddenUnits, outputs],
    skip: [patchSteps * patchCount, outputs],
    headBias: [1, outputs],
  };
}

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

function two(parts: readonly Tensor[]): readonly [Tensor, Tensor] {
  const [first, second] = parts;
  if (!first || !second) throw new Error('broken invariant: a split into two gave fewer');
  return [first, second];
}

function three(parts: readonly Tensor[]): readonly [Tensor, Tensor, Tensor] {
  const [first, second, third] = parts;
  if (!first || !second || !third) throw new Error('broken invariant: a split into three gave fewer');
  return [first, second, third];
}
