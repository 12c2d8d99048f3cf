import type {Scalar, Tensor} from '@tensorflow/tfjs-core';

import {createRandom, mean} from '../src/lib/core/index.js';
import {firstAdam, freeAdam, openAdam, updateByAdam} from '../src/lib/forecasting/neural/adam.js';
import {mlpNet} from '../src/lib/forecasting/neural/mlp-net.js';
import {
  firstWeights,
  meanPinballLoss,
  type NetBatch,
  type NetShape,
} from '../src/lib/forecasting/neural/net.js';
import {openTensorBackend, type TensorBackend} from '../src/lib/forecasting/neural/tensor-backend.js';
import {BAND_LEVELS} from '../src/lib/forecasting/model.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {createHandStep} from './hand-step.js';
import {cpuUs} from './m4-competition.js';

/** 168-256-256-336 with the linear skip of our networks. */
const SHAPE: NetShape = {
  patchSteps: 24,
  patchCount: 7,
  hiddenUnits: 256,
  horizonSteps: 48,
  levels: BAND_LEVELS,
};
const ROWS = 256;
const RATE = 0.002;
const STEPS_A_RUN = 20;
const DEFAULT_RUNS = 10;

/**
 * `npm run bench -- tensor-step`: one training step (forward, backward, Adam) of the MLP on our TensorFlow.js back end and in
 * hand-written WebAssembly and TypeScript, in turns in one process, from the same weights on the same batch; medians of `runs`.
 * That both learn the same the first run's losses tell.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const backend = await openTensorBackend();
  const random = createRandom(1);
  const start = firstWeights(mlpNet, SHAPE, 24, random.fork('weights'));
  const batch = drawBatch();
  const tensors = createTensorStep(backend, start, batch);
  const hand = await createHandStep(SHAPE, start, {
    ...{rows: ROWS, windows: batch.windows, outcomes: batch.outcomes, rate: RATE},
  });
  const times = {tensors: [] as number[], hand: [] as number[]};
  let differenceShare = 0;
  for (let run = 0; run <= (options.runs ?? DEFAULT_RUNS); run += 1) {
    const before = cpuUs();
    const ofTensors = lossesOf(tensors.step);
    const between = cpuUs();
    const ofHand = lossesOf(hand);
    const after = cpuUs();
    // The first run is compiled while it runs; later ones differ by rounding that grows from step to step.
    if (run === 0) differenceShare = largestDifference(ofTensors, ofHand);
    else {
      times.tensors.push((between - before) / STEPS_A_RUN / 1000);
      times.hand.push((after - between) / STEPS_A_RUN / 1000);
    }
  }
  tensors.free();
  const [tensorMs, handMs] = [median(times.tensors), median(times.hand)];
  return {
    name: 'tensor-step',
    figures: {
      ...{tensor_step_ms: tensorMs, hand_step_ms: handMs, tensor_step_vs_hand: tensorMs / handMs},
      loss_difference_share: differenceShare,
    },
    table: [
      {step: `TensorFlow.js ${backend.name}`, cpu_ms: rounded(tensorMs)},
      {step: 'hand-written wasm', cpu_ms: rounded(handMs)},
    ],
  };
}

/** The loss before each of a run's steps. */
function lossesOf(step: () => number): readonly number[] {
  return Array.from({length: STEPS_A_RUN}, step);
}

function largestDifference(losses: readonly number[], others: readonly number[]): number {
  return Math.max(...losses.map((loss, step) => Math.abs(loss / (others[step] ?? Number.NaN) - 1)));
}

interface LearnedBatch extends NetBatch {
  readonly outcomes: Float32Array;
}

/** Waves with noise, as windows are: scaled, with outcomes repeated for every level. */
function drawBatch(): LearnedBatch {
  const random = createRandom('batch');
  const windowSteps = SHAPE.patchSteps * SHAPE.patchCount;
  const columns = SHAPE.horizonSteps * SHAPE.levels.length;
  const windows = new Float32Array(ROWS * windowSteps);
  const outcomes = new Float32Array(ROWS * columns);
  for (let row = 0; row < ROWS; row += 1) {
    const phase = 24 * random.next();
    const value = (step: number): number =>
      Math.sin((2 * Math.PI * (step + phase)) / 24) + 0.5 * random.normal();
    for (let step = 0; step < windowSteps; step += 1) windows[row * windowSteps + step] = value(step);
    for (let step = 0; step < SHAPE.horizonSteps; step += 1)
      outcomes.fill(
        value(windowSteps + step),
        row * columns + step * SHAPE.levels.length,
        row * columns + (step + 1) * SHAPE.levels.length,
      );
  }
  return {rows: ROWS, windows, patches: new Float32Array(), outcomes};
}

/** A step as `trainNet` makes it, without drawing a batch. */
function createTensorStep(
  {tf}: TensorBackend,
  start: readonly Float32Array[],
  batch: LearnedBatch,
): {step: () => number; free: () => void} {
  let state = openAdam(tf, mlpNet.weights(SHAPE), firstAdam(start));
  const lossOf = (...weights: Tensor[]): Scalar => {
    const outcomes = tf.tensor2d(batch.outcomes, [ROWS, SHAPE.horizonSteps * SHAPE.levels.length]);
    return tf.reshape(meanPinballLoss(tf, SHAPE, mlpNet.quantiles(tf, SHAPE, weights, batch), outcomes), []);
  };
  return {
    step: () => {
      const {value, grads} = tf.tidy(() => tf.valueAndGrads(lossOf)([...state.weights]));
      state = updateByAdam(tf, state, grads, RATE);
      const [loss = Number.NaN] = value.dataSync();
      tf.dispose([value, ...grads]);
      return loss;
    },
    free: () => {
      freeAdam(tf, state);
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? Number.NaN) : mean(sorted.slice(half - 1, half + 1));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
