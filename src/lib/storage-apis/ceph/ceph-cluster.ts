import {z} from 'zod';

import type {CephSession} from './ceph-session.js';

/** What quotas are made of, as a dashboard of Ceph 16 and later tells it. */
export interface CephCluster {
  /** The cluster's own identity. */
  readonly fsid: string;
  /** Above this share of an OSD nothing is moved onto it to repair. */
  readonly backfillFullRatio: number;
  /** By OSD number. */
  readonly osds: ReadonlyMap<number, CephOsd>;
  readonly pools: readonly CephPool[];
  /** What it reports of itself that is not well: checks, and placement groups that are not active and clean. */
  readonly troubles: readonly string[];
}

export interface CephOsd {
  readonly osd: number;
  /** Name of the host bucket. */
  readonly host: string;
  readonly isUp: boolean;
  readonly deviceClass: string;
  /** Weight of the placement: CRUSH weight x reweight; 0 when it is out. */
  readonly weight: number;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Used, but not by pools' data. */
  readonly overheadBytes: number;
  readonly placementGroups: number;
  /** Bucket names by type above it: host, rack, ... up to the root. */
  readonly above: ReadonlyMap<string, string>;
}

export interface CephPool {
  readonly pool: string;
  /** Copies, or k + m chunks. */
  readonly copies: number;
  /** Of an object that one of them holds: 1, or 1 / k. */
  readonly sharePerCopy: number;
  readonly placementGroups: number;
  readonly storedBytes: number;
  readonly bytesUsed: number;
  readonly writeBytesPerSecond: number;
  /** 0: none. */
  readonly quotaBytes: number;
  /** Of the manager itself: nobody's volumes. */
  readonly isInternal: boolean;
  /** What its rule takes: the root, a device class if it names one, and of which bucket type copies share none. */
  readonly take: string;
  readonly deviceClass: string | undefined;
  readonly domainType: string;
}

const count = z.number().nonnegative();
const node = z.object({
  id: z.number(),
  name: z.string(),
  type: z.string(),
  children: z.array(z.number()).optional(),
});
const healthSchema = z.object({
  health: z.object({status: z.string(), checks: z.array(z.object({type: z.string(), severity: z.string()}))}),
  osd_map: z.object({
    fsid: z.string().min(1),
    backfillfull_ratio: z.number().positive(),
    erasure_code_profiles: z.record(z.string(), z.record(z.string(), z.string())),
    tree: z.object({nodes: z.array(node)}),
  }),
  pg_info: z.object({statuses: z.record(z.string(), count)}),
});
const osdSchema = z.array(
  z.object({
    osd: count,
    up: z.number(),
    in: z.number(),
    weight: count,
    tree: z.object({device_class: z.string().optional(), crush_weight: count}).optional(),
    host: z.object({name: z.string()}).optional(),
    osd_stats: z.object({kb: count, kb_used: count, kb_used_data: count, num_pgs: count}).optional(),
  }),
);
const gauge = z.object({latest: z.number(), rate: z.number()});
const poolSchema = z.array(
  z.object({
    pool_name: z.string(),
    type: z.string(),
    size: z.number().int().positive(),
    pg_num: count,
    crush_rule: z.string(),
    erasure_code_profile: z.string().optional(),
    quota_max_bytes: count,
    application_metadata: z.array(z.string()).optional(),
    stats: z.object({stored: gauge, bytes_used: gauge, wr_bytes: gauge}),
  }),
);
const ruleSchema = z.array(
  z.object({
    rule_name: z.string(),
    steps: z.array(
      z.looseObject({op: z.string(), item_name: z.string().optional(), type: z.string().optional()}),
    ),
  }),
);

/** Reads it anew. Throws as CephSession. */
export async function readCephCluster(session: CephSession): Promise<CephCluster> {
  const health = await session.read('/api/health/full', healthSchema);
  const osds = await session.read('/api/osd', osdSchema);
  const pools = await session.read('/api/pool?stats=true', poolSchema);
  const rules = await session.read('/api/crush_rule', ruleSchema);
  const above = ancestors(health.osd_map.tree.nodes);
  const profiles = health.osd_map.erasure_code_profiles;
  return {
    fsid: health.osd_map.fsid,
    backfillFullRatio: health.osd_map.backfillfull_ratio,
    osds: new Map(osds.map((osd) => [osd.osd, toOsd(osd, above.get(osd.osd) ?? new Map())])),
    pools: pools.map((pool) => ({
      ...toPool(pool, profiles[pool.erasure_code_profile ?? '']),
      ...readRule(rules.find(({rule_name: name}) => name === pool.crush_rule)?.steps ?? []),
    })),
    troubles: troublesOf(health),
  };
}

