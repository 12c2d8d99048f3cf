import type {Tensor} from '@tensorflow/tfjs-core';

import {listWeights, mapWeights, type NetWeights} from './lstm-net.js';
import type {TensorLibrary} from './tensor-backend.js';

interface Moments {
  readonly first: Tensor;
  readonly second: Tensor;
}

export interface AdamState {
  readonly weights: NetWeights<Tensor>;
  readonly moments: NetWeights<Moments>;
  /** Updates made so far. */
  readonly updates: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Moments of zero for weights to be trained. The state owns its tensors. */
export function startAdam(tf: TensorLibrary, weights: NetWeights<Tensor>): AdamState {
  const moments = mapWeights((name) => ({
    first: tf.zerosLike(weights[name]),
    second: tf.zerosLike(weights[name]),
  }));
  return {weights, moments, updates: 0};
}

/** One update by Adam (Kingma and Ba 2015, algorithm 1); the old state's tensors are freed. */
export function updateByAdam(
  tf: TensorLibrary,
  state: AdamState,
  slopes: NetWeights<Tensor>,
  rate: number,
): AdamState {
  const updates = state.updates + 1;
  const stepSize = (rate * Math.sqrt(1 - BETA2 ** updates)) / (1 - BETA1 ** updates);
  const updated = mapWeights((name) =>
    tf.tidy(() => {
      const slope = slopes[name];
      const {first, second} = state.moments[name];
      const nextFirst = tf.add(tf.mul(first, BETA1), tf.mul(slope, 1 - BETA1));
      const nextSecond = tf.add(tf.mul(second, BETA2), tf.mul(tf.square(slope), 1 - BETA2));
      const change = tf.div(tf.mul(nextFirst, stepSize), tf.add(tf.sqrt(nextSecond), EPSILON));
      return {weight: tf.sub(state.weights[name], change), first: nextFirst, second: nextSecond};
    }),
  );
  freeAdam(tf, state);
  return {weights: mapWeights((name) => updated[name].weight), moments: updated, updates};
}

/** Frees all tensors of a state. */
export function freeAdam(tf: TensorLibrary, {weights, moments}: AdamState): void {
  tf.dispose(listWeights(weights));
  tf.dispose(listWeights(moments).flatMap(({first, second}) => [first, second]));
}
