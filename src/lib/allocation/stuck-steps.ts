import type {Hindsight} from './policy.js';
import {spanOf, type StepSpan} from './step-spans.js';

/** Where in a history something is stuck. */
export interface StuckSteps {
  /**
   * Tells for each scenario how many bytes find no place at a step while `reserveBytes` are held, the last step first.
   * Steps with fewer than `leastBytes` are left out, most of them by the span that they are in.
   */
  each(reserveBytes: Float64Array, look: StuckLook): void;
}

export interface StuckLook {
  /** Above 0; asked anew all the time, and may rise. */
  readonly leastBytes: (scenario: number) => number;
  readonly visit: (scenario: number, step: number, stuckBytes: number) => void;
}

/** Looks at a history time after time. */
export function createStuckSteps(hindsight: Hindsight): StuckSteps {
  const whole = spanOf(hindsight.steps);
  const held = new Float64Array(hindsight.topology.hosts.length);
  const descend = (
    {hardest, firstStep, parts}: StepSpan,
    scenarios: readonly number[],
    reserveBytes: Float64Array,
    look: StuckLook,
  ): void => {
    holdInto(held, reserveBytes, hardest.roomBytes);
    const worth: number[] = [];
    for (const scenario of scenarios) {
      const demand = hardest.demands[scenario];
      const stuck = demand === undefined ? 0 : hindsight.stuckBytes(scenario, demand, held);
      if (stuck < look.leastBytes(scenario)) continue;
      if (parts.length === 0) look.visit(scenario, firstStep, stuck);
      else worth.push(scenario);
    }
    if (worth.length === 0) return;
    for (const part of parts.toReversed()) descend(part, worth, reserveBytes, look);
  };
  const everyScenario = [...hindsight.topology.scenarios.keys()];
  return {
    each: (reserveBytes, look) => {
      if (whole !== undefined) descend(whole, everyScenario, reserveBytes, look);
    },
  };
}

/** Writes into `held` what each host can take of a reserve when it has `roomBytes` of room. */
function holdInto(held: Float64Array, reserveBytes: Float64Array, roomBytes: Float64Array): void {
  for (let host = 0; host < held.length; host += 1)
    held[host] = Math.min(reserveBytes[host] ?? 0, roomBytes[host] ?? 0);
}
