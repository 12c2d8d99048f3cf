import {z} from 'zod';

import {type GivenAnswer, type SeenRequest, serve} from './serve.js';

/**
 * A FAKE of the Kubernetes API with Longhorn's nodes and volumes, one namespace, and Leases: no real one was within
 * reach. It is strict: methods, bearer token, content type of patches, fields by name (as fieldValidation=Strict does),
 * resourceVersion (409 when stale, new with every change) and preconditions of a removal.
 */
export interface FakeKubernetes {
  readonly url: string;
  readonly nodes: Map<string, FakeNode>;
  readonly leases: Map<string, FakeLease>;
  readonly volumes: {name: string; robustness: string}[];
  namespaceUid: string;
  /** Requests to change a node. */
  patches: number;
  /** How often storageReserved really moved. */
  moves: number;
  /** Writes something else into each node before the next so many patches, as Longhorn's manager does. */
  busy: number;
}

export interface FakeNode {
  version: number;
  allowScheduling: boolean;
  ready: boolean;
  annotations: Record<string, string>;
  readonly disks: Record<string, FakeDisk>;
}

export interface FakeDisk {
  storageReserved: number;
  allowScheduling: boolean;
  schedulable: boolean;
  storageMaximum: number;
  storageAvailable: number;
}

interface FakeLease {
  readonly uid: string;
  version: number;
  spec: Record<string, unknown>;
}

const NAMESPACE = 'longhorn-system';
const LONGHORN = `/apis/longhorn.io/v1beta2/namespaces/${NAMESPACE}`;
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;

const microTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
const leaseSpec = z.strictObject({
  holderIdentity: z.string().min(1).optional(),
  leaseDurationSeconds: z.int().positive().optional(),
  acquireTime: microTime.optional(),
  renewTime: microTime.optional(),
  leaseTransitions: z.int().nonnegative().optional(),
});
const newLease = z.strictObject({
  apiVersion: z.literal('coordination.k8s.io/v1'),
  kind: z.literal('Lease'),
  metadata: z.strictObject({name: z.string().min(1)}),
  spec: leaseSpec,
});
const leasePatch = z.strictObject({
  metadata: z.strictObject({resourceVersion: z.string()}),
  spec: leaseSpec,
});
const removal = z.strictObject({
  kind: z.literal('DeleteOptions'),
  apiVersion: z.literal('v1'),
  preconditions: z.strictObject({uid: z.string(), resourceVersion: z.string()}),
});
const nodePatch = z.strictObject({
  metadata: z.strictObject({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string().nullable()).optional(),
  }),
  spec: z.strictObject({
    disks: z.record(z.string(), z.strictObject({storageReserved: z.int().nonnegative()})),
  }),
});

/** Starts it with these nodes until the test ends. */
export async function startFakeKubernetes(
  token: string,
  nodes: Iterable<readonly [string, FakeNode]>,
): Promise<FakeKubernetes> {
  const state: State = {
    ...{nodes: new Map(nodes), leases: new Map(), volumes: []},
    ...{namespaceUid: 'uid-of-the-namespace', patches: 0, moves: 0, busy: 0},
  };
  const url = await serve((request) => {
    if (request.headers.authorization !== `Bearer ${token}`) return failure(401, 'Unauthorized');
    if (request.text !== '' && Number(request.headers['content-length']) !== Buffer.byteLength(request.text))
      return failure(400, 'Content-Length');
    return answer(state, request);
  });
  return Object.assign(state, {url});
}

type State = Omit<FakeKubernetes, 'url'>;

function answer(state: State, request: SeenRequest): GivenAnswer {
  const {method, url} = request;
  if (url === `/api/v1/namespaces/${NAMESPACE}` && method === 'GET')
    return {status: 200, body: {kind: 'Namespace', metadata: {name: NAMESPACE, uid: state.namespaceUid}}};
  if (url === `${LONGHORN}/nodes` && method === 'GET')
    return {
      status: 200,
      body: {kind: 'NodeList', items: [...state.nodes].map(([name, node]) => tellNode(name, node))},
    };
  if (url === `${LONGHORN}/volumes` && method === 'GET')
    return {
      status: 200,
      body: {
        kind: 'VolumeList',
        items: state.volumes.map(({name, robustness}) => ({metadata: {name}, status: {robustness}})),
      },
    };
  if (url.startsWith(`${LONGHORN}/nodes/`)) return answerNode(state, request);
  if (url === LEASES || url.startsWith(`${LEASES}/`)) return answerLease(state, request);
  return failure(404, 'the server could not find the requested resource');
}

