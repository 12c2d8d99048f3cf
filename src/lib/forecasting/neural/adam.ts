import type {Tensor} from '@tensorflow/tfjs-core';

import {part} from './net.js';
import type {TensorLibrary} from './tensor-backend.js';

interface Moments {
  readonly first: Tensor;
  readonly second: Tensor;
}

export interface AdamState {
  readonly weights: readonly Tensor[];
  readonly moments: readonly Moments[];
  /** Updates made so far. */
  readonly updates: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Moments of zero for weights to be trained. The state owns its tensors. */
export function startAdam(tf: TensorLibrary, weights: readonly Tensor[]): AdamState {
  const moments = weights.map((weight) => ({first: tf.zerosLike(weight), second: tf.zerosLike(weight)}));
  return {weights, moments, updates: 0};
}

/** One update by Adam (Kingma and Ba 2015, algorithm 1); the old state's tensors are freed. */
export function updateByAdam(
  tf: TensorLibrary,
  state: AdamState,
  slopes: readonly Tensor[],
  rate: number,
): AdamState {
  const updates = state.updates + 1;
  const stepSize = (rate * Math.sqrt(1 - BETA2 ** updates)) / (1 - BETA1 ** updates);
  const updated = state.weights.map((weight, index) =>
    tf.tidy(() => {
      const slope = part(slopes, index);
      const {first, second} = part(state.moments, index);
      const nextFirst = tf.add(tf.mul(first, BETA1), tf.mul(slope, 1 - BETA1));
      const nextSecond = tf.add(tf.mul(second, BETA2), tf.mul(tf.square(slope), 1 - BETA2));
      const change = tf.div(tf.mul(nextFirst, stepSize), tf.add(tf.sqrt(nextSecond), EPSILON));
      return {weight: tf.sub(weight, change), first: nextFirst, second: nextSecond};
    }),
  );
  freeAdam(tf, state);
  return {weights: updated.map(({weight}) => weight), moments: updated, updates};
}

/** Frees all tensors of a state. */
export function freeAdam(tf: TensorLibrary, {weights, moments}: AdamState): void {
  tf.dispose([...weights]);
  tf.dispose(moments.flatMap(({first, second}) => [first, second]));
}
