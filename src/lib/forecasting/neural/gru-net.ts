import type {Tensor} from '@tensorflow/tfjs-core';

import {part, repetition, uniformWeights, type NetKind, type NetShape, type WeightShape} from './net.js';

/**
 * A gated recurrent unit (Cho et al. 2014, with the reset gate after the product, so that one product serves all gates)
 * that reads the patches one by one, gates in the order update, reset, candidate; head and skip as in `lstmNet`.
 */
export const gruNet: NetKind = {
  name: 'gru',
  weightShapes,
  firstWeights: (shape, repeatSteps, random) => {
    const shapes = weightShapes(shape);
    const zeros = shapes.map(([rows, columns]) => new Float32Array(rows * columns));
    return [
      uniformWeights(part(shapes, 0), random.fork('input')),
      uniformWeights(part(shapes, 1), random.fork('recurrent')),
      part(zeros, 2),
      part(zeros, 3),
      part(zeros, 4),
      repetition(shape, repeatSteps),
      part(zeros, 6),
    ];
  },
  quantiles: (tf, shape, weights, batch) => {
    const {patchSteps, patchCount, hiddenUnits} = shape;
    const {rows} = batch;
    const sequence = tf.tensor2d(batch.patches, [patchCount * rows, patchSteps]);
    const products = tf.add(tf.matMul(sequence, part(weights, 0)), part(weights, 2));
    let hidden: Tensor = tf.zeros([rows, hiddenUnits]);
    for (const input of tf.split(products, patchCount, 0)) {
      const fromInput = tf.split(input, 3, 1);
      const fromHidden = tf.split(tf.add(tf.matMul(hidden, part(weights, 1)), part(weights, 3)), 3, 1);
      const update = tf.sigmoid(tf.add(part(fromInput, 0), part(fromHidden, 0)));
      const reset = tf.sigmoid(tf.add(part(fromInput, 1), part(fromHidden, 1)));
      const candidate = tf.tanh(tf.add(part(fromInput, 2), tf.mul(reset, part(fromHidden, 2))));
      hidden = tf.add(candidate, tf.mul(update, tf.sub(hidden, candidate)));
    }
    const windows = tf.tensor2d(batch.windows, [rows, patchCount * patchSteps]);
    const learned = tf.add(tf.matMul(hidden, part(weights, 4)), part(weights, 6));
    return tf.add(learned, tf.matMul(windows, part(weights, 5)));
  },
};

/** Input, recurrent, bias, recurrent bias, head, skip, head's bias. */
function weightShapes({
  patchSteps,
  patchCount,
  hiddenUnits,
  horizonSteps,
  levels,
}: NetShape): readonly WeightShape[] {
  const outputs = horizonSteps * levels.length;
  return [
    [patchSteps, 3 * hiddenUnits],
    [hiddenUnits, 3 * hiddenUnits],
    [1, 3 * hiddenUnits],
    [1, 3 * hiddenUnits],
    [hiddenUnits, outputs],
    [patchSteps * patchCount, outputs],
    [1, outputs],
  ];
}
