import {z} from 'zod';

import type {Plan} from '../../allocation/index.js';
import {StaleError, UsageError} from '../../core/index.js';
import {statePaths, type TargetAccess} from '../access.js';
import {type HttpClient, httpClient, parseBaseUrl} from '../http/http-client.js';
import {HttpRefusal} from '../http/http-refusal.js';
import {parseAnswer} from '../http/parse-answer.js';
import {acquireLease, type HeldLease} from '../kubernetes/lease.js';
import {
  BASE_ANNOTATION,
  getNode,
  listDegraded,
  listNodes,
  type LonghornDisk,
  type LonghornNode,
  longhornPath,
} from '../kubernetes/longhorn-nodes.js';
import type {
  Expression,
  Inventory,
  SettingChange,
  StorageTarget,
  TargetVersion,
  WantedSetting,
} from '../target.js';

/*
 * Longhorn's custom resource nodes.longhorn.io/v1beta2 on the Kubernetes API: spec.disks.DISK.storageReserved (int64
 * bytes; longhorn-manager, k8s/pkg/apis/longhorn/v1beta2/node.go, DiskSpec), changed by a JSON merge patch (RFC 7386)
 * that carries metadata.resourceVersion, which answers 409 where the object moved
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/). A setting is `NODE/DISK` and says all of
 * storageReserved; what was there before any buffer stays beneath it, kept in an annotation of the same patch.
 */
const DEFAULT_NAMESPACE = 'longhorn-system';
const LEASE = 'foreshadow-apply';
/** Longhorn writes its own state into the same objects all the time. */
const MOST_CONFLICTS = 10;

/** Longhorn as a target; its place is the address of the Kubernetes API, `/namespaces/NAME` behind it for another one. */
export const longhornTarget = {
  summary: 'storageReserved of the disks of Longhorn, on the Kubernetes API',
  example: 'longhorn:https://kubernetes.example:6443',
  open: (place: string, access: TargetAccess): StorageTarget => {
    const {api, namespace, name} = readPlace(place, access);
    const client = clientOf(api, access);
    let lease: HeldLease | undefined;
    return {
      ...{name, holds: 'reserve', counts: false, blocksRepair: true},
      cannotExpress: [
        'bytes that stay free: storageReserved only says where replicas may be placed, by the sizes of volumes and times the over-provisioning percentage; volumes that lie there may grow into it',
      ],
      journalFolder: statePaths(access, name).journalFolder,
      readInventory: async () => readInventory(client, namespace, name),
      express: async (plan) => express(plan, await listNodes(client, namespace)),
      lock: async (owner) => {
        lease = await acquireLease({client, namespace, name: LEASE, retry: access.retry}, owner);
        return lease;
      },
      set: async (change) => {
        if (lease?.isLost() === true) throw moved('the lease was taken by somebody else');
        return setReserved(client, namespace, change);
      },
      read: async (setting) => {
        const [node, disk] = split(setting);
        return diskIn(await getNode(client, namespace, node), disk).reservedBytes;
      },
    };
  },
};

interface Place {
  readonly api: URL;
  readonly namespace: string;
  readonly name: string;
}

