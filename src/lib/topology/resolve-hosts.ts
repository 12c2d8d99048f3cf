import type {Diagnostic} from '../core/index.js';
import type {Located, RawDevice, RawHost} from './raw-topology.js';
import {createNameTable, type NameTable, readQuantity} from './resolve-names.js';
import type {Host} from './topology.js';

/** Finds the places (indices into the topology's hosts) that a name stands for. */
export interface HostNames {
  /** The host as a whole with all its devices, or the one device; none and a fault when the name is not known. */
  placesOf(name: Located, sentence: string): readonly number[];
  /** The one place of that name; none and a fault when it is not known or stands for several devices. */
  placeOf(name: Located, sentence: string): readonly number[];
}

/** The hosts, or where devices are listed these in their place; every fault is collected. */
export function resolveHosts(
  raw: readonly RawHost[],
  faults: Diagnostic[],
): {readonly hosts: readonly Host[]; readonly names: HostNames} {
  const table = createNameTable('host', faults);
  const hosts: Host[] = [];
  const placesOfName: number[][] = [];
  /** The places of a new name, to be filled. */
  const open = (id: Located | undefined, at: string): {name: string | undefined; places: number[]} => {
    const name = table.add(id, at);
    const places: number[] = [];
    if (name !== undefined) placesOfName.push(places);
    return {name, places};
  };
  for (const host of raw) {
    const {name, places} = open(host.id, host.at);
    for (const {id, at, ...space} of placesIn(host, faults)) {
      const device = id && open({at: id.at, text: `${host.id?.text ?? '?'}/${id.text}`}, at);
      const place = {...(device && {partOf: name ?? ''}), ...space};
      const placeId = device ? device.name : name;
      if (placeId === undefined) continue;
      const index = hosts.push({id: placeId, ...place}) - 1;
      places.push(index);
      device?.places.push(index);
    }
  }
  return {hosts, names: findPlaces(table, placesOfName, hosts, faults)};
}

function findPlaces(
  table: NameTable,
  placesOfName: readonly (readonly number[])[],
  hosts: readonly Host[],
  faults: Diagnostic[],
): HostNames {
  const placesOf = (name: Located, sentence: string): readonly number[] =>
    table.find(name, sentence).flatMap((index) => placesOfName[index] ?? []);
  const placeOf = (name: Located, sentence: string): readonly number[] => {
    const places = placesOf(name, sentence);
    if (places.length <= 1) return places;
    const devices = places.map((place) => hosts[place]?.id ?? '').join(', ');
    const message = `${sentence} host ${JSON.stringify(name.text)}, which has ${places.length} devices`;
    const advice = `name the device: ${devices}`;
    faults.push({severity: 'error', code: 'which-device', at: name.at, message, advice});
    return [];
  };
  return {placesOf, placeOf};
}

/** A place of a host before it has its full name; without id it is the host itself. */
interface UnnamedPlace extends Omit<Host, 'id' | 'partOf'> {
  readonly id: Located | undefined;
  readonly at: string;
}

function placesIn(host: RawHost, faults: Diagnostic[]): UnnamedPlace[] {
  const {at, devices} = host;
  if (devices.length === 0) {
    return [{id: undefined, at, ...readSpace(host, host.tier, faults), labels: readLabels(host, faults)}];
  }
  refuseOwnSpace(host, faults);
  const labels = readLabels(host, faults);
  return devices.map((device) => {
    const id = device.id ?? {at: device.at, text: ''};
    return {id, at: device.at, labels, ...readSpace(device, device.tier ?? host.tier, faults)};
  });
}

function readSpace(
  raw: RawDevice,
  tier: Located | undefined,
  faults: Diagnostic[],
): Pick<Host, 'capacityBytes' | 'otherUsedBytes' | 'tier'> {
  return {
    ...(tier === undefined ? {} : {tier: tier.text}),
    capacityBytes: readQuantity(raw.capacity, 'capacity', raw, faults),
    otherUsedBytes: raw.otherUsed ? readQuantity(raw.otherUsed, 'otherUsed', raw, faults) : 0,
  };
}

function refuseOwnSpace({id, capacity, otherUsed}: RawHost, faults: Diagnostic[]): void {
  const own = capacity ?? otherUsed;
  if (own === undefined) return;
  faults.push({
    severity: 'error',
    code: 'space-told-twice',
    at: own.at,
    message: `host ${JSON.stringify(id?.text ?? '?')} has devices and a capacity or other use of its own`,
    advice: 'state capacity and other use of each device, and none of the host',
  });
}

function readLabels(raw: RawHost, faults: Diagnostic[]): ReadonlyMap<string, readonly string[]> {
  const labels = new Map<string, string[]>();
  for (const {kind, values} of raw.labels) {
    const texts = values.map(({text}) => text);
    const twice = values.find(({text}, index) => texts.indexOf(text) !== index);
    if (twice) {
      const message = `host ${JSON.stringify(raw.id?.text ?? '?')} has the ${kind.text} ${JSON.stringify(twice.text)} twice`;
      const advice = 'name it once';
      faults.push({severity: 'error', code: 'duplicate-label', at: twice.at, message, advice});
    }
    if (texts.length > 0) labels.set(kind.text, texts);
  }
  return labels;
}
