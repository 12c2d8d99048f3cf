import {InputError} from '../core/index.js';
import type {Located, LocatedList, RawHost, RawTopology} from './raw-topology.js';
import {resolveTopology} from './resolve-topology.js';
import type {Topology} from './topology.js';

/** Hosts that are all alike, of one device each. */
export interface NewHosts {
  readonly count: number;
  /** As it would stand in the file, e.g. `7.68TB`. */
  readonly capacity: string;
  readonly tier?: string;
  readonly labels: readonly {readonly kind: string; readonly values: readonly string[]}[];
}

const SOURCE = 'what if';

/** The topology with more hosts, named `new-host-1` and on. */
export function addHosts(raw: RawTopology, {count, capacity, tier, labels}: NewHosts): RawTopology {
  const known = new Set(raw.hosts.map(({id}) => id?.text));
  const hosts: RawHost[] = [];
  for (let number = 1; hosts.length < count; number += 1) {
    const id = `new-host-${number}`;
    if (known.has(id)) continue;
    hosts.push({
      at: SOURCE,
      id: located(id),
      capacity: located(capacity),
      otherUsed: undefined,
      tier: tier === undefined ? undefined : located(tier),
      devices: [],
      labels: labels.map(({kind, values}) => ({kind: located(kind), values: values.map(located)})),
    });
  }
  return {...raw, hosts: [...raw.hosts, ...hosts]};
}

/** The topology in which every volume has its replicas on the hosts of these ids, in the order of the volumes. */
export function withReplicas(raw: RawTopology, replicas: readonly (readonly string[])[]): RawTopology {
  const volumes = raw.volumes.map((volume, index) => ({...volume, replicas: listOf(replicas[index] ?? [])}));
  return {...raw, volumes};
}

/** The topology in which all volumes are kept apart in these kinds, and in no others. */
export function withAntiAffinity(raw: RawTopology, kinds: readonly string[]): RawTopology {
  return {...raw, volumes: raw.volumes.map((volume) => ({...volume, antiAffinity: listOf(kinds)}))};
}

/** The topology without one value of a label: hosts that have it lose it. */
export function withoutLabel(raw: RawTopology, kind: string, value: string): RawTopology {
  const hosts = raw.hosts.map((host) => ({
    ...host,
    labels: host.labels
      .map((label) =>
        label.kind.text === kind
          ? {...label, values: label.values.filter(({text}) => text !== value)}
          : label,
      )
      .filter(({values}) => values.length > 0),
  }));
  return {...raw, hosts};
}

/** The topology without these hosts and devices (ids as resolved), whatever else is named after them going with them. */
export function withoutPlaces(raw: RawTopology, places: ReadonlySet<string>): RawTopology {
  const gone = new Set(places);
  const hosts = raw.hosts.flatMap((host): RawHost[] => {
    const name = host.id?.text ?? '';
    const devices = host.devices.filter(({id}) => !places.has(`${name}/${id?.text ?? ''}`));
    const isGone = host.devices.length === 0 ? places.has(name) : devices.length === 0;
    if (isGone) gone.add(name);
    return isGone ? [] : [{...host, devices}];
  });
  const boundaries = raw.boundaries?.flatMap((boundary) => {
    if (boundary.hosts === undefined) return [boundary];
    const left = boundary.hosts.values.filter(({text}) => !gone.has(text));
    return left.length === 0 ? [] : [{...boundary, hosts: {...boundary.hosts, values: left}}];
  });
  return {...raw, hosts, boundaries};
}

/**
 * Resolves a topology after such edits: kinds that no host has any more are no boundaries, and scenarios fail what is
 * left of them. Throws InputError, as `resolveTopology` does.
 */
export function resolveEdited(raw: RawTopology): {readonly raw: RawTopology; readonly topology: Topology} {
  if (raw.hosts.length === 0) throw new InputError('no-hosts', 'no host is left');
  const kinds = new Set(raw.hosts.flatMap(({labels}) => labels.map(({kind}) => kind.text)));
  const boundaries = raw.boundaries?.filter(({id, kind}) => id !== undefined || kinds.has(kind?.text ?? ''));
  const known = new Set(resolveTopology({...raw, boundaries, scenarios: []}).boundaries.map(({id}) => id));
  const scenarios = raw.scenarios.flatMap((scenario) => {
    const left = scenario.fails?.values.filter(({text}) => known.has(text)) ?? [];
    return left.length === 0 ? [] : [{...scenario, fails: {at: scenario.at, values: left}}];
  });
  const edited = {...raw, boundaries, scenarios};
  return {raw: edited, topology: resolveTopology(edited)};
}

function located(text: string): Located {
  return {at: SOURCE, text};
}

function listOf(names: readonly string[]): LocatedList {
  return {at: SOURCE, values: names.map(located)};
}
