import type {Located, RawDevice, RawHost} from '../raw-topology.js';
import {holds, type KubernetesObjects, type LonghornNode} from './documents.js';

/** A disk of a Longhorn node: a place for replicas. */
export interface LonghornDisk {
  /** `NODE/DISK`, with the key of the disk in the node's spec. */
  readonly id: string;
  readonly node: string;
  /** The key in `spec.disks`. */
  readonly name: string;
  readonly uuid: string;
  readonly source: string;
  readonly diskTags: readonly string[];
  readonly nodeTags: readonly string[];
  readonly maximumBytes: number;
  readonly availableBytes: number;
  readonly scheduledBytes: number;
  readonly reservedBytes: number;
  /** Why Longhorn puts nothing there; undefined: it does. */
  readonly closed: string | undefined;
}

/** The disks of all nodes, by node and name. */
export function listDisks({longhornNodes, nodes}: KubernetesObjects): readonly LonghornDisk[] {
  const cordoned = new Set(
    nodes.filter(({data}) => data.spec?.unschedulable === true).map(({data}) => data.metadata.name),
  );
  return longhornNodes
    .toSorted((left, right) => (left.data.metadata.name < right.data.metadata.name ? -1 : 1))
    .flatMap(({source, data}) => disksOf(data, source, cordoned.has(data.metadata.name)));
}

function disksOf(
  {metadata, spec, status}: LonghornNode,
  source: string,
  isCordoned: boolean,
): LonghornDisk[] {
  const node = metadata.name;
  const whole = [
    ...(spec.allowScheduling ? [] : ['scheduling is off for its node']),
    ...(spec.evictionRequested ? ['its node is being emptied'] : []),
    ...(holds(status.conditions, 'Ready') ? [] : ['its node is not ready']),
    ...(isCordoned || !holds(status.conditions, 'Schedulable') ? ['its node is cordoned'] : []),
  ];
  return Object.entries(spec.disks ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, disk]): LonghornDisk => {
      const now = {...NO_STATUS, ...status.diskStatus?.[name]};
      return {
        ...{id: `${node}/${name}`, node, name, source, uuid: now.diskUUID},
        ...{diskTags: disk.tags ?? [], nodeTags: spec.tags ?? []},
        maximumBytes: now.storageMaximum,
        availableBytes: now.storageAvailable,
        scheduledBytes: now.storageScheduled,
        reservedBytes: disk.storageReserved,
        closed: [...whole, ...closedBy(disk, now)][0],
      };
    });
}

type DiskSpec = NonNullable<LonghornNode['spec']['disks']>[string];
type DiskStatus = NonNullable<LonghornNode['status']['diskStatus']>[string];

const NO_STATUS: DiskStatus = {
  ...{diskUUID: '', storageMaximum: 0, storageAvailable: 0, storageScheduled: 0},
  conditions: undefined,
};

function closedBy(disk: DiskSpec, now: DiskStatus): string[] {
  return [
    ...(disk.allowScheduling ? [] : ['scheduling is off for it']),
    ...(disk.evictionRequested ? ['it is being emptied'] : []),
    ...(holds(now.conditions, 'Ready') ? [] : ['it is not ready']),
    ...(now.storageMaximum === 0 ? ['it tells no space'] : []),
  ];
}

/**
 * The disk as a device. Other use is what is used of it beside replicas; a disk that takes nothing more is full.
 * `storageReserved` is not use: Longhorn holds it against the sizes of volumes, not against their bytes.
 */
export function toDevice(disk: LonghornDisk, heldBytes: number, tier: string | undefined): RawDevice {
  const located = (text: string): Located => ({at: disk.source, text});
  const capacityBytes = Math.max(disk.maximumBytes, disk.closed === undefined ? 0 : heldBytes);
  const usedBytes = disk.closed === undefined ? disk.maximumBytes - disk.availableBytes : capacityBytes;
  return {
    at: disk.source,
    id: located(disk.name),
    capacity: located(String(capacityBytes)),
    otherUsed: located(String(Math.max(usedBytes - heldBytes, 0))),
    tier: tier === undefined ? undefined : located(tier),
  };
}

/** Well-known keys, then those that were in use before Kubernetes 1.17. */
const KIND_OF_LABEL = new Map([
  ['topology.kubernetes.io/region', 'region'],
  ['topology.kubernetes.io/zone', 'zone'],
  ['failure-domain.beta.kubernetes.io/region', 'region'],
  ['failure-domain.beta.kubernetes.io/zone', 'zone'],
]);

/** Labels of a node that are boundary kinds: region, zone, and those that `kindOfLabel` names. */
export function labelsOf(
  node: string,
  {nodes, longhornNodes}: KubernetesObjects,
  kindOfLabel: ReadonlyMap<string, string>,
): RawHost['labels'] {
  const kubernetes = nodes.find(({data}) => data.metadata.name === node);
  const longhorn = longhornNodes.find(({data}) => data.metadata.name === node);
  const {region, zone} = longhorn?.data.status ?? {};
  const found = new Map<string, Located>();
  const add = (kind: string, text: string | undefined, at: string): void => {
    if (text !== undefined && text !== '' && !found.has(kind)) found.set(kind, {at, text});
  };
  for (const [key, kind] of [...KIND_OF_LABEL, ...kindOfLabel]) {
    add(kind, kubernetes?.data.metadata.labels?.[key], kubernetes?.source ?? '');
  }
  // Longhorn keeps what it saw of the node.
  add('region', region, longhorn?.source ?? '');
  add('zone', zone, longhorn?.source ?? '');
  return [...found].map(([kind, value]) => ({kind: {at: value.at, text: kind}, values: [value]}));
}
