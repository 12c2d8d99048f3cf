import type {CompiledTopology, StepSpan} from '../allocation/index.js';
import {type DrawSums, startDrawSums} from './draw-sums.js';
import {everyFailure, type FailureDraws} from './failure-draws.js';
import type {Placer, Shortfall} from './place-demand.js';
import {createScenarioPlacer} from './place-scenario.js';
import {type PolicyScore, type ReplayPrices, scorePolicy, type TallySums} from './policy-score.js';
import type {WindowTruth} from './window-truth.js';

/** Adds up what one policy did, window by window. */
export interface Tally {
  readonly policy: string;
  readonly sums: TallySums;
  addReview(reserveBytes: Float64Array, saidInfeasible: boolean): void;
  /** Lets the failures happen while `reserveBytes` is held. */
  addWindow(truth: WindowTruth, reserveBytes: Float64Array): void;
  /** Forgets what makes it fast, so that what comes next does not depend on what came before. */
  forget(): void;
  /** Beside what the oracle added up. */
  score(oracle: TallySums): PolicyScore;
}

export interface TallyContext {
  readonly policy: string;
  readonly stepHours: number;
  readonly compiled: CompiledTopology;
  /** Volumes count as if they could be cut into bytes: for the oracle, a bound that no policy reaches. */
  readonly inBytes?: boolean;
  /** When a step of the panel begins. */
  readonly stepUs: (step: number) => number;
  readonly failures?: FailureDraws;
  readonly prices?: ReplayPrices | undefined;
  /** What was added up before, to go on with. */
  readonly sums?: TallySums | undefined;
}

/** A tally, empty or going on with sums of before. */
export function createTally(context: TallyContext): Tally {
  const {policy, stepHours, compiled, inBytes = false, failures = everyFailure} = context;
  const sums = context.sums ?? startSums(failures.drawCount);
  // Placers learn: each tally has its own, so that no policy's figures depend on which others are replayed.
  const newPlacers = (): readonly Placer[] =>
    compiled.nets.map((net) => createScenarioPlacer(compiled, net, inBytes));
  let placers = newPlacers();

  const fail = (scenario: number, step: number, shortfall: Shortfall | undefined): void => {
    addFailure(sums.draws, failures.drawsOf(step, scenario), shortfall, stepHours);
    if (shortfall === undefined || shortfall.stuckBytes <= (sums.worst?.stuckBytes ?? 0)) return;
    const {id} = compiled.topology.scenarios[scenario] ?? {id: ''};
    sums.worst = {stuckBytes: shortfall.stuckBytes, scenario: id, atUs: context.stepUs(step)};
  };

  const held = new Float64Array(compiled.hostCount);
  /**
   * Lets the failures of the steps of a span happen, in their order, so that placers learn as they would step by step. A
   * placement that fits when the span is hardest fits at all of its steps.
   */
  const failWithin = (
    span: StepSpan,
    fromStep: number,
    scenarios: readonly number[],
    reserveBytes: Float64Array,
  ): void => {
    const {hardest, firstStep, stepCount, parts} = span;
    const step = fromStep + firstStep;
    holdWithin(reserveBytes, hardest.roomBytes, held);
    const open: number[] = [];
    for (const scenario of scenarios) {
      const [placer, demand] = [placers[scenario], hardest.demands[scenario]];
      if (placer === undefined || demand === undefined) continue;
      if (parts.length === 0) {
        if (failures.drawsOf(step, scenario).length > 0) fail(scenario, step, placer.shortfall(demand, held));
      } else if (placer.stillFits(demand, held)) {
        for (let at = step; at < step + stepCount; at += 1) fail(scenario, at, undefined);
      } else open.push(scenario);
    }
    if (open.length > 0) for (const part of parts) failWithin(part, fromStep, open, reserveBytes);
  };

  return {
    policy,
    sums,
    forget: () => {
      placers = newPlacers();
    },
    addReview: (reserveBytes, saidInfeasible) => {
      sums.infeasibleReviews += saidInfeasible ? 1 : 0;
      for (const [host, bytes] of sums.held === null ? [] : reserveBytes.entries()) {
        const moved = Math.abs(bytes - (sums.held?.[host] ?? 0));
        sums.changes += moved >= 1 ? 1 : 0;
        sums.movedBytes += moved >= 1 ? moved : 0;
      }
      sums.held = [...reserveBytes];
    },
    addWindow: (truth, reserveBytes) => {
      for (const {roomBytes} of truth.steps)
        sums.heldByteHours += holdWithin(reserveBytes, roomBytes, held) * stepHours;
      if (truth.span !== undefined)
        failWithin(truth.span, truth.firstStep, [...compiled.nets.keys()], reserveBytes);
      sums.steps += truth.steps.length;
      sums.nominalByteHours +=
        holdWithin(reserveBytes, truth.mostRoomBytes, held) * truth.steps.length * stepHours;
    },
    score: (oracle) =>
      scorePolicy(policy, sums, oracle, {
        ...{stepHours, prices: context.prices, isRandom: failures !== everyFailure},
      }),
  };
}

function startSums(drawCount: number): TallySums {
  return {
    draws: startDrawSums(drawCount),
    ...{heldByteHours: 0, nominalByteHours: 0, steps: 0, changes: 0, movedBytes: 0, infeasibleReviews: 0},
    worst: null,
    held: null,
  };
}

function addFailure(
  sums: DrawSums,
  draws: readonly number[],
  shortfall: Shortfall | undefined,
  stepHours: number,
): void {
  for (const draw of draws) {
    sums.happened[draw] = (sums.happened[draw] ?? 0) + 1;
    if (shortfall === undefined) sums.repaired[draw] = (sums.repaired[draw] ?? 0) + 1;
    else {
      sums.stuckBytes[draw] = (sums.stuckBytes[draw] ?? 0) + shortfall.stuckBytes;
      sums.volumeHoursAtRisk[draw] = (sums.volumeHoursAtRisk[draw] ?? 0) + shortfall.volumes * stepHours;
    }
  }
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
