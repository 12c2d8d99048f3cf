/**
 * A topology of Longhorn on Kubernetes (objects: ../kubernetes/documents.ts).
 *
 * - hosts are Longhorn's nodes, by the name of the Kubernetes node, their disks are devices: a place is `NODE/DISK`, with the key
 *   of `spec.disks`. Labels are `region`, `zone` (topology.kubernetes.io/...) and what the caller names;
 * - a volume is a Longhorn volume, with its healthy replicas, size (provisioned) and actualSize (used, of each replica);
 * - fillLimit is what storage-minimal-available-percentage leaves: no replica is put where less would be available
 *   (scheduler/replica_scheduler.go, IsSchedulableToDisk, which also holds sizes against storageReserved and over-provisioning);
 * - antiAffinity is zone where replica-zone-soft-anti-affinity is off; replicas always lie on nodes of their own;
 * - tiers are made of tags of disks and nodes and of the selectors of volumes.
 */
import {formatBytes, groupBy} from '../../core/index.js';
import type {
  ClusterImporter,
  ClusterImportOptions,
  ImportedCluster,
  ImportFinding,
  JsonDocument,
} from '../cluster-importer.js';
import {labelsOf, listDisks, type LonghornDisk, toDevice} from '../kubernetes/disks.js';
import {type KubernetesObjects, type LonghornVolume, readKubernetesObjects} from '../kubernetes/documents.js';
import {listSome, plural} from '../list-some.js';
import {type NamedTiers, nameTiers, type PlaceRule} from '../name-tiers.js';
import type {RawHost, RawVolume} from '../raw-topology.js';

/** Reads the objects above. */
export const kubernetesImporter: ClusterImporter = {
  name: 'kubernetes',
  summary:
    'nodes of Kubernetes, and nodes, volumes, replicas and settings of Longhorn, as kubectl -o json prints them',
  read: readLonghorn,
};

/** A volume with what is read of other objects. */
interface Placed {
  readonly volume: LonghornVolume;
  readonly source: string;
  /** Disks of its healthy replicas. */
  readonly disks: readonly LonghornDisk[];
  readonly rule: PlaceRule<LonghornDisk>;
}

function readLonghorn(given: readonly JsonDocument[], options: ClusterImportOptions = {}): ImportedCluster {
  const objects = readKubernetesObjects(given);
  const all = listDisks(objects);
  const placed = placeVolumes(objects, all);
  const heldBytes = sumHeld(placed);
  const disks = all.filter((disk) => disk.closed === undefined || heldBytes.has(disk.id));
  const rules = [...new Set(placed.map(({rule}) => rule))];
  const open = disks.filter(({closed}) => closed === undefined);
  const tiers = nameTiers(open, rules, classOf);
  const hosts = [...groupBy(disks, ({node}) => node)].map(([node, own]): RawHost => {
    const at = own[0]?.source ?? objects.source;
    const none = {capacity: undefined, otherUsed: undefined, tier: undefined};
    const devices = own.map((disk) => toDevice(disk, heldBytes.get(disk.id) ?? 0, tiers.ofPlace(disk)));
    return {
      at,
      id: {at, text: node},
      ...none,
      labels: labelsOf(node, objects, options.kindOfLabel ?? new Map()),
      devices,
    };
  });
  const kinds = new Set(hosts.flatMap(({labels}) => labels.map(({kind}) => kind.text)));
  const present = placed.filter((one) => one.disks.length > 0);
  return {
    raw: {
      source: objects.source,
      fillLimit: {at: objects.source, text: String(fillLimitOf(objects))},
      hostBoundaries: undefined,
      hosts,
      boundaries: undefined,
      scenarios: [],
      volumes: present.map((one) => toVolume(one, {objects, tiers, kinds})),
      faults: [],
    },
    samples: present.map(({volume: {metadata, spec, status}}) => ({
      ...{volume: metadata.name, usedBytes: status.actualSize, provisionedBytes: spec.size},
    })),
    sampledAtUs: undefined,
    findings: [
      ...findSettings(objects, options),
      ...findDisks(all, heldBytes, objects),
      ...findVolumes(placed, tiers, objects),
    ],
  };
}

function fillLimitOf({setting}: KubernetesObjects): number {
  const percent = Number(setting('storage-minimal-available-percentage'));
  return Number.isFinite(percent) && percent >= 0 && percent < 100 ? (100 - percent) / 100 : 0.75;
}

