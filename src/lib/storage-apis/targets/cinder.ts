import {z} from 'zod';

import {acquireLock, CheckError, StaleError, TargetError, UsageError} from '../../core/index.js';
import {statePaths, type TargetAccess} from '../access.js';
import {expressQuota, GIB, type VolumeType} from '../cinder/express-quota.js';
import {type HttpClient, httpClient, type HttpRequest, parseBaseUrl} from '../http/http-client.js';
import {
  type Inventory,
  type SettingBytes,
  type SettingChange,
  settingText,
  type StorageTarget,
  type TargetVersion,
} from '../target.js';

const EXAMPLE = 'cinder:https://storage.example:8776/v3/PROJECT';
const PREFIX = 'gigabytes_';
const ZONES = 'RESKEY:availability_zones';

/** OpenStack Block Storage API v3, quota sets: https://docs.openstack.org/api-ref/block-storage/v3/ */
const typesShape = z.object({
  volume_types: z.array(
    z.object({id: z.string(), name: z.string(), extra_specs: z.record(z.string(), z.unknown()).optional()}),
  ),
  volume_type_links: z.array(z.object({rel: z.string()})).optional(),
});
const count = z.number().int().nonnegative();
const quotaShape = z.object({limit: z.number().int().min(-1), in_use: count, reserved: count});
const quotaSetShape = z.object({quota_set: z.record(z.string(), z.unknown())});

/**
 * Quotas of a project for each volume type in OpenStack Cinder. The address ends in the project that the token is of;
 * `?project=ID` names another one, whose quotas are set.
 */
export const cinderTarget = {
  summary: 'quotas of OpenStack Cinder by volume type, one type for each risk boundary',
  example: EXAMPLE,
  open: (place: string, access: TargetAccess): StorageTarget => {
    const {base, project, canonical} = parsePlace(place, access);
    const name = `cinder:${canonical}`;
    const {journalFolder, lockPath} = statePaths(access, name);
    const api = {client: httpClient(base, access, [access.credentials.token]), access, project};
    return {
      ...{name, holds: 'quota', counts: false, blocksRepair: false, journalFolder},
      cannotExpress: [
        `a limit for all projects together: only volumes of project ${project} are counted`,
        'bytes that are used: Cinder counts the size that each volume may grow to, once, whatever copies are kept of it',
      ],
      readInventory: async () => inventoryOf(name, project, await readQuotas(api)),
      express: async (plan) => expressQuota(plan, await readTypes(api)),
      lock: async (owner) => acquireLock(lockPath, owner),
      set: async (change) => setQuota(api, change),
      read: async (type) => limitBytes(type, quotaOf(await readQuotas(api), type)),
    };
  },
};

interface Api {
  readonly client: HttpClient;
  readonly access: TargetAccess;
  readonly project: string;
}

/** By volume type, in GiB; a limit of -1 is none. */
type Quotas = ReadonlyMap<string, z.infer<typeof quotaShape>>;

function parsePlace(place: string, access: TargetAccess): {base: URL; project: string; canonical: string} {
  const [, address = '', other] = /^([^?]*)(?:\?project=([\w-]+))?$/.exec(place) ?? [];
  const base = parseBaseUrl(address, access);
  const [, own] = /\/v3\/([\w-]+)\/?$/.exec(base.pathname) ?? [];
  if (own === undefined)
    throw new UsageError('bad-address', 'the address of Cinder does not end in /v3/PROJECT', {
      hints: [`write it like --target ${EXAMPLE}`, 'add ?project=ID for the quotas of another project'],
    });
  const project = other ?? own;
  const canonical = base.href.replace(/\/$/, '');
  return {base, project, canonical: project === own ? canonical : `${canonical}?project=${project}`};
}

async function send({client, access}: Api, request: HttpRequest): Promise<unknown> {
  const {token} = access.credentials;
  if (token === undefined)
    throw new UsageError('no-token', 'Cinder wants a token', {
      hints: [
        'FORESHADOW_TARGET_TOKEN=$(openstack token issue -f value -c id)',
        'or token= in --credentials FILE',
      ],
    });
  return (await client.send({...request, headers: {'x-auth-token': token.reveal()}})).body;
}

