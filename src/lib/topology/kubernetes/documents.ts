/**
 * The objects of Kubernetes and Longhorn, as far as they are read. Fields of Longhorn: longhorn/longhorn-manager,
 * k8s/pkg/apis/longhorn/v1beta2/{node,volume,replica,setting}.go (v1beta1 has the same, with conditions by type).
 *
 *     kubectl get nodes -o json
 *     kubectl get nodes.longhorn.io,volumes.longhorn.io,replicas.longhorn.io,settings.longhorn.io -n longhorn-system -o json
 */
import {z} from 'zod';

import {InputError, parseWith} from '../../core/index.js';
import type {JsonDocument} from '../cluster-importer.js';

const metadata = z.object({
  name: z.string().min(1),
  labels: z.record(z.string(), z.string()).nullish(),
});
/** Whole bytes; some fields are written as texts. */
const bytes = z.coerce.number().int().nonnegative();
const tags = z.array(z.string()).nullish();
const condition = z.object({type: z.string(), status: z.string()});
const conditions = z.union([z.array(condition), z.record(z.string(), condition)]).nullish();

const nodeSchema = z.object({
  metadata,
  spec: z.object({unschedulable: z.boolean().optional()}).optional(),
});
const longhornNodeSchema = z.object({
  metadata,
  spec: z.object({
    allowScheduling: z.boolean().default(true),
    evictionRequested: z.boolean().default(false),
    tags,
    disks: z
      .record(
        z.string(),
        z.object({
          allowScheduling: z.boolean().default(true),
          evictionRequested: z.boolean().default(false),
          storageReserved: bytes.default(0),
          tags,
        }),
      )
      .nullish(),
  }),
  status: z
    .object({
      zone: z.string().optional(),
      region: z.string().optional(),
      conditions,
      diskStatus: z
        .record(
          z.string(),
          z.object({
            diskUUID: z.string().default(''),
            storageMaximum: bytes.default(0),
            storageAvailable: bytes.default(0),
            storageScheduled: bytes.default(0),
            conditions,
          }),
        )
        .nullish(),
    })
    .default({}),
});
const volumeSchema = z.object({
  metadata,
  spec: z.object({
    size: bytes,
    numberOfReplicas: z.int().positive(),
    diskSelector: tags,
    nodeSelector: tags,
    replicaSoftAntiAffinity: z.string().optional(),
    replicaZoneSoftAntiAffinity: z.string().optional(),
  }),
  status: z.object({actualSize: bytes.default(0)}).default({actualSize: 0}),
});
const replicaSchema = z.object({
  metadata,
  spec: z.object({
    volumeName: z.string(),
    nodeID: z.string().default(''),
    diskID: z.string().default(''),
    failedAt: z.string().default(''),
    healthyAt: z.string().default(''),
  }),
});
const settingSchema = z.object({metadata, value: z.string()});

export type LonghornNode = z.infer<typeof longhornNodeSchema>;
export type LonghornVolume = z.infer<typeof volumeSchema>;
export type LonghornReplica = z.infer<typeof replicaSchema>;
type Conditions = z.infer<typeof conditions>;

/** The settings that are read, with their defaults (types/setting.go). */
const DEFAULTS = {
  'replica-soft-anti-affinity': 'false',
  'replica-zone-soft-anti-affinity': 'true',
  'storage-minimal-available-percentage': '25',
  'storage-over-provisioning-percentage': '100',
  'concurrent-replica-rebuild-per-node-limit': '5',
  'allow-empty-node-selector-volume': 'true',
  'allow-empty-disk-selector-volume': 'true',
};
export type SettingName = keyof typeof DEFAULTS;

interface From<T> {
  readonly source: string;
  readonly data: T;
}

/** The objects by kind, each with the document that it came from. */
export interface KubernetesObjects {
  readonly nodes: readonly From<z.infer<typeof nodeSchema>>[];
  readonly longhornNodes: readonly From<LonghornNode>[];
  readonly volumes: readonly From<LonghornVolume>[];
  readonly replicas: readonly From<LonghornReplica>[];
  /** Whether any were given. */
  readonly hasSettings: boolean;
  readonly setting: (name: SettingName) => string;
  /** For messages about what is not of one object. */
  readonly source: string;
}