/** Volumes by name, with the disks of replicas that are whole: healthy once, and not failed since. */
function placeVolumes(objects: KubernetesObjects, disks: readonly LonghornDisk[]): readonly Placed[] {
  const byUuid = new Map(disks.map((disk) => [`${disk.node} ${disk.uuid}`, disk]));
  const healthy = objects.replicas.filter(
    ({data}) => data.spec.failedAt === '' && data.spec.healthyAt !== '',
  );
  const replicasOf = groupBy(healthy, ({data}) => data.spec.volumeName);
  const rules = new Map<string, PlaceRule<LonghornDisk>>();
  return objects.volumes
    .toSorted((left, right) => (left.data.metadata.name < right.data.metadata.name ? -1 : 1))
    .map(({source, data: volume}) => {
      const rule = ruleOf(volume, objects);
      const known = rules.get(rule.name) ?? rule;
      rules.set(rule.name, known);
      const on = (replicasOf.get(volume.metadata.name) ?? [])
        .map(({data}) => byUuid.get(`${data.spec.nodeID} ${data.spec.diskID}`))
        .filter((disk) => disk !== undefined);
      return {volume, source, rule: known, disks: [...new Set(on)]};
    });
}

/** All tags that a volume selects must be there; without a selector it may go to tagged ones, unless a setting forbids. */
function ruleOf({spec}: LonghornVolume, {setting}: KubernetesObjects): PlaceRule<LonghornDisk> {
  const disk = (spec.diskSelector ?? []).toSorted();
  const node = (spec.nodeSelector ?? []).toSorted();
  const name = [
    disk.length === 0 ? 'any disk' : disk.join('+'),
    ...(node.length === 0 ? [] : [`on ${node.join('+')}`]),
  ].join(' ');
  const matches = (wanted: readonly string[], tags: readonly string[], mayBeTagged: boolean): boolean =>
    wanted.length === 0 ? mayBeTagged || tags.length === 0 : wanted.every((tag) => tags.includes(tag));
  const anyDisk = setting('allow-empty-disk-selector-volume') === 'true';
  const anyNode = setting('allow-empty-node-selector-volume') === 'true';
  return {
    name,
    allows: ({diskTags, nodeTags}) => matches(disk, diskTags, anyDisk) && matches(node, nodeTags, anyNode),
  };
}

function classOf({diskTags, nodeTags}: LonghornDisk): string | undefined {
  const tags = [
    diskTags.toSorted().join('+'),
    ...(nodeTags.length === 0 ? [] : [`on ${nodeTags.toSorted().join('+')}`]),
  ];
  return tags.join(' ').trim() || undefined;
}

function sumHeld(placed: readonly Placed[]): ReadonlyMap<string, number> {
  const heldBytes = new Map<string, number>();
  for (const {volume, disks} of placed) {
    for (const {id} of disks) heldBytes.set(id, (heldBytes.get(id) ?? 0) + volume.status.actualSize);
  }
  return heldBytes;
}

/** A volume's own word counts before the setting. */
function isOn(own: string | undefined, setting: string): boolean {
  return own === 'enabled' || (own !== 'disabled' && setting === 'true');
}

interface VolumeContext {
  readonly objects: KubernetesObjects;
  readonly tiers: NamedTiers<LonghornDisk>;
  readonly kinds: ReadonlySet<string>;
}

function toVolume(
  {volume, source: at, disks, rule}: Placed,
  {objects, tiers, kinds}: VolumeContext,
): RawVolume {
  const {metadata, spec, status} = volume;
  const mayShareZone = isOn(
    spec.replicaZoneSoftAntiAffinity,
    objects.setting('replica-zone-soft-anti-affinity'),
  );
  const {tier} = tiers.ofRule(rule);
  return {
    at,
    id: {at, text: metadata.name},
    replicas: {at, values: disks.map(({id}) => ({at, text: id}))},
    antiAffinity: !mayShareZone && kinds.has('zone') ? {at, values: [{at, text: 'zone'}]} : undefined,
    tier: tier === undefined ? undefined : {at, text: tier},
    provisioned: {at, text: String(spec.size)},
    used: {at, text: String(status.actualSize)},
  };
}

type Severity = ImportFinding['severity'];

function finding(
  severity: Severity,
  code: string,
  [at, place]: readonly [string, string],
  message: string,
  advice: string,
): ImportFinding {
  return {severity, code, at, place, message, advice};
}

function findSettings(objects: KubernetesObjects, {kindOfLabel}: ClusterImportOptions): ImportFinding[] {
  const {source, nodes, longhornNodes, hasSettings, setting} = objects;
  const limit = setting('concurrent-replica-rebuild-per-node-limit');
  const absent = [...(kindOfLabel ?? [])].filter(
    ([key]) => !nodes.some(({data}) => data.metadata.labels?.[key] !== undefined),
  );
  const known = new Set(nodes.map(({data}) => data.metadata.name));
  const unknown = longhornNodes.map(({data}) => data.metadata.name).filter((name) => !known.has(name));
  return [
    ...(hasSettings
      ? []
      : [
          finding(
            'warning',
            'settings-not-given',
            ['settings', source],
            'no settings of Longhorn were given: the defaults are taken',
            'add settings.longhorn.io to what kubectl gets',
          ),
        ]),
    ...(limit === '0'
      ? [
          finding(
            'warning',
            'not-by-itself',
            ['setting concurrent-replica-rebuild-per-node-limit', source],
            'it is 0: lost replicas are not made again',
            'set it to 1 or more',
          ),
        ]
      : []),
    ...(unknown.length > 0
      ? [
          finding(
            'warning',
            'nodes-not-given',
            [unknown[0] ?? '', source],
            `no Node of Kubernetes was given for ${listSome(unknown)}: only region and zone are known, as Longhorn saw them`,
            'add what "kubectl get nodes -o json" prints',
          ),
        ]
      : []),
    ...absent.map(([key, kind]) =>
      finding(
        'error',
        'label-not-found',
        [`label ${key}`, source],
        `no node has the label ${key}, which was to be a ${kind}`,
        'check the key: kubectl get nodes --show-labels',
      ),
    ),
  ];
}

