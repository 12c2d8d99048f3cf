import {
  type AllocationPolicy,
  type CompiledTopology,
  compileTopology,
  type HindsightPolicy,
  type PolicyInput,
  type PolicySettings,
  shareGrowth,
  splitSums,
  sumSeries,
  widenForecast,
} from '../allocation/index.js';
import {InputError, type Random, type Series, US_PER_SECOND} from '../core/index.js';
import type {ForecastModel} from '../forecasting/index.js';
import type {Topology} from '../topology/index.js';
import {createForesight} from './foresight.js';
import {createMemory} from './look-back.js';
import {createOracle} from './oracle.js';
import {createTally, type PolicyScore, type Tally} from './score.js';
import {alignPanel, createLevelReader, type UsagePanel, visibleBefore} from './usage-panel.js';
import {createWindowReader, type WindowReader, type WindowTruth} from './window-truth.js';

export interface ReplayOptions {
  /** Used bytes of one replica a volume, all on one axis. NaN before a volume exists, and in gaps. */
  readonly histories: readonly Series[];
  readonly topology: Topology;
  readonly policies: readonly AllocationPolicy[];
  /** Asked when all is over, for what would have protected as well as the first of the policies did. */
  readonly hindsightPolicies?: readonly HindsightPolicy[];
  readonly settings: PolicySettings;
  readonly model: ForecastModel;
  readonly seasonSteps: readonly number[];
  /** History before the first review. */
  readonly warmUpSteps: number;
  /** From one review to the next. */
  readonly reviewSteps: number;
  /** From a review until what it decided is held. */
  readonly leadSteps: number;
  /** How far peaks are foreseen at a review; leadSteps + reviewSteps covers what the decision must last for. */
  readonly horizonSteps: number;
  /** The model is fitted again at every so many-th review; 0: only at the first. */
  readonly refitReviews: number;
  /** Past origins from which a forecast's errors are learned, at most. */
  readonly originCount: number;
  readonly random: Random;
  /**
   * What the model is fitted to: every volume, as `plan` does, which is the default; or the sums that a plan reckons
   * with, which hold where volumes come and go by the thousand, and need a longer history.
   */
  readonly foresees?: 'volumes' | 'sums';
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {readonly done: number; readonly total: number}) => void;
}

export interface ReplayResult {
  /** The time over which all are scored: from when the first decision is held to the end of the history. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly stepSeconds: number;
  readonly reviews: number;
  readonly scenarios: number;
  /** In the order of the policies asked for, then those that look back, the oracle last. */
  readonly scores: readonly PolicyScore[];
  /** Volumes of the topology without history, counted with what it states. */
  readonly withoutHistory: readonly string[];
  /** Volumes with history that the topology does not know: left out. */
  readonly withoutPlace: readonly string[];
  /** Scenarios that take every copy of some volumes, which no buffer brings back: they are no part of the scores. */
  readonly lost: readonly {readonly scenario: string; readonly volumes: number}[];
}

/** How the oracle is called among the policies. */
export const ORACLE = 'oracle';

/**
 * Walks through history. At every review each policy decides from what was known then and from what it decided last; the
 * decision is held from `leadSteps` later until the next one takes over. At every step every scenario happens, alone,
 * to what was really used, and host h takes min(reserve, fill limit x capacity - used). The oracle knows the future and
 * holds in each such window the least constant reserve that leaves nothing stuck that any reserve could take.
 *
 * Throws InputError when there is too little history for the warm-up and one step after the lead time.
 */
export async function replayHistory(options: ReplayOptions): Promise<ReplayResult> {
  const {topology, warmUpSteps, leadSteps, reviewSteps} = options;
  const panel = alignPanel(topology, options.histories);
  const walk = createWalk(panel, options);
  refuseShortHistory(panel, warmUpSteps, leadSteps);
  const reviewAt: number[] = [];
  for (let step = warmUpSteps; step + leadSteps < panel.stepCount; step += reviewSteps) reviewAt.push(step);
  for (const [review, step] of reviewAt.entries()) {
    options.signal?.throwIfAborted();
    await walk.review(step);
    options.onProgress?.({done: review + 1, total: reviewAt.length});
  }
  await walk.lookBack(reviewAt);
  const stepUs = panel.stepSeconds * US_PER_SECOND;
  return {
    fromUs: panel.startUs + (warmUpSteps + leadSteps) * stepUs,
    toUs: panel.startUs + panel.stepCount * stepUs,
    stepSeconds: panel.stepSeconds,
    reviews: reviewAt.length,
    scenarios: topology.scenarios.length,
    scores: walk.scores(),
    withoutHistory: panel.withoutHistory,
    withoutPlace: panel.withoutPlace,
    lost: lostVolumes(topology),
  };
}

interface Walk {
  /** All policies decide before this step, and are scored on the window in which that is held. */
  review(step: number): Promise<void>;
  /** The policies that look back decide, and are scored on the windows of all these reviews. */
  lookBack(reviewAt: readonly number[]): Promise<void>;
  scores(): readonly PolicyScore[];
}

interface Contender {
  readonly tally: Tally;
  decide(
    input: ReviewInput,
  ): Promise<{readonly reserveBytes: Float64Array; readonly saidInfeasible: boolean}>;
}

