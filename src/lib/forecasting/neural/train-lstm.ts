import type {Scalar, Tensor} from '@tensorflow/tfjs-core';
import {setImmediate} from 'node:timers/promises';

import type {Random} from '../../core/index.js';
import {freeAdam, startAdam, updateByAdam, type AdamState} from './adam.js';
import {
  joinWeights,
  listWeights,
  mapWeights,
  meanPinballLoss,
  quantilesOf,
  weightShapes,
  weightsFrom,
  type NetShape,
  type NetWeights,
} from './lstm-net.js';
import type {TensorBackend, TensorLibrary} from './tensor-backend.js';
import {cutBatch, drawPlaces, type Batch, type WindowPlace, type WindowRange} from './windows.js';

export interface Lesson {
  readonly shape: NetShape;
  readonly start: NetWeights<Float32Array>;
  /** Where windows to learn from lie. */
  readonly ranges: readonly WindowRange[];
  /** Windows of a later time, never learned from; none: all rounds are run and the last weights kept. */
  readonly heldOut: readonly WindowPlace[];
  readonly rounds: number;
  readonly batchRows: number;
  /** The first learning rate; it falls to 0 along a cosine (Loshchilov and Hutter 2017). */
  readonly rate: number;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: {done: number; total: number; loss: number}) => void) | undefined;
}

export interface Lessons {
  readonly weights: Float32Array;
  /** Mean pinball loss in scaled units, on the held-out windows where there are any, else of the last round. */
  readonly loss: number;
  readonly rounds: number;
}

const ROUNDS_BETWEEN_EXAMS = 25;
/** Exams without a better loss after which training stops. */
const PATIENCE = 8;

/**
 * Trains a network by Adam on windows drawn by chance, keeping the weights that did best on held-out time, and
 * stopping early when they stop getting better. The same seed gives the same weights on the same back end. Throws the
 * signal's reason when aborted.
 */
export async function trainLstm({tf}: TensorBackend, lesson: Lesson): Promise<Lessons> {
  const {shape, heldOut, rounds, signal} = lesson;
  const shapes = weightShapes(shape);
  const first = mapWeights((name): Tensor => tf.tensor2d(lesson.start[name], [...shapes[name]]));
  let state = startAdam(tf, first);
  const exam = heldOut.length > 0 ? cutBatch(heldOut, shape, true) : undefined;
  const grade = (roundLoss: number): number => (exam ? examLoss(tf, shape, state, exam) : roundLoss);
  try {
    let best: Lessons = {weights: await readWeights(state), loss: grade(Number.NaN), rounds: 0};
    for (
      let round = 1;
      round <= rounds && round - best.rounds <= PATIENCE * ROUNDS_BETWEEN_EXAMS;
      round += 1
    ) {
      const learned = learnRound(tf, lesson, state, round);
      state = learned.state;
      await setImmediate();
      signal?.throwIfAborted();
      if (round % ROUNDS_BETWEEN_EXAMS !== 0 && round !== rounds) continue;
      const loss = grade(learned.loss);
      if (!exam || !(loss >= best.loss)) best = {weights: await readWeights(state), loss, rounds: round};
      lesson.onProgress?.({done: round, total: rounds, loss: best.loss});
    }
    return best;
  } finally {
    freeAdam(tf, state);
  }
}

function examLoss(tf: TensorLibrary, shape: NetShape, {weights}: AdamState, exam: Batch): number {
  return tf.tidy(() => lossOf(tf, shape, weights, exam).dataSync()[0] ?? Number.NaN);
}

function learnRound(
  tf: TensorLibrary,
  {shape, ranges, batchRows, rounds, rate, random}: Lesson,
  state: AdamState,
  round: number,
): {state: AdamState; loss: number} {
  const batch = cutBatch(drawPlaces(ranges, batchRows, random), shape, true);
  const {value, grads} = tf.tidy(() => {
    const lossOfWeights = (...list: Tensor[]): Scalar => lossOf(tf, shape, weightsFrom(list), batch);
    return tf.valueAndGrads(lossOfWeights)(listWeights(state.weights));
  });
  const current = (rate * (1 + Math.cos((Math.PI * (round - 1)) / rounds))) / 2;
  const next = updateByAdam(tf, state, weightsFrom(grads), current);
  const [loss = Number.NaN] = value.dataSync();
  tf.dispose([value, ...grads]);
  return {state: next, loss};
}

function lossOf(tf: TensorLibrary, shape: NetShape, weights: NetWeights<Tensor>, batch: Batch): Scalar {
  const outcomes = tf.tensor2d(batch.outcomes, [batch.rows, shape.horizonSteps * shape.levels.length]);
  return tf.reshape(meanPinballLoss(tf, shape, quantilesOf(tf, shape, weights, batch), outcomes), []);
}

async function readWeights({weights}: AdamState): Promise<Float32Array> {
  const values = await Promise.all(listWeights(weights).map((tensor) => tensor.data()));
  return joinWeights(weightsFrom(values.map((value) => Float32Array.from(value))));
}
