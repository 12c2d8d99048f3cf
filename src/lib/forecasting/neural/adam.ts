import type {Tensor} from '@tensorflow/tfjs-core';

import {joinWeights, part, splitWeights, type NetWeight} from './net.js';
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

/** The numbers of a state, all weights one after the other. */
export interface AdamNumbers {
  readonly weights: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly updates: number;
}

/** Numbers to begin with: moments of zero. */
export function firstAdam(weights: readonly Float32Array[]): AdamNumbers {
  const joined = joinWeights(weights);
  const zeros = new Float32Array(joined.length);
  return {weights: joined, first: zeros, second: zeros, updates: 0};
}

/** A state of these numbers; it owns its tensors. */
export function openAdam(tf: TensorLibrary, sizes: readonly NetWeight[], numbers: AdamNumbers): AdamState {
  const tensorsOf = (joined: Float32Array): readonly Tensor[] => {
    const values = splitWeights(sizes, joined);
    if (!values) throw new Error('broken invariant: the numbers do not belong to the network');
    return values.map((value, index) => {
      const {rows, columns} = part(sizes, index);
      return tf.tensor2d(value, [rows, columns]);
    });
  };
  const second = tensorsOf(numbers.second);
  const moments = tensorsOf(numbers.first).map((first, index) => ({first, second: part(second, index)}));
  return {weights: tensorsOf(numbers.weights), moments, updates: numbers.updates};
}

/** The numbers of a state: `openAdam` makes an equal one of them. */
export async function readAdam({weights, moments, updates}: AdamState): Promise<AdamNumbers> {
  return {
    weights: await readTensors(weights),
    first: await readTensors(moments.map(({first}) => first)),
    second: await readTensors(moments.map(({second}) => second)),
    updates,
  };
}

/** The values of tensors one after the other. */
export async function readTensors(tensors: readonly Tensor[]): Promise<Float32Array> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  return joinWeights(values.map((value) => Float32Array.from(value)));
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
