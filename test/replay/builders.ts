import type {AllocationPolicy, BufferDecision, PolicyInput} from '../../src/lib/allocation/index.js';
import {createRandom, type Random, type Series} from '../../src/lib/core/index.js';
import type {ForecastModel} from '../../src/lib/forecasting/index.js';
import type {ReplayOptions} from '../../src/lib/replay/index.js';
import type {Topology} from '../../src/lib/topology/index.js';

export const HOUR_SECONDS = 3600;
export const START_US = Date.parse('2026-01-01T00:00:00Z') * 1000;

export interface HostSketch {
  readonly capacityBytes: number;
  /** Label kind -> value, e.g. {rack: 'r1', feed: 'a'}. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface VolumeSketch {
  readonly replicas: readonly number[];
  readonly antiAffinity?: readonly string[];
  readonly usedBytes?: number;
}

/** Hosts h0, h1...; volumes v0, v1...; a boundary and a scenario for every value of every label. */
export function buildTopology(
  hosts: readonly HostSketch[],
  volumes: readonly VolumeSketch[],
  fillLimit = 1,
): Topology {
  const boundaries = [
    ...new Set(hosts.flatMap(({labels}) => Object.entries(labels).map((pair) => pair.join('/')))),
  ].map((id) => {
    const [kind = '', value = ''] = id.split('/');
    const members = hosts.flatMap(({labels}, host) => (labels[kind] === value ? [host] : []));
    return {id, kind, hosts: members};
  });
  return {
    serial: 'test',
    fillLimit,
    hosts: hosts.map(({capacityBytes, labels}, host) => ({
      id: `h${host}`,
      capacityBytes,
      otherUsedBytes: 0,
      labels: new Map(Object.entries(labels).map(([kind, value]) => [kind, [value]])),
    })),
    boundaries,
    volumes: volumes.map(({replicas, antiAffinity = [], usedBytes}, volume) => ({
      id: `v${volume}`,
      replicas,
      antiAffinity,
      provisionedBytes: undefined,
      usedBytes,
    })),
    scenarios: boundaries.map(({id, hosts: lost}) => ({id, boundaries: [id], hosts: lost})),
  };
}

/** Three hosts, each a rack of its own. */
export function threeRacks(volumes: readonly VolumeSketch[], capacityBytes = 1000): Topology {
  return buildTopology(
    ['r0', 'r1', 'r2'].map((rack) => ({capacityBytes, labels: {rack}})),
    volumes,
  );
}

export function buildSeries(volume: number, values: ArrayLike<number>): Series {
  return {id: `v${volume}`, startUs: START_US, stepSeconds: HOUR_SECONDS, values: Float64Array.from(values)};
}

/** A model that foresees the last value, and notes how much history it was shown. */
export function lastValueModel(seen: number[] = []): ForecastModel {
  const fit: ForecastModel['fit'] = async (panel) => {
    seen.push(panel[0]?.values.length ?? 0);
    return Promise.resolve({
      model: 'last-value',
      predict: async (histories, horizonSteps) =>
        Promise.resolve(
          histories.map(({values}) => new Float64Array(horizonSteps).fill(values.at(-1) ?? Number.NaN)),
        ),
      save: () => ({}),
    });
  };
  return {name: 'last-value', summary: '', scope: 'each', fit, load: async () => fit([], {} as never)};
}

/** A policy that asks for what a function says, and notes what it was told. */
export function policyOf(
  name: string,
  reserve: (input: PolicyInput, review: number) => readonly number[],
  told: PolicyInput[] = [],
): AllocationPolicy {
  const decide = async (input: PolicyInput): Promise<BufferDecision> => {
    const reserveBytes = Float64Array.from(reserve(input, told.length));
    told.push(input);
    return Promise.resolve({reserveBytes, needs: [], shortCuts: []});
  };
  return {name, summary: '', decide};
}

/** Reviews every 2 steps after 2 steps of warm-up, held one step later. */
export function replayOptions(overrides: Partial<ReplayOptions>): ReplayOptions {
  return {
    histories: [],
    topology: threeRacks([]),
    policies: [],
    settings: {level: 0.99, safetyFactor: 1, staticShare: 0.2},
    model: lastValueModel(),
    seasonSteps: [],
    warmUpSteps: 2,
    reviewSteps: 2,
    leadSteps: 1,
    horizonSteps: 3,
    refitReviews: 0,
    originCount: 5,
    random: createRandom(1),
    ...overrides,
  };
}

/** Small random clusters with overlapping racks and feeds, tight enough that some scenarios cannot be satisfied. */
export function randomTopology(random: Random, hostCount: number, unitBytes: number): Topology {
  const racks = 3 + random.below(2);
  const hosts = Array.from({length: hostCount}, (_, host) => ({
    capacityBytes: (4 + random.below(9)) * unitBytes,
    labels: {rack: `r${host % racks}`, feed: `f${random.below(3)}`},
  }));
  const volumes = Array.from({length: 2 + random.below(6)}, () => {
    const first = random.below(hostCount);
    const second = (first + 1 + random.below(hostCount - 1)) % hostCount;
    return {replicas: [first, second], antiAffinity: [[], ['rack'], ['rack', 'feed']][random.below(3)] ?? []};
  });
  return buildTopology(hosts, volumes);
}

/** Used bytes of every volume, in whole units. */
export function randomUse(random: Random, topology: Topology, steps: number, unitBytes: number): Series[] {
  return topology.volumes.map((_, volume) =>
    buildSeries(
      volume,
      Array.from({length: steps}, () => random.below(4) * unitBytes),
    ),
  );
}
