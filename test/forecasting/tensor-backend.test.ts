import {describe, expect, it, vi} from 'vitest';

import {openTensorBackend, type PackageImporter} from '../../src/lib/forecasting/neural/tensor-backend.js';

/** The real packages, except for those that a test stands in for. */
function importing(stands: Readonly<Record<string, () => unknown>>): PackageImporter {
  return async (name) => {
    const stand = stands[name];
    if (stand) return stand();
    const loaded: unknown = await import(name);
    return loaded;
  };
}

function failWith(message: string, code?: string): () => never {
  return () => {
    throw Object.assign(new Error(message), code === undefined ? {} : {code});
  };
}

const NATIVE = '@tensorflow/tfjs-node';
const WASM = '@tensorflow/tfjs-backend-wasm';

/** Looks like the native package, and can be made to fail where the real one is known to. */
function nativeStand(product: () => unknown): Record<string, unknown> {
  const tensor = {data: () => Promise.resolve([product()]), dispose: () => undefined};
  return {
    setBackend: () => Promise.resolve(true),
    enableProdMode: () => undefined,
    registerGradient: () => undefined,
    tidy: (action: () => unknown) => action(),
    tensor2d: () => tensor,
    matMul: () => {
      product();
      return tensor;
    },
  };
}

describe('the neural back end', () => {
  it('is native where the package loads and multiplies', async () => {
    const backend = await openTensorBackend(importing({[NATIVE]: () => nativeStand(() => 11)}));
    expect(backend).toMatchObject({name: 'node', refused: []});
  });

  it.each([
    [
      'the package is absent',
      failWith(`Cannot find package '${NATIVE}'`, 'ERR_MODULE_NOT_FOUND'),
      /Cannot find package/,
    ],
    [
      'its library was not downloaded',
      failWith('The Node.js native addon module (tfjs_binding.node) can not be found'),
      /native addon/,
    ],
    [
      'its first operation fails',
      () =>
        nativeStand(() => {
          throw new TypeError('(0 , util_1.isNullOrUndefined) is not a function');
        }),
      /isNullOrUndefined/,
    ],
    ['it computes wrongly', () => nativeStand(() => 12), /a matrix product came out as 12/],
    ['it is something else', () => ({default: 1}), /is not TensorFlow\.js/],
  ])('is WebAssembly when %s', async (_, stand, reason) => {
    const backend = await openTensorBackend(importing({[NATIVE]: stand}));
    expect(backend.name).toBe('wasm');
    expect(backend.refused).toEqual([expect.stringMatching(reason)]);
    expect(backend.tf.getBackend()).toBe('wasm');
  });

  it('is plain JavaScript when WebAssembly does not load either, and prints no banner', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const stands = {[NATIVE]: failWith('absent'), [WASM]: failWith('no WebAssembly here')};
    const backend = await openTensorBackend(importing(stands));
    expect(backend).toMatchObject({name: 'cpu', refused: ['node: absent', 'wasm: no WebAssembly here']});
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('takes off the handlers that WebAssembly hangs on the whole process, and no others', async () => {
    const own = (): void => undefined;
    process.on('unhandledRejection', own);
    const handlers = (): readonly unknown[] => [
      ...process.listeners('uncaughtException'),
      ...process.listeners('unhandledRejection'),
    ];
    const before = handlers();
    const core = {
      ...nativeStand(() => 11),
      setBackend: () => {
        process.on('uncaughtException', () => undefined);
        process.on('unhandledRejection', () => undefined);
        return Promise.resolve(true);
      },
    };
    const stands = {[NATIVE]: failWith('absent'), '@tensorflow/tfjs-core': () => core};
    expect((await openTensorBackend(importing(stands))).name).toBe('wasm');
    expect(handlers()).toEqual(before);
    process.off('unhandledRejection', own);
  });

  it('says why when nothing works', async () => {
    const nothing = openTensorBackend(() => Promise.reject(new Error('gone')));
    await expect(nothing).rejects.toThrow('no neural back end works (node: gone; wasm: gone; cpu: gone)');
  });
});
