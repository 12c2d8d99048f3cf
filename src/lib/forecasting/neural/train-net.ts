import type {Scalar, Tensor} from '@tensorflow/tfjs-core';
import {setImmediate} from 'node:timers/promises';

import {createRandom, mean, type Random, type RandomState} from '../../core/index.js';
import {
  firstAdam,
  freeAdam,
  openAdam,
  readAdam,
  readTensors,
  updateByAdam,
  type AdamNumbers,
  type AdamState,
} from './adam.js';
import {joinWeights, meanPinballLoss, type NetKind, type NetShape} from './net.js';
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
  /** How far a training of the same lesson had come. */
  readonly resume?: TrainingState | undefined;
  /** Called every so many rounds and at the end with what `resume` takes. */
  readonly keep?: ((state: TrainingState) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LessonProgress) => void) | undefined;
}

export interface LessonProgress {
  readonly done: number;
  readonly total: number;
  /** Mean pinball loss in scaled units of the rounds since the last report. */
  readonly loss: number;
  /** On the held-out windows now; absent without any. */
  readonly heldOutLoss?: number;
}

export interface Lessons {
  readonly weights: Float32Array;
  /** Mean pinball loss in scaled units, on the held-out windows where there are any, else of the last round. */
  readonly loss: number;
  readonly rounds: number;
}

/** All that the rest of a training depends on; the rounds done are Adam's updates. */
export interface TrainingState {
  readonly adam: AdamNumbers;
  readonly random: RandomState;
  readonly best: Lessons;
}

const ROUNDS_BETWEEN_EXAMS = 25;
/** Of the same rounds: after an exam, so that a resumed training is examined as one that was not interrupted. */
const ROUNDS_BETWEEN_CHECKPOINTS = 2 * ROUNDS_BETWEEN_EXAMS;
/** Share of all rounds without a better loss after which training stops: the rate's fall needs time to show. */
const PATIENCE_SHARE = 1 / 3;

/**
 * Trains a network by Adam on windows drawn by chance, keeping the weights that did best on held-out time, and
 * stopping early when they stop getting better. The same seed gives the same weights on the same back end, also when
 * it was resumed. Throws the signal's reason when aborted.
 */
export async function trainNet({tf}: TensorBackend, given: Lesson): Promise<Lessons> {
  const {kind, shape, rounds, signal, resume} = given;
  const lesson = whereItWas(given);
  const patience = Math.max(8 * ROUNDS_BETWEEN_EXAMS, rounds * PATIENCE_SHARE);
  const exam = openExam(tf, lesson);
  let state = openAdam(tf, kind.weights(shape), resume?.adam ?? firstAdam(given.start));
  let best = resume?.best ?? {weights: joinWeights(given.start), loss: exam(state, Number.NaN), rounds: 0};
  const losses: number[] = [];
  try {
    for (let round = state.updates + 1; round <= rounds && round - best.rounds <= patience; round += 1) {
      const learned = learnRound(tf, lesson, state, round);
      state = learned.state;
      losses.push(learned.loss);
      await setImmediate();
      signal?.throwIfAborted();
      if (round % ROUNDS_BETWEEN_EXAMS !== 0 && round !== rounds) continue;
      const loss = exam(state, learned.loss);
      if (isBetter(lesson, loss, best))
        best = {weights: await readTensors(state.weights), loss, rounds: round};
      tell(lesson, round, mean(losses.splice(0)), loss);
      if (round % ROUNDS_BETWEEN_CHECKPOINTS === 0) await keepState(lesson, state, best);
    }
    await keepState(lesson, state, best);
    return best;
  } finally {
    freeAdam(tf, state);
  }
}

function whereItWas(lesson: Lesson): Lesson {
  const {resume, random} = lesson;
  return resume ? {...lesson, random: createRandom(random.seed, resume.random)} : lesson;
}

async function keepState({keep, random}: Lesson, state: AdamState, best: Lessons): Promise<void> {
  await keep?.({adam: await readAdam(state), random: random.state(), best});
}

function isBetter({heldOut}: Lesson, loss: number, best: Lessons): boolean {
  return heldOut.length === 0 || !(loss >= best.loss);
}

function tell({heldOut, rounds, onProgress}: Lesson, done: number, loss: number, examLoss: number): void {
  onProgress?.({done, total: rounds, loss, ...(heldOut.length > 0 && {heldOutLoss: examLoss})});
}

/** The loss on the held-out windows; without any, that of the last round, which it is told. */
function openExam(tf: TensorLibrary, lesson: Lesson): (state: AdamState, roundLoss: number) => number {
  if (lesson.heldOut.length === 0) return (_, roundLoss) => roundLoss;
  const windows = cutBatch(lesson.heldOut, lesson.shape, true);
  return ({weights}) => tf.tidy(() => lossOf(tf, lesson, weights, windows).dataSync()[0] ?? Number.NaN);
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
