import type {Plan} from '../allocation/index.js';
import {type Series, US_PER_SECOND} from '../core/index.js';
import {readPanel, type SeriesGroup, sumPanel} from '../forecasting/index.js';
import type {ScenarioCourses} from '../report/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import {readTopology, type Topology} from '../topology/index.js';
import {forecastSeries, type ForecastOptions, type ForecastSummary} from './forecast-series.js';

export interface CoursesOptions extends Pick<
  ForecastOptions,
  'storePath' | 'openStore' | 'source' | 'asOfUs' | 'signal' | 'onProgress' | 'threads'
> {
  readonly topologyPath: string;
  readonly horizonSeconds: number | undefined;
  readonly plan: Plan | undefined;
}

/** What scenarios ask for over time, and what is foreseen of each volume, from which cuts are told. */
export interface ForeseenScenarios {
  readonly courses: ScenarioCourses;
  /** The largest foreseen use of one replica over the horizon, by volume. */
  readonly peaks: ReadonlyMap<string, number>;
  /** Of the forecast. */
  readonly warnings: readonly string[];
}

/** A picture of more would be too much to look at. */
const MOST_SCENARIOS = 24;
/** Of the past so many horizons are shown. */
const PAST_HORIZONS = 2;
const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95];

/**
 * The bytes of all replicas lost with the scenarios of the tightest slack, in the past and as they are foreseen. Throws
 * as `forecastSeries`.
 */
export async function foreseeScenarios(options: CoursesOptions): Promise<ForeseenScenarios> {
  const {plan, topologyPath} = options;
  const topology = await readTopology(topologyPath);
  const groups = chosenGroups(topology, plan);
  const {summary} = await forecastSeries({...options, levels: LEVELS, groupsOf: () => groups});
  const panel = await readSums(options, summary, groups);
  const pastSteps = PAST_HORIZONS * summary.horizonSteps;
  const steps = Math.min(pastSteps, panel[0]?.values.length ?? 0);
  return {
    warnings: summary.warnings,
    peaks: new Map(summary.volumes.map(({volume, point}) => [volume, Math.max(...point)])),
    courses: {
      ...{model: summary.model, originUs: summary.originUs, stepSeconds: summary.stepSeconds},
      fromUs: summary.originUs - steps * summary.stepSeconds * US_PER_SECOND,
      courses: (summary.boundaries ?? []).map(({boundary, quantiles}) => ({
        ...{scenario: boundary, quantiles},
        past: pastOf(panel, boundary, steps),
      })),
    },
  };
}

async function readSums(
  {storePath, openStore = openShadowStore, asOfUs}: CoursesOptions,
  {granularity, metric}: ForecastSummary,
  groups: readonly SeriesGroup[],
): Promise<readonly Series[]> {
  const store = await openStore(storePath);
  try {
    return sumPanel(await readPanel(store, {granularity, metric, asOfUs}), groups);
  } finally {
    store.close();
  }
}

function pastOf(panel: readonly Series[], scenario: string, steps: number): readonly (number | null)[] {
  const values = panel.find(({id}) => id === scenario)?.values ?? new Float64Array();
  return Array.from(values.subarray(values.length - steps), (value) => (Number.isNaN(value) ? null : value));
}

/** Those with the least slack, boundaries of more than one host before the others; without a plan the largest. */
function chosenGroups(topology: Topology, plan: Plan | undefined): readonly SeriesGroup[] {
  const slack = new Map(
    plan?.boundaries.map(({scenario, heldBytes, requiredBytes, stuckBytes}) => [
      scenario,
      (stuckBytes > 0 ? -stuckBytes : heldBytes - requiredBytes) / Math.max(1, requiredBytes),
    ]),
  );
  return topology.scenarios
    .toSorted(
      (left, right) =>
        Number(left.hosts.length === 1) - Number(right.hosts.length === 1) ||
        (slack.get(left.id) ?? 0) - (slack.get(right.id) ?? 0),
    )
    .map(({id, hosts}) => ({id, members: lostWith(topology, hosts)}))
    .filter(({members}) => members.length > 0)
    .slice(0, MOST_SCENARIOS);
}

/** Replicas on the hosts; of a volume that loses all there is nothing to re-create from. */
function lostWith({volumes}: Topology, hosts: readonly number[]): SeriesGroup['members'] {
  const inside = new Set(hosts);
  return volumes.flatMap(({id, replicas}) => {
    const weight = replicas.filter((host) => inside.has(host)).length;
    return weight === 0 || weight === replicas.length ? [] : [{id, weight}];
  });
}
