import {expectedCopies, type WeightedHost} from './expected-copies.js';

/** A pool whose quota is looked for, or which takes space without one. */
export interface PoolUse {
  readonly pool: string;
  /** Copies, or chunks, of an object, each in a domain of its own. */
  readonly copies: number;
  /** Raw bytes that one copy or chunk of a stored byte takes. */
  readonly bytesPerCopy: number;
  readonly hosts: readonly WeightedHost[];
  readonly storedBytes: number;
  /** Clients write so much more before they see that a quota is reached. */
  readonly slackBytes: number;
  /** Its quota is set; else it counts as it is. */
  readonly hasQuota: boolean;
}

/** A host, as far as quotas must leave space on it. */
export interface HostSpace {
  readonly host: string;
  /** What pools may take: fill limit x capacity, less what is not theirs. */
  readonly usableBytes: number;
  readonly reserveBytes: number;
  /** How much more than by weight lies there now (placement groups are few); 1 and more. */
  readonly unevenness: number;
}

/** Hosts that fail together. */
export interface LostTogether {
  readonly boundary: string;
  readonly hosts: readonly string[];
}

/** Quotas that leave the reserve, and what that costs. */
export interface QuotaAnswer {
  /** Bytes by pool, whole; negative room is not hidden: see shortBytes. */
  readonly quotaBytes: ReadonlyMap<string, number>;
  /** Where no more fits, and why: a boundary's reserve, or the survivors of a lost one. */
  readonly tightest: string;
  /** Above 0: what is stored already leaves this much too little there; the quotas are then what is stored. */
  readonly shortBytes: number;
  /** Usable bytes outside the reserve that the quotas leave idle elsewhere, because the tightest place decides for all. */
  readonly idleBytes: number;
}

/**
 * The largest quotas with which every boundary keeps its reserve free however full the pools are, and every loss can be
 * repaired by the way the cluster itself spreads copies:
 *
 *     for each boundary b:          sum over pools p of quota_p x raw_p(b)        <= usable(b) - reserve(b)
 *     for each loss X, survivor h:  sum over pools p of quota_p x raw_p(h | X)    <= usable(h)
 *
 * where raw is the bytes that a stored byte takes there in the mean (expected-copies) times the unevenness seen now.
 * The quotas grow together from what is stored: by what each pool stores and an equal part of a hundredth of all.
 */
export function quotasFromReserve(
  pools: readonly PoolUse[],
  hosts: readonly HostSpace[],
  losses: readonly LostTogether[],
): QuotaAnswer {
  const limits = [...reserveLimits(pools, hosts, losses), ...lossLimits(pools, hosts, losses)];
  const growth = growthOf(pools);
  const rated = limits.map(({where, roomBytes, rawPerByte}) => {
    const raw = (pool: string): number => rawPerByte.get(pool) ?? 0;
    const restBytes = roomBytes - sum(pools, ({pool, storedBytes}) => storedBytes * raw(pool));
    const perFactor = sum(pools, ({pool}) => (growth.get(pool) ?? 0) * raw(pool));
    return {where, restBytes, growFactor: perFactor > 0 ? restBytes / perFactor : Number.POSITIVE_INFINITY};
  });
  const short = least(rated, ({restBytes}) => restBytes);
  const tightest = least(rated, ({growFactor}) => growFactor);
  const isShort = short !== undefined && short.restBytes < 0;
  const growFactor = isShort || tightest === undefined ? 0 : Math.min(MOST_GROWTH, tightest.growFactor);
  const own = pools.filter(({hasQuota}) => hasQuota);
  const quotaBytes = new Map(
    own.map((pool) => [pool.pool, quotaOf(pool, growFactor * (growth.get(pool.pool) ?? 0))]),
  );
  return {
    quotaBytes,
    tightest: (isShort ? short : tightest)?.where ?? 'nothing',
    shortBytes: isShort ? Math.ceil(-short.restBytes) : 0,
    idleBytes: idle(pools, hosts, quotaBytes),
  };
}

