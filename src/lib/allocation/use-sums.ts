import {quantile, type Series} from '../core/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import type {CompiledTopology} from './compile-topology.js';

/** Joint samples of the peaks of sums over volumes: sample s of all of them is one possible future. Bytes. */
export interface SumForecast {
  /** `scenarioSamples[s][i]`: lost in scenario i, as far as it can be re-created. */
  readonly scenarioSamples: readonly Float64Array[];
  /** `hostSamples[s][h]`: used on host h by listed volumes. */
  readonly hostSamples: readonly Float64Array[];
}

/**
 * The sums that a plan reckons with, as series: what each scenario would have taken, then what lay on each host, had all
 * volumes always been where the topology has them. Foreseeing these instead of the volumes takes in what no volume
 * tells: those that come (they step up from 0) and go, and that peaks do not coincide. One history a volume, in the
 * topology's order, all on one axis; gaps hold the last known value.
 */
export function sumSeries(
  {topology, nets}: CompiledTopology,
  histories: readonly Series[],
): readonly Series[] {
  const {startUs, stepSeconds, values} = histories[0] ?? {startUs: 0, stepSeconds: 1, values: []};
  const empty = (id: string): Series => ({id, startUs, stepSeconds, values: new Float64Array(values.length)});
  const ofScenario = topology.scenarios.map(({id}) => empty(`scenario ${id}`));
  const ofHost = topology.hosts.map(({id}) => empty(`host ${id}`));
  const parts = topology.volumes.map(({replicas}) =>
    replicas.map((host) => ({sum: ofHost[host], copies: 1})),
  );
  for (const {scenario, volumes, copies} of nets) {
    for (const [entry, volume] of volumes.entries())
      parts[volume]?.push({sum: ofScenario[scenario], copies: copies[entry] ?? 0});
  }
  for (const [volume, history] of histories.entries()) {
    const levels = holdLastKnown(history.values);
    for (const {sum, copies} of parts[volume] ?? [])
      if (sum !== undefined) addTimes(sum.values, levels, copies);
  }
  return [...ofScenario, ...ofHost];
}

/** The forecast of sumSeries, told apart; no peak is below what is used now, since a boundary may fail at once. */
export function splitSums(
  {nets}: CompiledTopology,
  sums: readonly Series[],
  {samples}: PeakForecast,
): SumForecast {
  const now = sums.map(({values}) => values.at(-1) ?? 0);
  const atLeastNow = samples.map((sample) => sample.map((bytes, sum) => Math.max(bytes, now[sum] ?? 0)));
  return {
    scenarioSamples: atLeastNow.map((sample) => sample.subarray(0, nets.length)),
    hostSamples: atLeastNow.map((sample) => sample.subarray(nets.length)),
  };
}

/**
 * A forecast of the volumes to go with one of their sums: each holds what it holds now, times the median growth of all
 * that lies on the hosts.
 */
export function shareGrowth(
  compiled: CompiledTopology,
  usedBytes: Float64Array,
  {hostSamples}: SumForecast,
): PeakForecast {
  const now = compiled.topology.volumes.reduce(
    (total, {replicas}, volume) => total + replicas.length * (usedBytes[volume] ?? 0),
    0,
  );
  const totals = hostSamples.map((sample) => sample.reduce((total, bytes) => total + bytes, 0));
  const growth = now > 0 && totals.length > 0 ? quantile(totals, 0.5) / now : 1;
  return {point: usedBytes.map((bytes) => bytes * growth), samples: []};
}

function holdLastKnown(values: Float64Array): Float64Array {
  let last = 0;
  return values.map((value) => {
    if (!Number.isNaN(value)) last = value;
    return last;
  });
}

function addTimes(sum: Float64Array, values: Float64Array, times: number): void {
  for (let step = 0; step < sum.length; step += 1) sum[step] = (sum[step] ?? 0) + times * (values[step] ?? 0);
}
