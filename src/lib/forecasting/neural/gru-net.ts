import type {Tensor} from '@tensorflow/tfjs-core';

import {outputOf, outputWeights, part, type NetKind} from './net.js';

/**
 * A gated recurrent unit (Cho et al. 2014, with the reset gate after the product, so that one product serves all gates)
 * that reads the patches one by one, gates in the order update, reset, candidate.
 */
export const gruNet: NetKind = {
  name: 'gru',
  weights: (shape) => {
    const columns = 3 * shape.hiddenUnits;
    return [
      {name: 'input', rows: shape.patchSteps, columns, first: 'uniform'},
      {name: 'recurrent', rows: shape.hiddenUnits, columns, first: 'uniform'},
      {name: 'bias', rows: 1, columns, first: 'zeros'},
      {name: 'recurrent bias', rows: 1, columns, first: 'zeros'},
      ...outputWeights(shape),
    ];
  },
  quantiles: (tf, shape, weights, batch) => {
    const {patchSteps, patchCount, hiddenUnits} = shape;
    const sequence = tf.tensor2d(batch.patches, [patchCount * batch.rows, patchSteps]);
    // One product for all patches is cheaper than one a patch.
    const products = tf.add(tf.matMul(sequence, part(weights, 0)), part(weights, 2));
    let hidden: Tensor = tf.zeros([batch.rows, hiddenUnits]);
    for (const input of tf.split(products, patchCount, 0)) {
      const fromInput = tf.split(input, 3, 1);
      const fromHidden = tf.split(tf.add(tf.matMul(hidden, part(weights, 1)), part(weights, 3)), 3, 1);
      const update = tf.sigmoid(tf.add(part(fromInput, 0), part(fromHidden, 0)));
      const reset = tf.sigmoid(tf.add(part(fromInput, 1), part(fromHidden, 1)));
      const candidate = tf.tanh(tf.add(part(fromInput, 2), tf.mul(reset, part(fromHidden, 2))));
      hidden = tf.add(candidate, tf.mul(update, tf.sub(hidden, candidate)));
    }
    return outputOf(tf, shape, hidden, weights.slice(4), batch);
  },
};
