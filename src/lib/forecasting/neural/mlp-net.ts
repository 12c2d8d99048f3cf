import {part, repetition, uniformWeights, type NetKind, type NetShape, type WeightShape} from './net.js';

/** Two hidden layers of rectified units over the whole window, a linear head, and a linear skip from the window. */
export const mlpNet: NetKind = {
  name: 'mlp',
  weightShapes,
  firstWeights: (shape, repeatSteps, random) => {
    const shapes = weightShapes(shape);
    const zeros = shapes.map(([rows, columns]) => new Float32Array(rows * columns));
    return [
      uniformWeights(part(shapes, 0), random.fork('first')),
      part(zeros, 1),
      uniformWeights(part(shapes, 2), random.fork('second')),
      part(zeros, 3),
      part(zeros, 4),
      repetition(shape, repeatSteps),
      part(zeros, 6),
    ];
  },
  quantiles: (tf, {patchSteps, patchCount}, weights, batch) => {
    const windows = tf.tensor2d(batch.windows, [batch.rows, patchCount * patchSteps]);
    // Not tf.fused.matMul: its gradient is its own, and slow.
    const first = tf.relu(tf.add(tf.matMul(windows, part(weights, 0)), part(weights, 1)));
    const second = tf.relu(tf.add(tf.matMul(first, part(weights, 2)), part(weights, 3)));
    const learned = tf.add(tf.matMul(second, part(weights, 4)), part(weights, 6));
    return tf.add(learned, tf.matMul(windows, part(weights, 5)));
  },
};

/** First layer and bias, second layer and bias, head, skip, head's bias. */
function weightShapes({
  patchSteps,
  patchCount,
  hiddenUnits,
  horizonSteps,
  levels,
}: NetShape): readonly WeightShape[] {
  const windowSteps = patchSteps * patchCount;
  const outputs = horizonSteps * levels.length;
  return [
    [windowSteps, hiddenUnits],
    [1, hiddenUnits],
    [hiddenUnits, hiddenUnits],
    [1, hiddenUnits],
    [hiddenUnits, outputs],
    [windowSteps, outputs],
    [1, outputs],
  ];
}
