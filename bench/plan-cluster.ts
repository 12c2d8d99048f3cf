import type {Random} from '../src/lib/core/index.js';
import type {PeakForecast} from '../src/lib/forecasting/index.js';
import type {Topology} from '../src/lib/topology/index.js';

const RACKS = 60;
const FEEDS = 8;
const SWITCHES = 12;
const VOLUMES_PER_HOST = 100;
const MEDIAN_BYTES = 15e9;
const FUTURES = 40;
const KINDS = ['rack', 'feed', 'switch'] as const;

/** Uneven hosts in racks, on feeds and switches across the racks; two or three copies a volume, apart in all three. */
export function buildCluster(random: Random, hostCount: number): Topology {
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
export function drawForecast(random: Random, {volumes}: Topology): PeakForecast {
  const point = Float64Array.from(volumes, () => Math.round(Math.exp(random.normal()) * MEDIAN_BYTES));
  const samples = Array.from({length: FUTURES}, () => {
    const common = 0.03 * random.normal();
    return point.map((bytes) => bytes * Math.max(0, 1 + common + 0.1 * random.normal()));
  });
  return {point, samples};
}
