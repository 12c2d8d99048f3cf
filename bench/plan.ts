import {
  allocationPolicy,
  checkCertificate,
  compileTopology,
  makePlan,
  predictUse,
} from '../src/lib/allocation/index.js';
import {createRandom, type Random} from '../src/lib/core/index.js';
import type {PeakForecast} from '../src/lib/forecasting/index.js';
import type {Topology} from '../src/lib/topology/index.js';
import type {BenchOptions, BenchResult} from './bench.js';

const RACKS = 60;
const FEEDS = 8;
const SWITCHES = 12;
const VOLUMES_PER_HOST = 100;
const KINDS = ['rack', 'feed', 'switch'] as const;
const LEVEL = 0.99;

export async function bench({rows = 1000}: BenchOptions): Promise<BenchResult> {
  const random = createRandom('bench plan');
  const topology = buildTopology(random, rows);
  const forecast = drawForecast(random.fork('use'), topology);
  console.error('built', process.resourceUsage().maxRSS / 1e6);
  const before = process.cpuUsage();
  const settings = {level: LEVEL, safetyFactor: 1.2, staticShare: 0.2};
  const plan = await makePlan({
    policy: allocationPolicy('shared'),
    input: {
      topology,
      usedBytes: forecast.point,
      forecast,
      currentReserveBytes: new Float64Array(topology.hosts.length),
      settings,
    },
    createdAtUs: 0,
    validForSeconds: 86_400,
    horizonSeconds: 604_800,
    tool: 'bench',
    inputs: [],
    warnings: [],
    withCertificate: true,
  });
  const cpuSeconds = secondsSince(before);
  const peakRss = process.resourceUsage().maxRSS / 1e6;
  console.error({cpuSeconds, peakRss, feasible: plan.feasible, uncovered: plan.uncovered.slice(0, 2)});
  return {name: 'plan', figures: {cpu_seconds: cpuSeconds, peak_rss_gb: peakRss}, table: []};
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const {user, system} = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Uneven hosts in racks, on feeds and switches across the racks; two or three copies a volume, apart in all three. */
function buildTopology(random: Random, hostCount: number): Topology {
  const labels = Array.from({length: hostCount}, (_, host) => ({
    rack: `r${host % RACKS}`,
    feed: `f${random.below(FEEDS)}`,
    switch: `s${random.below(SWITCHES)}`,
  }));
  const shared = KINDS.flatMap((kind) =>
    [...new Set(labels.map((label) => label[kind]))].sort().map((value) => ({
      id: `${kind}/${value}`,
      kind,
      hosts: labels.flatMap((label, host) => (label[kind] === value ? [host] : [])),
    })),
  );
  const hosts = labels.map((label, host) => ({
    id: `host-${host}`,
    capacityBytes: Math.round((8 + 8 * random.next()) * 1e12),
    otherUsedBytes: 0,
    labels: new Map(Object.entries(label).map(([kind, value]) => [kind, [value]])),
  }));
  const own = hosts.map(({id}, host) => ({id: `host/${id}`, kind: 'host', hosts: [host]}));
  const boundaries = [...shared, ...own];
  return {
    serial: 'bench',
    fillLimit: 0.9,
    hosts,
    boundaries,
    volumes: Array.from({length: hostCount * VOLUMES_PER_HOST}, (_, volume) => ({
      id: `volume-${volume}`,
      replicas: drawReplicas(random, labels, 2 + random.below(2)),
      antiAffinity: [...KINDS],
      provisionedBytes: undefined,
      usedBytes: undefined,
    })),
    scenarios: boundaries.map((boundary) => ({
      id: boundary.id,
      boundaries: [boundary.id],
      hosts: boundary.hosts,
    })),
  };
}

type Labels = Readonly<Record<(typeof KINDS)[number], string>>;

function drawReplicas(random: Random, labels: readonly Labels[], count: number): readonly number[] {
  const replicas: number[] = [];
  while (replicas.length < count) {
    const host = random.below(labels.length);
    const isApart = replicas.every((other) =>
      KINDS.every((kind) => labels[other]?.[kind] !== labels[host]?.[kind]),
    );
    if (isApart) replicas.push(host);
  }
  return replicas;
}

/** Sizes of a wide spread; forty futures in which a common part moves all volumes and each has one of its own. */
function drawForecast(random: Random, {volumes}: Topology): PeakForecast {
  const point = Float64Array.from(volumes, () => Math.round(Math.exp(random.normal()) * 18e9));
  const samples = Array.from({length: 40}, () => {
    const common = 0.03 * random.normal();
    return point.map((bytes) => bytes * Math.max(0, 1 + common + 0.1 * random.normal()));
  });
  return {point, samples};
}
