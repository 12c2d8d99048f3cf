import type {Located, LocatedList, RawDevice, RawHost, RawTopology, RawVolume} from './raw-topology.js';

type Value =
  | string
  | number
  | boolean
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | {readonly [key: string]: Value | undefined};

/**
 * The topology as a YAML file (layout: importers/yaml.ts) that reads as the same topology, whatever its names are.
 * `remark` becomes a comment at its head. Faults of the raw topology are not written.
 */
export async function topologyYaml(raw: RawTopology, remark: string): Promise<string> {
  const {Document, isCollection, isMap, isPair, visit} = await import('yaml');
  const document = new Document(toPlain(raw), {aliasDuplicateObjects: false});
  document.commentBefore = remark
    .split(/\r\n?|\n/)
    .map((line) => ` ${line}`)
    .join('\n');
  // One line a host, a device and a volume: everything in a list that holds no list of mappings.
  visit(document, {
    Map: (_, node, path) => {
      const isListed = path.length > 2;
      const hasBlocks = node.items.some(({value}) => isCollection(value) && value.items.some(isMap));
      if (isListed && !hasBlocks) node.flow = true;
    },
    Seq: (_, node, path) => {
      const parent = path.at(-1);
      if (isPair(parent) && !node.items.some(isMap)) node.flow = true;
    },
  });
  return document.toString({lineWidth: 0, flowCollectionPadding: false});
}

function toPlain(raw: RawTopology): Value {
  const {priorityGrowth: growth, priorityAccess: access} = raw;
  return drop({
    kind: 'topology',
    version: 1,
    fillLimit: quantity(raw.fillLimit),
    hostBoundaries: raw.hostBoundaries && switchOf(raw.hostBoundaries),
    recoveryRate: raw.recoveryRate?.text,
    priority: (growth ?? access) && drop({growth: quantity(growth), access: quantity(access)}),
    hosts: raw.hosts.map(toHost),
    boundaries: raw.boundaries?.map(({kind, needs, id, hosts}) =>
      drop({kind: kind?.text, needs: quantity(needs), id: id?.text, hosts: names(hosts)}),
    ),
    scenarios:
      raw.scenarios.length === 0
        ? undefined
        : raw.scenarios.map(({id, fails}) => drop({id: id?.text, fails: names(fails)})),
    volumes: raw.volumes.map(toVolume),
  });
}

function toHost(host: RawHost): Value {
  const labels = host.labels.filter(({values}) => values.length > 0);
  return drop({
    ...toDevice(host),
    labels:
      labels.length === 0
        ? undefined
        : // A map keeps the order of kinds that look like numbers, an object does not.
          new Map(
            labels.map(({kind, values: [first, ...more]}): [string, Value] => [
              kind.text,
              more.length === 0 ? (first?.text ?? '') : [first, ...more].map((value) => value?.text ?? ''),
            ]),
          ),
    devices: host.devices.length === 0 ? undefined : host.devices.map((device) => drop(toDevice(device))),
  });
}

function toDevice({id, capacity, otherUsed, tier}: RawDevice): Readonly<Record<string, Value | undefined>> {
  return {id: id?.text, capacity: quantity(capacity), otherUsed: quantity(otherUsed), tier: tier?.text};
}

function toVolume({id, replicas, antiAffinity, tier, provisioned, used}: RawVolume): Value {
  return drop({
    ...{id: id?.text, replicas: names(replicas), antiAffinity: names(antiAffinity), tier: tier?.text},
    ...{provisioned: quantity(provisioned), used: quantity(used)},
  });
}

function drop(fields: Readonly<Record<string, Value | undefined>>): Value {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function names(list: LocatedList | undefined): Value | undefined {
  return list?.values.map(({text}) => text);
}

/** A number where that is how it is written; names stay texts, so that `007` and `yes` are quoted where they must be. */
function quantity(stated: Located | undefined): Value | undefined {
  if (stated === undefined) return undefined;
  return String(Number(stated.text)) === stated.text ? Number(stated.text) : stated.text;
}

function switchOf({text}: Located): Value {
  return text === 'true' || text === 'false' ? text === 'true' : text;
}
