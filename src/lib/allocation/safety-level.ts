import {nearestName, UsageError} from '../core/index.js';
import type {FailureScenario, Topology} from '../topology/index.js';
import type {ScenarioNet} from './compile-topology.js';

/** How safe a plan is to be: by a quantile of what is foreseen, or by a fixed factor. */
export interface SafetySettings {
  /** Share of cases in which the buffer must suffice, e.g. 0.99. */
  readonly level: number;
  /** Other levels, by boundary kind (`rack`) and by tier (`tier:ssd`). */
  readonly levels?: Readonly<Record<string, number>>;
  /** The median times this in place of any quantile. */
  readonly fixedFactor?: number;
}

/** What tells a tier from a boundary kind among the names of levels. */
export const TIER_PREFIX = 'tier:';

/**
 * The level of a scenario: the highest of those of the boundary kinds that fail in it, or of the plan where none is
 * named for the kind, and of those named for the tiers of the volumes that it takes copies of.
 */
export function levelOfScenario(topology: Topology, net: ScenarioNet, settings: SafetySettings): number {
  const {level, levels} = settings;
  const scenario = topology.scenarios[net.scenario];
  if (levels === undefined || scenario === undefined) return level;
  const ofKinds = kindsOf(topology, scenario).map((kind) => levels[kind] ?? level);
  const tiers = new Set([...net.volumes].map((volume) => topology.volumes[volume]?.tier ?? ''));
  const ofTiers = [...tiers].flatMap((tier) => levels[`${TIER_PREFIX}${tier}`] ?? []);
  return ofKinds.length + ofTiers.length === 0 ? level : Math.max(...ofKinds, ...ofTiers);
}

/** The boundary kinds that fail in a scenario, each once. */
export function kindsOf({boundaries}: Topology, scenario: FailureScenario): readonly string[] {
  const failing = new Set(scenario.boundaries);
  return [...new Set(boundaries.flatMap(({id, kind}) => (failing.has(id) ? [kind] : [])))];
}

/** Throws UsageError when a level is named for a kind or a tier that the topology does not have, with the nearest. */
export function refuseUnknownLevels(
  {boundaries, hosts}: Topology,
  {levels = {}}: Pick<SafetySettings, 'levels'>,
): void {
  const tiers = hosts.flatMap(({tier}) => (tier === undefined ? [] : [`${TIER_PREFIX}${tier}`]));
  const known = [...new Set([...boundaries.map(({kind}) => kind), ...tiers])];
  for (const name of Object.keys(levels)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new UsageError('unknown-level', `--level names "${name}", which is no boundary kind and no tier`, {
      hints: [near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`],
    });
  }
}
