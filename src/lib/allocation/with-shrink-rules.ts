import type {AllocationPolicy} from './policy.js';
import {viewInput} from './policy-input.js';
import {scenarioDemand} from './scenario-demand.js';
import {type ShrinkRules, shrinkWithProof} from './shrink-with-proof.js';

/**
 * The policy under rules for giving back: what it wants is held at once, what it no longer wants is given back as
 * `shrinkWithProof` has it. The times of the last changes come with the input; without them no cool-down holds.
 */
export function withShrinkRules(policy: AllocationPolicy, rules: ShrinkRules): AllocationPolicy {
  return {
    ...policy,
    decide: async (input) => {
      const decision = await policy.decide(input);
      const {compiled, use} = viewInput(input);
      return shrinkWithProof({
        compiled,
        decision,
        currentBytes: input.currentReserveBytes,
        roomBytes: use.roomBytes,
        demands: compiled.nets.map((net, scenario) =>
          scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]),
        ),
        sinceChangeSeconds: input.sinceChangeSeconds ?? [],
        rules,
      });
    },
  };
}
