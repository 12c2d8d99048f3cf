import {type Highs, type InitOptions, type Model} from 'highs';

import {invariant} from '../core/index.js';

/** A linear program over the reserves alone: the least total within the room that satisfies all rows added so far. */
export interface ReserveProgram {
  /** Demands that these hosts together hold at least so many bytes. */
  addRow(hosts: readonly number[], atLeastBytes: number): void;
  /** Bytes a host, not yet whole: within about 1e-10 of the largest room of the optimum. */
  solve(): Float64Array;
  dispose(): void;
}

/**
 * Among reserves of the same total, those that fill every host to the same share of its room are preferred: the room
 * is cut into steps, each dearer than the one before by so little that all steps together add a millionth.
 */
const STEPS = 8;
const COST = 1000;
const DEARER = (COST * 1e-6) / STEPS;
/** Rooms are scaled to about this, far above the solver's absolute tolerance of 1e-7. */
const SCALED_ROOM = 2 ** 12;

let loading: Promise<Highs> | undefined;

/** An empty program on HiGHS's dual simplex, which keeps its basis between solves. The caller must dispose of it. */
export async function createReserveProgram(roomBytes: Float64Array): Promise<ReserveProgram> {
  const highs = await (loading ??= loadHighs());
  const largest = Math.max(1, ...roomBytes);
  // A power of two, so that scaling loses no bit and a doubled cluster gives the same program.
  const unit = 2 ** Math.ceil(Math.log2(largest)) / SCALED_ROOM;
  const hostCount = roomBytes.length;
  const model = highs.createModel();
  model.options.set({output_flag: false});
  addColumns(model, roomBytes, unit);
  return {
    addRow: (hosts, atLeastBytes) => {
      const indices = hosts.flatMap((host) => Array.from({length: STEPS}, (_, step) => host * STEPS + step));
      const values = indices.map(() => 1);
      model.addRow(atLeastBytes / unit, highs.infinity, {indices, values});
    },
    solve: () => {
      model.run();
      const status = model.getModelStatus();
      invariant(
        status === highs.constants.modelStatus.optimal,
        `the reserve program ended with status ${status}`,
      );
      const {colValue} = model.getSolution();
      return Float64Array.from({length: hostCount}, (_, host) => {
        const steps = colValue.subarray(host * STEPS, (host + 1) * STEPS);
        return steps.reduce((total, value) => total + value, 0) * unit;
      });
    },
    dispose: () => {
      model.dispose();
    },
  };
}

async function loadHighs(): Promise<Highs> {
  // Typed as its CommonJS build, whose loader is one `default` further down than in the build that is loaded here.
  const {default: loader}: {readonly default: unknown} = await import('highs');
  invariant(isLoader(loader), 'highs exports its loader by default');
  return loader();
}

function isLoader(value: unknown): value is (options?: InitOptions) => Promise<Highs> {
  return typeof value === 'function';
}

function addColumns(model: Model, roomBytes: Float64Array, unit: number): void {
  const numCols = roomBytes.length * STEPS;
  model.addCols({
    cost: Float64Array.from({length: numCols}, (_, column) => COST + DEARER * (column % STEPS)),
    lower: new Float64Array(numCols),
    upper: Float64Array.from(
      {length: numCols},
      (_, column) => (roomBytes[Math.floor(column / STEPS)] ?? 0) / unit / STEPS,
    ),
    matrix: {
      format: 'csc',
      numRows: 0,
      numCols,
      starts: new Int32Array(numCols + 1),
      indices: new Int32Array(0),
      values: new Float64Array(0),
    },
  });
}
