import type * as TensorFlow from '@tensorflow/tfjs-core';
import {require as requireSource} from 'tsx/cjs/api';
import {beforeAll, describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {gruNet} from '../../src/lib/forecasting/neural/gru-net.js';
import {lstmNet} from '../../src/lib/forecasting/neural/lstm-net.js';
import {mlpNet} from '../../src/lib/forecasting/neural/mlp-net.js';
import {
  firstWeights,
  joinWeights,
  meanPinballLoss,
  type NetShape,
  part,
  splitWeights,
} from '../../src/lib/forecasting/neural/net.js';
import {openTensorBackend, type TensorLibrary} from '../../src/lib/forecasting/neural/tensor-backend.js';
import {matrixProduct} from '../../src/lib/forecasting/neural/tensor-gradients.js';

let tf: TensorLibrary;
beforeAll(async () => {
  ({tf} = await openTensorBackend());
});

function normals(count: number, seed: string): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({length: count}, () => random.normal());
}

/** The values of both gradients of sum(weight x (a b)). */
function slopesOf(
  gradient: TensorFlow.GradConfig,
  shapes: readonly (readonly number[])[],
): readonly number[][] {
  tf.registerGradient(gradient);
  const [a, b, weight] = shapes.map((shape, index) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return tf.tensor(normals(size, `slopes/${index}`), [...shape]);
  });
  if (!a || !b || !weight) throw new Error('three shapes are needed');
  const slopes = tf.grads((left: TensorFlow.Tensor, right: TensorFlow.Tensor) =>
    tf.sum(tf.mul(weight, tf.matMul(left, right))),
  )([a, b]);
  tf.registerGradient(matrixProduct(tf));
  return slopes.map((slope) => [...slope.dataSync()]);
}

function hasGradient(file: unknown): file is {batchMatMulGradConfig: TensorFlow.GradConfig} {
  return typeof file === 'object' && file !== null && 'batchMatMulGradConfig' in file;
}

describe('the gradient of the matrix product', () => {
  it.each([
    [
      [3, 4],
      [4, 5],
      [3, 5],
    ],
    [
      [2, 3, 4],
      [2, 4, 5],
      [2, 3, 5],
    ],
  ])('is the stock one, for %j times %j', (...shapes) => {
    // The package's own file has no extension in its imports: only a CommonJS loader can read it.
    const stock: unknown = requireSource(
      '@tensorflow/tfjs-core/dist/gradients/BatchMatMul_grad',
      import.meta.url,
    );
    if (!hasGradient(stock)) throw new Error('the package no longer has its gradient there');
    const {batchMatMulGradConfig} = stock;
    const [ours, theirs] = [slopesOf(matrixProduct(tf), shapes), slopesOf(batchMatMulGradConfig, shapes)];
    for (const [index, slopes] of ours.entries()) {
      for (const [place, slope] of slopes.entries())
        expect(slope).toBeCloseTo(theirs[index]?.[place] ?? NaN, 5);
    }
  });

  it('refuses transposed operands, for which it would be wrong', () => {
    const square = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const slope = tf.grad((a: TensorFlow.Tensor) => tf.sum(tf.matMul(a, square, true)));
    expect(() => slope(square)).toThrow(/transposed/);
  });
});

describe.each([lstmNet, gruNet, mlpNet])('the network $name', (kind) => {
  const shape: NetShape = {
    patchSteps: 3,
    patchCount: 2,
    hiddenUnits: 3,
    horizonSteps: 4,
    levels: [0.1, 0.5, 0.9],
  };
  const rows = 6;
  const windows = normals(rows * 6, 'windows');
  const patches = Float32Array.from({length: rows * 6}, (_, index) => {
    const [patch, row, step] = [Math.floor(index / (rows * 3)), Math.floor(index / 3) % rows, index % 3];
    return windows[row * 6 + patch * 3 + step] ?? 0;
  });
  const outcomes = normals(rows * 12, 'outcomes');

  function start(): Float32Array {
    const joined = joinWeights(firstWeights(kind, shape, 3, createRandom(4)));
    const noise = normals(joined.length, 'noise');
    return joined.map((value, index) => value + 0.3 * (noise[index] ?? 0));
  }

  function loss(...weights: TensorFlow.Tensor[]): TensorFlow.Scalar {
    const quantiles = kind.quantiles(tf, shape, weights, {rows, windows, patches});
    return tf.reshape(meanPinballLoss(tf, shape, quantiles, tf.tensor2d(outcomes, [rows, 12])), []);
  }

  function tensorsOf(joined: Float32Array): TensorFlow.Tensor[] {
    const sizes = kind.weights(shape);
    const parts = splitWeights(sizes, joined);
    if (!parts) throw new Error('the weights do not belong to the shape');
    return parts.map((values, index) => {
      const {rows: high, columns} = part(sizes, index);
      return tf.tensor2d(values, [high, columns]);
    });
  }

  it('has the slopes that finite differences show, for every weight', () => {
    const joined = start();
    const {grads} = tf.valueAndGrads(loss)(tensorsOf(joined));
    const slopes = grads.flatMap((slope) => [...slope.dataSync()]);
    expect(slopes).toHaveLength(joined.length);
    // 32-bit floats and the kinks of the pinball loss bound what a difference can show.
    const step = 2e-3;
    let worst = 0;
    for (let index = 0; index < joined.length; index += 1) {
      const at = (shift: number): number => {
        const moved = Float32Array.from(joined);
        moved[index] = (moved[index] ?? 0) + shift;
        return tf.tidy(() => loss(...tensorsOf(moved)).dataSync()[0] ?? Number.NaN);
      };
      worst = Math.max(worst, Math.abs((at(step) - at(-step)) / (2 * step) - (slopes[index] ?? Number.NaN)));
    }
    expect(worst).toBeLessThan(6e-3);
    expect(Math.max(...slopes.map(Math.abs))).toBeGreaterThan(0.05);
  });

  it('measures the mean pinball loss', () => {
    const [y, q] = [normals(12, 'y'), normals(12, 'q')];
    const measured = meanPinballLoss(
      tf,
      shape,
      tf.tensor2d(q, [1, 12]),
      tf.tensor2d(y, [1, 12]),
    ).dataSync()[0];
    const expected = Array.from(y, (value, column) => {
      const [d, level] = [value - (q[column] ?? 0), shape.levels[column % 3] ?? 0];
      return d >= 0 ? level * d : (level - 1) * d;
    });
    expect(measured).toBeCloseTo(expected.reduce((total, value) => total + value, 0) / 12, 6);
  });

  it('repeats the season before it has learned anything', () => {
    const weights = tensorsOf(joinWeights(firstWeights(kind, shape, 3, createRandom(4))));
    const output = kind.quantiles(tf, shape, weights, {rows, windows, patches}).dataSync();
    for (let step = 0; step < 4; step += 1) {
      expect(output[step * 3 + 1]).toBeCloseTo(windows[3 + (step % 3)] ?? NaN, 6);
    }
  });

  it('joins and splits weights without loss, and refuses a wrong number of them', () => {
    const joined = start();
    const parts = splitWeights(kind.weights(shape), joined);
    expect(parts && joinWeights(parts)).toEqual(joined);
    expect(splitWeights(kind.weights(shape), joined.subarray(1))).toBeUndefined();
  });
});
