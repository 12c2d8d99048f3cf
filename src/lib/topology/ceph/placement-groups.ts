import {groupBy} from '../../core/index.js';
import type {CephDocuments, CephPg, CephPool} from './documents.js';

/** What stands in an acting set for a shard that lies nowhere (CRUSH_ITEM_NONE). */
const NO_OSD = 0x7fffffff;
const ERASURE_CODED = 3;

/** What re-mirrors as one: a placement group, on its acting OSDs. */
export interface PlacementGroup {
  /** `POOL/PGID`, e.g. `rbd/2.1f`. */
  readonly id: string;
  readonly pool: CephPool;
  readonly state: string;
  /** Ids of the OSDs that hold a copy or shard now. */
  readonly osds: readonly number[];
  /** What each of them holds: num_bytes, or of an erasure-coded pool num_bytes / k. */
  readonly bytesPerCopy: number;
}

/** The shards of data and of parity of an erasure-coded pool; undefined: the pool is replicated. */
export interface ErasureCode {
  readonly k: number;
  readonly m: number;
}

/** What the profile of the pool says; without one every shard counts as a whole copy, which is the most it can hold. */
export function erasureCodeOf(
  pool: CephPool,
  profiles: CephDocuments['osdDump']['data']['erasure_code_profiles'],
): ErasureCode | undefined {
  if (pool.type !== ERASURE_CODED) return undefined;
  const k = Number(profiles[pool.erasure_code_profile]?.['k'] ?? 1);
  return {k: k >= 1 ? k : 1, m: pool.size - k};
}

/** All placement groups of the pools, by pool and number; those of pools that are gone are left out. */
export function readPlacementGroups({
  osdDump,
  pgDump,
}: Pick<CephDocuments, 'osdDump' | 'pgDump'>): readonly PlacementGroup[] {
  const byPool = groupBy(pgDump.data.pg_map.pg_stats, ({pgid}) => Number(pgid.split('.')[0]));
  return osdDump.data.pools
    .toSorted((left, right) => left.pool - right.pool)
    .flatMap((pool) => {
      const shards = erasureCodeOf(pool, osdDump.data.erasure_code_profiles)?.k ?? 1;
      const groups = (byPool.get(pool.pool) ?? []).toSorted(
        (left, right) => numberOf(left) - numberOf(right),
      );
      return groups.map((pg): PlacementGroup => ({
        id: `${pool.pool_name}/${pg.pgid}`,
        pool,
        state: pg.state,
        osds: [...new Set(pg.acting.filter((osd) => osd >= 0 && osd !== NO_OSD))],
        bytesPerCopy: Math.ceil(Math.max(pg.stat_sum.num_bytes, 0) / shards),
      }));
    });
}

function numberOf({pgid}: CephPg): number {
  return Number.parseInt(pgid.split('.')[1] ?? '', 16);
}
