import {type PeakForecast, upperQuantile} from '../forecasting/index.js';
import type {CompiledTopology} from './compile-topology.js';
import type {PolicySettings} from './policy.js';
import {factorOfScenario, levelOfScenario, type SafetySettings} from './safety-level.js';
import type {SumForecast} from './use-sums.js';

/** What a plan reckons with. Bytes; whole except volumeBytes. */
export interface PredictedUse {
  /** One replica of each volume; the median where the forecast has one. */
  readonly volumeBytes: Float64Array;
  /** In scenario s a replica of volume v counts `ceil(volumeBytes[v] * scenarioFactor[s])`. */
  readonly scenarioFactor: Float64Array;
  /** Use of each host, everything on it. */
  readonly hostUsedBytes: Float64Array;
  /** Fill limit x capacity - hostUsedBytes, at least 0, at most what the rules allow: the most that a host can hold. */
  readonly roomBytes: Float64Array;
}

/**
 * Turns joint samples into what to reckon with at the levels asked for: for each scenario the quantile of the *sum* of
 * all bytes it takes, for each host the quantile of the sum of what lies on it, at the highest level of any scenario,
 * since any of them may need its room. Quantiles are taken of sums, never summed. With fixed factors: the medians times
 * them, the highest for hosts.
 *
 * Where the sums themselves were foreseen, their samples are taken, and the volumes share the median growth of all.
 *
 * Approximation: within a scenario every volume is scaled by the same factor, so that the total is at its quantile.
 * Volumes with few targets of their own may together exceed their scaled share while the total stays within its
 * quantile; the demand on those targets is then too low. It breaks most where few large, independent volumes share
 * few targets.
 */
export function predictUse(
  compiled: CompiledTopology,
  forecast: PeakForecast,
  safety: SafetySettings & Pick<PolicySettings, 'rules'>,
  sums: SumForecast = sumsOf(compiled, forecast),
): PredictedUse {
  const {fixedFactor, rules} = safety;
  const volumeBytes = medianOrMean(forecast);
  const use =
    fixedFactor === undefined
      ? atLevels(compiled, volumeBytes, safety, sums)
      : timesFactor(compiled, volumeBytes, {...safety, fixedFactor});
  const mostBytes = rules?.mostPerHostBytes ?? Infinity;
  return {...use, roomBytes: use.roomBytes.map((bytes) => Math.min(bytes, Math.floor(mostBytes)))};
}

function atLevels(
  compiled: CompiledTopology,
  volumeBytes: Float64Array,
  safety: SafetySettings,
  sums: SumForecast,
): PredictedUse {
  const {topology, nets} = compiled;
  const levels = nets.map((net) => levelOfScenario(topology, net, safety));
  const hostLevel = Math.max(safety.level, ...levels);
  const scenarioFactor = Float64Array.from(nets, (net, scenario) => {
    const point = sumOver(volumeBytes, net.volumes, net.copies);
    return sums.scenarioSamples.length === 0 || point <= 0
      ? 1
      : upperOf(sums.scenarioSamples, scenario, levels[scenario] ?? safety.level) / point;
  });
  const hostUsedBytes =
    sums.hostSamples.length === 0
      ? hostUse(compiled, volumeBytes)
      : Float64Array.from(
          topology.hosts,
          ({otherUsedBytes}, host) => otherUsedBytes + Math.ceil(upperOf(sums.hostSamples, host, hostLevel)),
        );
  return {volumeBytes, scenarioFactor, hostUsedBytes, roomBytes: roomOf(compiled, hostUsedBytes)};
}

function timesFactor(
  compiled: CompiledTopology,
  volumeBytes: Float64Array,
  safety: SafetySettings & {readonly fixedFactor: number},
): PredictedUse {
  const {fixedFactor} = safety;
  const scenarioFactor = Float64Array.from(
    compiled.nets,
    (net) => factorOfScenario(compiled.topology, net, safety) ?? fixedFactor,
  );
  const hostFactor = Math.max(fixedFactor, ...scenarioFactor);
  const hostUsedBytes = hostUse(
    compiled,
    volumeBytes.map((bytes) => hostFactor * bytes),
  );
  return {volumeBytes, scenarioFactor, hostUsedBytes, roomBytes: roomOf(compiled, hostUsedBytes)};
}

/** The upper quantile of one of the sums over all samples, at least 0. */
function upperOf(samples: readonly Float64Array[], index: number, level: number): number {
  const values = samples.map((sample) => sample[index] ?? 0);
  return Math.max(0, upperQuantile(values, level));
}

const sumsBefore = new WeakMap<
  PeakForecast,
  {readonly compiled: CompiledTopology; readonly sums: SumForecast}
>();

/** `sumSamples`, once for all policies that are asked about the same forecast. */
function sumsOf(compiled: CompiledTopology, forecast: PeakForecast): SumForecast {
  const known = sumsBefore.get(forecast);
  if (known?.compiled === compiled) return known.sums;
  const sums = sumSamples(compiled, forecast);
  sumsBefore.set(forecast, {compiled, sums});
  return sums;
}

/** The sums of samples of every volume. */
export function sumSamples({topology, nets}: CompiledTopology, {samples}: PeakForecast): SumForecast {
  const onHost = topology.hosts.map((): number[] => []);
  for (const [volume, {replicas}] of topology.volumes.entries())
    for (const host of replicas) onHost[host]?.push(volume);
  const volumesOnHost = onHost.map((volumes) => Int32Array.from(volumes));
  return {
    scenarioSamples: samples.map((sample) =>
      Float64Array.from(nets, ({volumes, copies}) => sumOver(sample, volumes, copies)),
    ),
    hostSamples: samples.map((sample) =>
      Float64Array.from(volumesOnHost, (volumes) => sumOver(sample, volumes)),
    ),
  };
}

/** Bytes that each host can hold free within the fill limit when it uses `hostUsedBytes`. Whole, at least 0. */
export function roomOf(
  {topology}: Pick<CompiledTopology, 'topology'>,
  hostUsedBytes: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(topology.hosts, ({capacityBytes}, host) =>
    Math.max(0, Math.floor(topology.fillLimit * capacityBytes - (hostUsedBytes[host] ?? 0))),
  );
}

/** Bytes used on each host when one replica of volume v holds `volumeBytes[v]`, rounded up. */
export function hostUse({topology}: CompiledTopology, volumeBytes: ArrayLike<number>): Float64Array {
  const used = Float64Array.from(topology.hosts, ({otherUsedBytes}) => otherUsedBytes);
  topology.volumes.forEach(({replicas}, volume) => {
    const bytes = Math.ceil(volumeBytes[volume] ?? 0);
    for (const host of replicas) used[host] = (used[host] ?? 0) + bytes;
  });
  return used;
}

/** Where the median is 0 but samples are not, their mean, so that a factor can reach the quantile. */
function medianOrMean({point, samples}: PeakForecast): Float64Array {
  return point.map((median, volume) => {
    if (median > 0) return median;
    const total = samples.reduce((sum, sample) => sum + Math.max(0, sample[volume] ?? 0), 0);
    return samples.length === 0 ? 0 : total / samples.length;
  });
}

function sumOver(values: Float64Array, volumes: Int32Array, copies?: Int32Array): number {
  let total = 0;
  for (let index = 0; index < volumes.length; index += 1) {
    total += (values[volumes[index] ?? 0] ?? 0) * (copies?.[index] ?? 1);
  }
  return total;
}
