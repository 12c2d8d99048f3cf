import {
  allocationPolicy,
  ALLOCATION_POLICIES,
  HINDSIGHT_POLICIES,
  type PolicySettings,
  refuseUnknownRules,
} from '../allocation/index.js';
import {
  createRandom,
  formatDurationSeconds,
  type Granularity,
  GRANULARITY_SECONDS,
  type Series,
  US_PER_SECOND,
  UsageError,
  writeFileAtomically,
} from '../core/index.js';
import {forecastModel, type PanelSource, readPanel, SEASON_STEPS} from '../forecasting/index.js';
import {replayHistory, type ReplayOptions, type ReplayResult, tabulateScores} from '../replay/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import {readTopology} from '../topology/index.js';

export interface ReplayStoreOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  readonly topologyPath: string;
  /** Names; every policy there is when empty. */
  readonly policies: readonly string[];
  readonly settings: PolicySettings;
  readonly model: string;
  readonly granularity: Granularity;
  /** The history begins here, warm-up included; the store's first step when absent. */
  readonly fromUs?: number | undefined;
  /** Nothing from this time on is looked at. */
  readonly toUs: number;
  readonly warmUpSeconds: number;
  readonly reviewSeconds: number;
  readonly leadSeconds: number;
  /** The model is fitted again at every so many-th review; 0: only at the first. */
  readonly refitReviews: number;
  readonly seed: number;
  /** Path of the CSV; none is written when absent. */
  readonly csv?: string | undefined;
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
  /** What the reader should know before relying on it. */
  readonly warnings: readonly string[];
}

/** Past origins from which a forecast's errors are learned, at most. */
const ORIGIN_COUNT = 40;

/**
 * Replays policies over the used bytes in a shadow store. Throws UsageError for unknown names and for times that are no
 * whole steps, InputError when store or topology cannot be used or the history is too short.
 */
export async function replayStore(options: ReplayStoreOptions): Promise<ReplayReport> {
  const {granularity, settings, signal, onProgress} = options;
  const {policies, hindsightPolicies} = choosePolicies(options.policies);
  const model = forecastModel(options.model);
  const steps = stepsOf(options);
  const topology = await readTopology(options.topologyPath);
  refuseUnknownRules(topology, settings.rules);
  const histories = await readHistories(options);
  const result = await replayHistory({
    ...{histories, topology, policies, hindsightPolicies, settings, model, ...steps, signal, onProgress},
    seasonSteps: SEASON_STEPS[granularity],
    refitReviews: options.refitReviews,
    originCount: ORIGIN_COUNT,
    random: createRandom(options.seed),
  });
  const table = await tabulateScores(result.scores);
  if (options.csv !== undefined) await writeFileAtomically(options.csv, table.csv);
  return {
    ...result,
    scores: table.scores,
    ...{model: model.name, granularity, volumes: topology.volumes.length, hosts: topology.hosts.length},
    ...(options.csv !== undefined && {csv: options.csv}),
    warnings: warningsOf(result),
  };
}

/** By name; all when none is named. */
function choosePolicies(
  names: readonly string[],
): Required<Pick<ReplayOptions, 'policies' | 'hindsightPolicies'>> {
  if (names.length === 0) return {policies: ALLOCATION_POLICIES, hindsightPolicies: HINDSIGHT_POLICIES};
  const hindsightPolicies = HINDSIGHT_POLICIES.filter(({name}) => names.includes(name));
  const others = new Set(names.filter((name) => HINDSIGHT_POLICIES.every((policy) => policy.name !== name)));
  return {policies: [...others].map(allocationPolicy), hindsightPolicies};
}

function stepsOf({granularity, warmUpSeconds, reviewSeconds, leadSeconds}: ReplayStoreOptions): {
  readonly warmUpSteps: number;
  readonly reviewSteps: number;
  readonly leadSteps: number;
  readonly horizonSteps: number;
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
  return {
    warmUpSteps: steps('warm-up', warmUpSeconds),
    reviewSteps,
    leadSteps,
    horizonSteps: leadSteps + reviewSteps,
  };
}

async function readHistories(options: ReplayStoreOptions): Promise<readonly Series[]> {
  const {granularity, toUs, fromUs = Number.NEGATIVE_INFINITY} = options;
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
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

function warningsOf({withoutHistory, withoutPlace, lost}: ReplayResult): readonly string[] {
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
    ...lost.map(
      ({scenario, volumes}) =>
        `${scenario} takes every copy of ${volumes} volumes: no buffer brings them back`,
    ),
  ];
}

const NAMED = 5;
