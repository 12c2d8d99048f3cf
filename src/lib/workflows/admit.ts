import {
  type Admission,
  admitVolumes,
  allocationPolicy,
  applyWhatIf,
  type NewVolumes,
  parseWhatIf,
  type PlanBasis,
  refuseUnknownLevels,
  refuseUnknownRules,
  type Situation,
  type WhatIf,
} from '../allocation/index.js';
import {formatBytes, nearestName, quantile, UsageError} from '../core/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import {readRawTopology, resolveTopology, type Topology} from '../topology/index.js';
import {
  foreseeOverHorizon,
  type ForeseenOverHorizon,
  type HorizonOptions,
  launchesAt,
} from './foresee-over-horizon.js';
import {rankOnDemand} from './rank-volumes.js';

/** What share of its size a new volume is reckoned with: all of it, or as much as that quantile of the others use. */
export const GROWTH_CLASSES = {full: undefined, fast: 0.9, typical: 0.5, slow: 0.25} as const;

export type GrowthClass = keyof typeof GROWTH_CLASSES;

export interface AdmitOptions extends HorizonOptions {
  readonly topologyPath: string;
  readonly count: number;
  readonly sizeBytes: number;
  readonly replicas: number;
  readonly tier?: string | undefined;
  /** Absent: as most volumes of the topology (of the tier) are kept apart. */
  readonly antiAffinity?: readonly string[] | undefined;
  readonly growthClass: GrowthClass;
  /** As `parseWhatIf` reads them. */
  readonly whatIfs: readonly string[];
  readonly tool: string;
}

/** One row of the answers. */
export interface AdmitAnswer extends Admission {
  /** The changes; empty: the cluster as it is. */
  readonly whatIf: string;
}

export interface AdmitReport {
  readonly volumes: NewVolumes & {readonly sizeBytes: number; readonly growthClass: GrowthClass};
  /** Of the scenarios of which the settings name none. */
  readonly level: number;
  /** The cluster as it is first. */
  readonly answers: readonly AdmitAnswer[];
  readonly warnings: readonly string[];
}

/**
 * Asks whether new volumes may be placed so that every scenario can still be repaired, as the cluster is and after each
 * change. Throws UsageError for what cannot be read or is not known, and what planning throws.
 */
export async function admit(options: AdmitOptions): Promise<AdmitReport> {
  const whatIfs = options.whatIfs.map(parseWhatIf);
  const raw = await readRawTopology(options.topologyPath);
  const topology = resolveTopology(raw);
  refuseUnknown(topology, options);
  refuseUnknownLevels(topology, options.settings);
  refuseUnknownRules(topology, options.settings.rules);
  const foreseen = await foreseeOverHorizon(topology, options);
  const {usage, forecast, launches, warnings} = foreseen;
  const situation = {raw, topology, usedBytes: usage.usedBytes, forecast, launches};
  const priority = rankOnDemand(topology, foreseen, options);
  const wanted = newVolumes(situation, options);
  const answers = [];
  for (const whatIf of [{text: '', steps: []}, ...whatIfs]) {
    options.signal.throwIfAborted();
    options.onProgress(whatIf.text === '' ? 'as it is' : whatIf.text);
    answers.push(await answer(situation, wanted, whatIf, {...options, foreseen, priority}));
  }
  const {sizeBytes, growthClass} = options;
  const {level} = options.settings;
  return {volumes: {...wanted, sizeBytes, growthClass}, level, answers, warnings};
}

async function answer(
  situation: Situation,
  wanted: NewVolumes,
  whatIf: WhatIf,
  options: AdmitOptions & {readonly foreseen: ForeseenOverHorizon} & Required<Pick<PlanBasis, 'priority'>>,
): Promise<AdmitAnswer> {
  const {settings, nowUs, tool, foreseen, priority} = options;
  const {usage, horizonSeconds} = foreseen;
  const changed = applyWhatIf(situation, whatIf, settings);
  if ('impossible' in changed) {
    const firstBreak = {scenario: '', ...changed.impossible};
    const none = {placements: [], most: 0, bufferBytes: undefined, bufferWithBytes: undefined};
    return {whatIf: whatIf.text, admitted: false, ...none, firstBreak};
  }
  const basis: PlanBasis = {
    policy: allocationPolicy('shared'),
    ...{settings, priority, horizonSeconds, tool, createdAtUs: nowUs},
    ...{validForSeconds: 0, inputs: [], warnings: []},
  };
  const {antiAffinity = wanted.antiAffinity, topology, forecast} = changed;
  const launches =
    changed === situation
      ? situation.launches
      : launchesAt(topology, {usage, forecast}, horizonSeconds, options);
  const admission = await admitVolumes({...changed, launches}, {...wanted, antiAffinity}, basis);
  return {whatIf: whatIf.text, ...admission};
}

function newVolumes({topology, forecast}: Situation, options: AdmitOptions): NewVolumes {
  const {count, sizeBytes, replicas, tier} = options;
  const share = usedShare(topology, forecast, options);
  return {
    ...{count, replicas, copyBytes: Math.max(1, Math.ceil(sizeBytes * share))},
    ...(tier !== undefined && {tier}),
    antiAffinity: options.antiAffinity ?? usualRule(topology, tier),
  };
}

/** Share of its size that a volume of the growth class is foreseen to hold. */
function usedShare(
  topology: Topology,
  {point}: PeakForecast,
  {growthClass, tier}: Pick<AdmitOptions, 'growthClass' | 'tier'>,
): number {
  const level = GROWTH_CLASSES[growthClass];
  if (level === undefined) return 1;
  const shares = topology.volumes.flatMap((volume, index) =>
    volume.provisionedBytes !== undefined && volume.provisionedBytes > 0 && volume.tier === tier
      ? [Math.min(1, (point[index] ?? 0) / volume.provisionedBytes)]
      : [],
  );
  if (shares.length > 0) return quantile(shares, level);
  throw new UsageError(
    'no-growth-class',
    `no volume${tier === undefined ? '' : ` of tier ${tier}`} has a provisioned size to learn how much of it is used`,
    {hints: ['--growth-class full', 'state provisioned in the topology']},
  );
}

/** The rule of most volumes of the tier, or of most volumes when it has none; the first of equals. */
function usualRule({volumes}: Topology, tier: string | undefined): readonly string[] {
  const ofTier = volumes.filter((volume) => volume.tier === tier);
  const rules = (ofTier.length > 0 ? ofTier : volumes).map(({antiAffinity}) => antiAffinity);
  const counts = new Map<string, number>();
  for (const rule of rules) counts.set(rule.join(), (counts.get(rule.join()) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return rules.find((rule) => counts.get(rule.join()) === most) ?? [];
}

function refuseUnknown({hosts, boundaries}: Topology, {tier, antiAffinity, sizeBytes}: AdmitOptions): void {
  const refuse = (what: string, name: string, known: readonly string[]): void => {
    if (known.includes(name)) return;
    const near = nearestName(name, known);
    throw new UsageError(`unknown-${what}`, `the topology has no ${what} "${name}"`, {
      hints: [near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`],
    });
  };
  if (tier !== undefined) refuse('tier', tier, [...new Set(hosts.flatMap((host) => host.tier ?? []))]);
  const kinds = [...new Set(['host', ...boundaries.map(({kind}) => kind)])];
  for (const kind of antiAffinity ?? []) refuse('kind', kind, kinds);
  if (sizeBytes >= 1) return;
  throw new UsageError('bad-flag-value', `a volume of ${formatBytes(sizeBytes)} needs no place`, {
    hints: ['--size 500GiB'],
  });
}
