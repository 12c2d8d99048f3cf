import {type CompiledTopology, createWholePlacer, type ScenarioDemand} from '../allocation/index.js';
import {createPlacer, type Shortfall} from './place-demand.js';
import type {WindowTruth} from './window-truth.js';

/** How well a policy did. A scenario-step is one scenario happening at one step, alone. */
export interface PolicyScore {
  readonly policy: string;
  readonly scenarioSteps: number;
  /** Scenario-steps in which all lost volumes found a place, whole. */
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
}

/** The scenario-step with the most bytes stuck. */
export interface WorstShortfall {
  readonly stuckBytes: number;
  readonly scenario: string;
  readonly atUs: number;
}

/** Adds up what one policy did, window by window. */
export interface Tally {
  addReview(reserveBytes: Float64Array, saidInfeasible: boolean): void;
  /** Lets every scenario happen at every step while `reserveBytes` is held. */
  addWindow(truth: WindowTruth, reserveBytes: Float64Array): void;
  /** `oracleReserve` is another tally's nominalByteHours. */
  score(oracleByteHours: number): PolicyScore;
  nominalByteHours(): number;
}

export interface TallyContext {
  readonly policy: string;
  readonly stepHours: number;
  readonly compiled: CompiledTopology;
  /** Volumes count as if they could be cut into bytes: for the oracle, a bound that no policy reaches. */
  readonly inBytes?: boolean;
  /** When a step of the panel begins. */
  readonly stepUs: (step: number) => number;
}

/** An empty tally. */
export function createTally(context: TallyContext): Tally {
  const {policy, stepHours, compiled} = context;
  // Placers learn: each tally has its own, so that no policy's figures depend on which others are replayed.
  const placers = compiled.nets.map(createPlacer);
  const wholePlacers = context.inBytes ? [] : compiled.nets.map((net) => createWholePlacer(compiled, net));
  /**
   * What volumes cut into bytes leave is a lower bound; only where they leave nothing whole ones are placed. A placement
   * of whole ones that still fits leaves nothing either way.
   */
  const shortfallOf = (
    scenario: number,
    demand: ScenarioDemand,
    held: Float64Array,
  ): Shortfall | undefined => {
    if (wholePlacers[scenario]?.stillFits(demand, held) === true) return undefined;
    const inBytes = placers[scenario]?.shortfall(demand, held);
    const left = inBytes === undefined ? wholePlacers[scenario]?.leftOver(demand, held) : undefined;
    return left === undefined || left.copies === 0 ? inBytes : {stuckBytes: left.bytes, volumes: left.copies};
  };
  const sums = {
    scenarioSteps: 0,
    repairedSteps: 0,
    stuckBytes: 0,
    volumeHoursAtRisk: 0,
    heldByteHours: 0,
    changes: 0,
    movedBytes: 0,
    infeasibleReviews: 0,
  };
  let worst: WorstShortfall | undefined;
  let steps = 0;
  let nominalByteHours = 0;
  let before: Float64Array | undefined;

  const addShortfall = (shortfall: Shortfall, scenario: number, atUs: number): void => {
    sums.stuckBytes += shortfall.stuckBytes;
    sums.volumeHoursAtRisk += shortfall.volumes * stepHours;
    if (shortfall.stuckBytes <= (worst?.stuckBytes ?? 0)) return;
    const {id} = compiled.topology.scenarios[scenario] ?? {id: ''};
    worst = {stuckBytes: shortfall.stuckBytes, scenario: id, atUs};
  };

  return {
    addReview: (reserveBytes, saidInfeasible) => {
      sums.infeasibleReviews += saidInfeasible ? 1 : 0;
      for (const [host, bytes] of before === undefined ? [] : reserveBytes.entries()) {
        const moved = Math.abs(bytes - (before?.[host] ?? 0));
        sums.changes += moved >= 1 ? 1 : 0;
        sums.movedBytes += moved >= 1 ? moved : 0;
      }
      before = reserveBytes;
    },
    addWindow: (truth, reserveBytes) => {
      const held = new Float64Array(reserveBytes.length);
      for (const [index, {roomBytes, demands}] of truth.steps.entries()) {
        sums.heldByteHours += holdWithin(reserveBytes, roomBytes, held) * stepHours;
        for (const [scenario, demand] of demands.entries()) {
          const shortfall = shortfallOf(scenario, demand, held);
          if (shortfall === undefined) sums.repairedSteps += 1;
          else addShortfall(shortfall, scenario, context.stepUs(truth.firstStep + index));
        }
        sums.scenarioSteps += demands.length;
      }
      steps += truth.steps.length;
      nominalByteHours +=
        holdWithin(reserveBytes, truth.mostRoomBytes, held) * truth.steps.length * stepHours;
    },
    nominalByteHours: () => nominalByteHours,
    score: (oracleByteHours) => ({
      policy,
      ...sums,
      repairedShare: sums.scenarioSteps === 0 ? 1 : sums.repairedSteps / sums.scenarioSteps,
      worst,
      meanHeldBytes: steps === 0 ? 0 : sums.heldByteHours / (steps * stepHours),
      reserveVsOracle: oracleByteHours === 0 ? undefined : nominalByteHours / oracleByteHours,
    }),
  };
}

/** Writes into `held` the reserve of each host as far as it has room; returns the sum. Bytes. */
function holdWithin(reserveBytes: Float64Array, roomBytes: Float64Array, held: Float64Array): number {
  let total = 0;
  for (let host = 0; host < held.length; host += 1) {
    const bytes = Math.max(0, Math.min(reserveBytes[host] ?? 0, roomBytes[host] ?? 0));
    held[host] = bytes;
    total += bytes;
  }
  return total;
}
