import {
  allocationPolicy,
  backtestCoverage,
  type Coverage,
  type CurrentReserve,
  makePlan,
  type Plan,
  type PlanRequest,
  type PolicyInput,
  refuseUnknownLevels,
  refuseUnknownRules,
  type ShrinkRules,
  sumOfLaunches,
} from '../allocation/index.js';
import {canonicalJson, sha256Hex, US_PER_SECOND, writeArtifact} from '../core/index.js';
import {LOCAL_ACCESS, openTarget, readLastChanges, type TargetAccess} from '../storage-apis/index.js';
import {lintTopology, readTopology, type Topology} from '../topology/index.js';
import {
  foreseeOverHorizon,
  type ForeseenOverHorizon,
  type HorizonOptions,
  launchesAt,
} from './foresee-over-horizon.js';
import type {Foreseen} from './foresee-usage.js';
import {keepPlan, type KeptPlanSummary} from './keep-plan.js';
import {rankOnDemand} from './rank-volumes.js';

export interface PlanBufferOptions extends HorizonOptions {
  readonly topologyPath: string;
  readonly policy: string;
  /** `kind:place` of the storage API that holds the buffers; absent: none are held yet, and any target takes the plan. */
  readonly target?: string | undefined;
  /** How that one is reached; absent: it needs neither network nor credentials. */
  readonly access?: TargetAccess | undefined;
  /** Rules for giving back what the target holds; absent: at once. */
  readonly shrink?: ShrinkRules | undefined;
  readonly validForSeconds: number;
  readonly withCertificate: boolean;
  /** Whether the safety factor is tried at past origins. */
  readonly withCoverage: boolean;
  /** Keep the plan in the history of the store, to be judged by what happens; absent: it is not kept. */
  readonly keep?: boolean;
  readonly tool: string;
  /** Path of the plan file; none is written when absent. */
  readonly out?: string | undefined;
}

/** The plan, and where it was written. */
export interface PlanSummary {
  readonly plan: Plan;
  readonly out?: string;
  /** Where it was kept. */
  readonly kept?: KeptPlanSummary;
}

/**
 * Foresees the peaks of all volumes of a topology and plans the buffer for them. A plan that does not cover every
 * scenario is written too: `feasible` says so. Throws UsageError for unknown names, InputError when store, topology or
 * model cannot be used or nothing is known of how much a volume holds, TargetError when the target cannot be read.
 */
export async function planBuffer(options: PlanBufferOptions): Promise<PlanSummary> {
  const {settings, validForSeconds, withCertificate, tool, onProgress} = options;
  const policy = allocationPolicy(options.policy);
  const topology = await readTopology(options.topologyPath);
  refuseUnknownLevels(topology, settings);
  refuseUnknownRules(topology, settings.rules);
  const held = await readHeld(topology, options);
  const current = held?.current;
  const withLaunches = options.withLaunches && policy.holdsForLaunches === true;
  const foreseen = await foreseeOverHorizon(topology, {...options, withLaunches});
  const {inputs, warnings, horizonSeconds} = foreseen;
  options.signal.throwIfAborted();
  const coverage = await tryPast(topology, foreseen, {...options, withLaunches});
  options.signal.throwIfAborted();
  onProgress(`policy ${policy.name}`);
  const plan = await makePlan({
    policy,
    input: {
      ...policyInput(topology, foreseen, held),
      settings,
      priority: rankOnDemand(topology, foreseen, options),
    },
    ...(foreseen.launches && {launches: foreseen.launches.told}),
    ...tellWithout(topology, foreseen, {...options, withLaunches}),
    ...(options.shrink && {shrink: options.shrink}),
    ...(coverage && {coverage: [...coverage]}),
    ...(current && {current}),
    ...(foreseen.horizon && {horizon: foreseen.horizon}),
    ...{
      createdAtUs: options.nowUs,
      validForSeconds,
      horizonSeconds,
      tool,
      withCertificate,
      withAlternatives: true,
    },
    inputs: [
      ...inputs,
      {kind: 'topology', name: options.topologyPath, sha256: topology.serial},
      ...(current ? [{kind: 'target', name: current.target, sha256: hashOfTarget(current)}] : []),
    ],
    warnings: [
      ...warnings,
      ...warnOfTopology(topology),
      ...warnOfTarget(topology, current),
      ...warnOfCoverage(coverage),
    ],
  });
  return writePlan(plan, options);
}

async function writePlan(plan: Plan, options: PlanBufferOptions): Promise<PlanSummary> {
  const {out} = options;
  const kept = options.keep ? await keepPlan({...options, plan}) : undefined;
  if (out !== undefined) await writeArtifact(out, plan);
  return {plan, ...(out !== undefined && {out}), ...(kept && {kept})};
}

