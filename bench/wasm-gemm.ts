/**
 * A matrix product in hand-written WebAssembly with 128-bit vectors, assembled here byte by byte: what a training step of our
 * TensorFlow.js back end is measured against (`tensor-step.ts`).
 */
export interface WasmGemm {
  /** 32-bit floats of the module's memory; offsets below count in floats. */
  readonly floats: Float32Array;
  /**
   * `C = A B`, C [rows x columns] and B [depth x columns] by rows, A's element (i, k) at `a + i * aRow + k * aStep`, so that a
   * transposed A costs nothing. Rows a multiple of 4, columns of 8; columns of C are written whole.
   */
  multiply(product: {
    readonly a: number;
    readonly aRow: number;
    readonly aStep: number;
    readonly b: number;
    readonly c: number;
    readonly rows: number;
    readonly depth: number;
    readonly columns: number;
  }): void;
}

// The compiler's library has WebAssembly only together with a browser's globals.
declare global {
  const WebAssembly: {
    readonly Memory: new (limits: {readonly initial: number}) => {readonly buffer: ArrayBuffer};
    instantiate(
      bytes: Uint8Array,
    ): Promise<{readonly instance: {readonly exports: Readonly<Record<string, unknown>>}}>;
  };
}

const PAGE_BYTES = 65_536;
const ROWS = 4;
const VECTORS = 2;

/** Compiles the kernel with a memory of so many floats. */
export async function createWasmGemm(floatCount: number): Promise<WasmGemm> {
  const pages = Math.ceil((floatCount * 4) / PAGE_BYTES);
  const {instance} = await WebAssembly.instantiate(moduleBytes(pages));
  const {memory, multiply} = instance.exports;
  if (!(memory instanceof WebAssembly.Memory) || !isKernel(multiply))
    throw new Error('the kernel exports something else');
  return {
    floats: new Float32Array(memory.buffer),
    multiply: ({a, aRow, aStep, b, c, rows, depth, columns}) => {
      if (rows % ROWS !== 0 || columns % (4 * VECTORS) !== 0)
        throw new Error(`no kernel for ${rows} x ${columns}`);
      multiply(4 * a, 4 * aRow, 4 * aStep, 4 * b, 4 * c, rows, depth, 4 * columns);
    },
  };
}

function isKernel(exported: unknown): exported is (...numbers: readonly number[]) => void {
  return typeof exported === 'function';
}

// Opcodes of the WebAssembly core specification, 5.4.
const I32 = 0x7f;
const V128 = 0x7b;
const OP = {
  ...{block: 0x02, loop: 0x03, end: 0x0b, branchIf: 0x0d, get: 0x20, set: 0x21, tee: 0x22},
  ...{const: 0x41, lessUnsigned: 0x49, add: 0x6a, subtract: 0x6b, multiply: 0x6c},
} as const;
const EMPTY = 0x40;
const VECTOR = {load: 0, loadSplat: 9, store: 11, const: 12, add: 0xe4, multiply: 0xe6} as const;

type Code = readonly number[];

function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  const low = value & 127;
  const rest = value >> 7;
  const isLast = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
  return isLast ? [low] : [low | 128, ...signed(rest)];
}

function vector(code: number, ...immediate: Code): Code {
  return [0xfd, ...unsigned(code), ...immediate];
}

function get(local: number): Code {
  return [OP.get, ...unsigned(local)];
}

function set(local: number): Code {
  return [OP.set, ...unsigned(local)];
}

function constant(value: number): Code {
  return [OP.const, ...signed(value)];
}

/** local = local + other */
function increase(local: number, by: Code): Code {
  return [...get(local), ...by, OP.add, ...set(local)];
}

/** Repeats the body until local >= bound; at least once. */
function repeat(body: Code, local: number, bound: Code): Code {
  return [OP.loop, EMPTY, ...body, ...get(local), ...bound, OP.lessUnsigned, OP.branchIf, 0, OP.end];
}