function toOsd(osd: z.infer<typeof osdSchema>[number], above: ReadonlyMap<string, string>): CephOsd {
  const {kb, kb_used: used, kb_used_data: data, num_pgs: groups} = osd.osd_stats ?? NO_STATS;
  return {
    osd: osd.osd,
    host: osd.host?.name ?? above.get('host') ?? '',
    isUp: osd.up === 1,
    deviceClass: osd.tree?.device_class ?? '',
    weight: osd.in === 1 ? (osd.tree?.crush_weight ?? 0) * osd.weight : 0,
    capacityBytes: kb * 1024,
    usedBytes: used * 1024,
    overheadBytes: Math.max(0, used - data) * 1024,
    placementGroups: groups,
    above,
  };
}

/** Of an OSD that never reported. */
const NO_STATS = {kb: 0, kb_used: 0, kb_used_data: 0, num_pgs: 0};

function toPool(
  pool: z.infer<typeof poolSchema>[number],
  profile: Readonly<Record<string, string>> = {},
): Omit<CephPool, 'take' | 'deviceClass' | 'domainType'> {
  const chunks = pool.type === 'erasure' ? Number(profile['k'] ?? 1) : 1;
  const applications = pool.application_metadata ?? [];
  return {
    pool: pool.pool_name,
    copies: pool.size,
    sharePerCopy: 1 / chunks,
    placementGroups: pool.pg_num,
    storedBytes: Math.max(0, pool.stats.stored.latest),
    bytesUsed: Math.max(0, pool.stats.bytes_used.latest),
    writeBytesPerSecond: Math.max(0, pool.stats.wr_bytes.rate),
    quotaBytes: pool.quota_max_bytes,
    isInternal: pool.pool_name.startsWith('.') || applications.some((name) => name.startsWith('mgr')),
  };
}

function readRule(
  steps: z.infer<typeof ruleSchema>[number]['steps'],
): Pick<CephPool, 'take' | 'deviceClass' | 'domainType'> {
  const [take = '', deviceClass] = (steps.find(({op}) => op === 'take')?.item_name ?? '').split('~');
  // `choose rack` then `chooseleaf host` keeps copies apart by racks as far as they go: the first says so.
  const domainType = steps.find(({op}) => op.startsWith('choose'))?.type ?? 'host';
  return {take, deviceClass, domainType};
}

function ancestors(nodes: readonly z.infer<typeof node>[]): ReadonlyMap<number, ReadonlyMap<string, string>> {
  const parent = new Map(nodes.flatMap((one) => (one.children ?? []).map((child) => [child, one] as const)));
  const above = (id: number): ReadonlyMap<string, string> => {
    const names = new Map<string, string>();
    for (let at = parent.get(id); at !== undefined; at = parent.get(at.id)) names.set(at.type, at.name);
    return names;
  };
  return new Map(nodes.filter(({type}) => type === 'osd').map(({id}) => [id, above(id)]));
}

/** Checks that say that copies are missing or space is short; others (a slow clock) do not make giving back unsafe. */
const CHECKS = /^(PG_|OBJECT_|OSD_.*(DOWN|FULL)|OSDMAP_FLAGS|POOL_(FULL|BACKFILLFULL|NEARFULL)|SLOW_OPS)/;

function troublesOf({health, pg_info: groups}: z.infer<typeof healthSchema>): string[] {
  const checks = health.checks.filter(({type}) => CHECKS.test(type)).map(({type}) => `it reports ${type}`);
  const repairing = Object.entries(groups.statuses)
    .filter(([state, groupCount]) => groupCount > 0 && !/^active\+clean/.test(state))
    .map(([state, groupCount]) => `${groupCount} placement groups are ${state}`);
  return [...checks, ...repairing];
}
