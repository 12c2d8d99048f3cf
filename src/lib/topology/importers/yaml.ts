/**
 * A topology in one YAML (or JSON) file.
 *
 *     kind: topology
 *     version: 1
 *     fillLimit: 0.9             # default; also 90%
 *     hostBoundaries: true       # default: every host is a boundary host/<id> of its own
 *     recoveryRate: 200MB/s      # what one host takes while it re-creates replicas, beside what it serves
 *     priority: {growth: 1, access: 1} # default: what counts for who comes first when space is scarce
 *     hosts:
 *       - {id: h1, capacity: 7.68TB, otherUsed: 10GiB, labels: {rack: r1, feed: [a, b]}}
 *       - id: h2                 # a host whose devices fail alone too: device/h2/nvme0, and with it
 *         labels: {rack: r1, feed: b}
 *         devices:
 *           - {id: nvme0, capacity: 3.84TB, tier: ssd}
 *           - {id: hdd0, capacity: 16TB, tier: hdd, otherUsed: 1TB}
 *     boundaries:                # when absent: every label kind is one
 *       - kind: rack             # one boundary for each value of the label: rack/r1, rack/r2, ...
 *       - {kind: feed, needs: 1} # a host fails when fewer than `needs` of its feeds are left; default: all of them
 *       - {id: pdu-7, kind: pdu, hosts: [h1, h2]}
 *     scenarios:                 # besides each boundary alone
 *       - {id: both-feeds, fails: [feed/a, feed/b]}
 *     volumes:
 *       - {id: v1, replicas: [h1, h2/nvme0], antiAffinity: [rack], provisioned: 1TiB, used: 300GiB}
 *       - {id: v2, replicas: [h3, h2/hdd0], tier: hdd}   # only on hosts and devices of that tier; default: on any
 *
 * Names are taken as they are written (`007` stays `007`); quantities are bytes or carry a unit.
 */
import type * as yamlPackage from 'yaml';
import type {LineCounter, Node, YAMLMap} from 'yaml';

import {type Diagnostic, nearestName, readText} from '../../core/index.js';
import type {
  Located,
  LocatedList,
  RawBoundary,
  RawDevice,
  RawHost,
  RawScenario,
  RawTopology,
  RawVolume,
  TopologyImporter,
} from '../raw-topology.js';

const VERSION = '1';

/** Reads the layout above. */
export const yamlImporter: TopologyImporter = {
  name: 'yaml',
  summary: 'one YAML file: hosts, boundaries, scenarios, volumes',
  accepts: (path, isFolder) => !isFolder && /\.(ya?ml|json)$/i.test(path),
  read: readYaml,
};

type Yaml = Pick<typeof yamlPackage, 'isAlias' | 'isMap' | 'isNode' | 'isScalar' | 'isSeq'>;
type Fields = ReadonlyMap<string, Node>;

/** Walks the document and notes what it finds wrong. */
interface Walk {
  readonly faults: Diagnostic[];
  at(node: Node | undefined): string;
  /** The fields of a mapping; keys outside `known` are faults. */
  fields(node: Node | undefined, what: string, known: readonly string[]): Fields;
  pairs(node: Node | undefined, what: string): readonly {readonly key: Located; readonly value: Node}[];
  items(node: Node | undefined, what: string): readonly Node[];
  text(node: Node | undefined, what: string): Located | undefined;
}

async function readYaml(path: string): Promise<RawTopology> {
  const text = await readText(path);
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {lineCounter: lines, merge: false});
  const faults = document.errors.map(({pos, message}): Diagnostic => ({
    severity: 'error',
    code: 'not-yaml',
    at: `${path}:${lines.linePos(pos[0]).line}`,
    message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message,
  }));
  if (faults.length > 0) return {...EMPTY, source: path, faults};
  const resolve = (node: Node): Node | undefined => (yaml.isAlias(node) ? node.resolve(document) : node);
  return readDocument(startWalk(yaml, path, lines, resolve), document.contents ?? undefined, path);
}

const EMPTY = {
  fillLimit: undefined,
  hostBoundaries: undefined,
  hosts: [],
  boundaries: undefined,
  scenarios: [],
  volumes: [],
};

