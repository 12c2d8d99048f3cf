import {setTimeout as wait} from 'node:timers/promises';
import {z} from 'zod';

import type {Plan} from '../../allocation/index.js';
import {acquireLock, CheckError, formatBytes, StaleError, TargetError} from '../../core/index.js';
import {statePaths, type TargetAccess} from '../access.js';
import {type CephCluster, type CephOsd, type CephPool, readCephCluster} from '../ceph/ceph-cluster.js';
import {type CephSession, cephSession} from '../ceph/ceph-session.js';
import {type HostSpace, type PoolUse, quotasFromReserve} from '../ceph/quota-from-reserve.js';
import {parseBaseUrl} from '../http/http-client.js';
import type {Expression, Inventory, SettingBytes, SettingChange, StorageTarget} from '../target.js';

/** Pools are settings under this and their name. */
const PREFIX = 'pool/';

/**
 * Ceph by the REST interface of its manager's dashboard. It has no reserve of its own: the quotas of its pools
 * (`quota_max_bytes`, 0 is none) stop clients and not repairs, so they leave the reserve (quota-from-reserve). A plan's
 * hosts are `HOST/osd.N`, as `topology import ceph` names them, or whole hosts of the CRUSH map.
 */
export const cephTarget = {
  summary: "quotas of Ceph's pools, by the manager's dashboard",
  example: 'ceph:https://mgr.example:8443',
  open: (place: string, access: TargetAccess): StorageTarget => {
    const base = parseBaseUrl(place, access);
    const session = cephSession(base, access);
    const name = `ceph:${base.href.replace(/\/$/, '')}`;
    const {journalFolder, lockPath} = statePaths(access, name);
    return {
      ...{name, holds: 'quota', counts: false, blocksRepair: false, journalFolder},
      cannotExpress: [
        'space held on one host: a quota limits a whole pool, wherever its copies lie',
        `an exact stop: clients go on for some seconds after a quota is reached (${access.quotaLagSeconds} s of each pool's writes are taken off)`,
      ],
      readInventory: async () => inventoryOf(name, await readCephCluster(session)),
      express: async (plan) => express(plan, await readCephCluster(session), access.quotaLagSeconds),
      lock: async (owner) => acquireLock(lockPath, owner),
      set: async (change) => setQuota(session, change, access),
      read: async (setting) => readQuota(session, setting),
    };
  },
};

function inventoryOf(target: string, cluster: CephCluster): Inventory {
  const osds = [...cluster.osds.values()];
  return {
    ...{target, lineage: cluster.fsid, serial: 0, lastPlanSha256: undefined},
    settings: new Map(
      quotaPools(cluster).map(({pool, quotaBytes}) => [`${PREFIX}${pool}`, toSetting(quotaBytes)]),
    ),
    // What quotas hold free on a host depends on the plan's fill limit: it is not told backwards.
    reserveBytes: new Map(),
    usedBytes: byHost(osds, ({usedBytes}) => usedBytes),
    capacityBytes: byHost(osds, ({capacityBytes}) => capacityBytes),
    troubles: [...osds.filter(({isUp}) => !isUp).map(({osd}) => `osd.${osd} is down`), ...cluster.troubles],
  };
}

function quotaPools({pools}: CephCluster): readonly CephPool[] {
  return pools.filter(({isInternal}) => !isInternal);
}

function toSetting(quotaBytes: number): SettingBytes {
  return quotaBytes === 0 ? null : quotaBytes;
}

/** By device (`HOST/osd.N`) and by whole host. */
function byHost(osds: readonly CephOsd[], value: (osd: CephOsd) => number): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const osd of osds) {
    sums.set(`${osd.host}/osd.${osd.osd}`, value(osd));
    sums.set(osd.host, (sums.get(osd.host) ?? 0) + value(osd));
  }
  return sums;
}

