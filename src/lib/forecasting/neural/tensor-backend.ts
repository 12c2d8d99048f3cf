import type * as TensorFlow from '@tensorflow/tfjs-core';
import {createRequire} from 'node:module';
import path from 'node:path';

import {errorText} from '../../core/index.js';
import {registerGradients} from './tensor-gradients.js';

export type TensorLibrary = typeof TensorFlow;

/** TensorFlow.js with a back end that works on this machine. */
export interface TensorBackend {
  readonly tf: TensorLibrary;
  /** `node` native, `wasm` WebAssembly on one thread, `cpu` plain JavaScript. */
  readonly name: 'node' | 'wasm' | 'cpu';
  /** Why the better ones were not taken: `node: Cannot find package ...`. */
  readonly refused: readonly string[];
}

/** Loads a package by name; given so that tests can stand in for packages that are absent or broken. */
export type PackageImporter = (name: string) => Promise<unknown>;

/**
 * The first back end that loads and multiplies two matrices right: native, WebAssembly, plain JavaScript. Anything
 * thrown on the way means that it is not available: the native package may be absent (ERR_MODULE_NOT_FOUND), there
 * without its library (an error without code), or load and fail at the first operation. Gradients are registered.
 */
export async function openTensorBackend(load: PackageImporter = importPackage): Promise<TensorBackend> {
  const refused: string[] = [];
  for (const [name, open] of OPENERS) {
    try {
      const tf = await open(load);
      await probe(tf);
      return {tf, name, refused};
    } catch (error) {
      refused.push(`${name}: ${errorText(error).split('\n', 1)[0] ?? ''}`);
    }
  }
  throw new Error(`broken invariant: no neural back end works (${refused.join('; ')})`);
}

type Opener = (load: PackageImporter) => Promise<TensorLibrary>;

const OPENERS: readonly (readonly [TensorBackend['name'], Opener])[] = [
  ['node', (load) => useBackend(load, '@tensorflow/tfjs-node', 'tensorflow')],
  [
    'wasm',
    async (load) => {
      const wasm = await load('@tensorflow/tfjs-backend-wasm');
      if (!isWasmPackage(wasm)) throw new Error('the package has no setWasmPaths');
      // Without this it looks for its .wasm files beside the program that was started.
      const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(`${path.dirname(main)}${path.sep}`);
      return withoutNewHandlers(() => useBackend(load, '@tensorflow/tfjs-core', 'wasm'));
    },
  ],
  [
    'cpu',
    async (load) => {
      await load('@tensorflow/tfjs-backend-cpu');
      return useBackend(load, '@tensorflow/tfjs-core', 'cpu');
    },
  ],
];

async function useBackend(load: PackageImporter, name: string, backend: string): Promise<TensorLibrary> {
  const tf = await load(name);
  if (!isTensorLibrary(tf)) throw new Error(`${name} is not TensorFlow.js`);
  // Production mode keeps the cpu back end from printing a banner; it drops no check that we rely on.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`back end ${backend} did not start`);
  registerGradients(tf);
  return tf;
}

/**
 * Emscripten's start-up code hangs handlers on the whole process that throw every uncaught error again, from a line
 * of many kilobytes that Node then prints. They are taken off.
 */
async function withoutNewHandlers<T>(action: () => Promise<T>): Promise<T> {
  const exceptions = new Set(process.listeners('uncaughtException'));
  const rejections = new Set(process.listeners('unhandledRejection'));
  try {
    return await action();
  } finally {
    for (const listener of process.listeners('uncaughtException')) {
      if (!exceptions.has(listener)) process.off('uncaughtException', listener);
    }
    for (const listener of process.listeners('unhandledRejection')) {
      if (!rejections.has(listener)) process.off('unhandledRejection', listener);
    }
  }
}

/** One product of two matrices, read back: the least that a back end must be able to do. */
async function probe(tf: TensorLibrary): Promise<void> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([1, 2], [1, 2]), tf.tensor2d([3, 4], [2, 1])));
  const [value] = await product.data();
  product.dispose();
  if (value !== 11) throw new Error(`a matrix product came out as ${String(value)}`);
}

// By literal names, so that tools see what is used; the optional one may be absent, which the compiler would refuse.
const IMPORTS: Readonly<Record<string, () => Promise<unknown>>> = {
  '@tensorflow/tfjs-core': () => import('@tensorflow/tfjs-core'),
  '@tensorflow/tfjs-backend-wasm': () => import('@tensorflow/tfjs-backend-wasm'),
  '@tensorflow/tfjs-backend-cpu': () => import('@tensorflow/tfjs-backend-cpu'),
};

async function importPackage(name: string): Promise<unknown> {
  const loaded: unknown = await (IMPORTS[name]?.() ?? import(name));
  return loaded;
}

// The packages are foreign and one of them optional: what we call is looked for before it is believed to be there.
function isTensorLibrary(loaded: unknown): loaded is TensorLibrary {
  const needed = ['setBackend', 'enableProdMode', 'registerGradient', 'matMul', 'tidy', 'tensor2d'];
  return needed.every((name) => typeof property(loaded, name) === 'function');
}

function isWasmPackage(loaded: unknown): loaded is {setWasmPaths(folder: string): void} {
  return typeof property(loaded, 'setWasmPaths') === 'function';
}

function property(loaded: unknown, name: string): unknown {
  return typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, name) : undefined;
}
