import {outputOf, outputWeights, part, type NetKind} from './net.js';

/** Two hidden layers of rectified units over the whole window. */
export const mlpNet: NetKind = {
  name: 'mlp',
  weights: (shape) => {
    const {patchSteps, patchCount, hiddenUnits} = shape;
    return [
      {name: 'first', rows: patchSteps * patchCount, columns: hiddenUnits, first: 'uniform'},
      {name: 'first bias', rows: 1, columns: hiddenUnits, first: 'zeros'},
      {name: 'second', rows: hiddenUnits, columns: hiddenUnits, first: 'uniform'},
      {name: 'second bias', rows: 1, columns: hiddenUnits, first: 'zeros'},
      ...outputWeights(shape),
    ];
  },
  quantiles: (tf, shape, weights, batch) => {
    const windows = tf.tensor2d(batch.windows, [batch.rows, shape.patchCount * shape.patchSteps]);
    // Not tf.fused.matMul: its gradient is its own, and slow.
    const first = tf.relu(tf.add(tf.matMul(windows, part(weights, 0)), part(weights, 1)));
    const second = tf.relu(tf.add(tf.matMul(first, part(weights, 2)), part(weights, 3)));
    return outputOf(tf, shape, second, weights.slice(4), batch);
  },
};