function express(plan: Plan, cluster: CephCluster, lagSeconds: number): Expression {
  const osdsOf = osdsOfPlan(plan, cluster);
  const hostOf = new Map([...osdsOf].flatMap(([host, osds]) => osds.map(({osd}) => [osd, host] as const)));
  const pools = cluster.pools.map((pool) => toPoolUse(pool, cluster, hostOf, lagSeconds));
  const spaces = plan.hosts.map((host) => toSpace(host, osdsOf.get(host.host) ?? [], cluster));
  const known = new Set(osdsOf.keys());
  const losses = plan.boundaries
    .map(({scenario, hosts}) => ({boundary: scenario, hosts: hosts.filter((host) => known.has(host))}))
    .filter(({hosts}) => hosts.length > 0 && hosts.length < known.size);
  const answer = quotasFromReserve(pools, spaces, losses);
  if (answer.shortBytes > 0) {
    const short = formatBytes(answer.shortBytes);
    throw new CheckError(
      'no-room-for-quota',
      `no quota leaves the buffer: ${answer.tightest} lacks ${short}`,
      {
        hints: ['add OSDs or remove data there, then make a new plan'],
      },
    );
  }
  const reason = `${answer.tightest} decides`;
  return {
    wanted: quotaPools(cluster).map(({pool}) => ({
      setting: `${PREFIX}${pool}`,
      hosts: hostsOf(pools.find((one) => one.pool === pool)),
      bytes: answer.quotaBytes.get(pool) ?? null,
      reason,
    })),
    losses:
      answer.idleBytes === 0
        ? []
        : [
            `the buffer alone: one quota holds wherever a pool's copies lie, and ${answer.tightest} decides; with the pools at their quotas ${formatBytes(answer.idleBytes)} more than the buffer stay free`,
          ],
  };
}

/** The OSDs of each host of the plan. Throws StaleError for hosts that the cluster does not have. */
function osdsOfPlan({hosts}: Plan, {osds}: CephCluster): ReadonlyMap<string, readonly CephOsd[]> {
  const all = [...osds.values()];
  const found = new Map(
    hosts.map(({host}) => [
      host,
      all.filter((osd) => host === osd.host || host === `${osd.host}/osd.${osd.osd}`),
    ]),
  );
  const missing = [...found].filter(([, own]) => own.length === 0);
  if (missing.length === 0) return found;
  throw new StaleError('hosts-moved', 'the cluster does not have all hosts of the plan', {
    diagnostics: missing.map(([host]) => ({
      severity: 'error',
      code: 'host-gone',
      at: `host ${host}`,
      message: 'no OSD of the cluster is this host or on it',
    })),
    hints: ['import the topology again, then make a new plan'],
  });
}

function toPoolUse(
  pool: CephPool,
  {osds}: CephCluster,
  hostOf: ReadonlyMap<number, string>,
  lagSeconds: number,
): PoolUse {
  const own = [...osds.values()].filter(
    (osd) =>
      (pool.deviceClass === undefined || pool.deviceClass === osd.deviceClass) &&
      [...osd.above.values()].includes(pool.take),
  );
  const rawBytes = pool.storedBytes * pool.copies * pool.sharePerCopy;
  // Allocation units and metadata make copies larger than what is stored, in small objects by much.
  const swell = rawBytes > 2 ** 30 ? Math.max(1, pool.bytesUsed / rawBytes) : 1;
  return {
    ...{pool: pool.pool, copies: pool.copies, bytesPerCopy: pool.sharePerCopy * swell},
    hosts: own.map((osd) => ({
      host: hostOf.get(osd.osd) ?? `osd.${osd.osd}, which the plan does not know`,
      domain: osd.above.get(pool.domainType) ?? `osd.${osd.osd}`,
      weight: osd.weight,
    })),
    storedBytes: pool.storedBytes,
    slackBytes: pool.writeBytesPerSecond * lagSeconds,
    hasQuota: !pool.isInternal,
  };
}

function hostsOf(pool: PoolUse | undefined): readonly string[] {
  return [...new Set(pool?.hosts.map(({host}) => host))];
}

