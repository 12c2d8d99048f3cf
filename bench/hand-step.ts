import type {NetShape} from '../src/lib/forecasting/neural/net.js';
import {createWasmGemm, type WasmGemm} from './wasm-gemm.js';

export interface HandBatch {
  readonly rows: number;
  readonly windows: Float32Array;
  readonly outcomes: Float32Array;
  readonly rate: number;
}

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** A matrix in the kernel's memory. */
interface Matrix {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * The training step of `mlpNet` with `meanPinballLoss` and Adam, always on the same batch, written by hand: gradients by the
 * chain rule, products by `createWasmGemm`, the rest plain loops. Returns a function that makes one step and gives the loss before it.
 * `start` as `mlpNet.weights` lists them.
 */
export async function createHandStep(
  shape: NetShape,
  start: readonly Float32Array[],
  batch: HandBatch,
): Promise<() => number> {
  const {rows} = batch;
  const [inputs, hidden] = [shape.patchSteps * shape.patchCount, shape.hiddenUnits];
  const outputs = shape.horizonSteps * shape.levels.length;
  const gemm = await createWasmGemm(4_000_000);
  const place = placer(gemm);
  const [w1, b1, w2, b2, head, skip, bias] = [
    ...[place(inputs, hidden), place(1, hidden), place(hidden, hidden), place(1, hidden)],
    ...[place(hidden, outputs), place(inputs, outputs), place(1, outputs)],
  ] as const;
  const weights = [w1, b1, w2, b2, head, skip, bias];
  for (const [index, weight] of weights.entries()) weight.values.set(start[index] ?? []);
  const slopes = weights.map((weight) => place(weight.rows, weight.columns));
  const [dw1, db1, dw2, db2, dHead, dSkip, dBias] = slopes;
  const moments = weights.map(({values}) => ({
    first: new Float32Array(values.length),
    second: new Float32Array(values.length),
  }));
  const x = place(rows, inputs);
  x.values.set(batch.windows);
  const [h1, h2, dh1, dh2] = [
    place(rows, hidden),
    place(rows, hidden),
    place(rows, hidden),
    place(rows, hidden),
  ];
  const [y, skipped] = [place(rows, outputs), place(rows, outputs)];
  const [headTurned, w2Turned] = [place(outputs, hidden), place(hidden, hidden)];
  if (!dw1 || !db1 || !dw2 || !db2 || !dHead || !dSkip || !dBias) throw new Error('seven weights');
  let updates = 0;
  return () => {
    product(gemm, x, w1, h1);
    rectify(h1.values, b1.values);
    product(gemm, h1, w2, h2);
    rectify(h2.values, b2.values);
    product(gemm, h2, head, y);
    product(gemm, x, skip, skipped);
    const loss = lossAndSlope(y.values, skipped.values, bias.values, shape.levels, batch.outcomes);
    productOfTurned(gemm, h2, y, dHead);
    productOfTurned(gemm, x, y, dSkip);
    sumRows(y, dBias.values);
    turn(head, headTurned);
    product(gemm, y, headTurned, dh2);
    stopWhereRectified(dh2.values, h2.values);
    productOfTurned(gemm, h1, dh2, dw2);
    sumRows(dh2, db2.values);
    turn(w2, w2Turned);
    product(gemm, dh2, w2Turned, dh1);
    stopWhereRectified(dh1.values, h1.values);
    productOfTurned(gemm, x, dh1, dw1);
    sumRows(dh1, db1.values);
    updates += 1;
    for (const [index, {values}] of weights.entries()) {
      const [slope, moment] = [slopes[index], moments[index]];
      if (slope && moment) update(values, slope.values, moment, batch.rate, updates);
    }
    return loss;
  };
}

function placer({floats}: WasmGemm): (rows: number, columns: number) => Matrix {
  let next = 0;
  return (rows, columns) => {
    const at = next;
    next += rows * columns;
    if (next > floats.length) throw new Error('the kernel has too little memory');
    return {at, rows, columns, values: floats.subarray(at, next)};
  };
}

function product(gemm: WasmGemm, a: Matrix, b: Matrix, c: Matrix): void {
  gemm.multiply({
    ...{a: a.at, aRow: a.columns, aStep: 1, b: b.at, c: c.at},
    ...{rows: a.rows, depth: a.columns, columns: b.columns},
  });
}

/** `C = A' B` */
function productOfTurned(gemm: WasmGemm, a: Matrix, b: Matrix, c: Matrix): void {
  gemm.multiply({
    ...{a: a.at, aRow: 1, aStep: a.columns, b: b.at, c: c.at},
    ...{rows: a.columns, depth: a.rows, columns: b.columns},
  });
}

function turn(from: Matrix, to: Matrix): void {
  for (let row = 0; row < from.rows; row += 1) {
    for (let column = 0; column < from.columns; column += 1)
      to.values[column * from.rows + row] = from.values[row * from.columns + column] ?? 0;
  }
}

function rectify(values: Float32Array, bias: Float32Array): void {
  for (let from = 0; from < values.length; from += bias.length) {
    for (let column = 0; column < bias.length; column += 1)
      values[from + column] = Math.max(0, (values[from + column] ?? 0) + (bias[column] ?? 0));
  }
}

function stopWhereRectified(slope: Float32Array, values: Float32Array): void {
  for (let at = 0; at < slope.length; at += 1) if (!((values[at] ?? 0) > 0)) slope[at] = 0;
}

function sumRows({values, columns}: Matrix, sums: Float32Array): void {
  sums.fill(0);
  for (let from = 0; from < values.length; from += columns) {
    for (let column = 0; column < columns; column += 1)
      sums[column] = (sums[column] ?? 0) + (values[from + column] ?? 0);
  }
}

/** The mean pinball loss of `y + skipped + bias`; its slope is written into `y`. */
function lossAndSlope(
  y: Float32Array,
  skipped: Float32Array,
  bias: Float32Array,
  levels: readonly number[],
  outcomes: Float32Array,
): number {
  const tilts = Float64Array.from(bias, (_, column) => levels[column % levels.length] ?? 0.5);
  let total = 0;
  for (let from = 0; from < y.length; from += bias.length) {
    for (let column = 0; column < bias.length; column += 1) {
      const at = from + column;
      const foreseen = (y[at] ?? 0) + (skipped[at] ?? 0) + (bias[column] ?? 0);
      const d = (outcomes[at] ?? 0) - foreseen;
      const weight = d > 0 ? (tilts[column] ?? 0) : (tilts[column] ?? 0) - 1;
      total += weight * d;
      y[at] = -weight / y.length;
    }
  }
  return total / y.length;
}

function update(
  values: Float32Array,
  slopes: Float32Array,
  {first, second}: {readonly first: Float32Array; readonly second: Float32Array},
  rate: number,
  updates: number,
): void {
  const stepSize = (rate * Math.sqrt(1 - BETA2 ** updates)) / (1 - BETA1 ** updates);
  for (let at = 0; at < values.length; at += 1) {
    const slope = slopes[at] ?? 0;
    const one = BETA1 * (first[at] ?? 0) + (1 - BETA1) * slope;
    const two = BETA2 * (second[at] ?? 0) + (1 - BETA2) * slope * slope;
    first[at] = one;
    second[at] = two;
    values[at] = (values[at] ?? 0) - (stepSize * one) / (Math.sqrt(two) + EPSILON);
  }
}