function readDocument(walk: Walk, root: Node | undefined, source: string): RawTopology {
  const lists = ['hosts', 'boundaries', 'scenarios', 'volumes'];
  const fields = walk.fields(root, 'the document', [
    'kind',
    'version',
    'fillLimit',
    'hostBoundaries',
    'recoveryRate',
    'priority',
    ...lists,
  ]);
  demand(walk, fields.get('kind') ?? root, 'kind', 'topology', fields.has('kind'));
  demand(walk, fields.get('version') ?? root, 'version', VERSION, fields.has('version'));
  const boundaries = fields.get('boundaries');
  return {
    source,
    fillLimit: walk.text(fields.get('fillLimit'), 'fillLimit'),
    hostBoundaries: walk.text(fields.get('hostBoundaries'), 'hostBoundaries'),
    recoveryRate: walk.text(fields.get('recoveryRate'), 'recoveryRate'),
    ...readPriority(walk, fields.get('priority')),
    hosts: walk.items(fields.get('hosts'), 'hosts').map((node) => readHost(walk, node)),
    boundaries: boundaries && walk.items(boundaries, 'boundaries').map((node) => readBoundary(walk, node)),
    scenarios: walk.items(fields.get('scenarios'), 'scenarios').map((node) => readScenario(walk, node)),
    volumes: walk.items(fields.get('volumes'), 'volumes').map((node) => readVolume(walk, node)),
    faults: walk.faults,
  };
}

function readPriority(
  walk: Walk,
  node: Node | undefined,
): Pick<RawTopology, 'priorityGrowth' | 'priorityAccess'> {
  if (node === undefined) return {};
  const fields = walk.fields(node, 'priority', ['growth', 'access']);
  return {
    priorityGrowth: walk.text(fields.get('growth'), 'growth'),
    priorityAccess: walk.text(fields.get('access'), 'access'),
  };
}

function demand(walk: Walk, node: Node | undefined, field: string, wanted: string, stated: boolean): void {
  const found = stated ? walk.text(node, field)?.text : undefined;
  if (found === wanted) return;
  walk.faults.push({
    severity: 'error',
    code: 'wrong-kind',
    at: walk.at(node),
    message: `${field} is ${found === undefined ? 'missing' : JSON.stringify(found)}, not "${wanted}"`,
    advice: `begin the file with "kind: topology" and "version: ${VERSION}"`,
  });
}

function readHost(walk: Walk, node: Node): RawHost {
  const fields = walk.fields(node, 'a host', [...DEVICE_KEYS, 'labels', 'devices']);
  const labels = walk.pairs(fields.get('labels'), 'labels').map(({key, value}) => ({
    kind: key,
    values: readNames(walk, value, key.text, 'one or many').values,
  }));
  const devices = walk
    .items(fields.get('devices'), 'devices')
    .map((device) => toDevice(walk, device, walk.fields(device, 'a device', DEVICE_KEYS)));
  return {...toDevice(walk, node, fields), labels, devices};
}

const DEVICE_KEYS = ['id', 'capacity', 'otherUsed', 'tier'];

function toDevice(walk: Walk, node: Node, fields: Fields): RawDevice {
  return {
    at: walk.at(node),
    id: walk.text(fields.get('id'), 'id'),
    capacity: walk.text(fields.get('capacity'), 'capacity'),
    otherUsed: walk.text(fields.get('otherUsed'), 'otherUsed'),
    tier: walk.text(fields.get('tier'), 'tier'),
  };
}

function readBoundary(walk: Walk, node: Node): RawBoundary {
  const fields = walk.fields(node, 'a boundary', ['kind', 'needs', 'id', 'hosts']);
  return {
    at: walk.at(node),
    kind: walk.text(fields.get('kind'), 'kind'),
    needs: walk.text(fields.get('needs'), 'needs'),
    id: walk.text(fields.get('id'), 'id'),
    hosts: optionalNames(walk, fields.get('hosts'), 'hosts'),
  };
}

function readScenario(walk: Walk, node: Node): RawScenario {
  const fields = walk.fields(node, 'a scenario', ['id', 'fails']);
  return {
    at: walk.at(node),
    id: walk.text(fields.get('id'), 'id'),
    fails: optionalNames(walk, fields.get('fails'), 'fails'),
  };
}

