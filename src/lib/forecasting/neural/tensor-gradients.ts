import type * as TensorFlow from '@tensorflow/tfjs-core';

type TensorLibrary = typeof TensorFlow;
type Gradient = TensorFlow.GradConfig;
type Tensor = TensorFlow.Tensor;

/**
 * Registers the gradients of the operations that our networks are made of, and only of those: the core package comes
 * without any (its own list is in files that Node cannot import). Registering again replaces what was there.
 *
 * That of the matrix product is not the stock one, which asks the WebAssembly kernel for `transposeA`, a path some 15
 * times slower than its plain one: here the operand is transposed first. Networks must call `matMul` and never
 * `fused.matMul`, whose gradient is its own.
 */
export function registerGradients(tf: TensorLibrary): void {
  for (const gradient of [matrixProduct(tf), ...elementwise(tf), ...rearranging(tf)])
    tf.registerGradient(gradient);
}

/** Transposed operands are not needed and refused. */
export function matrixProduct(tf: TensorLibrary): Gradient {
  return {
    kernelName: tf.BatchMatMul,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved, attributes) => {
      if (attributes['transposeA'] === true || attributes['transposeB'] === true) {
        throw new Error('broken invariant: no gradient for a transposed matrix product');
      }
      const [slope, a, b] = [single(dy), at(saved, 0), at(saved, 1)];
      return {
        a: () => tf.matMul(slope, swapLast(tf, b)),
        b: () => tf.matMul(swapLast(tf, a), slope),
      };
    },
  };
}

function elementwise(tf: TensorLibrary): readonly Gradient[] {
  return [
    {
      kernelName: tf.Add,
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, saved) => ({
        a: () => sumTo(tf, single(dy), at(saved, 0).shape),
        b: () => sumTo(tf, single(dy), at(saved, 1).shape),
      }),
    },
    {
      kernelName: tf.Sub,
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, saved) => ({
        a: () => sumTo(tf, single(dy), at(saved, 0).shape),
        b: () => sumTo(tf, tf.neg(single(dy)), at(saved, 1).shape),
      }),
    },
    {
      kernelName: tf.Multiply,
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, saved) => ({
        a: () => sumTo(tf, tf.mul(single(dy), at(saved, 1)), at(saved, 0).shape),
        b: () => sumTo(tf, tf.mul(single(dy), at(saved, 0)), at(saved, 1).shape),
      }),
    },
    {
      kernelName: tf.Abs,
      inputsToSave: ['x'],
      gradFunc: (dy, saved) => ({x: () => tf.mul(single(dy), tf.sign(at(saved, 0)))}),
    },
    {
      kernelName: tf.Relu,
      inputsToSave: ['x'],
      gradFunc: (dy, saved) => ({x: () => tf.mul(single(dy), tf.step(at(saved, 0)))}),
    },
    {
      kernelName: tf.Sigmoid,
      outputsToSave: [true],
      gradFunc: (dy, saved) => ({
        x: () => tf.mul(single(dy), tf.sub(at(saved, 0), tf.square(at(saved, 0)))),
      }),
    },
    {
      kernelName: tf.Tanh,
      outputsToSave: [true],
      gradFunc: (dy, saved) => ({
        x: () => tf.mul(single(dy), tf.sub(tf.scalar(1), tf.square(at(saved, 0)))),
      }),
    },
  ];
}

function rearranging(tf: TensorLibrary): readonly Gradient[] {
  return [
    {
      // Of all elements at once, the only way we sum.
      kernelName: tf.Sum,
      inputsToSave: ['x'],
      gradFunc: (dy, saved) => ({x: () => tf.mul(tf.onesLike(at(saved, 0)), single(dy))}),
    },
    {
      kernelName: tf.SplitV,
      gradFunc: (dy, _saved, attributes) => ({
        x: () => tf.concat(Array.isArray(dy) ? dy : [dy], Number(attributes['axis'])),
      }),
    },
    {
      kernelName: tf.Reshape,
      inputsToSave: ['x'],
      gradFunc: (dy, saved) => ({x: () => tf.reshape(single(dy), at(saved, 0).shape)}),
    },
  ];
}

/** Sums out the axes along which a smaller operand was repeated. */
function sumTo(tf: TensorLibrary, slope: Tensor, shape: number[]): Tensor {
  const missing = slope.shape.length - shape.length;
  const repeated = slope.shape.flatMap((size, axis) => {
    return axis < missing || (shape[axis - missing] === 1 && size !== 1) ? [axis] : [];
  });
  return repeated.length === 0 ? slope : tf.reshape(tf.sum(slope, repeated), shape);
}

function swapLast(tf: TensorLibrary, matrix: Tensor): Tensor {
  const axes = matrix.shape.map((_, axis) => axis);
  return tf.transpose(matrix, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
}

function single(slope: Tensor | Tensor[]): Tensor {
  return Array.isArray(slope) ? at(slope, 0) : slope;
}

function at(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Error(`broken invariant: no tensor ${index} was saved`);
  return tensor;
}