function readPlace(place: string, access: TargetAccess): Place {
  const url = parseBaseUrl(place, access);
  const [, path = '', namespace = DEFAULT_NAMESPACE] =
    /^(.*?)(?:\/namespaces\/([^/]*))?\/*$/.exec(url.pathname) ?? [];
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new UsageError('bad-namespace', `"${namespace}" is no name of a namespace`, {
      hints: ['write it like longhorn:https://kubernetes.example:6443/namespaces/longhorn-system'],
    });
  }
  const api = new URL(url);
  api.pathname = path;
  const suffix = namespace === DEFAULT_NAMESPACE ? '' : `/namespaces/${namespace}`;
  return {api, namespace, name: `longhorn:${api.href.replace(/\/$/, '')}${suffix}`};
}

function clientOf(api: URL, access: TargetAccess): HttpClient {
  const {token} = access.credentials;
  const client = httpClient(api, access, [token, access.credentials.password]);
  if (token === undefined) return client;
  const headers = {authorization: `Bearer ${token.reveal()}`};
  return {send: async (request) => client.send({...request, headers})};
}

async function readInventory(client: HttpClient, namespace: string, target: string): Promise<Inventory> {
  const nodes = await listNodes(client, namespace);
  const disks = nodes.flatMap((node) => node.disks);
  return {
    ...{target, lineage: await readIdentity(client, namespace), serial: 0, lastPlanSha256: undefined},
    settings: new Map(disks.map(({setting, reservedBytes}) => [setting, reservedBytes])),
    reserveBytes: byHost(nodes, bufferOf),
    capacityBytes: byHost(nodes, ({capacityBytes}) => capacityBytes),
    usedBytes: byHost(nodes, ({capacityBytes, availableBytes}) =>
      Math.max(0, capacityBytes - availableBytes),
    ),
    troubles: [...nodes.flatMap(({troubles}) => troubles), ...(await listDegraded(client, namespace))],
  };
}

/** The namespace has another uid after Longhorn was installed anew. */
async function readIdentity(client: HttpClient, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}`;
  const {body} = await client.send({method: 'GET', path});
  return parseAnswer(z.object({metadata: z.object({uid: z.string().min(1)})}), body, `GET ${path}`).metadata
    .uid;
}

/** Topologies may name nodes or disks: both are told. */
function byHost(
  nodes: readonly LonghornNode[],
  read: (disk: LonghornDisk) => number,
): ReadonlyMap<string, number> {
  return new Map(
    nodes.flatMap(({name, disks}): [string, number][] => [
      ...disks.map((disk): [string, number] => [disk.setting, read(disk)]),
      [name, disks.reduce((sum, disk) => sum + read(disk), 0)],
    ]),
  );
}

function bufferOf({reservedBytes, baseBytes}: LonghornDisk): number {
  return Math.max(0, reservedBytes - baseBytes);
}

function roomOf({availableBytes, capacityBytes, baseBytes}: LonghornDisk): number {
  return Math.max(0, Math.min(availableBytes, capacityBytes - baseBytes));
}

function express(plan: Plan, nodes: readonly LonghornNode[]): Expression {
  const disks = new Map(nodes.flatMap((node) => node.disks).map((disk) => [disk.setting, disk]));
  const named = new Set(plan.hosts.map(({host}) => host));
  const wanted: WantedSetting[] = [];
  const losses: string[] = [];
  for (const {host, reserveBytes, reason} of plan.hosts) {
    const alone = disks.get(host);
    const node = nodes.find(({name}) => name === host);
    const able = (node?.disks ?? []).filter(({setting, isOpen}) => isOpen && !named.has(setting));
    const parts = alone === undefined ? spread(reserveBytes, able) : [{disk: alone, bytes: reserveBytes}];
    for (const {disk, bytes} of parts)
      wanted.push({
        ...{setting: disk.setting, hosts: [host], bytes: disk.baseBytes + bytes, reason},
        baseBytes: disk.baseBytes,
      });
    losses.push(...tellLoss(host, reserveBytes, parts));
  }
  return {wanted, losses};
}

interface Part {
  readonly disk: LonghornDisk;
  readonly bytes: number;
}

/** Over a node's disks by room, in whole bytes; a split that says that sum already and has the room stays as it is. */
function spread(totalBytes: number, disks: readonly LonghornDisk[]): readonly Part[] {
  const now = disks.map((disk) => ({disk, bytes: bufferOf(disk)}));
  const isHeld = now.reduce((sum, {bytes}) => sum + bytes, 0) === totalBytes;
  if (isHeld && now.every(({disk, bytes}) => bytes <= roomOf(disk))) return now;
  const rooms = disks.map(roomOf);
  const allRooms = rooms.reduce((sum, bytes) => sum + bytes, 0);
  const weights = totalBytes > allRooms ? disks.map(() => 1) : rooms;
  const whole = BigInt(weights.reduce((sum, weight) => sum + weight, 0));
  let [passed, given] = [0n, 0];
  return disks.map((disk, index) => {
    passed += BigInt(weights[index] ?? 0);
    const upTo = whole === 0n ? 0 : Number((BigInt(totalBytes) * passed) / whole);
    const bytes = upTo - given;
    given = upTo;
    return {disk, bytes};
  });
}

function tellLoss(host: string, totalBytes: number, parts: readonly Part[]): readonly string[] {
  if (totalBytes === 0) return [];
  if (parts.length === 0) return [`${totalBytes} bytes on ${host}, which has no disk that takes replicas`];
  const closed = parts.filter(({disk, bytes}) => bytes > 0 && !disk.isOpen);
  const most = parts.reduce((sum, {disk}) => sum + roomOf(disk), 0);
  return [
    ...closed.map(({disk, bytes}) => `${bytes} bytes on ${disk.setting}, which takes no replicas now`),
    ...(totalBytes > most
      ? [`${totalBytes - most} of ${totalBytes} bytes on ${host}: no more are free`]
      : []),
  ];
}

async function setReserved(
  client: HttpClient,
  namespace: string,
  {setting, fromBytes, toBytes, expected}: SettingChange,
): Promise<TargetVersion> {
  const [name, disk] = split(setting);
  for (let attempt = 1; ; attempt += 1) {
    const node = await getNode(client, namespace, name);
    const {reservedBytes, baseBytes} = diskIn(node, disk);
    // An earlier try whose answer was lost may have come to its end only now.
    if (reservedBytes === toBytes) return expected;
    if (reservedBytes !== fromBytes) throw moved(`${setting} says ${reservedBytes} bytes`);
    try {
      const path = `${longhornPath(namespace, 'nodes')}/${encodeURIComponent(name)}`;
      const body = patchOf(node, disk, toBytes ?? 0, baseBytes);
      await client.send({method: 'PATCH', path, body, contentType: 'application/merge-patch+json'});
      return expected;
    } catch (error) {
      const isConflict = error instanceof HttpRefusal && error.status === 409;
      if (!isConflict || attempt >= MOST_CONFLICTS) throw error;
    }
  }
}

/** Back at what was there before, a disk holds no buffer, and its entry goes. */
function patchOf(
  {resourceVersion, base}: LonghornNode,
  disk: string,
  storageReserved: number,
  baseBytes: number,
): object {
  const kept = new Map(base).set(disk, baseBytes);
  if (storageReserved === baseBytes) kept.delete(disk);
  const text = kept.size === 0 ? null : JSON.stringify(Object.fromEntries([...kept].sort()));
  return {
    metadata: {resourceVersion, annotations: {[BASE_ANNOTATION]: text}},
    spec: {disks: {[disk]: {storageReserved}}},
  };
}

function diskIn(node: LonghornNode, disk: string): LonghornDisk {
  const found = node.disks.find((one) => one.disk === disk);
  if (found === undefined) throw moved(`node ${node.name} has no disk ${disk} any more`);
  return found;
}

/** Names of Kubernetes nodes hold no slash. */
function split(setting: string): readonly [node: string, disk: string] {
  const at = setting.indexOf('/');
  return [setting.slice(0, at), setting.slice(at + 1)];
}

function moved(how: string): StaleError {
  return new StaleError('target-moved', `somebody changed it meanwhile: ${how}`, {
    hints: ['make a new plan'],
  });
}
