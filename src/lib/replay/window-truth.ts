import {
  type CompiledTopology,
  hostUse,
  roomOf,
  scenarioDemand,
  spanOf,
  type SpanStep,
  type StepSpan,
} from '../allocation/index.js';
import {createPlacer} from './place-demand.js';
import type {LevelReader} from './usage-panel.js';

/** What really happened in the steps during which one decision is in force. */
export interface WindowTruth {
  /** Index of the first step on the panel's axis. */
  readonly firstStep: number;
  readonly steps: readonly StepTruth[];
  /** The steps, from 0, in spans of them. */
  readonly span: StepSpan | undefined;
  /** The most room that each host has at any step. */
  readonly mostRoomBytes: Float64Array;
}

export interface StepTruth extends SpanStep {
  /** By scenario: bytes that find no place even when all room is held. */
  readonly unavoidableBytes: Float64Array;
}

/** Looks at windows, one after another. */
export interface WindowReader {
  /** Everything about the steps from `fromStep` up to `toStep` (exclusive) that does not depend on any policy. */
  window(fromStep: number, toStep: number): WindowTruth;
}

/** A reader of the true use that the levels tell. */
export function createWindowReader(compiled: CompiledTopology, levels: LevelReader): WindowReader {
  const placers = compiled.nets.map(createPlacer);
  const stuckOf = (scenario: number, {roomBytes, demands}: SpanStep): number => {
    const demand = demands[scenario];
    return demand === undefined ? 0 : (placers[scenario]?.shortfall(demand, roomBytes)?.stuckBytes ?? 0);
  };
  return {
    window: (fromStep, toStep) => {
      const steps: StepTruth[] = [];
      for (let step = fromStep; step < toStep; step += 1) steps.push(lookAt(compiled, levels.at(step)));
      const span = spanOf(steps);
      for (const scenario of compiled.nets.keys()) {
        // Where all of the hardest finds a place, all does at every step.
        if (span === undefined || stuckOf(scenario, span.hardest) === 0) continue;
        for (const step of steps) step.unavoidableBytes[scenario] = stuckOf(scenario, step);
      }
      return {firstStep: fromStep, steps, span, mostRoomBytes: mostRoom(compiled.hostCount, steps)};
    },
  };
}

/** With nothing unavoidable yet. */
function lookAt(compiled: CompiledTopology, usedBytes: Float64Array): StepTruth {
  return {
    roomBytes: roomOf(compiled, hostUse(compiled, usedBytes)),
    demands: compiled.nets.map((net) => scenarioDemand(net, usedBytes)),
    unavoidableBytes: new Float64Array(compiled.nets.length),
  };
}

function mostRoom(hostCount: number, steps: readonly StepTruth[]): Float64Array {
  const most = new Float64Array(hostCount);
  for (const {roomBytes} of steps)
    for (let host = 0; host < hostCount; host += 1)
      most[host] = Math.max(most[host] ?? 0, roomBytes[host] ?? 0);
  return most;
}
