import type {Tensor} from '@tensorflow/tfjs-core';

import {part, repetition, uniformWeights, type NetKind, type NetShape, type WeightShape} from './net.js';

/**
 * A long short-term memory (Hochreiter and Schmidhuber 1997) that reads the patches one by one, with the gates' rows in
 * the order input, forget, output, candidate; a linear head on its last output is added to a linear skip from the whole
 * window. The forget gate's bias begins at 1, the head at nothing.
 */
export const lstmNet: NetKind = {
  name: 'lstm',
  weightShapes,
  firstWeights: (shape, repeatSteps, random) => {
    const shapes = weightShapes(shape);
    const zeros = shapes.map(([rows, columns]) => new Float32Array(rows * columns));
    const {hiddenUnits} = shape;
    return [
      uniformWeights(part(shapes, 0), random.fork('input')),
      uniformWeights(part(shapes, 1), random.fork('recurrent')),
      part(zeros, 2).fill(1, hiddenUnits, 2 * hiddenUnits),
      part(zeros, 3),
      repetition(shape, repeatSteps),
      part(zeros, 5),
    ];
  },
  quantiles: (tf, shape, weights, batch) => {
    const {patchSteps, patchCount, hiddenUnits} = shape;
    const {rows} = batch;
    const sequence = tf.tensor2d(batch.patches, [patchCount * rows, patchSteps]);
    // One product for all patches is cheaper than one a patch.
    const inputs = tf.split(tf.add(tf.matMul(sequence, part(weights, 0)), part(weights, 2)), patchCount, 0);
    let hidden: Tensor = tf.zeros([rows, hiddenUnits]);
    let cell: Tensor = tf.zeros([rows, hiddenUnits]);
    for (const [index, input] of inputs.entries()) {
      const sums = index === 0 ? input : tf.add(input, tf.matMul(hidden, part(weights, 1)));
      const halves = tf.split(sums, [3 * hiddenUnits, hiddenUnits], 1);
      const gates = tf.split(tf.sigmoid(part(halves, 0)), 3, 1);
      const entering = tf.mul(part(gates, 0), tf.tanh(part(halves, 1)));
      cell = tf.add(tf.mul(part(gates, 1), cell), entering);
      hidden = tf.mul(part(gates, 2), tf.tanh(cell));
    }
    const windows = tf.tensor2d(batch.windows, [rows, patchCount * patchSteps]);
    const learned = tf.add(tf.matMul(hidden, part(weights, 3)), part(weights, 5));
    return tf.add(learned, tf.matMul(windows, part(weights, 4)));
  },
};

/** Input, recurrent, bias, head, skip, head's bias. */
function weightShapes({
  patchSteps,
  patchCount,
  hiddenUnits,
  horizonSteps,
  levels,
}: NetShape): readonly WeightShape[] {
  const outputs = horizonSteps * levels.length;
  return [
    [patchSteps, 4 * hiddenUnits],
    [hiddenUnits, 4 * hiddenUnits],
    [1, 4 * hiddenUnits],
    [hiddenUnits, outputs],
    [patchSteps * patchCount, outputs],
    [1, outputs],
  ];
}
