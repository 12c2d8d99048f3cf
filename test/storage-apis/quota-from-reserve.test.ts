import fc from 'fast-check';
import {expect, test} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {expectedCopies, type WeightedHost} from '../../src/lib/storage-apis/ceph/expected-copies.js';
import {
  type HostSpace,
  type LostTogether,
  type PoolUse,
  quotasFromReserve,
} from '../../src/lib/storage-apis/ceph/quota-from-reserve.js';

const MIB = 2 ** 20;

const cluster = fc.record({
  domains: fc.integer({min: 3, max: 6}),
  perDomain: fc.integer({min: 1, max: 3}),
  weights: fc.array(fc.integer({min: 1, max: 4}), {minLength: 18, maxLength: 18}),
});

function hostsOf({domains, perDomain, weights}: {domains: number; perDomain: number; weights: number[]}) {
  return Array.from({length: domains * perDomain}, (_, index): WeightedHost => {
    return {host: `h${index}`, domain: `d${index % domains}`, weight: weights[index] ?? 1};
  });
}

test('copies add up to what there are, and no domain has more than one', () => {
  fc.assert(
    fc.property(cluster, fc.integer({min: 1, max: 4}), fc.nat({max: 2}), (shape, copies, lostDomain) => {
      const hosts = hostsOf(shape);
      const lost = new Set(hosts.filter(({domain}) => domain === `d${lostDomain}`).map(({host}) => host));
      const found = expectedCopies(hosts, copies, lost);
      const total = [...found.values()].reduce((sum, value) => sum + value, 0);
      expect(total).toBeCloseTo(Math.min(copies, shape.domains - 1), 9);
      for (let domain = 0; domain < shape.domains; domain += 1) {
        const inside = hosts.filter((host) => host.domain === `d${domain}`);
        const here = inside.reduce((sum, {host}) => sum + (found.get(host) ?? 0), 0);
        expect(here).toBeLessThanOrEqual(1 + 1e-9);
      }
    }),
    {numRuns: 200, seed: 3},
  );
});

test('with equal weights it is what drawing domains one after the other gives', () => {
  const hosts = hostsOf({domains: 5, perDomain: 2, weights: Array<number>(18).fill(1)});
  const random = createRandom(7);
  const drawn = new Map<string, number>();
  const trials = 20_000;
  for (let trial = 0; trial < trials; trial += 1) {
    const domains = ['d0', 'd1', 'd2', 'd3', 'd4'];
    for (let copy = 0; copy < 3; copy += 1) {
      const [domain] = domains.splice(random.below(domains.length), 1);
      const inside = hosts.filter((host) => host.domain === domain);
      const {host} = inside[random.below(inside.length)]!;
      drawn.set(host, (drawn.get(host) ?? 0) + 1 / trials);
    }
  }
  for (const [host, copies] of expectedCopies(hosts, 3)) expect(drawn.get(host)).toBeCloseTo(copies, 1);
});

const pool = fc.record({
  copies: fc.integer({min: 2, max: 3}),
  storedMib: fc.nat({max: 200}),
  slackMib: fc.nat({max: 20}),
});

test('at the quotas every reserve is free, every loss finds room, and a hundredth more would break one of them', () => {
  fc.assert(
    fc.property(
      cluster,
      fc.array(pool, {minLength: 1, maxLength: 3}),
      fc.nat({max: 300}),
      (shape, asked, held) => {
        const hosts = hostsOf(shape);
        const pools = asked.map(({copies, storedMib, slackMib}, index): PoolUse => ({
          ...{pool: `p${index}`, copies, bytesPerCopy: 1, hosts, hasQuota: true},
          ...{storedBytes: storedMib * MIB, slackBytes: slackMib * MIB},
        }));
        const spaces = hosts.map(({host, weight}): HostSpace => ({
          ...{host, usableBytes: weight * 1000 * MIB, reserveBytes: held * MIB, unevenness: 1},
        }));
        const losses = Array.from({length: shape.domains}, (_, domain): LostTogether => {
          const inside = hosts.filter((host) => host.domain === `d${domain}`).map(({host}) => host);
          return {boundary: `rack/d${domain}`, hosts: inside};
        });
        const answer = quotasFromReserve(pools, spaces, losses);
        const worst = (scale: number): number =>
          worstOverflow(pools, spaces, losses, answer.quotaBytes, scale);
        if (answer.shortBytes > 0) {
          expect(worstOverflow(pools, spaces, losses, new Map(), 1)).toBeGreaterThan(0);
          return;
        }
        expect(worst(1)).toBeLessThanOrEqual(pools.length * 4 * MIB);
        const slack = pools.reduce((sum, {slackBytes}) => sum + slackBytes, 0);
        if (slack === 0) expect(worst(1.05)).toBeGreaterThan(0);
      },
    ),
    {numRuns: 150, seed: 5},
  );
});

/** The most that any place is overfilled when every pool is as full as its quota (times scale), counted from scratch. */
function worstOverflow(
  pools: readonly PoolUse[],
  spaces: readonly HostSpace[],
  losses: readonly LostTogether[],
  quotas: ReadonlyMap<string, number>,
  scale: number,
): number {
  const on = (host: string, lost: ReadonlySet<string>): number =>
    pools.reduce((sum, {pool, copies, hosts, storedBytes}) => {
      const quota = (quotas.get(pool) ?? storedBytes) * scale;
      return sum + quota * (expectedCopies(hosts, copies, lost).get(host) ?? 0);
    }, 0);
  const calm = losses.map(({hosts}) =>
    spaces
      .filter(({host}) => hosts.includes(host))
      .reduce(
        (sum, {host, usableBytes, reserveBytes}) => sum + on(host, new Set()) + reserveBytes - usableBytes,
        0,
      ),
  );
  const afterLoss = losses.flatMap(({hosts}) =>
    spaces
      .filter(({host}) => !hosts.includes(host))
      .map(({host, usableBytes}) => on(host, new Set(hosts)) - usableBytes),
  );
  const alone = spaces.map(
    ({host, usableBytes, reserveBytes}) => on(host, new Set()) + reserveBytes - usableBytes,
  );
  return Math.max(...calm, ...afterLoss, ...alone);
}
