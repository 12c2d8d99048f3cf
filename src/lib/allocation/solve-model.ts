import type {Highs, InitOptions, Model} from 'highs';

import {invariant} from '../core/index.js';

let loading: Promise<Highs> | undefined;

/** The solver, loaded once. */
export function loadHighs(): Promise<Highs> {
  loading ??= startHighs();
  return loading;
}

/**
 * The value of each column of an optimum; undefined when the solver gives up. About one warm start in a thousand ends
 * with the status "unknown": then it is solved without the old basis, then by interior point.
 */
export function solveModel(highs: Highs, model: Model): Float64Array | undefined {
  for (const solver of ['choose', 'choose', 'ipm']) {
    model.options.set({solver});
    model.run();
    if (model.getModelStatus() === highs.constants.modelStatus.optimal) return model.getSolution().colValue;
    model.clearSolver();
  }
  return undefined;
}

/** Throws when the solver does not load, or finds another least x than 3 for x >= 3. */
export async function probeSolver(): Promise<void> {
  const highs = await loadHighs();
  const model = highs.createModel();
  try {
    model.options.set({output_flag: false});
    model.addVar(0, highs.infinity);
    model.changeColsCost({kind: 'range', from: 0, to: 0}, Float64Array.of(1));
    model.addRow(3, highs.infinity, {indices: [0], values: [1]});
    const found = solveModel(highs, model)?.[0];
    if (found !== 3) throw new Error(`of x >= 3 it finds ${String(found)} as the least`);
  } finally {
    model.dispose();
  }
}

async function startHighs(): Promise<Highs> {
  // Typed as its CommonJS build, whose loader is one `default` further down than in the build that is loaded here.
  const {default: loader}: {readonly default: unknown} = await import('highs');
  invariant(isLoader(loader), 'highs exports its loader by default');
  return loader();
}

function isLoader(value: unknown): value is (options?: InitOptions) => Promise<Highs> {
  return typeof value === 'function';
}
