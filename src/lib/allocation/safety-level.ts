import {nearestName, UsageError} from '../core/index.js';
import type {FailureScenario, Topology} from '../topology/index.js';
import type {ScenarioNet} from './compile-topology.js';

/** How safe a plan is to be: by a quantile of what is foreseen, or by a fixed factor. */
export interface SafetySettings {
  /** Share of cases in which the buffer must suffice, e.g. 0.99. */
  readonly level: number;
  /** Other levels, by boundary kind (`rack`) and by tier (`tier:ssd`). */
  readonly levels?: Readonly<Record<string, number>>;
  /** Where the levels were made of costs. */
  readonly costs?: LevelCosts;
  /** The median times this in place of any quantile. */
  readonly fixedFactor?: number;
  /** Other factors, named as levels are; only beside `fixedFactor`. */
  readonly fixedFactors?: Readonly<Record<string, number>>;
}

/** What a byte too few and a byte too many cost, in one unit. */
export interface CostPair {
  readonly short: number;
  readonly idle: number;
}

/** The costs of all that is not named, and others, named as levels are. */
export interface LevelCosts extends CostPair {
  readonly named?: Readonly<Record<string, CostPair>>;
}

/** What tells a tier from a boundary kind among the names of levels. */
export const TIER_PREFIX = 'tier:';

/**
 * The level of a scenario: the highest of those of the boundary kinds that fail in it, or of the plan where none is
 * named for the kind, and of those named for the tiers of the volumes that it takes copies of.
 */
export function levelOfScenario(
  topology: Topology,
  net: ScenarioNet,
  {level, levels}: SafetySettings,
): number {
  return highestNamed(topology, net, level, levels);
}

/** The fixed factor of a scenario, found as its level is; undefined where levels count. */
export function factorOfScenario(
  topology: Topology,
  net: ScenarioNet,
  {fixedFactor, fixedFactors}: SafetySettings,
): number | undefined {
  return fixedFactor === undefined ? undefined : highestNamed(topology, net, fixedFactor, fixedFactors);
}

function highestNamed(
  topology: Topology,
  net: ScenarioNet,
  plain: number,
  named: Readonly<Record<string, number>> | undefined,
): number {
  const scenario = topology.scenarios[net.scenario];
  if (named === undefined || scenario === undefined) return plain;
  const ofKinds = kindsOf(topology, scenario).map((kind) => named[kind] ?? plain);
  const tiers = new Set([...net.volumes].map((volume) => topology.volumes[volume]?.tier ?? ''));
  const ofTiers = [...tiers].flatMap((tier) => named[`${TIER_PREFIX}${tier}`] ?? []);
  return ofKinds.length + ofTiers.length === 0 ? plain : Math.max(...ofKinds, ...ofTiers);
}

/** The boundary kinds that fail in a scenario, each once. */
export function kindsOf({boundaries}: Topology, scenario: FailureScenario): readonly string[] {
  const failing = new Set(scenario.boundaries);
  return [...new Set(boundaries.flatMap(({id, kind}) => (failing.has(id) ? [kind] : [])))];
}

/**
 * Throws UsageError when a level, a cost or a fixed factor is named for a kind or a tier that the topology does not have,
 * with the nearest.
 */
export function refuseUnknownLevels(
  {boundaries, hosts}: Topology,
  {levels = {}, costs, fixedFactors = {}}: Omit<SafetySettings, 'level'>,
): void {
  const tiers = hosts.flatMap(({tier}) => (tier === undefined ? [] : [`${TIER_PREFIX}${tier}`]));
  const known = [...new Set([...boundaries.map(({kind}) => kind), ...tiers])];
  const flagOf = (name: string): string => {
    if (costs?.named?.[name] !== undefined) return '--cost-short or --cost-idle';
    return name in levels ? '--level' : '--fixed-factor';
  };
  for (const name of [...Object.keys(levels), ...Object.keys(fixedFactors)]) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const message = `${flagOf(name)} names "${name}", which is no boundary kind and no tier`;
    throw new UsageError('unknown-level', message, {
      hints: [near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`],
    });
  }
}
