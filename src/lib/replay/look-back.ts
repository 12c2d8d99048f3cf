import type {CompiledTopology, Hindsight, HindsightStep} from '../allocation/index.js';
import {createPlacer} from './place-demand.js';
import type {WindowTruth} from './window-truth.js';

/** Remembers what happened, as far as those who look back at it need to know. */
export interface Memory {
  add(truth: WindowTruth): void;
  /** What was added so far, as history of which at least `repairedShare` is to be repaired. */
  hindsight(repairedShare: number): Hindsight;
}

const NO_SIZES = new Float64Array(0);

/** An empty memory. Volumes count as if they could be cut into bytes, which favours what is chosen by it. */
export function createMemory(compiled: CompiledTopology): Memory {
  const placers = compiled.nets.map(createPlacer);
  const steps: HindsightStep[] = [];
  return {
    add: (truth) => {
      for (const step of truth.steps) {
        // The sizes of single volumes are most of the memory and not looked at.
        steps.push({...step, demands: step.demands.map((demand) => ({...demand, sizes: NO_SIZES}))});
      }
    },
    hindsight: (repairedShare) => ({
      topology: compiled.topology,
      steps,
      stuckBytes: (scenario, demand, heldBytes) =>
        placers[scenario]?.shortfall(demand, heldBytes)?.stuckBytes ?? 0,
      repairedShare,
    }),
  };
}
