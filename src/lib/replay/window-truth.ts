import {
  type CompiledTopology,
  hostUse,
  roomOf,
  type ScenarioDemand,
  scenarioDemand,
} from '../allocation/index.js';
import {createPlacer} from './place-demand.js';
import type {LevelReader} from './usage-panel.js';

/** What really happened in the steps during which one decision is in force. */
export interface WindowTruth {
  /** Index of the first step on the panel's axis. */
  readonly firstStep: number;
  readonly steps: readonly StepTruth[];
  /** The most room that each host has at any step. */
  readonly mostRoomBytes: Float64Array;
}

export interface StepTruth {
  /** Fill limit x capacity - true use of each host, at least 0. */
  readonly roomBytes: Float64Array;
  /** By scenario. */
  readonly demands: readonly ScenarioDemand[];
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
  const lookAt = (usedBytes: Float64Array): StepTruth => {
    const roomBytes = roomOf(compiled, hostUse(compiled, usedBytes));
    const demands = compiled.nets.map((net) => scenarioDemand(net, usedBytes));
    const unavoidableBytes = Float64Array.from(demands, (demand, scenario) => {
      return placers[scenario]?.shortfall(demand, roomBytes)?.stuckBytes ?? 0;
    });
    return {roomBytes, demands, unavoidableBytes};
  };
  return {
    window: (fromStep, toStep) => {
      const mostRoomBytes = new Float64Array(compiled.hostCount);
      const steps: StepTruth[] = [];
      for (let step = fromStep; step < toStep; step += 1) {
        const truth = lookAt(levels.at(step));
        for (const [host, bytes] of truth.roomBytes.entries())
          mostRoomBytes[host] = Math.max(mostRoomBytes[host] ?? 0, bytes);
        steps.push(truth);
      }
      return {firstStep: fromStep, steps, mostRoomBytes};
    },
  };
}