function section(id: number, ...content: readonly Code[]): Code {
  const bytes = content.flat();
  return [id, ...unsigned(bytes.length), ...bytes];
}

function named(name: string, kind: number, index: number): Code {
  return [name.length, ...Buffer.from(name, 'ascii'), kind, index];
}

function moduleBytes(pages: number): Uint8Array<ArrayBuffer> {
  const code = body();
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 8, I32, I32, I32, I32, I32, I32, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...unsigned(pages)]),
    ...section(7, [2], named('memory', 2, 0), named('multiply', 0, 0)),
    ...section(10, [1], unsigned(code.length), code),
  ]);
}

// Parameters, in bytes but for rows and depth, then locals.
const [A, A_ROW, A_STEP, B, C, TOTAL_ROWS, DEPTH, C_ROW] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const [ROW, COLUMN, STEP, A_AT, B_AT, C_AT] = [8, 9, 10, 11, 12, 13] as const;
const FIRST_SUM = 14;
const FIRST_B = FIRST_SUM + ROWS * VECTORS;
const SPLAT = FIRST_B + VECTORS;

/** For every 4 rows, for every 8 columns: eight sums of four floats kept in registers over the whole depth. */
function body(): Code {
  const sums = Array.from({length: ROWS * VECTORS}, (_, index) => FIRST_SUM + index);
  const zero = [...vector(VECTOR.const, ...new Array<number>(16).fill(0))];
  const alongDepth = [
    ...Array.from({length: VECTORS}, (_, at) => [
      ...get(B_AT),
      ...vector(VECTOR.load, 2, 16 * at),
      ...set(FIRST_B + at),
    ]).flat(),
    ...Array.from({length: ROWS}, (_, row) => addRow(row)).flat(),
    ...increase(A_AT, get(A_STEP)),
    ...increase(B_AT, get(C_ROW)),
    ...increase(STEP, constant(1)),
  ];
  const tile = [
    ...sums.flatMap((sum) => [...zero, ...set(sum)]),
    ...[...get(A), ...get(ROW), ...get(A_ROW), OP.multiply, OP.add, ...set(A_AT)],
    ...[...get(B), ...get(COLUMN), OP.add, ...set(B_AT)],
    ...[...constant(0), ...set(STEP)],
    ...repeat(alongDepth, STEP, get(DEPTH)),
    ...[...get(C), ...get(ROW), ...get(C_ROW), OP.multiply, OP.add, ...get(COLUMN), OP.add, ...set(C_AT)],
    ...Array.from({length: ROWS}, (_, row) => storeRow(row)).flat(),
    ...increase(COLUMN, constant(16 * VECTORS)),
  ];
  const rows = [
    ...[...constant(0), ...set(COLUMN)],
    ...repeat(tile, COLUMN, get(C_ROW)),
    ...increase(ROW, constant(ROWS)),
  ];
  const locals = [2, 6, I32, ROWS * VECTORS + VECTORS + 1, V128];
  return [...locals, ...repeat(rows, ROW, get(TOTAL_ROWS)), OP.end];
}

function addRow(row: number): Code {
  const address = [...get(A_AT), ...get(A_ROW), ...constant(row), OP.multiply, OP.add];
  return [
    ...address,
    ...vector(VECTOR.loadSplat, 2, 0),
    ...set(SPLAT),
    ...Array.from({length: VECTORS}, (_, at) => {
      const sum = FIRST_SUM + row * VECTORS + at;
      const product = [...get(SPLAT), ...get(FIRST_B + at), ...vector(VECTOR.multiply)];
      return [...get(sum), ...product, ...vector(VECTOR.add), ...set(sum)];
    }).flat(),
  ];
}

function storeRow(row: number): Code {
  const stores = Array.from({length: VECTORS}, (_, at) => [
    ...get(C_AT),
    ...get(FIRST_SUM + row * VECTORS + at),
    ...vector(VECTOR.store, 2, 16 * at),
  ]).flat();
  return [...stores, ...increase(C_AT, get(C_ROW))];
}
