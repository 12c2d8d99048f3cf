import {z} from 'zod';

import type {Plan} from '../../allocation/index.js';
import {acquireLock, type Diagnostic, sha256Hex, StaleError} from '../../core/index.js';
import {statePaths, type TargetAccess} from '../access.js';
import {authorization} from '../http/authorization.js';
import {type HttpClient, httpClient, type HttpRequest, parseBaseUrl} from '../http/http-client.js';
import {HttpRefusal} from '../http/http-refusal.js';
import {parseAnswer} from '../http/parse-answer.js';
import type {
  Expression,
  Inventory,
  SettingChange,
  StorageTarget,
  TargetVersion,
  WantedSetting,
} from '../target.js';

/*
 * The contract is docs/remirror-buffer.openapi.yaml. A setting is the buffer of one risk boundary that the server
 * lists: bytes held free on the hosts inside it, for copies that others lose.
 */
const bytes = z.number().int().nonnegative();
/** Dots alone would be taken out of an address, whatever their encoding. */
const id = z
  .string()
  .min(1)
  .refine((text) => text !== '.' && text !== '..', 'names no resource');
const listSchema = z.object({
  clusterId: z.string().min(1),
  boundaries: z
    .array(
      z.object({
        id,
        hosts: z.array(z.string().min(1)).min(1).refine(isSet, 'a host is listed twice'),
        remirrorBufferBytes: bytes,
        state: z.enum(['ok', 'repairing']),
        capacityBytes: bytes.optional(),
        usedBytes: bytes.optional(),
      }),
    )
    .refine((boundaries) => isSet(boundaries.map((boundary) => boundary.id)), 'a boundary is listed twice'),
});
type Listing = z.infer<typeof listSchema>;
type Boundary = Listing['boundaries'][number];
const bufferSchema = z.object({bytes});

/** An orchestrator with our own contract as a target; its place is the address above `/risk-boundaries`. */
export const httpTarget = {
  summary: 'an orchestrator that serves docs/remirror-buffer.openapi.yaml',
  example: 'http:https://storage.example:8443/v1',
  open: (place: string, access: TargetAccess): StorageTarget => {
    const base = parseBaseUrl(place, access);
    const name = `http:${base.href.replace(/\/$/, '')}`;
    const {headers, secrets} = authorization(access.credentials);
    const client = httpClient(base, access, secrets);
    const server: HttpClient = {
      send: async (request) => client.send({...request, headers: {...headers, ...request.headers}}),
    };
    const {journalFolder, lockPath} = statePaths(access, name);
    return {
      ...{name, holds: 'reserve', counts: false, blocksRepair: false, cannotExpress: [], journalFolder},
      readInventory: async () => inventoryOf(name, await list(server)),
      express: async (plan) => express(plan, name, await list(server)),
      lock: async (owner) => acquireLock(lockPath, owner),
      set: async (change) => setBuffer(server, name, change),
      read: async (boundary) => (await getBuffer(server, boundary)).bytes,
    };
  },
};

async function list(server: HttpClient): Promise<Listing> {
  const {body} = await server.send({method: 'GET', path: '/risk-boundaries'});
  return parseAnswer(listSchema, body, 'GET /risk-boundaries');
}

function bufferPath(boundary: string): string {
  return `/risk-boundaries/${encodeURIComponent(boundary)}/remirror-buffer`;
}

async function getBuffer(
  server: HttpClient,
  boundary: string,
): Promise<{readonly bytes: number; readonly etag: string}> {
  const path = bufferPath(boundary);
  const {body, headers} = await server.send({method: 'GET', path});
  const where = `GET ${path}`;
  const {etag} = parseAnswer(z.object({etag: z.string().min(1)}), headers, where);
  return {...parseAnswer(bufferSchema, body, where), etag};
}

async function setBuffer(
  server: HttpClient,
  name: string,
  {setting, fromBytes, toBytes, planSha256, expected}: SettingChange,
): Promise<TargetVersion> {
  const now = await getBuffer(server, setting);
  // An earlier try whose answer was lost may come to its end only now.
  if (now.bytes !== toBytes) {
    if (now.bytes !== fromBytes) throw moved(name, setting, `it says ${now.bytes} bytes`);
    const key = sha256Hex(JSON.stringify([planSha256, setting, fromBytes, toBytes, now.etag]));
    const headers = {'if-match': now.etag, 'idempotency-key': key};
    const body = {bytes: toBytes ?? 0};
    await putBuffer(server, name, setting, {method: 'PUT', path: bufferPath(setting), headers, body});
  }
  return expected;
}

async function putBuffer(
  server: HttpClient,
  name: string,
  setting: string,
  request: HttpRequest,
): Promise<void> {
  try {
    await server.send(request);
  } catch (error) {
    if (error instanceof HttpRefusal && error.status === 412) throw moved(name, setting, error.message);
    throw error;
  }
}

function moved(name: string, setting: string, how: string): StaleError {
  return new StaleError('target-moved', `${name}: somebody changed ${setting} meanwhile: ${how}`, {
    hints: ['make a new plan'],
  });
}

