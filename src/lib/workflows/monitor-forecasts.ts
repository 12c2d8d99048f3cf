import {formatInstantUs, groupBy, UsageError} from '../core/index.js';
import type {PanelSource} from '../forecasting/index.js';
import {
  groupName,
  type GroupVerdict,
  type HistoryChange,
  type HistoryFiles,
  judgeGroup,
  type MonitoredGroup,
  type MonitorRow,
  openHistory,
  type PlanPromise,
  type PromiseTally,
  readVerdict,
  replacementsOf,
  tabulateMonitor,
  tallyPromises,
  writeVerdict,
} from '../monitoring/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import {judgeKeptPlans, judgePlanFile} from './judge-plans.js';
import type {TruthSource} from './score-due-blocks.js';
import {type ScoredHistory, scoreForecasts} from './score-forecasts.js';

export interface MonitorOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<TruthSource & {close(): void}>;
  /** A plan to judge in place of those that were kept, and the topology that it was made for. */
  readonly planPath?: string | undefined;
  readonly topologyPath?: string | undefined;
  /** Scores of steps before this are not told; tests go by the whole history. */
  readonly sinceUs: number;
  /** Nothing from this time on is looked at. */
  readonly asOfUs: number;
  /** Of the drift test: at most one false alarm in so many nights for each group, in the mean. */
  readonly nightsPerFalseAlarm: number;
  readonly tool: string;
  readonly createdAtUs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
  /** Told before each change of a file; what it throws stops that. */
  readonly onChange?: ((change: HistoryChange) => void) | undefined;
}

/** Something that must hold, or the run fails. */
export interface MonitorCheck {
  readonly check: 'drift' | 'promise';
  /** What it is about: `hourly used-bytes`, `level 0.99`. */
  readonly about: string;
  readonly passed: boolean;
  readonly message: string;
}

export interface MonitorReport {
  readonly store: string;
  readonly sinceUs: number;
  readonly asOfUs: number;
  readonly keptForecasts: number;
  /** Blocks of steps scored by this run, and those whose truth is not there yet. */
  readonly newBlocks: number;
  readonly waitingBlocks: number;
  readonly rows: readonly MonitorRow[];
  readonly groups: readonly GroupVerdict[];
  readonly plans: readonly PlanPromise[];
  readonly promises: readonly PromiseTally[];
  readonly checks: readonly MonitorCheck[];
  readonly passed: boolean;
}

/**
 * Scores the forecasts that were kept by what happened, tests them for drift, compares challengers with champions, and says
 * how far plans kept their promises; all that is saved in the history of the store. The same run again changes nothing, and one that
 * was killed goes on. Throws InputError when store, history, plan or topology cannot be read, TargetError when the
 * disk refuses.
 */
export async function monitorForecasts(options: MonitorOptions): Promise<MonitorReport> {
  const {storePath, sinceUs, asOfUs, tool, createdAtUs} = options;
  const files = openHistory(storePath, options.onChange);
  const store = await (options.openStore ?? openShadowStore)(storePath);
  try {
    const work = {...options, files, store};
    const scored = await scoreForecasts(work);
    const groups = await judgeGroups(scored, files, options);
    const made = {tool, createdAt: formatInstantUs(createdAtUs)};
    // A look back must not put the verdict of then in the place of today's.
    const isNewest = !scored.forecasts.some(({blocks}) => blocks.some(({toUs}) => toUs > asOfUs));
    if (isNewest) for (const verdict of groups) await writeVerdict(files, verdict, made);
    const plans = (await judgePlans(work)).filter(({toUs}) => toUs > sinceUs);
    const promises = tallyPromises(plans);
    const checks = [...groups.map(checkDrift), ...promises.map(checkPromise)];
    return {
      ...{store: storePath, sinceUs, asOfUs, keptForecasts: scored.keptCount},
      ...{newBlocks: scored.newBlocks, waitingBlocks: scored.waitingBlocks},
      rows: tabulateMonitor(scored.forecasts, {fromUs: sinceUs, toUs: asOfUs}),
      ...{groups, plans, promises, checks},
      passed: checks.every(({passed}) => passed),
    };
  } finally {
    store.close();
  }
}

async function judgeGroups(
  {begun, forecasts}: ScoredHistory,
  files: HistoryFiles,
  {asOfUs, nightsPerFalseAlarm}: MonitorOptions,
): Promise<readonly GroupVerdict[]> {
  const known = forecasts.map((forecast) => ({
    ...forecast,
    blocks: forecast.blocks.filter(({toUs}) => toUs <= asOfUs),
  }));
  const scoredOf = groupBy(known, groupName);
  const verdicts: GroupVerdict[] = [];
  for (const [name, members] of groupBy(begun, groupName)) {
    const [first] = members;
    if (first === undefined) continue;
    const group: MonitoredGroup = {granularity: first.granularity, metric: first.metric};
    const all = replacementsOf(await readVerdict(files, group));
    const replacements = all.filter(({atUs}) => atUs <= asOfUs);
    verdicts.push(judgeGroup(group, members, scoredOf.get(name) ?? [], {nightsPerFalseAlarm, replacements}));
  }
  return verdicts;
}

async function judgePlans(
  work: MonitorOptions & {readonly files: HistoryFiles; readonly store: PanelSource},
): Promise<readonly PlanPromise[]> {
  const {planPath, topologyPath} = work;
  if (planPath === undefined) return judgeKeptPlans(work);
  if (topologyPath === undefined) {
    throw new UsageError('no-topology', '--plan needs the topology that the plan was made for', {
      hints: ['--topology cluster.yaml'],
    });
  }
  const promise = await judgePlanFile(planPath, topologyPath, work);
  return promise === undefined ? [] : [promise];
}

function checkDrift({granularity, metric, drift}: GroupVerdict): MonitorCheck {
  const {verdict, nights, warmUpNights, alarmAtUs} = drift;
  const messages: Readonly<Record<typeof verdict, string>> = {
    'too-early': `too early to say: ${nights} of ${warmUpNights + 1} nights`,
    none: `no drift in ${nights} nights`,
    retrained: 'drift was found; the model was trained since',
    drift: `drift, found at ${alarmAtUs === undefined ? '' : formatInstantUs(alarmAtUs)}; not trained since`,
  };
  return {
    ...{check: 'drift', about: `${granularity} ${metric}`, passed: verdict !== 'drift'},
    message: messages[verdict],
  };
}

function checkPromise({level, keptShare, isBroken, ...promise}: PromiseTally): MonitorCheck {
  return {
    ...{check: 'promise', about: `level ${Number(level.toFixed(4))}`, passed: !isBroken},
    message: `${downTo(100 * keptShare)} % of ${promise.scenarioSteps} scenario-steps kept, at every step in ${promise.keptCases} of ${promise.cases}`,
  };
}

/** Rounded down, so that only all of them read 100. */
function downTo(percent: number): string {
  return (Math.floor(100 * percent + 1e-9) / 100).toFixed(2);
}