interface Listed {
  readonly source: string;
  readonly group: string;
  readonly kind: string;
  readonly value: unknown;
}

/** Finds the objects that are read in lists and single documents. Throws InputError: none of Longhorn, twice, not as expected. */
export function readKubernetesObjects(documents: readonly JsonDocument[]): KubernetesObjects {
  const listed = documents.flatMap(({source, value}) => listObjects(value, source));
  const pick = <T extends {readonly metadata: {readonly name: string}}>(
    group: string,
    kind: string,
    schema: z.ZodType<T>,
  ): From<T>[] => {
    const found = listed
      .filter((object) => object.group === group && object.kind === kind)
      .map(({value, source}): From<T> => ({source, data: parseWith(schema, value, `${source}: ${kind}`)}));
    refuseTwice(kind, found);
    return found;
  };
  const longhornNodes = pick('longhorn.io', 'Node', longhornNodeSchema);
  if (longhornNodes.length === 0) throw nothingOfLonghorn(documents);
  const settings = pick('longhorn.io', 'Setting', settingSchema);
  const values = new Map(settings.map(({data}) => [data.metadata.name, data.value]));
  return {
    nodes: pick('', 'Node', nodeSchema),
    longhornNodes,
    volumes: pick('longhorn.io', 'Volume', volumeSchema),
    replicas: pick('longhorn.io', 'Replica', replicaSchema),
    hasSettings: settings.length > 0,
    setting: (name) => ofFirstEngine(values.get(name) ?? DEFAULTS[name]),
    source: longhornNodes[0]?.source ?? '',
  };
}

/** Later releases write some settings by data engine: `{"v1":"25","v2":"25"}`. */
function ofFirstEngine(value: string): string {
  return /"v1"\s*:\s*"([^"]*)"/.exec(value)?.[1] ?? value;
}

const objectSchema = z.object({apiVersion: z.string(), kind: z.string()});
const listSchema = z.object({items: z.array(z.unknown())});

function listObjects(value: unknown, source: string): Listed[] {
  const list = listSchema.safeParse(value);
  if (list.success) return list.data.items.flatMap((item) => listObjects(item, source));
  const object = objectSchema.safeParse(value);
  if (!object.success) return [];
  const {apiVersion, kind} = object.data;
  const [group = '', version] = apiVersion.split('/');
  return [{source, kind, value, group: version === undefined ? '' : group}];
}

function refuseTwice(
  kind: string,
  objects: readonly From<{readonly metadata: {readonly name: string}}>[],
): void {
  const sourceOf = new Map<string, string>();
  for (const {source, data} of objects) {
    const {name} = data.metadata;
    const before = sourceOf.get(name);
    if (before !== undefined) {
      const message = `${kind} ${JSON.stringify(name)} is in ${before} and in ${source}`;
      throw new InputError('document-twice', message, {
        hints: ['give the objects of one cluster, each once'],
      });
    }
    sourceOf.set(name, source);
  }
}

function nothingOfLonghorn(documents: readonly JsonDocument[]): InputError {
  const sources = documents.map(({source}) => source).join(', ');
  const kinds = ['nodes', 'volumes', 'replicas', 'settings'].map((name) => `${name}.longhorn.io`).join(',');
  return new InputError(
    'document-missing',
    `${sources}: no nodes.longhorn.io: only Longhorn's volumes can be read`,
    {
      hints: [`kubectl get ${kinds} -n longhorn-system -o json`, 'kubectl get nodes -o json'],
    },
  );
}

/** Whether the condition is not denied; both shapes of conditions. */
export function holds(all: Conditions, type: string): boolean {
  const list = Array.isArray(all) ? all : Object.values(all ?? {});
  return list.every((one) => one.type !== type || one.status !== 'False');
}
