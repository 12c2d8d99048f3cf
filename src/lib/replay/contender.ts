import {
  type AllocationPolicy,
  type CompiledTopology,
  type PolicyInput,
  type PolicySettings,
  type ShrinkRules,
  withShrinkRules,
} from '../allocation/index.js';
import {createOracle} from './oracle.js';
import type {TallySums} from './policy-score.js';
import type {Tally} from './tally.js';
import type {WindowTruth} from './window-truth.js';

/** What is foreseen at a review. */
export type Foreseen = Pick<PolicyInput, 'forecast' | 'sums' | 'launches'>;

export interface ReviewInput {
  readonly step: number;
  readonly usedBytes: Float64Array;
  readonly foreseen: Foreseen;
  /** For those who know the future. */
  readonly truth: WindowTruth;
}

/** Where a contender has got to, plain so that a checkpoint can hold it. */
export interface ContenderState {
  readonly policy: string;
  readonly sums: TallySums;
  /** The review step at which each host's buffer was changed last; null: never. */
  readonly changedAtStep: readonly (number | null)[];
}

/** Someone who decides at every review and is scored on what comes. */
export interface Contender {
  readonly tally: Tally;
  decide(
    input: ReviewInput,
  ): Promise<{readonly reserveBytes: Float64Array; readonly saidInfeasible: boolean}>;
  /** Forgets what makes it fast, so that what comes next does not depend on what came before. */
  forget(): void;
  state(): ContenderState;
}

export interface PolicyContenderOptions {
  readonly compiled: CompiledTopology;
  readonly settings: PolicySettings;
  readonly stepSeconds: number;
  /** Rules for giving back; absent: at once. */
  readonly shrink?: ShrinkRules | undefined;
}

/** A policy that remembers what it holds and since when. It goes on from `changedAtStep` and the sums of its tally. */
export function policyContender(
  policy: AllocationPolicy,
  tally: Tally,
  {compiled, settings, stepSeconds, shrink}: PolicyContenderOptions,
  changedAtStep: readonly (number | null)[] = [],
): Contender {
  const {topology, hostCount} = compiled;
  const ruled = shrink === undefined ? policy : withShrinkRules(policy, shrink);
  const current = Float64Array.from(tally.sums.held ?? new Float64Array(hostCount));
  const changedAt = Array.from({length: hostCount}, (_, host) => changedAtStep[host] ?? null);
  return {
    tally,
    decide: async ({step, usedBytes, foreseen}) => {
      const sinceChangeSeconds = Float64Array.from(changedAt, (at) =>
        at === null ? Infinity : (step - at) * stepSeconds,
      );
      const currentReserveBytes = current.slice();
      const input = {topology, usedBytes, ...foreseen, currentReserveBytes, sinceChangeSeconds, settings};
      const {reserveBytes, shortCuts} = await ruled.decide(input);
      for (const [host, bytes] of reserveBytes.entries())
        if (Math.abs(bytes - (current[host] ?? 0)) >= 1) changedAt[host] = step;
      current.set(reserveBytes);
      return {reserveBytes, saidInfeasible: shortCuts.length > 0};
    },
    forget: () => {
      tally.forget();
    },
    state: () => ({policy: tally.policy, sums: tally.sums, changedAtStep: changedAt.slice()}),
  };
}

/** The one that knows the future. */
export function oracleContender(compiled: CompiledTopology, tally: Tally): Contender {
  let oracle = createOracle(compiled);
  return {
    tally,
    decide: async ({truth}) => ({
      reserveBytes: await oracle.leastReserve(truth),
      saidInfeasible: false,
    }),
    forget: () => {
      tally.forget();
      oracle = createOracle(compiled);
    },
    state: () => ({policy: tally.policy, sums: tally.sums, changedAtStep: []}),
  };
}
