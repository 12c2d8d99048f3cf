import {type Plan, PLAN_KIND} from '../allocation/index.js';
import {
  artifactText,
  floorToStepUs,
  formatInstantUs,
  type Granularity,
  GRANULARITY_SECONDS,
  InputError,
  parseArtifact,
  parseInstantUs,
  readText,
  type Series,
  sha256Hex,
  shortHash,
} from '../core/index.js';
import {type PanelSource, readPanel} from '../forecasting/index.js';
import {
  type HistoryFiles,
  judgePlan,
  PLAN_PROMISE_KIND,
  type PlanPromise,
  type PlanPromiseFile,
  type PlanSpan,
  promiseFileOf,
  promiseOf,
  spanOfPlan,
} from '../monitoring/index.js';
import {readTopology} from '../topology/index.js';
import {topologyFileName} from './keep-plan.js';

export interface JudgePlansOptions {
  readonly files: HistoryFiles;
  readonly store: PanelSource;
  /** Nothing from this time on is looked at. */
  readonly asOfUs: number;
  readonly tool: string;
  readonly createdAtUs: number;
  readonly signal: AbortSignal;
}

/** What happens within an hour is looked at hour by hour. */
const GRANULARITY: Granularity = 'hourly';
/** Logs may be late by so much: until then a plan is looked at again. */
const WAIT_US = 86_400_000_000;

/**
 * How far each kept plan kept its promise, from when it was held until the next one was, as far as the truth is there; the oldest
 * first. A step counts for one plan. What is over is saved, and not looked at again. Throws InputError when store or history
 * cannot be read.
 */
export async function judgeKeptPlans(options: JudgePlansOptions): Promise<readonly PlanPromise[]> {
  const plans = await readPlans(options);
  const untilUs = truthEndUs(options);
  const promises: PlanPromise[] = [];
  for (const [index, {name, plan, text}] of plans.entries()) {
    options.signal.throwIfAborted();
    const span = spanOfPlan(plan, plans[index + 1]?.plan);
    const known = await readPromise(options.files, name);
    if (known?.isOver === true && known.toUs === span.toUs) promises.push(known);
    else {
      const topology = options.files.pathOf('topologies', topologyFileName(plan.topologySerial));
      const promise = await judge({plan, text, topologyPath: topology, span, untilUs}, options);
      if (promise === undefined) continue;
      await savePromise(name, promise, options);
      promises.push(promise);
    }
  }
  return promises;
}

/**
 * The same of one plan file, until its horizon is over. Throws InputError when plan or topology cannot be read or do not
 * belong together.
 */
export async function judgePlanFile(
  planPath: string,
  topologyPath: string,
  options: Omit<JudgePlansOptions, 'files'>,
): Promise<PlanPromise | undefined> {
  const text = await readText(planPath);
  const plan: Plan = parseArtifact(text, planPath, PLAN_KIND);
  const span = spanOfPlan(plan, undefined);
  return judge({plan, text, topologyPath, span, untilUs: truthEndUs(options)}, options);
}

interface PlanToJudge {
  readonly plan: Plan;
  readonly text: string;
  readonly topologyPath: string;
  readonly span: PlanSpan;
  readonly untilUs: number;
}

/** Undefined while not one step has ended, and where there is none between this plan and the next. */
async function judge(
  {plan, text, topologyPath, span, untilUs}: PlanToJudge,
  {store}: Pick<JudgePlansOptions, 'store'>,
): Promise<PlanPromise | undefined> {
  const {fromUs, toUs} = {fromUs: span.fromUs, toUs: Math.min(span.toUs, untilUs)};
  const stepUs = GRANULARITY_SECONDS[GRANULARITY] * 1_000_000;
  if (Math.ceil(fromUs / stepUs) >= Math.floor(toUs / stepUs)) return undefined;
  const topology = await readTopology(topologyPath);
  if (topology.serial !== plan.topologySerial) {
    throw new InputError(
      'other-topology',
      `${topologyPath} is topology ${shortHash(topology.serial)}, the plan of ${plan.createdAt} was made for ${shortHash(plan.topologySerial)}`,
      {hints: ['the --topology that the plan was made for', 'plan --keep keeps it with the plan']},
    );
  }
  const histories: readonly Series[] = await readPanel(store, {
    ...{granularity: GRANULARITY, metric: 'used-bytes', fromUs, asOfUs: toUs},
  });
  return {
    ...{sha256: sha256Hex(text), policy: plan.policy, fromUs, toUs, isOver: untilUs >= span.toUs + WAIT_US},
    createdAtUs: parseInstantUs(plan.createdAt) ?? Number.NaN,
    scenarios: judgePlan(plan, topology, histories, {fromUs, toUs}),
  };
}

interface KeptPlan {
  readonly name: string;
  readonly plan: Plan;
  readonly text: string;
}

async function readPlans({files, asOfUs}: JudgePlansOptions): Promise<readonly KeptPlan[]> {
  const plans: KeptPlan[] = [];
  for (const name of await files.list('plans', '.json')) {
    const path = files.pathOf('plans', name);
    const text = await readText(path);
    const plan: Plan = parseArtifact(text, path, PLAN_KIND);
    if ((parseInstantUs(plan.createdAt) ?? Infinity) <= asOfUs) plans.push({name, plan, text});
  }
  return plans;
}

async function readPromise(files: HistoryFiles, name: string): Promise<PlanPromise | undefined> {
  if (!files.has('promises', name)) return undefined;
  const path = files.pathOf('promises', name);
  return promiseOf(parseArtifact<PlanPromiseFile>(await readText(path), path, PLAN_PROMISE_KIND));
}

async function savePromise(
  name: string,
  promise: PlanPromise,
  {files, tool, createdAtUs}: JudgePlansOptions,
): Promise<void> {
  const made = {tool, createdAt: formatInstantUs(createdAtUs)};
  const text = artifactText(promiseFileOf(promise, made));
  const there = await readPromise(files, name);
  if (there !== undefined && artifactText(promiseFileOf(there, made)) === text) return;
  await files.write('promises', name, text);
}

function truthEndUs({store, asOfUs}: Pick<JudgePlansOptions, 'store' | 'asOfUs'>): number {
  const {endUs = Number.NEGATIVE_INFINITY} = store.info();
  return floorToStepUs(Math.min(asOfUs, endUs), GRANULARITY_SECONDS[GRANULARITY]);
}
