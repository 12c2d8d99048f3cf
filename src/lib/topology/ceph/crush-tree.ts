import type {CephDocuments, CephNode} from './documents.js';

const KIB = 1024;
/** What an empty bucket of a type counts as where the tree has none of it (types of CRUSH maps made since 2012). */
const DEFAULT_TYPE_IDS = new Map(
  ['osd', 'host', 'chassis', 'rack', 'row', 'pdu', 'pod', 'room', 'datacenter', 'zone', 'region', 'root'].map(
    (type, id) => [type, id],
  ),
);

export interface CrushBucket {
  readonly id: number;
  readonly name: string;
  /** `host`, `rack`, `root`, ... */
  readonly type: string;
  /** Rises from the leaves to the roots. */
  readonly typeId: number;
}

export interface CephOsd {
  readonly id: number;
  /** `osd.7` */
  readonly name: string;
  readonly deviceClass: string | undefined;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** The part of it that is data and omap, not metadata of the store itself. */
  readonly contentBytes: number;
  /** Nearest first, each once. An OSD that hangs in two roots has the buckets of both. */
  readonly ancestors: readonly CrushBucket[];
  readonly isUp: boolean;
  readonly isIn: boolean;
  /** Whether CRUSH gives it anything: up, in, and weights above 0. */
  readonly isOpen: boolean;
}

export interface CrushTree {
  /** By id, rising. */
  readonly osds: readonly CephOsd[];
  /** Buckets with OSDs below them, outermost first. */
  readonly buckets: readonly CrushBucket[];
  /** The OSDs below a bucket. */
  readonly osdsIn: (bucket: CrushBucket) => readonly CephOsd[];
  /** The rank of a type of bucket; undefined: there is no such type. */
  readonly typeIdOf: (type: string) => number | undefined;
}

/** The CRUSH hierarchy with the OSDs in it. Shadow trees of device classes (`default~ssd`) are left out. */
export function readCrushTree({osdDf, osdDump}: Pick<CephDocuments, 'osdDf' | 'osdDump'>): CrushTree {
  const nodes = osdDf.data.nodes.filter(({name}) => !name.includes('~'));
  const parents = new Map<number, CrushBucket[]>();
  for (const {id, name, type, type_id: typeId, children = []} of nodes) {
    for (const child of children) {
      parents.set(child, [...(parents.get(child) ?? []), {id, name, type, typeId}]);
    }
  }
  const states = new Map(osdDump.data.osds.map((state) => [state.osd, state]));
  const leaves = new Map(nodes.filter(({id}) => id >= 0).map((node) => [node.id, node]));
  const osds = [...leaves.values()]
    .sort((left, right) => left.id - right.id)
    .map((node) => toOsd(node, states.get(node.id), findAncestors(node.id, parents)));
  const members = new Map<number, CephOsd[]>();
  for (const osd of osds) {
    for (const {id} of osd.ancestors) members.set(id, [...(members.get(id) ?? []), osd]);
  }
  const typeIds = new Map([...DEFAULT_TYPE_IDS, ...nodes.map(({type, type_id: id}) => [type, id] as const)]);
  return {
    osds,
    buckets: nodes
      .filter(({id}) => members.has(id))
      .map(({id, name, type, type_id: typeId}) => ({id, name, type, typeId}))
      .sort((left, right) => right.typeId - left.typeId),
    osdsIn: ({id}) => members.get(id) ?? [],
    typeIdOf: (type) => typeIds.get(type),
  };
}

function findAncestors(id: number, parents: ReadonlyMap<number, readonly CrushBucket[]>): CrushBucket[] {
  const found = new Map<number, CrushBucket>();
  let level: readonly CrushBucket[] = parents.get(id) ?? [];
  while (level.length > 0) {
    const fresh = level.filter((bucket) => !found.has(bucket.id));
    for (const bucket of fresh) found.set(bucket.id, bucket);
    level = fresh.flatMap((bucket) => parents.get(bucket.id) ?? []);
  }
  return [...found.values()].sort((left, right) => left.typeId - right.typeId);
}

function toOsd(
  node: CephNode,
  state: {readonly up: number; readonly in: number} | undefined,
  ancestors: readonly CrushBucket[],
): CephOsd {
  const isUp = state?.up === 1;
  const isIn = state?.in === 1;
  return {
    id: node.id,
    name: node.name,
    deviceClass: node.device_class === '' ? undefined : node.device_class,
    capacityBytes: node.kb * KIB,
    usedBytes: node.kb_used * KIB,
    contentBytes: (node.kb_used_data + node.kb_used_omap) * KIB,
    ancestors,
    isUp,
    isIn,
    isOpen: isUp && isIn && node.crush_weight > 0 && node.reweight > 0,
  };
}
