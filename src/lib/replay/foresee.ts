import {
  type CompiledTopology,
  foreseeLaunches,
  type PolicyInput,
  shareGrowth,
  splitSums,
  sumSeries,
  type VolumeUsage,
  widenForecast,
} from '../allocation/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import type {Foreseen} from './contender.js';
import {createForesight, type ForesightOptions} from './foresight.js';
import {type UsagePanel, visibleBefore} from './usage-panel.js';

/** What is foreseen at a review step, given what is used by then. Steps rise. */
export type Foresee = (step: number, usedBytes: Float64Array) => Promise<Foreseen>;

/** The model fitted to every volume, and volumes that are yet to come where `withLaunches` says so: as `plan` does. */
export function foreseeVolumes(
  panel: UsagePanel,
  {topology}: CompiledTopology,
  options: ForesightOptions & {readonly withLaunches: boolean},
): Foresee {
  const foresight = createForesight(panel, options);
  const everyVolume = {series: panel.series, volumes: Int32Array.from(panel.series.keys()), warnings: []};
  const launchesAt = (step: number, forecast: PeakForecast): Pick<PolicyInput, 'launches'> => ({
    launches: (settings) =>
      foreseeLaunches(topology, withHistory(panel, step), forecast, {
        ...{settings, horizonSeconds: options.horizonSteps * panel.stepSeconds},
        random: options.random.fork('launches'),
      }).demands,
  });
  return async (step, usedBytes) => {
    const forecast = widenForecast({...everyVolume, usedBytes}, await foresight.peaksAt(step));
    return {forecast, ...(options.withLaunches && launchesAt(step, forecast))};
  };
}

/** What of the volumes that have a history was visible before a step. */
export function withHistory(panel: UsagePanel, step: number): Pick<VolumeUsage, 'series' | 'volumes'> {
  const without = new Set(panel.withoutHistory);
  const visible = visibleBefore(panel, step);
  const volumes = [...visible.keys()].filter((volume) => !without.has(visible[volume]?.id ?? ''));
  return {series: volumes.flatMap((volume) => visible[volume] ?? []), volumes: Int32Array.from(volumes)};
}

/** The model fitted to the sums that a plan reckons with. */
export function foreseeSums(
  panel: UsagePanel,
  compiled: CompiledTopology,
  options: ForesightOptions,
): Foresee {
  const series = {series: sumSeries(compiled, panel.series)};
  // A sum steps up whenever a volume comes to it: that is no growth that another sum may have.
  const foresight = createForesight(series, {...options, withSuddenGrowth: false});
  return async (step, usedBytes) => {
    const sums = splitSums(compiled, visibleBefore(series, step), await foresight.peaksAt(step));
    return {forecast: shareGrowth(compiled, usedBytes, sums), sums};
  };
}