async function readQuotas(api: Api): Promise<Quotas> {
  const path = `${quotaPath(api)}?usage=true`;
  const {quota_set: set} = parseAnswer(quotaSetShape, await send(api, {method: 'GET', path}), path);
  const ofTypes = Object.entries(set).filter(([key]) => key.startsWith(PREFIX));
  return new Map(
    ofTypes.map(([key, quota]) => [
      key.slice(PREFIX.length),
      parseAnswer(quotaShape, quota, `${path}: ${key}`),
    ]),
  );
}

function quotaPath({project}: Api): string {
  return `/os-quota-sets/${encodeURIComponent(project)}`;
}

/** All of them, public or not, page by page. */
async function readTypes(api: Api): Promise<readonly VolumeType[]> {
  const quotas = await readQuotas(api);
  const types: VolumeType[] = [];
  for (let marker: string | undefined = ''; marker !== undefined;) {
    const path: string = `/types?is_public=None${marker === '' ? '' : `&marker=${encodeURIComponent(marker)}`}`;
    const page: z.infer<typeof typesShape> = parseAnswer(
      typesShape,
      await send(api, {method: 'GET', path}),
      path,
    );
    for (const {name, extra_specs: specs} of page.volume_types) {
      const quota = quotas.get(name);
      const committedGib = quota && quota.in_use + quota.reserved;
      types.push({name, zones: zonesIn(specs?.[ZONES]), committedGib});
    }
    const hasMore = page.volume_type_links?.some(({rel}) => rel === 'next') === true;
    marker = hasMore ? page.volume_types.at(-1)?.id : undefined;
  }
  return types;
}

function zonesIn(spec: unknown): readonly string[] {
  if (typeof spec !== 'string') return [];
  return spec
    .split(',')
    .map((zone) => zone.trim())
    .filter((zone) => zone !== '');
}

function inventoryOf(target: string, project: string, quotas: Quotas): Inventory {
  return {
    ...{
      target,
      lineage: project,
      serial: 0,
      lastPlanSha256: undefined,
      reserveBytes: new Map<string, number>(),
    },
    settings: new Map([...quotas].map(([type, quota]) => [type, limitBytes(type, quota)])),
  };
}

function quotaOf(quotas: Quotas, type: string): z.infer<typeof quotaShape> {
  const quota = quotas.get(type);
  if (quota !== undefined) return quota;
  throw new TargetError('no-type', `Cinder has no quota ${PREFIX}${type}: was the volume type removed?`);
}

function limitBytes(type: string, {limit}: z.infer<typeof quotaShape>): SettingBytes {
  if (limit === -1) return null;
  if (Number.isSafeInteger(limit * GIB)) return limit * GIB;
  throw new TargetError(
    'quota-too-large',
    `${PREFIX}${type} is ${limit} GiB, more than can be reckoned with`,
    {
      hints: ['set it to -1, which is no limit'],
    },
  );
}

async function setQuota(
  api: Api,
  {setting, fromBytes, toBytes, expected}: SettingChange,
): Promise<TargetVersion> {
  const quota = quotaOf(await readQuotas(api), setting);
  const now = limitBytes(setting, quota);
  if (now !== fromBytes && now !== toBytes)
    throw new StaleError(
      'target-moved',
      `${setting} says ${settingText(now)}: somebody changed it meanwhile`,
    );
  const limit = toBytes === null ? -1 : toBytes / GIB;
  if (!Number.isInteger(limit))
    throw new TargetError('not-whole', `${setting}: ${settingText(toBytes)} is no whole number of GiB`);
  const committed = quota.in_use + quota.reserved;
  if (limit !== -1 && limit < committed)
    throw new CheckError(
      'below-use',
      `${setting}: ${limit} GiB is less than the ${committed} GiB in use there`,
      {
        hints: ['make a new plan'],
      },
    );
  // Alone in its request: a key that Cinder does not know must not keep another from being set, nor set half of them.
  const body = {quota_set: {[`${PREFIX}${setting}`]: limit}};
  await send(api, {method: 'PUT', path: quotaPath(api), body});
  return {lineage: expected.lineage, serial: 0};
}

function parseAnswer<T>(shape: z.ZodType<T>, body: unknown, where: string): T {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue === undefined ? '' : `: ${issue.path.join('.')}: ${issue.message}`;
  throw new TargetError('unknown-answer', `${where} gave something else than Cinder's API v3 does${what}`, {
    hints: ['does the address end in /v3/PROJECT?'],
  });
}
