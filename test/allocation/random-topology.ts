import {createRandom, type Random} from '../../src/lib/core/index.js';
import {
  type Located,
  resolveTopology,
  type RawBoundary,
  type RawTopology,
  type Topology,
} from '../../src/lib/topology/index.js';

const at = 'random';

export function located(text: string | number): Located {
  return {at, text: String(text)};
}

function list(values: readonly string[]): {at: string; values: Located[]} {
  return {at, values: values.map(located)};
}

export interface TopologyText {
  readonly fillLimit?: number;
  readonly hosts: readonly {
    readonly id: string;
    /** Absent: that of the devices counts. */
    readonly capacity?: number;
    readonly tier?: string;
    readonly devices?: readonly {readonly id: string; readonly capacity: number; readonly tier?: string}[];
    readonly labels?: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly boundaries?: readonly {
    readonly kind: string;
    readonly needs?: number;
    readonly id?: string;
    readonly hosts?: readonly string[];
  }[];
  readonly scenarios?: readonly {readonly id: string; readonly fails: readonly string[]}[];
  readonly volumes: readonly {
    readonly id: string;
    readonly replicas: readonly string[];
    readonly apart?: readonly string[];
    readonly tier?: string;
    readonly used: number;
  }[];
  readonly hostBoundaries?: boolean;
}

/** A topology through the same door as a file. */
export function topologyOf(text: TopologyText): Topology {
  return resolveTopology(rawOf(text));
}

/** The same before its names are resolved. */
export function rawOf(text: TopologyText): RawTopology {
  return {
    source: at,
    fillLimit: located(text.fillLimit ?? 1),
    hostBoundaries: located(String(text.hostBoundaries ?? true)),
    hosts: text.hosts.map(({id, capacity, tier, devices = [], labels = {}}) => ({
      at,
      id: located(id),
      capacity: capacity === undefined ? undefined : located(capacity),
      otherUsed: undefined,
      tier: tier === undefined ? undefined : located(tier),
      devices: devices.map((device) => ({
        at,
        id: located(device.id),
        capacity: located(device.capacity),
        otherUsed: undefined,
        tier: device.tier === undefined ? undefined : located(device.tier),
      })),
      labels: Object.entries(labels).map(([kind, values]) => ({
        kind: located(kind),
        values: values.map(located),
      })),
    })),
    boundaries: text.boundaries?.map(({kind, needs, id, hosts}): RawBoundary => ({
      at,
      kind: located(kind),
      needs: needs === undefined ? undefined : located(needs),
      id: id === undefined ? undefined : located(id),
      hosts: hosts && list(hosts),
    })),
    scenarios: (text.scenarios ?? []).map(({id, fails}) => ({at, id: located(id), fails: list(fails)})),
    volumes: text.volumes.map(({id, replicas, apart = [], tier, used}) => ({
      at,
      id: located(id),
      replicas: list(replicas),
      antiAffinity: list(apart),
      tier: tier === undefined ? undefined : located(tier),
      provisioned: undefined,
      used: located(used),
    })),
    faults: [],
  };
}

/** Used bytes as the topology states them. */
export function usedOf(topology: Topology): Float64Array {
  return Float64Array.from(topology.volumes, ({usedBytes}) => usedBytes ?? 0);
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

/**
 * A small cluster with overlapping boundaries: racks, feeds of which a host may have two (k-of-n), an explicit set, and
 * at times a named combination. Two or three copies, often against the rule; rooms from plenty to none.
 */
export function randomTopology(seed: number | string): Topology {
  const random = createRandom(seed);
  const hostCount = 3 + random.below(6);
  const racks = 2 + random.below(4);
  const feeds = 2 + random.below(2);
  const ids = Array.from({length: hostCount}, (_, index) => `h${index}`);
  const rackOf = new Map(ids.map((id, index) => [id, `r${index < racks ? index : random.below(racks)}`]));
  const dualFed = pick(random, [0.3, 1]);
  const unit = pick(random, [1, 7, 1_000_003, 10 ** 12 + 7]);
  const plenty = 2 + random.below(30);
  const volumes = Array.from({length: 1 + random.below(7)}, (_, index) => {
    const copies = Math.min(hostCount - 1, pick(random, [2, 2, 2, 3]));
    const keepsRule = random.next() < 0.9;
    const replicas: string[] = [];
    for (let draw = 0; replicas.length < copies; draw += 1) {
      const host = pick(random, ids);
      const inSameRack = replicas.some((other) => rackOf.get(other) === rackOf.get(host));
      if (!replicas.includes(host) && !(keepsRule && inSameRack && draw < 50)) replicas.push(host);
    }
    const apart = pick(random, [[], ['rack'], ['rack'], ['feed'], ['rack', 'pdu'], ['rack', 'feed']]);
    return {id: `v${index}`, replicas, apart, used: (1 + random.below(9)) * unit};
  });
  const used = (id: string): number =>
    volumes.reduce((sum, volume) => sum + (volume.replicas.includes(id) ? volume.used : 0), 0);
  const hosts = ids.map((id) => {
    const first = random.below(feeds);
    const second = random.next() < dualFed ? [`f${(first + 1) % feeds}`] : [];
    const labels = {rack: [rackOf.get(id)!], feed: [`f${first}`, ...second]};
    return {id, capacity: used(id) + random.below(plenty) * unit, labels};
  });
  const someHosts = ids.filter(() => random.next() < 0.25);
  const rackIds = [...new Set(hosts.flatMap(({labels}) => labels.rack))];
  const text: TopologyText = {
    hosts,
    boundaries: [
      {kind: 'rack'},
      {kind: 'feed', needs: pick(random, [1, 1, 2])},
      {kind: 'pdu', id: 'p', hosts: someHosts},
    ],
    scenarios:
      random.next() < 0.3
        ? [{id: 'combined', fails: [`rack/${pick(random, rackIds)}`, `host/${pick(random, ids)}`]}]
        : [],
    volumes,
  };
  const devices = random.fork('devices');
  return topologyOf(devices.next() < 0.3 ? withDevices(text, devices) : text);
}

/** The same places, some in pairs as devices of one host with the labels of the first, and of two tiers. */
function withDevices(text: TopologyText, random: Random): TopologyText {
  const tierOf = new Map(text.hosts.map(({id}) => [id, random.next() < 0.85 ? 'ssd' : 'hdd']));
  const nameOf = new Map(text.hosts.map(({id}) => [id, id]));
  const hosts: TopologyText['hosts'][number][] = [];
  for (let at = 0; at < text.hosts.length; at += 1) {
    const [host, next] = [text.hosts[at]!, text.hosts[at + 1]];
    if (next === undefined || random.next() < 0.4) {
      hosts.push({...host, tier: tierOf.get(host.id)!});
      continue;
    }
    const name = `m${at}`;
    const devices = [host, next].map(({id, capacity = 0}) => ({id, capacity, tier: tierOf.get(id)!}));
    for (const {id} of devices) nameOf.set(id, `${name}/${id}`);
    hosts.push({id: name, devices, labels: host.labels ?? {}});
    at += 1;
  }
  const rename = (id: string): string => nameOf.get(id) ?? id;
  const volumes = text.volumes.map((volume) => ({
    ...volume,
    replicas: volume.replicas.map(rename),
    ...(random.next() < 0.3 ? {tier: tierOf.get(volume.replicas[0]!)!} : {}),
  }));
  const boundaries = (text.boundaries ?? []).map((boundary) =>
    boundary.hosts ? {...boundary, hosts: boundary.hosts.map(rename)} : boundary,
  );
  const racks = new Set(hosts.flatMap(({labels}) => labels?.rack ?? []));
  const scenarios = (text.scenarios ?? []).map(({id, fails}) => ({
    id,
    fails: fails
      .filter((name) => !name.startsWith('rack/') || racks.has(name.slice('rack/'.length)))
      .map((name) => {
        const place = name.startsWith('host/') ? rename(name.slice('host/'.length)) : '';
        return place.includes('/') ? `device/${place}` : name;
      }),
  }));
  return {...text, hosts, boundaries, scenarios, volumes};
}
