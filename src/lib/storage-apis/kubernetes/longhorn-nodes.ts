import {z} from 'zod';

import {TargetError} from '../../core/index.js';
import type {HttpClient} from '../http/http-client.js';
import {parseAnswer} from '../http/parse-answer.js';

/*
 * What we read of Longhorn's objects, by the names in longhorn-manager,
 * k8s/pkg/apis/longhorn/v1beta2/node.go (NodeSpec, DiskSpec, NodeStatus, DiskStatus) and volume.go (VolumeStatus).
 */
const bytes = z.number().int().nonnegative();
const conditions = z.array(z.object({type: z.string(), status: z.string()})).nullish();
const nodeSchema = z.object({
  metadata: z.object({
    name: z.string().min(1),
    resourceVersion: z.string().min(1),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({
    allowScheduling: z.boolean().default(false),
    disks: z
      .record(
        z.string(),
        z.object({allowScheduling: z.boolean().default(false), storageReserved: bytes.default(0)}),
      )
      .nullish(),
  }),
  status: z
    .object({
      conditions,
      diskStatus: z
        .record(
          z.string(),
          z
            .object({
              conditions,
              storageMaximum: bytes.default(0),
              storageAvailable: z.number().int().default(0),
            })
            .nullable(),
        )
        .nullish(),
    })
    .optional(),
});
type RawNode = z.infer<typeof nodeSchema>;
const volumeSchema = z.object({
  metadata: z.object({name: z.string()}),
  status: z.object({robustness: z.string().optional()}).optional(),
});

/**
 * Annotation of a node of Longhorn: JSON of what its disks reserved before any buffer, in bytes by disk. A disk that
 * is not in it holds no buffer.
 */
export const BASE_ANNOTATION = 'foreshadow/reserved-before-buffer';

/** A disk of a node, with what it reserves. */
export interface LonghornDisk {
  /** `NODE/DISK`, with the key of the disk in the node's spec. */
  readonly setting: string;
  readonly node: string;
  readonly disk: string;
  /** storageReserved: what was reserved before any buffer, and the buffer above it. */
  readonly reservedBytes: number;
  readonly baseBytes: number;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  /** Longhorn may put replicas there. */
  readonly isOpen: boolean;
}

/** A node of Longhorn as it is now. */
export interface LonghornNode {
  readonly name: string;
  readonly resourceVersion: string;
  /** What the annotation says, by disk. */
  readonly base: ReadonlyMap<string, number>;
  readonly disks: readonly LonghornDisk[];
  /** Why nothing may be given back, in words. */
  readonly troubles: readonly string[];
}

/** Path of Longhorn's objects of one kind. */
export function longhornPath(namespace: string, kind: 'nodes' | 'volumes'): string {
  return `/apis/longhorn.io/v1beta2/namespaces/${namespace}/${kind}`;
}

/** All nodes by name. Throws TargetError for an answer that is none. */
export async function listNodes(client: HttpClient, namespace: string): Promise<readonly LonghornNode[]> {
  const path = longhornPath(namespace, 'nodes');
  const {body} = await client.send({method: 'GET', path});
  const {items} = parseAnswer(z.object({items: z.array(nodeSchema)}), body, `GET ${path}`);
  return items.map(readNode).sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** One node. Throws TargetError for an answer that is none. */
export async function getNode(client: HttpClient, namespace: string, name: string): Promise<LonghornNode> {
  const path = `${longhornPath(namespace, 'nodes')}/${encodeURIComponent(name)}`;
  const {body} = await client.send({method: 'GET', path});
  return readNode(parseAnswer(nodeSchema, body, `GET ${path}`));
}

/** Volumes with too few healthy replicas, in words. */
export async function listDegraded(client: HttpClient, namespace: string): Promise<readonly string[]> {
  const path = longhornPath(namespace, 'volumes');
  const {body} = await client.send({method: 'GET', path});
  const {items} = parseAnswer(z.object({items: z.array(volumeSchema)}), body, `GET ${path}`);
  return items.flatMap(({metadata, status}) => {
    const {robustness = 'unknown'} = status ?? {};
    return ['degraded', 'faulted'].includes(robustness) ? [`volume ${metadata.name} is ${robustness}`] : [];
  });
}

function readNode({metadata, spec, status}: RawNode): LonghornNode {
  const {name, resourceVersion, annotations} = metadata;
  const base = readBase(annotations?.[BASE_ANNOTATION], name);
  const isReady = !isFalse(status?.conditions, 'Ready');
  const disks = Object.entries(spec.disks ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([disk, {allowScheduling, storageReserved}]) => {
      const {conditions: found, ...now} = {...NO_STATUS, ...status?.diskStatus?.[disk]};
      const isWell = !['Ready', 'Schedulable'].some((type) => isFalse(found, type));
      const facts: LonghornDisk = {
        ...{setting: `${name}/${disk}`, node: name, disk, reservedBytes: storageReserved},
        baseBytes: base.get(disk) ?? storageReserved,
        capacityBytes: now.storageMaximum,
        availableBytes: Math.max(0, now.storageAvailable),
        isOpen: spec.allowScheduling && allowScheduling && isReady && isWell,
      };
      return {facts, isIll: allowScheduling && isReady && !isWell};
    });
  const ill = disks.filter(({isIll}) => isIll).map(({facts}) => `disk ${facts.setting} takes no replicas`);
  const troubles = isReady ? ill : [`node ${name} is not ready`];
  return {name, resourceVersion, base, disks: disks.map(({facts}) => facts), troubles};
}

/** Of a disk that Longhorn has not looked at yet. */
const NO_STATUS = {
  conditions: [{type: 'Ready', status: 'Unknown'}],
  storageMaximum: 0,
  storageAvailable: 0,
};

function isFalse(found: z.infer<typeof conditions>, type: string): boolean {
  return found?.some((one) => one.type === type && one.status !== 'True') ?? false;
}

function readBase(text: string | undefined, node: string): ReadonlyMap<string, number> {
  if (text === undefined) return new Map();
  try {
    const parsed: unknown = JSON.parse(text);
    return new Map(Object.entries(z.record(z.string(), bytes).parse(parsed)));
  } catch (error) {
    throw new TargetError(
      'damaged-annotation',
      `node ${node} of Longhorn: annotation ${BASE_ANNOTATION} is no JSON of bytes by disk`,
      {
        cause: error,
        hints: ['mend it, or set storageReserved of its disks to what was there before and remove it'],
      },
    );
  }
}