function tellNode(name: string, {version, allowScheduling, ready, annotations, disks}: FakeNode): object {
  const is = (type: string, isTrue: boolean): object => ({type, status: isTrue ? 'True' : 'False'});
  const told = Object.entries(disks).map(([disk, {allowScheduling: open, storageReserved}]) => {
    const spec = {allowScheduling: open, storageReserved, path: `/var/lib/${disk}`, diskType: 'filesystem'};
    return [disk, {...spec, evictionRequested: false, tags: []}];
  });
  const states = Object.entries(disks).map(([disk, {schedulable, storageMaximum, storageAvailable}]) => [
    disk,
    {conditions: [is('Ready', ready), is('Schedulable', schedulable)], storageMaximum, storageAvailable},
  ]);
  return {
    ...{apiVersion: 'longhorn.io/v1beta2', kind: 'Node'},
    metadata: {name, namespace: NAMESPACE, resourceVersion: String(version), annotations},
    spec: {name, allowScheduling, disks: Object.fromEntries(told) as unknown},
    status: {conditions: [is('Ready', ready)], diskStatus: Object.fromEntries(states) as unknown},
  };
}

function answerNode(state: State, request: SeenRequest): GivenAnswer {
  const name = decodeURIComponent(request.url.slice(`${LONGHORN}/nodes/`.length));
  if (request.method === 'PATCH') state.patches += 1;
  const node = state.nodes.get(name);
  if (node === undefined) return failure(404, `nodes.longhorn.io "${name}" not found`);
  if (request.method === 'GET') return {status: 200, body: tellNode(name, node)};
  if (state.busy > 0 && request.method === 'PATCH') {
    state.busy -= 1;
    node.version += 1;
  }
  const patch = readPatch(request, nodePatch, node.version);
  return 'status' in patch ? patch : patchNode(state, name, node, patch);
}

function patchNode(
  state: State,
  name: string,
  node: FakeNode,
  {metadata, spec}: z.infer<typeof nodePatch>,
): GivenAnswer {
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    if (value === null) Reflect.deleteProperty(node.annotations, key);
    else node.annotations[key] = value;
  }
  for (const [disk, {storageReserved}] of Object.entries(spec.disks)) {
    const found = node.disks[disk];
    if (found === undefined) return failure(422, `spec.disks.${disk}`);
    if (found.storageReserved !== storageReserved) state.moves += 1;
    found.storageReserved = storageReserved;
  }
  node.version += 1;
  return {status: 200, body: tellNode(name, node)};
}

/** A merge patch of the object's present version, or why it is refused. */
function readPatch<T extends {readonly metadata: {readonly resourceVersion: string}}>(
  {method, headers, text}: SeenRequest,
  schema: z.ZodType<T>,
  version: number,
): T | GivenAnswer {
  if (method !== 'PATCH') return failure(405, 'method');
  if (headers['content-type'] !== 'application/merge-patch+json') return failure(415, 'patch type');
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) return failure(400, `strict decoding error: ${parsed.error.message}`);
  const isStale = parsed.data.metadata.resourceVersion !== String(version);
  return isStale ? failure(409, 'the object has been modified') : parsed.data;
}

function createLease(state: State, {method, text}: SeenRequest): GivenAnswer {
  if (method !== 'POST') return failure(405, 'method');
  const made = newLease.safeParse(JSON.parse(text));
  if (!made.success) return failure(400, `strict decoding error: ${made.error.message}`);
  const {name} = made.data.metadata;
  if (state.leases.has(name)) return failure(409, `leases "${name}" already exists`);
  const lease = {uid: `uid-${state.leases.size}-${name}`, version: 1, spec: made.data.spec};
  state.leases.set(name, lease);
  return {status: 201, body: tellLease(name, lease)};
}

function answerLease(state: State, request: SeenRequest): GivenAnswer {
  if (request.url === LEASES) return createLease(state, request);
  const name = request.url.slice(LEASES.length + 1);
  const lease = state.leases.get(name);
  if (lease === undefined) return failure(404, `leases "${name}" not found`);
  if (request.method === 'GET') return {status: 200, body: tellLease(name, lease)};
  if (request.method === 'DELETE') {
    const {preconditions} = removal.parse(JSON.parse(request.text));
    const isSame = preconditions.uid === lease.uid && preconditions.resourceVersion === String(lease.version);
    if (!isSame) return failure(409, 'preconditions');
    state.leases.delete(name);
    return {status: 200, body: {kind: 'Status', status: 'Success'}};
  }
  const patch = readPatch(request, leasePatch, lease.version);
  if ('status' in patch) return patch;
  Object.assign(lease, {version: lease.version + 1, spec: {...lease.spec, ...patch.spec}});
  return {status: 200, body: tellLease(name, lease)};
}

function tellLease(name: string, {uid, version, spec}: FakeLease): object {
  const metadata = {name, namespace: NAMESPACE, uid, resourceVersion: String(version)};
  return {apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec};
}

function failure(code: number, message: string): GivenAnswer {
  return {status: code, body: {kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code}};
}
