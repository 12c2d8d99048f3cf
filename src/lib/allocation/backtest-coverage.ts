import type {PeakForecast} from '../forecasting/index.js';
import type {Topology} from '../topology/index.js';
import {compileTopology, type CompiledTopology, type ScenarioNet} from './compile-topology.js';
import type {Plan} from './plan-file.js';
import {predictUse} from './predicted-use.js';
import {factorOfScenario, kindsOf, levelOfScenario, type SafetySettings} from './safety-level.js';
import {scenarioDemand} from './scenario-demand.js';
import {type VolumeUsage, widenForecast} from './volume-usage.js';

export interface CoverageInput {
  readonly topology: Topology;
  readonly usage: VolumeUsage;
  readonly settings: SafetySettings;
  /** Origins: that many steps are left out at the end of the histories. */
  readonly heldSteps: readonly number[];
  /** How many steps after each origin are compared. */
  readonly compareSteps: number;
  /** What would have been foreseen of `usage.series` at an origin, over the steps compared. */
  forecastAt(heldSteps: number): Promise<PeakForecast>;
  /** What volumes yet to come would have added then, by scenario; absent: nothing. */
  readonly addedAt?: (heldSteps: number, forecast: PeakForecast) => Float64Array;
}

/** How often a kind of boundary asked for no more than was reckoned with at one level, or by one fixed factor. */
export type Coverage = NonNullable<Plan['coverage']>[number];

/**
 * What the safety factor really reached: at each origin the demand of every scenario that a plan made then would have
 * reckoned with, against the peak of the sum that came, kind by kind and level by level, where tiers have their own.
 * Origins whose steps overlap say less than their number. A kind that loses nothing is left out; combinations are told as
 * `combined`.
 */
export async function backtestCoverage(input: CoverageInput): Promise<readonly Coverage[]> {
  const {topology, settings, heldSteps} = input;
  const compiled = compileTopology(topology);
  const byKind = new Map<string, Coverage>();
  for (const held of heldSteps) {
    const usage = {...input.usage, usedBytes: levelsAt(input.usage, held)};
    const forecast = widenForecast(usage, await input.forecastAt(held));
    const use = predictUse(compiled, forecast, settings);
    const added = input.addedAt?.(held, forecast);
    const peaks = peakSums(compiled, input, held);
    for (const [scenario, net] of compiled.nets.entries()) {
      const peak = peaks[scenario] ?? 0;
      if (peak <= 0) continue;
      const {totalBytes} = scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]);
      const promised = totalBytes + (added?.[scenario] ?? 0);
      const row = rowOf(topology, net, settings);
      const key = `${row.kind} ${row.level ?? ''} ${row.factor ?? ''}`;
      const known = byKind.get(key) ?? {...row, kept: 0, of: 0, worstShortBytes: 0};
      byKind.set(key, {
        ...row,
        kept: known.kept + (promised >= peak ? 1 : 0),
        of: known.of + 1,
        worstShortBytes: Math.max(known.worstShortBytes, Math.ceil(peak - promised), 0),
      });
    }
  }
  return [...byKind.values()];
}

function rowOf(
  topology: Topology,
  net: ScenarioNet,
  settings: SafetySettings,
): Pick<Coverage, 'kind' | 'level' | 'factor'> {
  const kind = kindOf(topology, net);
  const factor = factorOfScenario(topology, net, settings);
  return factor === undefined ? {kind, level: levelOfScenario(topology, net, settings)} : {kind, factor};
}

function kindOf(topology: Topology, {scenario}: ScenarioNet): string {
  const failure = topology.scenarios[scenario];
  const [kind, ...more] = failure === undefined ? [] : kindsOf(topology, failure);
  return kind === undefined || more.length > 0 || (failure?.boundaries.length ?? 0) > 1 ? 'combined' : kind;
}

/** Bytes of one replica of each volume when `held` steps were still to come. */
function levelsAt({usedBytes, volumes, series}: VolumeUsage, held: number): Float64Array {
  const levels = usedBytes.slice();
  volumes.forEach((volume, index) => {
    const values = series[index]?.values ?? new Float64Array(0);
    levels[volume] =
      values.subarray(0, Math.max(0, values.length - held)).findLast((value) => value >= 0) ?? 0;
  });
  return levels;
}

/** By scenario the largest sum of all bytes that it takes, over the steps compared; gaps hold the last known value. */
function peakSums(
  {nets}: CompiledTopology,
  {usage, compareSteps}: CoverageInput,
  held: number,
): Float64Array {
  const peaks = new Float64Array(nets.length);
  const levels = levelsAt(usage, held);
  for (let step = 0; step < compareSteps; step += 1) {
    usage.volumes.forEach((volume, index) => {
      const values = usage.series[index]?.values ?? new Float64Array(0);
      const value = values[values.length - held + step] ?? Number.NaN;
      if (value >= 0) levels[volume] = value;
    });
    for (const [scenario, {volumes, copies}] of nets.entries()) {
      let total = 0;
      for (let entry = 0; entry < volumes.length; entry += 1)
        total += (levels[volumes[entry] ?? 0] ?? 0) * (copies[entry] ?? 0);
      peaks[scenario] = Math.max(peaks[scenario] ?? 0, total);
    }
  }
  return peaks;
}
