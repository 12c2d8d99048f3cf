import {sum} from '../core/index.js';
import {type DrawSums, meanOf, repairedShareOf} from './draw-sums.js';

/** What it costs, in one unit. */
export interface ReplayPrices {
  /** To hold a byte free for an hour. */
  readonly heldByteHour: number;
  /** Each time that a byte finds no place. */
  readonly stuckByte: number;
}

/**
 * How well a policy did. A scenario-step is one scenario happening at one step, alone. With random failures the bytes stuck
 * and what is made of them are means over the draws.
 */
export interface PolicyScore {
  readonly policy: string;
  /** Scenario-steps that happened, in all draws together. */
  readonly scenarioSteps: number;
  /** Those of them in which all lost volumes found a place, whole. */
  readonly repairedSteps: number;
  readonly repairedShare: number;
  /**
   * Bytes that found no place, summed over scenario-steps: those of whole volumes where all would fit if volumes could be
   * cut into bytes, else what does not fit even then.
   */
  readonly stuckBytes: number;
  readonly worst: WorstShortfall | undefined;
  /** Volumes that waited for space x hours, summed over scenarios. */
  readonly volumeHoursAtRisk: number;
  /** Bytes really held free x hours: on each host the reserve, as far as the host had that much room. */
  readonly heldByteHours: number;
  /** heldByteHours over hours. */
  readonly meanHeldBytes: number;
  /**
   * Reserve x time over the oracle's, both counted on each host up to the most room of the window. At least 1 for a
   * policy that never had bytes stuck; undefined when the oracle needs nothing.
   */
  readonly reserveVsOracle: number | undefined;
  /** Hosts whose reserve was changed by a review, summed over reviews; the first decision is not counted. */
  readonly changes: number;
  /** Bytes by which those reserves were raised or lowered. */
  readonly movedBytes: number;
  /** Reviews at which the policy itself said that no reserve can satisfy some scenario. */
  readonly infeasibleReviews: number;
  /** Byte-hours held and bytes stuck at their prices; absent without prices. */
  readonly cost?: number;
  /** What it held, left stuck and cost more than the oracle. */
  readonly regret: {readonly heldByteHours: number; readonly stuckBytes: number; readonly cost?: number};
  /** Of the means over draws; absent where every failure happened at every step. */
  readonly standardErrors?: {
    readonly repairedShare: number;
    readonly stuckBytes: number;
    readonly volumeHoursAtRisk: number;
    readonly cost?: number;
  };
}

/** The scenario-step with the most bytes stuck. */
export interface WorstShortfall {
  readonly stuckBytes: number;
  readonly scenario: string;
  readonly atUs: number;
}

/** What a tally has added up, plain so that a checkpoint can hold it. */
export interface TallySums {
  readonly draws: DrawSums;
  heldByteHours: number;
  nominalByteHours: number;
  steps: number;
  changes: number;
  movedBytes: number;
  infeasibleReviews: number;
  worst: WorstShortfall | null;
  /** What was held last, a value a host; null before the first review. */
  held: readonly number[] | null;
}

export interface ScoreContext {
  readonly stepHours: number;
  readonly prices: ReplayPrices | undefined;
  /** Whether the draws are random ones, so that their means have errors. */
  readonly isRandom: boolean;
}

/** The score of a policy, from what was added up of it and of the oracle. */
export function scorePolicy(
  policy: string,
  sums: TallySums,
  oracle: TallySums,
  {stepHours, prices, isRandom}: ScoreContext,
): PolicyScore {
  const {draws, heldByteHours, nominalByteHours, steps, changes, movedBytes, infeasibleReviews} = sums;
  const repaired = repairedShareOf(draws);
  const stuck = meanOf(draws.stuckBytes);
  const atRisk = meanOf(draws.volumeHoursAtRisk);
  const oracleStuckBytes = meanOf(oracle.draws.stuckBytes).mean;
  const costOf = (byteHours: number, stuckBytes: number): number | undefined =>
    prices && prices.heldByteHour * byteHours + prices.stuckByte * stuckBytes;
  const cost = costOf(heldByteHours, stuck.mean);
  const moreHeld = heldByteHours - oracle.heldByteHours;
  const moreStuck = stuck.mean - oracleStuckBytes;
  const costRegret = costOf(moreHeld, moreStuck);
  const costError = prices && prices.stuckByte * stuck.standardError;
  return {
    policy,
    scenarioSteps: sum(draws.happened),
    repairedSteps: sum(draws.repaired),
    repairedShare: repaired.mean,
    stuckBytes: stuck.mean,
    worst: sums.worst ?? undefined,
    volumeHoursAtRisk: atRisk.mean,
    heldByteHours,
    meanHeldBytes: steps === 0 ? 0 : heldByteHours / (steps * stepHours),
    reserveVsOracle: oracle.nominalByteHours === 0 ? undefined : nominalByteHours / oracle.nominalByteHours,
    ...{changes, movedBytes, infeasibleReviews},
    ...(cost !== undefined && {cost}),
    regret: {
      ...{heldByteHours: moreHeld, stuckBytes: moreStuck},
      ...(costRegret !== undefined && {cost: costRegret}),
    },
    ...(isRandom && {
      standardErrors: {
        repairedShare: repaired.standardError,
        stuckBytes: stuck.standardError,
        volumeHoursAtRisk: atRisk.standardError,
        ...(costError !== undefined && {cost: costError}),
      },
    }),
  };
}