function policyInput(
  topology: Topology,
  {usage, forecast, launches}: ForeseenOverHorizon,
  held: Held | undefined,
): Omit<PolicyInput, 'settings'> {
  const heldBytes = held?.current.reserveBytes;
  return {
    ...{topology, usedBytes: usage.usedBytes, forecast},
    currentReserveBytes: Float64Array.from(topology.hosts, ({id}) => heldBytes?.get(id) ?? 0),
    ...(launches && {launches: () => launches.demands}),
    ...(held && {sinceChangeSeconds: held.sinceChangeSeconds}),
  };
}

/** What would be foreseen without the term for sudden growth, volumes to come included. */
function tellWithout(
  topology: Topology,
  {usage, suddenGrowth, horizonSeconds}: ForeseenOverHorizon,
  options: PlanBufferOptions,
): Pick<PlanRequest, 'suddenGrowth'> {
  if (suddenGrowth === undefined) return {};
  const {without: forecast, ...told} = suddenGrowth;
  const launches = launchesAt(topology, {usage, forecast}, horizonSeconds, options);
  const without = {forecast, ...(launches && {launches: () => launches.demands})};
  return {suddenGrowth: {...told, without}};
}

/** Undefined when it is not asked for, or no volume has a history. */
async function tryPast(
  topology: Topology,
  {usage, past}: Foreseen,
  options: PlanBufferOptions,
): Promise<readonly Coverage[] | undefined> {
  if (!options.withCoverage || past === undefined) return undefined;
  const {settings, onProgress} = options;
  onProgress('backtest');
  const comparedSeconds = past.compareSteps * (usage.series[0]?.stepSeconds ?? 0);
  return backtestCoverage({
    ...{topology, usage, settings, ...past},
    addedAt: (held, forecast) => {
      const launches = launchesAt(topology, {usage, forecast}, comparedSeconds, options, held);
      return sumOfLaunches(launches?.demands ?? [], topology.scenarios.length);
    },
  });
}

interface Held {
  readonly current: CurrentReserve;
  /** By host of the topology; Infinity: no journal tells of a change. */
  readonly sinceChangeSeconds: Float64Array;
}

/** What the target holds, and since when; undefined without a target. */
async function readHeld(
  topology: Topology,
  {target, nowUs, access = LOCAL_ACCESS}: PlanBufferOptions,
): Promise<Held | undefined> {
  if (target === undefined) return undefined;
  const opened = openTarget(target, access);
  const current = await opened.readInventory();
  const changedAtUs = await readLastChanges(opened.journalFolder);
  const sinceChangeSeconds = Float64Array.from(topology.hosts, ({id}) =>
    Math.max(0, (nowUs - (changedAtUs.get(id) ?? Number.NEGATIVE_INFINITY)) / US_PER_SECOND),
  );
  return {current, sinceChangeSeconds};
}

function warnOfTopology(topology: Topology): string[] {
  const errors = lintTopology(topology).filter(({severity}) => severity === 'error');
  return errors.length === 0
    ? []
    : [`the topology has ${errors.length} faults: foreshadow topology check tells them`];
}

function warnOfTarget(topology: Topology, current: CurrentReserve | undefined): string[] {
  const known = new Set(topology.hosts.map(({id}) => id));
  // A target may tell a host and its devices, of which a topology names one or the others.
  const nodeOf = (id: string): string => id.split('/')[0] ?? id;
  const nodes = new Set(topology.hosts.map(({id}) => nodeOf(id)));
  const isKnown = (host: string): boolean => known.has(host) || nodes.has(host) || known.has(nodeOf(host));
  const others = [...(current?.reserveBytes ?? [])].filter(([host, bytes]) => bytes > 0 && !isKnown(host));
  const names = others.map(([host]) => host);
  return names.length === 0
    ? []
    : [
        `the target holds buffers on ${names.length} hosts that the topology does not know; they stay: ${names.join(', ')}`,
      ];
}

/** Misses beyond one in a hundred cases more than promised: then history is too short, or the model too poor. A fixed factor promises nothing. */
function warnOfCoverage(coverage: readonly Coverage[] = []): string[] {
  return coverage.flatMap(({kind, level, kept, of}) =>
    level === undefined || kept / of >= level - 0.01
      ? []
      : [
          `of ${of} past cases of a lost ${kind} ${of - kept} asked for more than was promised at level ${Number(level.toFixed(4))}: a shorter --horizon, a longer history or another --model may keep it`,
        ],
  );
}

function hashOfTarget({lineage, serial, reserveBytes}: CurrentReserve): string {
  return sha256Hex(canonicalJson({lineage, serial, reserveBytes: [...reserveBytes].sort()}));
}
