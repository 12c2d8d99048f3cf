import {
  allocationPolicy,
  ALLOCATION_POLICIES,
  HINDSIGHT_POLICIES,
  ORACLE,
  type PolicySettings,
  refuseUnknownLevels,
  refuseUnknownRules,
  type ShrinkRules,
} from '../allocation/index.js';
import {
  createRandom,
  formatDurationSeconds,
  type Granularity,
  GRANULARITY_SECONDS,
  nearestName,
  type Series,
  US_PER_SECOND,
  UsageError,
  writeFileAtomically,
} from '../core/index.js';
import {forecastModel, type PanelSource, readPanel, SEASON_STEPS} from '../forecasting/index.js';
import {
  type ParetoPoint,
  paretoPoints,
  ratesOf,
  type ReplayOptions,
  type ReplayPrices,
  type ReplayResult,
  type StatedRates,
  sweepPolicies,
  type SweepValues,
  type SweptPolicy,
  tabulateScores,
  unknownRates,
} from '../replay/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import {readTopology, type Topology} from '../topology/index.js';
import {type CheckpointPlace, replayFromCheckpoint} from './replay-from-checkpoint.js';
import {readUsageHistory} from './read-usage-history.js';

/** Where the used bytes come from: a shadow store, or a capacity history as CSV. */
export type HistorySource =
  | {
      readonly kind: 'store';
      readonly path: string;
      readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
    }
  | {readonly kind: 'usage'; readonly path: string};

export interface ReplayPoliciesOptions {
  readonly source: HistorySource;
  readonly topologyPath: string;
  /** Names; every policy there is when empty. */
  readonly policies: readonly string[];
  readonly settings: PolicySettings;
  /** Rules for giving back; absent: at once. */
  readonly shrink?: ShrinkRules | undefined;
  /** Random failures; absent: every scenario at every step. */
  readonly failures?: (StatedRates & {readonly drawCount: number}) | undefined;
  readonly prices?: ReplayPrices | undefined;
  /** Whether policies that can hold for volumes that are yet to come. */
  readonly withLaunches: boolean;
  /** Whether sudden growth that any volume may have is a term of its own. */
  readonly withSuddenGrowth: boolean;
  /** Whether policies are also replayed with other values of what tunes them. */
  readonly sweep?: boolean;
  readonly model: string;
  readonly granularity: Granularity;
  /** The history begins here, warm-up included; its first step when absent. */
  readonly fromUs?: number | undefined;
  /** Nothing from this time on is looked at. */
  readonly toUs: number;
  readonly warmUpSeconds: number;
  readonly reviewSeconds: number;
  readonly leadSeconds: number;
  /** From one fit of the model to the next; 0: only at the first review. */
  readonly refitSeconds: number;
  readonly seed: number;
  /** Path of the CSV; none is written when absent. */
  readonly csv?: string | undefined;
  /** Where it keeps how far it is, and goes on from; removed at the end. */
  readonly checkpoint?: CheckpointPlace | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
}

/** What a replay found; the scores in the order to read them. */
export interface ReplayReport extends ReplayResult {
  readonly model: string;
  readonly granularity: Granularity;
  readonly volumes: number;
  readonly hosts: number;
  readonly csv?: string;
  /** Reserve against protection, the least held first; absent without a sweep. */
  readonly pareto?: readonly ParetoPoint[];
  /** What the reader should know before relying on it. */
  readonly warnings: readonly string[];
}

/** Past origins from which a forecast's errors are learned, at most. */
const ORIGIN_COUNT = 40;
const SWEEP: SweepValues = {
  level: [0.5, 0.8, 0.9, 0.95, 0.99, 0.999],
  safetyFactor: [1, 1.1, 1.2, 1.35, 1.5, 2],
  fixedFactor: [1, 1.1, 1.2, 1.35, 1.5, 2],
  staticShare: [0.05, 0.1, 0.15, 0.2, 0.25, 0.3],
};

/**
 * Replays policies over the used bytes in a shadow store or a capacity history. Throws UsageError for unknown names and for
 * times that are no whole steps, InputError when store, history, topology or checkpoint cannot be used or the history is
 * too short.
 */
export async function replayPolicies(options: ReplayPoliciesOptions): Promise<ReplayReport> {
  const {granularity, settings, csv} = options;
  const topology = await readTopology(options.topologyPath);
  const {policies, hindsightPolicies, swept} = choosePolicies(options);
  const replayed = {...chooseReplay(options, topology), hindsightPolicies};
  const all = [...policies, ...swept.map(({policy}) => policy)];
  const histories = await readHistories(options);
  const result = await replayFromCheckpoint({...replayed, policies: all, histories}, options.checkpoint, {
    ...{model: options.model, granularity, seed: options.seed},
  });
  const pareto = options.sweep ? paretoPoints(result.scores, policies, swept, settings) : undefined;
  const table = await tabulateScores(result.scores, pareto);
  if (csv !== undefined) await writeFileAtomically(csv, table.csv);
  const isSwept = new Set(swept.map(({policy}) => policy.name));
  return {
    ...result,
    scores: table.scores.filter(({policy}) => !isSwept.has(policy)),
    ...{model: options.model, granularity, volumes: topology.volumes.length, hosts: topology.hosts.length},
    ...(csv !== undefined && {csv}),
    ...(pareto && {pareto}),
    warnings: warningsOf(result),
  };
}

