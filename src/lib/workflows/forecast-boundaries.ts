import {UsageError, type Series} from '../core/index.js';
import {
  calibrate,
  calibrationWindow,
  forecastQuantiles,
  sumModel,
  type FittedModel,
  type Forecast,
  type SeriesGroup,
} from '../forecasting/index.js';
import {readTopology, type Topology} from '../topology/index.js';

export interface BoundarySums {
  readonly topologyPath: string;
  readonly horizonSteps: number;
  readonly levels: readonly number[];
  readonly seasonSteps: readonly number[];
  /** What is added up; the replicas in each risk boundary when absent. */
  readonly groupsOf?: ((topology: Topology) => readonly SeriesGroup[]) | undefined;
}

/** What is foreseen of risk boundaries, and the sums that it is foreseen from. */
export interface BoundaryForecasts {
  readonly forecasts: readonly Forecast[];
  readonly panel: readonly Series[];
  readonly boundaryCount: number;
  /** What each would be the sum of if all its volumes had a history. */
  readonly groups: readonly SeriesGroup[];
}

/**
 * Forecasts of what every risk boundary holds (or its volumes do), each volume as often as it has replicas there, calibrated
 * on the boundaries' own past: quantiles are of the sum. Boundaries without a volume of the panel are left out. Throws
 * InputError when the topology cannot be read, UsageError when none of its volumes is there.
 */
export async function forecastBoundaries(
  fitted: FittedModel,
  panel: readonly Series[],
  {topologyPath, horizonSteps, levels, seasonSteps, groupsOf = boundaryGroups}: BoundarySums,
): Promise<BoundaryForecasts> {
  const topology = await readTopology(topologyPath);
  const groups = groupsOf(topology);
  const sums = sumModel(fitted, panel, groups);
  const steps = sums.panel[0]?.values.length ?? 0;
  if (sums.panel.length === 0) {
    throw new UsageError('no-such-volume', `${topologyPath}: none of its volumes is in the store`, {
      hints: ['foreshadow store info --volumes', 'another --topology'],
    });
  }
  const window = calibrationWindow(steps, horizonSteps, sums.panel.length);
  const calibration = await calibrate(sums.fitted, sums.panel, {seasonSteps, window});
  const options = {horizonSteps, levels, lowest: 0};
  return {
    forecasts: await forecastQuantiles(sums.fitted, calibration, sums.panel, options),
    panel: sums.panel,
    boundaryCount: topology.boundaries.length,
    groups,
  };
}

/** The replicas in each boundary: what fails together, and for k-of-n supplies what is attached. */
export function boundaryGroups({boundaries, volumes}: Topology): readonly SeriesGroup[] {
  return boundaries.map(({id, hosts, members = hosts}) => {
    const inside = new Set(members);
    return {
      id,
      members: volumes.flatMap((volume) => {
        const weight = volume.replicas.filter((host) => inside.has(host)).length;
        return weight === 0 ? [] : [{id: volume.id, weight}];
      }),
    };
  });
}
