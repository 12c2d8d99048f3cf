import {formatBytes, groupBy} from '../../core/index.js';
import type {ImportFinding} from '../cluster-importer.js';
import {listSome, plural} from '../list-some.js';
import type {CephOsd, CrushTree} from './crush-tree.js';
import type {CephDocuments, CephPool} from './documents.js';
import type {CephPlaces} from './places.js';
import {type ErasureCode, erasureCodeOf, type PlacementGroup} from './placement-groups.js';
import {isLeaf, type PlacementRule} from './placement-rules.js';

interface Pools {
  readonly documents: CephDocuments;
  readonly tree: CrushTree;
  readonly groups: readonly PlacementGroup[];
  readonly places: CephPlaces;
  readonly ruleOf: (pool: CephPool) => PlacementRule;
  /** Label kinds of the hosts. */
  readonly kinds: ReadonlySet<string>;
}

/** What a pool asks for that a topology cannot say, and what its rule or its sizes do not let happen. */
export function findPoolLimits(pools: Pools): readonly ImportFinding[] {
  const {osdDump} = pools.documents;
  const groupsOf = groupBy(pools.groups, ({pool}) => pool.pool);
  return osdDump.data.pools.flatMap((pool) => {
    const code = erasureCodeOf(pool, osdDump.data.erasure_code_profiles);
    const found: Told[] = [
      ...tellRule(pools.ruleOf(pool), pools),
      ...tellDomains(pool, pools.ruleOf(pool), pools),
      ...tellErasureCode(code),
      ...tellLosses(pool, code, groupsOf.get(pool.pool) ?? [], pools.tree),
      ...tellQuota(pool),
    ];
    return found.map((finding): ImportFinding => ({
      ...finding,
      at: `pool ${pool.pool_name}`,
      place: osdDump.source,
    }));
  });
}

type Told = Omit<ImportFinding, 'at' | 'place'>;

function tellRule(rule: PlacementRule, {places, kinds}: Pools): Told[] {
  const beyond = rule.beyond ?? places.tierOf(rule).beyond;
  const advice =
    'plans may count on space that Ceph will not use: simplify the rule, or take their answer for too small';
  if (beyond !== undefined) {
    const message = `its rule ${rule.name} cannot be said in a topology: ${beyond}`;
    return [{severity: 'error', code: 'rule-not-expressible', message, advice}];
  }
  if (rule.domain === 'host' || kinds.has(rule.domain)) return [];
  const message = `its rule ${rule.name} keeps copies apart by ${rule.domain} only, a topology keeps them on hosts of their own: plans count on less space than Ceph has`;
  const apart = 'use a rule whose failure domain is host or larger';
  return [{severity: 'warning', code: 'domain-below-host', message, advice: apart}];
}

function tellDomains(pool: CephPool, rule: PlacementRule, {tree, places}: Pools): Told[] {
  if (rule.beyond !== undefined || pool.size === 1) return [];
  const osds = tree.osds.filter((osd) => places.takesMore(osd) && rule.allows(osd));
  const count = new Set(osds.map((osd) => domainIn(osd, rule.domain))).size;
  if (count > pool.size) return [];
  const has = `size ${pool.size}, kept apart by ${rule.domain}, of which ${count} can be chosen`;
  const advice = `add a ${rule.domain}, or keep fewer copies`;
  return count < pool.size
    ? [{severity: 'error', code: 'too-few-domains', message: `${has}: not all copies can be placed`, advice}]
    : [
        {
          severity: 'warning',
          code: 'no-spare-domain',
          message: `${has}: after the loss of one there is nowhere to make its copies again, whatever is free`,
          advice,
        },
      ];
}

function domainIn(osd: CephOsd, domain: string): number {
  return isLeaf(domain) ? osd.id : (osd.ancestors.find(({type}) => type === domain)?.id ?? osd.id);
}

function tellErasureCode(code: ErasureCode | undefined): Told[] {
  if (code === undefined) return [];
  const {k, m} = code;
  const message =
    `erasure-coded, ${k}+${m}: each of the ${k + m} shards counts as a replica of num_bytes / ${k}. A topology does not say ` +
    `that ${k} of them must be left: findings and plans take it that one is enough`;
  const advice =
    'losses of more than m shards by one bucket are told here (shards-lost); combinations of them are not';
  return [{severity: 'warning', code: 'erasure-coded', message, advice}];
}

/** Buckets whose loss leaves fewer copies than are needed to read (shards), or to serve. */
function tellLosses(
  pool: CephPool,
  code: ErasureCode | undefined,
  groups: readonly PlacementGroup[],
  tree: CrushTree,
): Told[] {
  const osdOf = new Map(tree.osds.map((osd) => [osd.id, osd]));
  const unreadable = new Map<string, string>();
  const unserved = new Map<string, string>();
  for (const {id, osds} of groups) {
    const buckets = osds
      .flatMap((osd) => osdOf.get(osd)?.ancestors ?? [])
      .filter(({type}) => type !== 'root');
    for (const [bucket, lost] of groupBy(buckets, ({type, name}) => `${type}/${name}`)) {
      const left = osds.length - lost.length;
      if (code !== undefined && left < code.k) unreadable.set(bucket, id);
      else if (left < pool.min_size && left > 0) unserved.set(bucket, id);
    }
  }
  return [...tellUnreadable(unreadable, code?.k ?? 0), ...tellUnserved(unserved, pool)];
}

function tellUnreadable(buckets: ReadonlyMap<string, string>, k: number): Told[] {
  const [example] = buckets.values();
  if (example === undefined) return [];
  const message = `fewer than ${k} shards are left after the loss of ${listSome([...buckets.keys()])}: data are lost, such as ${example}`;
  const advice = 'use a rule that spreads its shards over more of these';
  return [{severity: 'error', code: 'shards-lost', message, advice}];
}

function tellUnserved(buckets: ReadonlyMap<string, string>, {min_size: minSize}: CephPool): Told[] {
  const [example] = buckets.values();
  if (example === undefined) return [];
  const message = `fewer than min_size (${minSize}) copies are left after the loss of ${listSome([...buckets.keys()])}: I/O stops until they are made again, such as of ${example}`;
  const advice = `a larger size, or a rule that spreads its copies; ${plural(buckets.size, 'bucket')} in all`;
  return [{severity: 'warning', code: 'below-min-size', message, advice}];
}

function tellQuota({quota_max_bytes: bytes, quota_max_objects: objects}: CephPool): Told[] {
  if (bytes === 0 && objects === 0) return [];
  const limits = [
    ...(bytes === 0 ? [] : [formatBytes(bytes)]),
    ...(objects === 0 ? [] : [plural(objects, 'object')]),
  ];
  const message = `it has a quota of ${limits.join(' and ')}`;
  const advice = 'know who set it: applying a plan to Ceph holds buffers back by the quota in bytes';
  return [{severity: 'warning', code: 'quota-set', message, advice}];
}