type Foreseen = Pick<PolicyInput, 'forecast' | 'sums'>;
/** What is foreseen at a step, given what is used by then. */
type Foresee = (
  panel: UsagePanel,
  compiled: CompiledTopology,
  options: ReplayOptions,
) => (step: number, usedBytes: Float64Array) => Promise<Foreseen>;

const foreseeVolumes: Foresee = (panel, _compiled, options) => {
  const foresight = createForesight(panel, options);
  const everyVolume = {series: panel.series, volumes: Int32Array.from(panel.series.keys()), warnings: []};
  return async (step, usedBytes) => ({
    forecast: widenForecast({...everyVolume, usedBytes}, await foresight.peaksAt(step)),
  });
};

const foreseeSums: Foresee = (panel, compiled, options) => {
  const series = {series: sumSeries(compiled, panel.series)};
  const foresight = createForesight(series, options);
  return async (step, usedBytes) => {
    const sums = splitSums(compiled, visibleBefore(series, step), await foresight.peaksAt(step));
    return {forecast: shareGrowth(compiled, usedBytes, sums), sums};
  };
};

interface ReviewInput {
  readonly usedBytes: Float64Array;
  readonly foreseen: Foreseen;
  readonly truth: WindowTruth;
}

function createWalk(panel: UsagePanel, options: ReplayOptions): Walk {
  const compiled = compileTopology(options.topology);
  const oracle = createOracle(compiled);
  const foresee = options.foresees === 'sums' ? foreseeSums : foreseeVolumes;
  const foreseenAt = foresee(panel, compiled, options);
  const known = createLevelReader(panel);
  const reality = createWindowReader(compiled, createLevelReader(panel));
  const newTally = (policy: string, inBytes = false): Tally =>
    createTally({
      ...{policy, inBytes},
      stepHours: panel.stepSeconds / 3600,
      compiled,
      stepUs: (step) => panel.startUs + step * panel.stepSeconds * US_PER_SECOND,
    });
  const oracleTally = newTally(ORACLE, true);
  const contenders: readonly Contender[] = [
    ...options.policies.map((policy) => contender(policy, options, newTally(policy.name))),
    {
      tally: oracleTally,
      decide: async ({truth}) => ({reserveBytes: await oracle.leastReserve(truth), saidInfeasible: false}),
    },
  ];
  const {hindsightPolicies = []} = options;
  const memory = createMemory(compiled);
  const afterwards: Tally[] = [];
  const windowAt = (reader: WindowReader, step: number): WindowTruth => {
    const fromStep = step + options.leadSteps;
    return reader.window(fromStep, Math.min(fromStep + options.reviewSteps, panel.stepCount));
  };
  return {
    review: async (step) => {
      const usedBytes = known.at(step - 1).slice();
      const foreseen = await foreseenAt(step, usedBytes);
      const truth = windowAt(reality, step);
      if (hindsightPolicies.length > 0) memory.add(truth);
      for (const one of contenders) {
        options.signal?.throwIfAborted();
        const {tally} = one;
        const {reserveBytes, saidInfeasible} = await one.decide({usedBytes, foreseen, truth});
        tally.addReview(reserveBytes, saidInfeasible);
        tally.addWindow(truth, reserveBytes);
      }
    },
    lookBack: async (reviewAt) => {
      const repairedShare = contenders[0]?.tally.score(0).repairedShare ?? 1;
      for (const policy of hindsightPolicies) {
        options.signal?.throwIfAborted();
        const tally = newTally(policy.name);
        const reserveBytes = await policy.lookBack(memory.hindsight(repairedShare));
        const reader = createWindowReader(compiled, createLevelReader(panel));
        tally.addReview(reserveBytes, false);
        for (const step of reviewAt) tally.addWindow(windowAt(reader, step), reserveBytes);
        afterwards.push(tally);
      }
    },
    scores: () =>
      [...contenders.slice(0, -1).map(({tally}) => tally), ...afterwards, oracleTally].map((tally) =>
        tally.score(oracleTally.nominalByteHours()),
      ),
  };
}

function contender(policy: AllocationPolicy, {topology, settings}: ReplayOptions, tally: Tally): Contender {
  let currentReserveBytes: Float64Array = new Float64Array(topology.hosts.length);
  return {
    tally,
    decide: async ({usedBytes, foreseen}) => {
      const input = {topology, usedBytes, ...foreseen, currentReserveBytes, settings};
      const {reserveBytes, shortCuts} = await policy.decide(input);
      currentReserveBytes = reserveBytes;
      return {reserveBytes, saidInfeasible: shortCuts.length > 0};
    },
  };
}

function refuseShortHistory(panel: UsagePanel, warmUpSteps: number, leadSteps: number): void {
  if (warmUpSteps >= 1 && panel.stepCount > warmUpSteps + leadSteps) return;
  throw new InputError(
    'history-too-short',
    `the history has ${panel.stepCount} steps; ${warmUpSteps} to warm up and ${leadSteps} of lead time leave none to replay`,
    {hints: ['give a shorter --warm-up or --lead', 'or a longer history: --from, --to, or more traces']},
  );
}

function lostVolumes(topology: Topology): ReplayResult['lost'] {
  return compileTopology(topology)
    .nets.map(({scenario, lostVolumes: lost}) => ({
      scenario: topology.scenarios[scenario]?.id ?? '',
      volumes: lost.length,
    }))
    .filter(({volumes}) => volumes > 0);
}
