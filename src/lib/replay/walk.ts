import {compileTopology, type HindsightPolicy, ORACLE} from '../allocation/index.js';
import {invariant, US_PER_SECOND} from '../core/index.js';
import {type Contender, type ContenderState, oracleContender, policyContender} from './contender.js';
import {drawFailures, everyFailure} from './failure-draws.js';
import {type Foresee, foreseeSums, foreseeVolumes} from './foresee.js';
import {createMemory, type Memory} from './look-back.js';
import type {PolicyScore} from './policy-score.js';
import type {ReplayOptions} from './replay-options.js';
import {createTally, type Tally} from './tally.js';
import {createLevelReader, type UsagePanel} from './usage-panel.js';
import {createWindowReader, type WindowReader, type WindowTruth} from './window-truth.js';

/** A walk through history, review by review. */
export interface Walk {
  /** All policies decide before this step, and are scored on the window in which that is held. */
  review(step: number): Promise<void>;
  /** Reviews of which the walk knows already what came of them. */
  passOver(reviewAt: readonly number[]): void;
  /** Forgets what makes it fast, so that what comes next does not depend on what came before. */
  forget(): void;
  /** The policies that look back decide, and are scored on the windows of all these reviews. */
  lookBack(reviewAt: readonly number[]): Promise<void>;
  states(): readonly ContenderState[];
  /** In the order of the policies asked for, then those that look back, the oracle last. */
  scores(): readonly PolicyScore[];
}

/** A walk at its begin, or where `options.resume` says. */
export function createWalk(panel: UsagePanel, options: ReplayOptions): Walk {
  const compiled = compileTopology(options.topology);
  const {hindsightPolicies = [], signal} = options;
  const newTally = createTallies(panel, options);
  const policies = createContenders(panel, options, newTally);
  const oracle = oracleContender(compiled, newTally(ORACLE));
  const contenders = [...policies, oracle];
  const foresee = chooseForesight(panel, options);
  const windows = windowsOf(panel, options);
  const known = createLevelReader(panel);
  const memory = hindsightPolicies.length > 0 ? createMemory(compiled) : undefined;
  const lookers: Tally[] = [];
  let reality = windows();
  return {
    passOver: (reviewAt) => {
      const windowAt = windows();
      if (memory !== undefined) for (const step of reviewAt) memory.add(windowAt(step));
    },
    forget: () => {
      reality = windows();
      for (const one of contenders) one.forget();
    },
    review: async (step) => {
      const usedBytes = known.at(step - 1).slice();
      const foreseen = await foresee(step, usedBytes);
      const truth = reality(step);
      memory?.add(truth);
      for (const one of contenders) {
        signal?.throwIfAborted();
        const {reserveBytes, saidInfeasible} = await one.decide({step, usedBytes, foreseen, truth});
        one.tally.addReview(reserveBytes, saidInfeasible);
        one.tally.addWindow(truth, reserveBytes);
      }
    },
    lookBack: async (reviewAt) => {
      if (memory === undefined) return;
      const asWellAs = policies[0]?.tally.score(oracle.tally.sums).repairedShare ?? 1;
      for (const policy of hindsightPolicies) {
        signal?.throwIfAborted();
        const tally = newTally(policy.name);
        await scoreAfterwards(policy, tally, {memory, asWellAs, reviewAt, windowAt: windows()});
        lookers.push(tally);
      }
    },
    states: () => contenders.map((one) => one.state()),
    scores: () =>
      [...policies.map(({tally}) => tally), ...lookers, oracle.tally].map((tally) =>
        tally.score(oracle.tally.sums),
      ),
  };
}

/** What comes while the decision of a review is held. Reviews are asked for in order. */
type WindowAt = (reviewStep: number) => WindowTruth;

/** Makes readers of windows, each from the begin of the history. */
function windowsOf(panel: UsagePanel, {topology, leadSteps, reviewSteps}: ReplayOptions): () => WindowAt {
  const compiled = compileTopology(topology);
  return () => {
    const reader: WindowReader = createWindowReader(compiled, createLevelReader(panel));
    return (step) =>
      reader.window(step + leadSteps, Math.min(step + leadSteps + reviewSteps, panel.stepCount));
  };
}

function chooseForesight(panel: UsagePanel, options: ReplayOptions): Foresee {
  const {withLaunches = false, foresees = 'volumes'} = options;
  invariant(!(withLaunches && foresees === 'sums'), 'sums have the volumes that are yet to come in them');
  invariant(!(options.withSuddenGrowth && foresees === 'sums'), 'sums step up whenever a volume comes');
  const foresight = {...options, withLaunches, firstStep: options.warmUpSteps};
  const compiled = compileTopology(options.topology);
  return foresees === 'sums'
    ? foreseeSums(panel, compiled, foresight)
    : foreseeVolumes(panel, compiled, foresight);
}

/** Tallies by name, going on with the sums of before where there are some. */
function createTallies(panel: UsagePanel, options: ReplayOptions): (policy: string) => Tally {
  const {topology, rates, prices, random, resume, warmUpSteps, leadSteps} = options;
  const stepHours = panel.stepSeconds / 3600;
  const span = {fromStep: warmUpSteps + leadSteps, toStep: panel.stepCount, stepHours};
  const failures = rates === undefined ? everyFailure : drawFailures(rates, span, random.fork('failures'));
  const before = new Map(resume?.contenders.map(({policy, sums}) => [policy, sums]));
  return (policy) =>
    createTally({
      ...{policy, stepHours, failures, prices},
      compiled: compileTopology(topology),
      inBytes: policy === ORACLE,
      stepUs: (step) => panel.startUs + step * panel.stepSeconds * US_PER_SECOND,
      sums: before.get(policy),
    });
}

function createContenders(
  {stepSeconds}: UsagePanel,
  {topology, policies, settings, shrink, resume}: ReplayOptions,
  newTally: (policy: string) => Tally,
): readonly Contender[] {
  const changed = new Map(resume?.contenders.map(({policy, changedAtStep}) => [policy, changedAtStep]));
  const options = {compiled: compileTopology(topology), settings, stepSeconds, shrink};
  return policies.map((policy) =>
    policyContender(policy, newTally(policy.name), options, changed.get(policy.name)),
  );
}

async function scoreAfterwards(
  policy: HindsightPolicy,
  tally: Tally,
  look: {
    readonly memory: Memory;
    readonly asWellAs: number;
    readonly reviewAt: readonly number[];
    readonly windowAt: WindowAt;
  },
): Promise<void> {
  const reserveBytes = await policy.lookBack(look.memory.hindsight(look.asWellAs));
  tally.addReview(reserveBytes, false);
  for (const step of look.reviewAt) tally.addWindow(look.windowAt(step), reserveBytes);
}
