import type {Highs, Model} from 'highs';

import {invariant} from '../core/index.js';
import {loadHighs, solveModel} from './solve-model.js';

/** A linear program over the reserves alone: the least cost within the room that satisfies all rows added so far. */
export interface ReserveProgram {
  /** Demands that these hosts together hold at least so many bytes. */
  addRow(hosts: readonly number[], atLeastBytes: number): void;
  /**
   * Bytes a host, not yet whole; the cost is within about 1e-9 of the optimum. Of several optima `even` (the default)
   * takes one that fills all hosts to about the same share of their room, `concentrated` one on few hosts.
   */
  solve(prefer?: 'even' | 'concentrated'): Float64Array;
  dispose(): void;
}

/**
 * Among reserves of the least cost, one is taken that fills all hosts to about the same share of their room: the room
 * is cut into steps of these shares, and with the cost held, each step costs more than the one before. Powers of two
 * lose no bit.
 */
const STEP_SHARES = [1 / 64, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2];
const STEPS = STEP_SHARES.length;
/** Rooms are scaled to about this, far above the solver's absolute tolerance of 1e-7. */
const SCALED_ROOM = 2 ** 12;
const TOTAL_TOLERANCE = 1e-9;

/**
 * An empty program on HiGHS's dual simplex, which keeps its basis between solves. `costs` are those of a byte on each
 * host, 1 each where they are left out. The caller must dispose of it.
 */
export async function createReserveProgram(
  roomBytes: Float64Array,
  costs: Float64Array = new Float64Array(roomBytes.length).fill(1),
): Promise<ReserveProgram> {
  const highs = await loadHighs();
  const largest = Math.max(1, ...roomBytes);
  // A power of two, so that scaling loses no bit and a doubled cluster gives the same program.
  const unit = 2 ** Math.ceil(Math.log2(largest)) / SCALED_ROOM;
  const program = startProgram(highs, roomBytes, unit, costs);
  return {
    addRow: (hosts, atLeastBytes) => {
      program.model.addRow(atLeastBytes / unit, highs.infinity, entriesOf(hosts));
    },
    solve: (prefer = 'even') => {
      const concentrated = solveLeast(program);
      const even = prefer === 'even' ? solveEven(program, costOf(program, concentrated)) : undefined;
      const columns = even ?? concentrated;
      return Float64Array.from(
        roomBytes,
        (_, host) => sum(columns.subarray(host * STEPS, (host + 1) * STEPS)) * unit,
      );
    },
    dispose: () => {
      program.model.dispose();
    },
  };
}

interface Program {
  readonly highs: Highs;
  readonly model: Model;
  /** By column. */
  readonly costs: Float64Array;
}

/** Columns: the steps of each host. Row 0: the cost, which solveEven limits. */
function startProgram(highs: Highs, roomBytes: Float64Array, unit: number, hostCosts: Float64Array): Program {
  const model = highs.createModel();
  model.options.set({output_flag: false});
  const columnCount = roomBytes.length * STEPS;
  const upper = Float64Array.from({length: columnCount}, (_, column) => {
    const scaledRoom = (roomBytes[Math.floor(column / STEPS)] ?? 0) / unit;
    return scaledRoom * (STEP_SHARES[column % STEPS] ?? 0);
  });
  model.addVars(new Float64Array(columnCount), upper);
  const dearest = Math.max(...hostCosts);
  const costs = upper.map((_, column) => (hostCosts[Math.floor(column / STEPS)] ?? 1) / dearest);
  const {indices} = entriesOf([...roomBytes.keys()]);
  model.addRow(-highs.infinity, highs.infinity, {indices, values: [...costs]});
  return {highs, model, costs};
}

function costOf({costs}: Program, columns: Float64Array): number {
  return sum(columns.map((scaled, column) => scaled * (costs[column] ?? 0)));
}

function entriesOf(hosts: readonly number[]): {indices: number[]; values: number[]} {
  const indices = hosts.flatMap((host) => Array.from({length: STEPS}, (_, step) => host * STEPS + step));
  return {indices, values: indices.map(() => 1)};
}

function solveLeast({highs, model, costs}: Program): Float64Array {
  model.changeRowBounds(0, -highs.infinity, highs.infinity);
  model.changeColsCost({kind: 'range', from: 0, to: costs.length - 1}, costs);
  const solution = solveModel(highs, model);
  invariant(solution !== undefined, `the reserve program ended with status ${model.getModelStatus()}`);
  return solution;
}

/** Undefined when the solver gives up: any reserve of the least cost will do. */
function solveEven({highs, model, costs}: Program, cost: number): Float64Array | undefined {
  model.changeRowBounds(0, -highs.infinity, cost * (1 + TOTAL_TOLERANCE) + 1e-6);
  model.changeColsCost(
    {kind: 'range', from: 0, to: costs.length - 1},
    costs.map((_, column) => (1 + (column % STEPS)) / STEPS),
  );
  return solveModel(highs, model);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