/** A pool that lies on no host of the plan grows no further than this: nothing is known of its space. */
const MOST_GROWTH = 1e6;

function least<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let best: T | undefined;
  for (const item of items) if (best === undefined || value(item) < value(best)) best = item;
  return best;
}

/** Quotas are whole MiB, so that an overhead that moves by some pages does not move them. */
const QUOTA_STEP_BYTES = 2 ** 20;

/** Never below what is stored, and never 0, which would be no quota at all. */
function quotaOf({storedBytes, slackBytes}: PoolUse, growBytes: number): number {
  const steps = Math.floor((storedBytes + growBytes - slackBytes) / QUOTA_STEP_BYTES);
  return Math.max(steps * QUOTA_STEP_BYTES, Math.ceil(storedBytes), 1);
}

function growthOf(pools: readonly PoolUse[]): ReadonlyMap<string, number> {
  const own = pools.filter(({hasQuota}) => hasQuota);
  const total = own.reduce((all, {storedBytes}) => all + storedBytes, 0);
  const equal = Math.max(total * 0.01, QUOTA_STEP_BYTES) / Math.max(1, own.length);
  return new Map(own.map(({pool, storedBytes}) => [pool, storedBytes + equal]));
}

interface Limit {
  readonly where: string;
  readonly roomBytes: number;
  /** By pool: raw bytes there a stored byte. */
  readonly rawPerByte: ReadonlyMap<string, number>;
}

function reserveLimits(
  pools: readonly PoolUse[],
  hosts: readonly HostSpace[],
  losses: readonly LostTogether[],
): Limit[] {
  const usual = pools.map((pool) => ({pool, copies: expectedCopies(pool.hosts, pool.copies)}));
  const alone = hosts.map(({host}) => ({boundary: host, hosts: [host]}));
  return [...losses, ...alone].map(({boundary, hosts: inside}) => {
    const own = new Set(inside);
    const within = hosts.filter(({host}) => own.has(host));
    return {
      where: `the reserve in ${boundary}`,
      roomBytes: within.reduce((room, {usableBytes, reserveBytes}) => room + usableBytes - reserveBytes, 0),
      rawPerByte: new Map(
        usual.map(({pool, copies}) => [
          pool.pool,
          pool.bytesPerCopy *
            within.reduce((raw, one) => raw + (copies.get(one.host) ?? 0) * one.unevenness, 0),
        ]),
      ),
    };
  });
}

function lossLimits(
  pools: readonly PoolUse[],
  hosts: readonly HostSpace[],
  losses: readonly LostTogether[],
): Limit[] {
  return losses.flatMap(({boundary, hosts: inside}) => {
    const lost = new Set(inside);
    const after = pools.map((pool) => ({pool, copies: expectedCopies(pool.hosts, pool.copies, lost)}));
    return hosts
      .filter(({host}) => !lost.has(host))
      .map(({host, usableBytes, unevenness}) => ({
        where: `${host} after the loss of ${boundary}`,
        roomBytes: usableBytes,
        rawPerByte: new Map(
          after.map(({pool, copies}) => [
            pool.pool,
            pool.bytesPerCopy * (copies.get(host) ?? 0) * unevenness,
          ]),
        ),
      }));
  });
}

function idle(
  pools: readonly PoolUse[],
  hosts: readonly HostSpace[],
  quotaBytes: ReadonlyMap<string, number>,
): number {
  const free = hosts.reduce((all, {usableBytes, reserveBytes}) => all + usableBytes - reserveBytes, 0);
  const taken = sum(pools, (pool) => {
    const copies = expectedCopies(pool.hosts, pool.copies);
    const here = hosts.reduce((all, {host}) => all + (copies.get(host) ?? 0), 0);
    return (quotaBytes.get(pool.pool) ?? pool.storedBytes) * pool.bytesPerCopy * here;
  });
  return Math.max(0, Math.floor(free - taken));
}

function sum(pools: readonly PoolUse[], value: (pool: PoolUse) => number): number {
  return pools.reduce((total, pool) => total + value(pool), 0);
}