/** All that a replay is told beside policies and histories. */
function chooseReplay(
  options: ReplayPoliciesOptions,
  topology: Topology,
): Omit<ReplayOptions, 'policies' | 'histories'> {
  const {
    granularity,
    settings,
    shrink,
    failures,
    prices,
    withLaunches,
    withSuddenGrowth,
    signal,
    onProgress,
  } = options;
  refuseUnknownLevels(topology, settings);
  refuseUnknownRules(topology, settings.rules);
  if (failures !== undefined) refuseUnknownRates(topology, failures);
  return {
    ...{topology, settings, shrink, prices, withLaunches, withSuddenGrowth, signal, onProgress},
    ...stepsOf(options),
    rates: failures && {perYear: ratesOf(topology, failures), drawCount: failures.drawCount},
    model: forecastModel(options.model),
    seasonSteps: SEASON_STEPS[granularity],
    originCount: ORIGIN_COUNT,
    random: createRandom(options.seed),
  };
}

function refuseUnknownRates(topology: Topology, rates: StatedRates): void {
  const [name] = unknownRates(topology, rates);
  if (name === undefined) return;
  const kinds = [...new Set(topology.boundaries.map(({kind}) => kind))];
  const near = nearestName(name, [...kinds, ...topology.scenarios.map(({id}) => id)]);
  throw new UsageError('unknown-rate', `--rate names "${name}", which is no scenario, boundary or kind`, {
    hints: [near === undefined ? `there are ${kinds.join(', ')}` : `did you mean ${near}?`],
  });
}

/** By name; all when none is named. */
function choosePolicies({policies: names, sweep, settings}: ReplayPoliciesOptions): Required<
  Pick<ReplayOptions, 'policies' | 'hindsightPolicies'>
> & {
  readonly swept: readonly SweptPolicy[];
} {
  const {policies, hindsightPolicies} = namedPolicies(names);
  return {policies, hindsightPolicies, swept: sweep ? sweepPolicies(policies, SWEEP, settings) : []};
}

function namedPolicies(
  names: readonly string[],
): Required<Pick<ReplayOptions, 'policies' | 'hindsightPolicies'>> {
  if (names.length === 0) return {policies: ALLOCATION_POLICIES, hindsightPolicies: HINDSIGHT_POLICIES};
  const hindsightPolicies = HINDSIGHT_POLICIES.filter(({name}) => names.includes(name));
  // The oracle is there without being named.
  const apart = new Set([ORACLE, ...HINDSIGHT_POLICIES.map(({name}) => name)]);
  const others = new Set(names.filter((name) => !apart.has(name)));
  return {policies: [...others].map(allocationPolicy), hindsightPolicies};
}

function stepsOf({
  granularity,
  warmUpSeconds,
  reviewSeconds,
  leadSeconds,
  refitSeconds,
}: ReplayPoliciesOptions): {
  readonly warmUpSteps: number;
  readonly reviewSteps: number;
  readonly leadSteps: number;
  readonly horizonSteps: number;
  readonly refitReviews: number;
} {
  const steps = (flag: string, seconds: number): number => {
    const count = seconds / GRANULARITY_SECONDS[granularity];
    if (Number.isInteger(count)) return count;
    throw new UsageError(
      'not-whole-steps',
      `--${flag} ${formatDurationSeconds(seconds)} is no whole number of ${granularity} steps`,
      {hints: [`--${flag} ${formatDurationSeconds(Math.ceil(count) * GRANULARITY_SECONDS[granularity])}`]},
    );
  };
  const reviewSteps = steps('review', reviewSeconds);
  const leadSteps = steps('lead', leadSeconds);
  const refitReviews = refitSeconds / reviewSeconds;
  if (!Number.isInteger(refitReviews)) {
    throw new UsageError(
      'not-whole-reviews',
      `--refit ${formatDurationSeconds(refitSeconds)} is no whole number of reviews, which are ${formatDurationSeconds(reviewSeconds)} apart`,
      {hints: [`--refit ${formatDurationSeconds(Math.ceil(refitReviews) * reviewSeconds)}`]},
    );
  }
  return {
    refitReviews,
    warmUpSteps: steps('warm-up', warmUpSeconds),
    reviewSteps,
    leadSteps,
    horizonSteps: leadSteps + reviewSteps,
  };
}

async function readHistories(options: ReplayPoliciesOptions): Promise<readonly Series[]> {
  const {source, granularity, toUs, fromUs = Number.NEGATIVE_INFINITY} = options;
  const stepSeconds = GRANULARITY_SECONDS[granularity];
  if (source.kind === 'usage') return readUsageHistory(source.path, {stepSeconds, fromUs, toUs});
  const store = await (source.openStore ?? openShadowStore)(source.path);
  try {
    const panel = await readPanel(store, {granularity, metric: 'used-bytes', asOfUs: toUs});
    return panel.map((series) => cutStart(series, fromUs));
  } finally {
    store.close();
  }
}

/** The steps that begin at or after a time. */
function cutStart(series: Series, fromUs: number): Series {
  const stepUs = series.stepSeconds * US_PER_SECOND;
  const steps = Math.min(series.values.length, Math.max(0, Math.ceil((fromUs - series.startUs) / stepUs)));
  return {...series, startUs: series.startUs + steps * stepUs, values: series.values.subarray(steps)};
}

function warningsOf({withoutHistory, withoutPlace, launchWarnings, lost}: ReplayResult): readonly string[] {
  const named = (names: readonly string[]): string =>
    `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ', ...' : ''}`;
  return [
    ...(withoutHistory.length === 0
      ? []
      : [
          `${withoutHistory.length} volumes of the topology have no history and count with what it states: ${named(withoutHistory)}`,
        ]),
    ...(withoutPlace.length === 0
      ? []
      : [
          `${withoutPlace.length} volumes with history are not in the topology and are left out: ${named(withoutPlace)}`,
        ]),
    ...launchWarnings,
    ...lost.map(
      ({scenario, volumes}) =>
        `${scenario} takes every copy of ${volumes} volumes: no buffer brings them back`,
    ),
  ];
}

const NAMED = 5;
