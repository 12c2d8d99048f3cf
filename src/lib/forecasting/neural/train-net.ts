import type {Scalar, Tensor} from '@tensorflow/tfjs-core';
import {setImmediate} from 'node:timers/promises';

import type {Random} from '../../core/index.js';
import {freeAdam, startAdam, updateByAdam, type AdamState} from './adam.js';
import {joinWeights, meanPinballLoss, part, type NetKind, type NetShape} from './net.js';
import type {TensorBackend, TensorLibrary} from './tensor-backend.js';
import {cutBatch, drawPlaces, type Batch, type WindowPlace, type WindowRange} from './windows.js';

export interface Lesson {
  readonly kind: NetKind;
  readonly shape: NetShape;
  readonly start: readonly Float32Array[];
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
/** Share of all rounds without a better loss after which training stops: the rate's fall needs time to show. */
const PATIENCE_SHARE = 1 / 3;

/**
 * Trains a network by Adam on windows drawn by chance, keeping the weights that did best on held-out time, and
 * stopping early when they stop getting better. The same seed gives the same weights on the same back end. Throws the
 * signal's reason when aborted.
 */
export async function trainNet({tf}: TensorBackend, lesson: Lesson): Promise<Lessons> {
  const {kind, shape, heldOut, rounds, signal} = lesson;
  const sizes = kind.weights(shape);
  const first = lesson.start.map((values, index): Tensor => {
    const {rows, columns} = part(sizes, index);
    return tf.tensor2d(values, [rows, columns]);
  });
  let state = startAdam(tf, first);
  const exam = heldOut.length > 0 ? cutBatch(heldOut, shape, true) : undefined;
  const grade = (roundLoss: number): number => (exam ? examLoss(tf, lesson, state, exam) : roundLoss);
  const patience = Math.max(8 * ROUNDS_BETWEEN_EXAMS, rounds * PATIENCE_SHARE);
  try {
    let best: Lessons = {weights: await readWeights(state), loss: grade(Number.NaN), rounds: 0};
    for (let round = 1; round <= rounds && round - best.rounds <= patience; round += 1) {
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

function examLoss(tf: TensorLibrary, lesson: Lesson, {weights}: AdamState, exam: Batch): number {
  return tf.tidy(() => lossOf(tf, lesson, weights, exam).dataSync()[0] ?? Number.NaN);
}

function learnRound(
  tf: TensorLibrary,
  lesson: Lesson,
  state: AdamState,
  round: number,
): {state: AdamState; loss: number} {
  const {shape, ranges, batchRows, rounds, rate, random} = lesson;
  const batch = cutBatch(drawPlaces(ranges, batchRows, random), shape, true);
  const {value, grads} = tf.tidy(() => {
    const lossOfWeights = (...list: Tensor[]): Scalar => lossOf(tf, lesson, list, batch);
    return tf.valueAndGrads(lossOfWeights)([...state.weights]);
  });
  const current = (rate * (1 + Math.cos((Math.PI * (round - 1)) / rounds))) / 2;
  const next = updateByAdam(tf, state, grads, current);
  const [loss = Number.NaN] = value.dataSync();
  tf.dispose([value, ...grads]);
  return {state: next, loss};
}

function lossOf(tf: TensorLibrary, {kind, shape}: Lesson, weights: readonly Tensor[], batch: Batch): Scalar {
  const outcomes = tf.tensor2d(batch.outcomes, [batch.rows, shape.horizonSteps * shape.levels.length]);
  return tf.reshape(meanPinballLoss(tf, shape, kind.quantiles(tf, shape, weights, batch), outcomes), []);
}

async function readWeights({weights}: AdamState): Promise<Float32Array> {
  const values = await Promise.all(weights.map((tensor) => tensor.data()));
  return joinWeights(values.map((value) => Float32Array.from(value)));
}
