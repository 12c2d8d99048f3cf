import type {Tensor} from '@tensorflow/tfjs-core';

import {outputOf, outputWeights, part, type NetKind} from './net.js';

/**
 * A long short-term memory (Hochreiter and Schmidhuber 1997) that reads the patches one by one, with the gates' columns in
 * the order input, forget, output, candidate. The forget gate's bias begins at 1.
 */
export const lstmNet: NetKind = {
  name: 'lstm',
  weights: (shape) => {
    const {patchSteps, hiddenUnits} = shape;
    const columns = 4 * hiddenUnits;
    const bias = new Float32Array(columns).fill(1, hiddenUnits, 2 * hiddenUnits);
    return [
      {name: 'input', rows: patchSteps, columns, first: 'uniform'},
      {name: 'recurrent', rows: hiddenUnits, columns, first: 'uniform'},
      {name: 'bias', rows: 1, columns, first: bias},
      ...outputWeights(shape),
    ];
  },
  quantiles: (tf, shape, weights, batch) => {
    const {patchSteps, patchCount, hiddenUnits} = shape;
    const sequence = tf.tensor2d(batch.patches, [patchCount * batch.rows, patchSteps]);
    // One product for all patches is cheaper than one a patch.
    const products = tf.add(tf.matMul(sequence, part(weights, 0)), part(weights, 2));
    let hidden: Tensor = tf.zeros([batch.rows, hiddenUnits]);
    let cell: Tensor = tf.zeros([batch.rows, hiddenUnits]);
    for (const [index, input] of tf.split(products, patchCount, 0).entries()) {
      const sums = index === 0 ? input : tf.add(input, tf.matMul(hidden, part(weights, 1)));
      const halves = tf.split(sums, [3 * hiddenUnits, hiddenUnits], 1);
      const gates = tf.split(tf.sigmoid(part(halves, 0)), 3, 1);
      const entering = tf.mul(part(gates, 0), tf.tanh(part(halves, 1)));
      cell = tf.add(tf.mul(part(gates, 1), cell), entering);
      hidden = tf.mul(part(gates, 2), tf.tanh(cell));
    }
    return outputOf(tf, shape, hidden, weights.slice(3), batch);
  },
};
