import type {Random} from '../src/lib/core/index.js';
import type {Topology} from '../src/lib/topology/index.js';

export interface ClusterShape {
  readonly hosts: number;
  readonly racks: number;
  readonly feeds: number;
  readonly fillLimit: number;
  /** Capacity of all hosts together. */
  readonly capacityBytes: number;
}

/**
 * Hosts dealt to racks, and to feeds across the racks; the largest up to twice as large as the smallest. A scenario for
 * each rack and feed. No volumes yet.
 */
export function unevenCluster(shape: ClusterShape, random: Random): Topology {
  const {racks, feeds} = shape;
  const labels = Array.from({length: shape.hosts}, (_, host) => ({
    rack: `r${host % racks}`,
    feed: `f${(host + Math.floor(host / racks)) % feeds}`,
  }));
  const weights = labels.map(() => 1 + random.next());
  const weight = weights.reduce((sum, one) => sum + one, 0);
  const boundaries = (['rack', 'feed'] as const).flatMap((kind) =>
    [...new Set(labels.map((label) => label[kind]))].sort().map((value) => ({
      id: `${kind}/${value}`,
      kind,
      hosts: labels.flatMap((label, host) => (label[kind] === value ? [host] : [])),
    })),
  );
  return {
    serial: 'bench',
    fillLimit: shape.fillLimit,
    hosts: labels.map((label, host) => ({
      id: `host-${host}`,
      capacityBytes: Math.round(((weights[host] ?? 0) / weight) * shape.capacityBytes),
      otherUsedBytes: 0,
      labels: new Map(Object.entries(label).map(([kind, value]) => [kind, [value]])),
    })),
    boundaries,
    volumes: [],
    scenarios: boundaries.map(({id, hosts}) => ({id, boundaries: [id], hosts})),
  };
}