function findDisks(
  disks: readonly LonghornDisk[],
  heldBytes: ReadonlyMap<string, number>,
  {setting}: KubernetesObjects,
): ImportFinding[] {
  const closed = disks.flatMap((disk) => {
    if (disk.closed === undefined) return [];
    const still = heldBytes.has(disk.id) ? 'in the topology as full' : 'not in the topology';
    return [
      finding(
        'warning',
        'disk-closed',
        [disk.id, disk.source],
        `it takes no replicas, since ${disk.closed}: ${still}`,
        'import again when it does',
      ),
    ];
  });
  const overProvisioning = Number(setting('storage-over-provisioning-percentage')) / 100;
  const minimal = Number(setting('storage-minimal-available-percentage')) / 100;
  const tight = disks
    .filter((disk) => disk.closed === undefined)
    .flatMap((disk) => {
      const bySize = (disk.maximumBytes - disk.reservedBytes) * overProvisioning - disk.scheduledBytes;
      const byBytes = disk.availableBytes - disk.maximumBytes * minimal;
      return bySize < byBytes ? [{disk, bySize: Math.max(bySize, 0), byBytes}] : [];
    });
  const [first] = tight;
  if (first === undefined) return closed;
  const names = listSome(tight.map(({disk}) => disk.id));
  const message =
    `${plural(tight.length, 'disk')} (${names}): Longhorn takes volumes of ${formatBytes(first.bySize)} in all by their sizes on ` +
    `${first.disk.id}, where there is room for ${formatBytes(first.byBytes)}: plans count bytes, so a lost replica may find no disk that takes its size`;
  const advice =
    'raise storage-over-provisioning-percentage, or lower storageReserved, when replicas are to be made again';
  return [
    ...closed,
    finding('warning', 'limited-by-size', [first.disk.id, first.disk.source], message, advice),
  ];
}

function findVolumes(
  placed: readonly Placed[],
  tiers: NamedTiers<LonghornDisk>,
  {setting}: KubernetesObjects,
): ImportFinding[] {
  const softNode = setting('replica-soft-anti-affinity');
  const soft = placed.filter(({volume}) => isOn(volume.spec.replicaSoftAntiAffinity, softNode));
  const rules = new Map(placed.map((one) => [one.rule, one]));
  const beyond = [...rules].flatMap(([rule, {volume, source}]) => {
    const told = tiers.ofRule(rule).beyond;
    const message = `volumes for ${rule.name} cannot be said in a topology: ${told ?? ''}`;
    const advice =
      'plans may count on space that Longhorn will not use: give disks and volumes tags that match one to one';
    return told === undefined
      ? []
      : [finding('error', 'rule-not-expressible', [volume.metadata.name, source], message, advice)];
  });
  const [example] = soft;
  return [
    ...beyond,
    ...(example === undefined
      ? []
      : [
          finding(
            'warning',
            'soft-anti-affinity',
            [example.volume.metadata.name, example.source],
            `replicas of ${plural(soft.length, 'volume')} may share a node if there is no other: a topology keeps them apart, so plans count on less space than Longhorn has`,
            'turn replica-soft-anti-affinity off, or know that plans are careful here',
          ),
        ]),
    ...placed.flatMap((one) => findReplicas(one)),
  ];
}

function findReplicas({volume, source, disks}: Placed): ImportFinding[] {
  const {name} = volume.metadata;
  const {numberOfReplicas: wanted} = volume.spec;
  if (disks.length === 0) {
    return [
      finding(
        'error',
        'no-copy',
        [name, source],
        'no healthy replica on a known disk: left out',
        'add replicas.longhorn.io to what kubectl gets, or repair the volume; then import again',
      ),
    ];
  }
  if (disks.length >= wanted) return [];
  const missing = wanted - disks.length;
  const message = `${missing} of ${plural(wanted, 'replica')} of ${formatBytes(volume.status.actualSize)} are still to be made, and no plan counts them`;
  return [finding('warning', 'not-clean', [name, source], message, 'import again when it is healthy')];
}