function readVolume(walk: Walk, node: Node): RawVolume {
  const known = ['id', 'replicas', 'antiAffinity', 'tier', 'provisioned', 'used'];
  const fields = walk.fields(node, 'a volume', known);
  return {
    at: walk.at(node),
    id: walk.text(fields.get('id'), 'id'),
    replicas: optionalNames(walk, fields.get('replicas'), 'replicas'),
    antiAffinity: optionalNames(walk, fields.get('antiAffinity'), 'antiAffinity'),
    tier: walk.text(fields.get('tier'), 'tier'),
    provisioned: walk.text(fields.get('provisioned'), 'provisioned'),
    used: walk.text(fields.get('used'), 'used'),
  };
}

function optionalNames(walk: Walk, node: Node | undefined, what: string): LocatedList | undefined {
  return node && readNames(walk, node, what, 'many');
}

function readNames(walk: Walk, node: Node, what: string, count: 'one or many' | 'many'): LocatedList {
  const isScalar = 'value' in node;
  const nodes = count === 'one or many' && isScalar ? [node] : walk.items(node, what);
  const values = nodes.map((item) => walk.text(item, what)).filter((value) => value !== undefined);
  return {at: walk.at(node), values};
}

function startWalk(
  yaml: Yaml,
  path: string,
  lines: LineCounter,
  resolve: (node: Node) => Node | undefined,
): Walk {
  const faults: Diagnostic[] = [];
  const at = (node: Node | undefined): string =>
    `${path}:${node?.range ? lines.linePos(node.range[0]).line : 1}`;
  const wrongShape = (node: Node | undefined, what: string, wanted: string): void => {
    faults.push({severity: 'error', code: 'wrong-shape', at: at(node), message: `${what} must be ${wanted}`});
  };
  const isEmpty = (node: Node | undefined): node is undefined =>
    node === undefined || (yaml.isScalar(node) && node.value === null);
  const text = (node: Node | undefined, what: string): Located | undefined => {
    if (isEmpty(node)) return undefined;
    if (yaml.isScalar(node)) return {at: at(node), text: scalarText(node)};
    wrongShape(node, what, 'one value');
    return undefined;
  };
  const pairs: Walk['pairs'] = (node, what) => {
    if (isEmpty(node)) return [];
    if (yaml.isMap(node)) return mapPairs(yaml, node, resolve, at);
    wrongShape(node, what, 'a mapping of keys to values');
    return [];
  };
  const items: Walk['items'] = (node, what) => {
    if (isEmpty(node)) return [];
    if (yaml.isSeq(node)) {
      return node.items
        .filter(yaml.isNode)
        .map((item) => resolve(item))
        .filter((item) => item !== undefined);
    }
    wrongShape(node, what, 'a list');
    return [];
  };
  const fields: Walk['fields'] = (node, what, known) => {
    if (isEmpty(node)) wrongShape(node, what, `a mapping with ${known.join(', ')}`);
    const found = pairs(node, what);
    for (const {key} of found) {
      if (!known.includes(key.text)) faults.push(unknownKey(key, what, known));
    }
    return new Map(found.map(({key, value}) => [key.text, value]));
  };
  return {faults, at, fields, pairs, items, text};
}

function mapPairs(
  yaml: Yaml,
  map: YAMLMap,
  resolve: (node: Node) => Node | undefined,
  at: (node: Node) => string,
): {key: Located; value: Node}[] {
  return map.items.flatMap(({key, value}) => {
    if (!yaml.isScalar(key) || !yaml.isNode(value)) return [];
    const resolved = resolve(value);
    return resolved ? [{key: {at: at(key), text: scalarText(key)}, value: resolved}] : [];
  });
}

/** As written, so that `007`, `1e3` and `yes` are names like others. */
function scalarText(scalar: {readonly value: unknown; readonly source?: string}): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

function unknownKey(key: Located, what: string, known: readonly string[]): Diagnostic {
  const nearest = nearestName(key.text, known);
  return {
    severity: 'error',
    code: 'unknown-key',
    at: key.at,
    message: `${what} has the unknown key ${JSON.stringify(key.text)}`,
    advice: nearest === undefined ? `it may have ${known.join(', ')}` : `did you mean "${nearest}"?`,
  };
}