function inventoryOf(target: string, {clusterId, boundaries}: Listing): Inventory {
  const alone = boundaries.filter(({hosts}) => hosts.length === 1);
  const byHost = (read: (boundary: Boundary) => number | undefined): ReadonlyMap<string, number> =>
    new Map(
      alone.flatMap((boundary) =>
        boundary.hosts.flatMap((host): [string, number][] => {
          const value = read(boundary);
          return value === undefined ? [] : [[host, value]];
        }),
      ),
    );
  const capacityBytes = byHost((boundary) => boundary.capacityBytes);
  const hosts = new Set(boundaries.flatMap((boundary) => boundary.hosts));
  return {
    ...{target, lineage: clusterId, serial: 0, lastPlanSha256: undefined},
    settings: new Map(boundaries.map((boundary) => [boundary.id, boundary.remirrorBufferBytes])),
    reserveBytes: spreadOverHosts(boundaries),
    usedBytes: byHost((boundary) => boundary.usedBytes),
    // A host that is missing there would be taken for one that is gone.
    ...(capacityBytes.size === hosts.size && {capacityBytes}),
    troubles: boundaries.flatMap(({id: name, state}) => (state === 'ok' ? [] : [`${name} is repairing`])),
  };
}

/**
 * What each host holds by the boundary with the fewest hosts that it is in; one of several hosts tells only their sum,
 * and what is not told for some of them lies on the others in equal parts.
 */
function spreadOverHosts(boundaries: readonly Boundary[]): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  const narrowFirst = [...boundaries].sort(
    (left, right) => left.hosts.length - right.hosts.length || (left.id < right.id ? -1 : 1),
  );
  for (const {hosts, remirrorBufferBytes} of narrowFirst) {
    const open = hosts.filter((host) => !held.has(host)).sort();
    const told = hosts.reduce((sum, host) => sum + (held.get(host) ?? 0), 0);
    let rest = Math.max(0, remirrorBufferBytes - told);
    for (const [index, host] of open.entries()) {
      const part = Math.ceil(rest / (open.length - index));
      held.set(host, part);
      rest -= part;
    }
  }
  return held;
}

function express(plan: Plan, name: string, {boundaries}: Listing): Expression {
  refuseOtherMembers(plan, name, boundaries);
  const planned = new Map(plan.hosts.map((host) => [host.host, host]));
  const isKnown = ({hosts}: Boundary): boolean => hosts.every((host) => planned.has(host));
  const wanted = boundaries.filter(isKnown).map(({id: setting, hosts}): WantedSetting => {
    const parts = hosts.flatMap((host) => planned.get(host) ?? []);
    const total = parts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0);
    const reason =
      parts.length === 1 ? (parts[0]?.reason ?? '') : `the reserves of its ${parts.length} hosts`;
    return {setting, hosts, bytes: total, reason};
  });
  return {wanted, losses: tellLosses(plan, wanted, boundaries)};
}

/** A boundary with other hosts than the plan's fails otherwise than the plan reckoned with: its buffers may be too few. */
function refuseOtherMembers(plan: Plan, name: string, boundaries: readonly Boundary[]): void {
  const there = new Map(boundaries.map((boundary) => [boundary.id, new Set(boundary.hosts)]));
  const diagnostics = plan.boundaries.flatMap(({scenario, hosts}): Diagnostic[] => {
    const members = there.get(scenario);
    if (members === undefined) return [];
    const missing = hosts.filter((host) => !members.has(host));
    const added = [...members].filter((host) => !hosts.includes(host));
    if (missing.length + added.length === 0) return [];
    const parts = [
      ...(missing.length > 0 ? [`without ${nameSome(missing)}`] : []),
      ...(added.length > 0 ? [`with ${nameSome(added)}`] : []),
    ];
    const message = `the target has it ${parts.join(' and ')}`;
    return [{severity: 'error', code: 'other-members', at: scenario, message}];
  });
  if (diagnostics.length === 0) return;
  throw new StaleError('other-members', `${name} has other hosts in its boundaries than the plan`, {
    diagnostics,
    hints: ['bring the topology up to date and make a new plan'],
  });
}

function tellLosses(
  plan: Plan,
  wanted: readonly WantedSetting[],
  boundaries: readonly Boundary[],
): readonly string[] {
  const exact = new Set(wanted.flatMap(({hosts}) => (hosts.length === 1 ? hosts : [])));
  const covered = new Set(wanted.flatMap(({hosts}) => hosts));
  const settings = new Set(wanted.map(({setting}) => setting));
  const names = new Set(boundaries.map((boundary) => boundary.id));
  const bare = plan.hosts.filter(({host, reserveBytes}) => reserveBytes > 0 && !covered.has(host));
  const bareBytes = bare.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0);
  const absent = plan.boundaries.filter(
    ({scenario, hosts}) => !names.has(scenario) && hosts.some((host) => !exact.has(host)),
  );
  const sums = wanted.filter(
    ({hosts, bytes: total}) => total !== 0 && hosts.some((host) => !exact.has(host)),
  );
  const strange = boundaries.filter((boundary) => !settings.has(boundary.id));
  return [
    ...(bare.length > 0
      ? [`${bareBytes} bytes on ${nameSome(bare.map(({host}) => host))}, which are in no boundary there`]
      : []),
    ...(absent.length > 0
      ? [`the boundaries ${nameSome(absent.map(({scenario}) => scenario))}, which it does not have`]
      : []),
    ...(sums.length > 0
      ? [`how much each host holds inside ${nameSome(sums.map(({setting}) => setting))}, only their sum`]
      : []),
    ...(strange.length > 0
      ? [`anything in ${nameSome(strange.map((one) => one.id))}, where hosts are that the plan does not know`]
      : []),
  ];
}

function nameSome(names: readonly string[]): string {
  const rest = names.length - 10;
  return `${names.slice(0, 10).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function isSet(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