function toSpace(
  {host, predictedUsedBytes, roomBytes, reserveBytes}: Plan['hosts'][number],
  osds: readonly CephOsd[],
  cluster: CephCluster,
): HostSpace {
  const total = (value: (osd: CephOsd) => number): number => osds.reduce((all, osd) => all + value(osd), 0);
  const fillBytes = Math.min(
    predictedUsedBytes + roomBytes,
    cluster.backfillFullRatio * total(({capacityBytes}) => capacityBytes),
  );
  return {
    ...{host, reserveBytes},
    usableBytes: Math.max(0, fillBytes - total(({overheadBytes}) => overheadBytes)),
    unevenness: unevennessOf(osds, cluster),
  };
}

/** Placement groups there over what the weights would give in the mean; below 1 counts as 1. */
function unevennessOf(osds: readonly CephOsd[], {osds: all, pools}: CephCluster): number {
  const sum = (own: readonly CephOsd[], value: (osd: CephOsd) => number): number =>
    own.reduce((total, osd) => total + value(osd), 0);
  const everyOsd = [...all.values()];
  const copies = pools.reduce((total, pool) => total + pool.placementGroups * pool.copies, 0);
  const weight = sum(everyOsd, (osd) => osd.weight);
  const mean = weight > 0 ? (copies * sum(osds, (osd) => osd.weight)) / weight : 0;
  return mean > 0 ? Math.max(1, sum(osds, ({placementGroups}) => placementGroups) / mean) : 1;
}

const poolQuota = z.object({quota_max_bytes: z.number().int().nonnegative()});

async function readQuota(session: CephSession, setting: string): Promise<SettingBytes> {
  return toSetting((await session.read(pathOf(setting), poolQuota)).quota_max_bytes);
}

function pathOf(setting: string): string {
  return `/api/pool/${encodeURIComponent(setting.slice(PREFIX.length))}`;
}

/** The quota alone, whole: with another key beside it the dashboard answers 400 and sets it all the same. */
async function setQuota(
  session: CephSession,
  {setting, fromBytes, toBytes, expected}: SettingChange,
  access: TargetAccess,
): Promise<SettingChange['expected']> {
  if ((await readQuota(session, setting)) !== fromBytes)
    throw new StaleError('target-moved', `somebody changed the quota of ${setting} meanwhile`);
  const body = {quota_max_bytes: toBytes ?? 0};
  const {status} = await session.send({method: 'PUT', path: pathOf(setting), body});
  if (status === 202) await followTask(session, setting, toBytes, access);
  return expected;
}

const taskSchema = z.object({
  executing_tasks: z.array(z.object({name: z.string()})),
  finished_tasks: z.array(
    z.object({
      name: z.string(),
      metadata: z.looseObject({pool_name: z.string().optional()}),
      success: z.boolean(),
    }),
  ),
});

/** 202: the dashboard goes on by itself. It is done when the quota is there, or a task says that it failed. */
async function followTask(
  session: CephSession,
  setting: string,
  toBytes: SettingBytes,
  {timeoutMs, signal}: TargetAccess,
): Promise<void> {
  let stepMs = Math.min(100, timeoutMs / 10);
  for (let passedMs = 0; passedMs < timeoutMs; passedMs += stepMs) {
    if ((await readQuota(session, setting)) === toBytes) return;
    const {finished_tasks: finished} = await session.read('/api/task', taskSchema);
    const own = finished.find(
      ({name, metadata}) => name === 'pool/edit' && metadata.pool_name === setting.slice(PREFIX.length),
    );
    if (own?.success === false)
      throw new TargetError('task-failed', `the dashboard could not change ${setting}`);
    await wait(stepMs, undefined, signal && {signal});
    stepMs = Math.min(2000, stepMs * 1.5);
  }
  throw new TargetError('task-late', `the dashboard did not end the change of ${setting} in time`);
}
