import type {RawBoundary, RawHost, RawTopology} from './raw-topology.js';

/** What a name in a topology stands for. */
export type NameSort = 'kind' | 'boundary' | 'scenario' | 'host' | 'volume';

/** `file:line` where the name was stated; undefined: it was not, but follows from something else. */
export type Locate = (sort: NameSort, name: string) => string | undefined;

/** Remembers where the names of a topology stand. The first place of each counts. */
export function locateNames(raw: RawTopology): Locate {
  const places = new Map<string, string>();
  const note: Note = (sort, name, at) => {
    const key = `${sort} ${name ?? ''}`;
    if (name !== undefined && !places.has(key)) places.set(key, at);
  };
  for (const boundary of raw.boundaries ?? []) noteBoundary(boundary, note);
  for (const host of raw.hosts) noteHost(host, note);
  for (const {id, at} of raw.scenarios) note('scenario', id?.text, at);
  for (const {id, at} of raw.volumes) note('volume', id?.text, at);
  return (sort, name) =>
    places.get(`${sort} ${name}`) ?? (sort === 'scenario' ? places.get(`boundary ${name}`) : undefined);
}

type Note = (sort: NameSort, name: string | undefined, at: string) => void;

function noteHost({id, at, labels, devices}: RawHost, note: Note): void {
  if (id === undefined) return;
  note('host', id.text, at);
  note('boundary', `host/${id.text}`, at);
  for (const device of devices) {
    const name = `${id.text}/${device.id?.text ?? ''}`;
    note('host', name, device.at);
    note('boundary', `device/${name}`, device.at);
  }
  for (const {kind, values} of labels) {
    note('kind', kind.text, kind.at);
    for (const value of values) note('boundary', `${kind.text}/${value.text}`, value.at);
  }
}

function noteBoundary({kind, id, at}: RawBoundary, note: Note): void {
  if (id !== undefined && kind !== undefined) note('boundary', `${kind.text}/${id.text}`, at);
  note('kind', kind?.text, at);
}
