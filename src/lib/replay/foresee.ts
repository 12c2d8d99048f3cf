import {
  type CompiledTopology,
  shareGrowth,
  splitSums,
  sumSeries,
  widenForecast,
} from '../allocation/index.js';
import type {Foreseen} from './contender.js';
import {createForesight, type ForesightOptions} from './foresight.js';
import {type UsagePanel, visibleBefore} from './usage-panel.js';

/** What is foreseen at a review step, given what is used by then. Steps rise. */
export type Foresee = (step: number, usedBytes: Float64Array) => Promise<Foreseen>;

/** The model fitted to every volume, as `plan` does. */
export function foreseeVolumes(panel: UsagePanel, options: ForesightOptions): Foresee {
  const foresight = createForesight(panel, options);
  const everyVolume = {series: panel.series, volumes: Int32Array.from(panel.series.keys()), warnings: []};
  return async (step, usedBytes) => ({
    forecast: widenForecast({...everyVolume, usedBytes}, await foresight.peaksAt(step)),
  });
}

/** The model fitted to the sums that a plan reckons with. */
export function foreseeSums(
  panel: UsagePanel,
  compiled: CompiledTopology,
  options: ForesightOptions,
): Foresee {
  const series = {series: sumSeries(compiled, panel.series)};
  const foresight = createForesight(series, options);
  return async (step, usedBytes) => {
    const sums = splitSums(compiled, visibleBefore(series, step), await foresight.peaksAt(step));
    return {forecast: shareGrowth(compiled, usedBytes, sums), sums};
  };
}
