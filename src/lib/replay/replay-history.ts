import {compileTopology, learnLaunches} from '../allocation/index.js';
import {InputError, US_PER_SECOND} from '../core/index.js';
import type {Topology} from '../topology/index.js';
import {withHistory} from './foresee.js';
import type {ReplayOptions, ReplayResult} from './replay-options.js';
import {alignPanel, type UsagePanel} from './usage-panel.js';
import {createWalk, type Walk} from './walk.js';

/** A replay has about so many stretches. */
const STRETCHES = 16;
const LEAST_STRETCH = 4;

/**
 * Walks through history. At every review each policy decides from what was known then and from what it decided last; the
 * decision is held from `leadSteps` later until the next one takes over. At every step every scenario happens, alone,
 * to what was really used, or those that fate draws at the rates given; host h takes min(reserve, fill limit x capacity -
 * used). The oracle knows the future and holds in each such window the least constant reserve that leaves nothing stuck
 * that any reserve could take.
 *
 * What makes it fast (placements that still fit, cuts found before) is forgotten at the begin of every stretch of reviews,
 * whether or not it was stopped there, so that a replay that goes on ends with the same figures.
 *
 * Throws InputError when there is too little history for the warm-up and one step after the lead time.
 */
export async function replayHistory(options: ReplayOptions): Promise<ReplayResult> {
  const {topology, warmUpSteps, leadSteps, reviewSteps, rates} = options;
  const panel = alignPanel(topology, options.histories);
  refuseShortHistory(panel, warmUpSteps, leadSteps);
  const walk = createWalk(panel, options);
  const reviewAt: number[] = [];
  for (let step = warmUpSteps; step + leadSteps < panel.stepCount; step += reviewSteps) reviewAt.push(step);
  await walkStretches(walk, reviewAt, options);
  await walk.lookBack(reviewAt);
  const stepUs = panel.stepSeconds * US_PER_SECOND;
  return {
    fromUs: panel.startUs + (warmUpSteps + leadSteps) * stepUs,
    toUs: panel.startUs + panel.stepCount * stepUs,
    stepSeconds: panel.stepSeconds,
    reviews: reviewAt.length,
    scenarios: topology.scenarios.length,
    ...(rates && {draws: rates.drawCount}),
    scores: walk.scores(),
    withoutHistory: panel.withoutHistory,
    withoutPlace: panel.withoutPlace,
    launchWarnings: warnOfLaunches(panel, options),
    lost: lostVolumes(topology),
  };
}

async function walkStretches(
  walk: Walk,
  reviewAt: readonly number[],
  {resume, signal, onProgress, onState}: ReplayOptions,
): Promise<void> {
  const total = reviewAt.length;
  const stretch = Math.max(LEAST_STRETCH, Math.ceil(total / STRETCHES));
  const done = resume?.reviewsDone ?? 0;
  walk.passOver(reviewAt.slice(0, done));
  for (let review = done; review < total; review += 1) {
    signal?.throwIfAborted();
    if (review % stretch === 0) walk.forget();
    await walk.review(reviewAt[review] ?? 0);
    onProgress?.({done: review + 1, total});
    const isEnd = (review + 1) % stretch === 0 || review + 1 === total;
    if (isEnd) await onState?.({reviewsDone: review + 1, contenders: walk.states()});
  }
}

function refuseShortHistory(panel: UsagePanel, warmUpSteps: number, leadSteps: number): void {
  if (warmUpSteps >= 1 && panel.stepCount > warmUpSteps + leadSteps) return;
  throw new InputError(
    'history-too-short',
    `the history has ${panel.stepCount} steps; ${warmUpSteps} to warm up and ${leadSteps} of lead time leave none to replay`,
    {hints: ['give a shorter --warm-up or --lead', 'or a longer history: --from, --to, or more traces']},
  );
}

function warnOfLaunches(
  panel: UsagePanel,
  {topology, policies, withLaunches = false, horizonSteps}: ReplayOptions,
): readonly string[] {
  if (!withLaunches || !policies.some(({holdsForLaunches}) => holdsForLaunches)) return [];
  const all = withHistory(panel, panel.stepCount);
  return learnLaunches(topology, all, horizonSteps * panel.stepSeconds).warnings;
}

function lostVolumes(topology: Topology): ReplayResult['lost'] {
  return compileTopology(topology)
    .nets.map(({scenario, lostVolumes: lost}) => ({
      scenario: topology.scenarios[scenario]?.id ?? '',
      volumes: lost.length,
    }))
    .filter(({volumes}) => volumes > 0);
}
