import {describe, expect, it} from 'vitest';

import {type AllocationPolicy, PLAN_KIND} from '../../src/lib/allocation/index.js';
import {parseArtifact} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {bytesFit} from './brute-force.js';
import {planFor, roomIn, SETTINGS, sumOf} from './plan-support.js';
import {topologyOf, usedOf} from './random-topology.js';

const GIB = 2 ** 30;

function inputFor(
  topology: Topology,
  currentReserveBytes: readonly number[],
): Parameters<AllocationPolicy['decide']>[0] {
  const usedBytes = usedOf(topology);
  return {
    topology,
    usedBytes,
    forecast: {point: usedBytes, samples: [usedBytes]},
    currentReserveBytes: Float64Array.from(currentReserveBytes),
    settings: SETTINGS,
  };
}

/** Four racks of one host; v on a and b, w on b and c. */
function fourRacks(capacities: readonly number[]): Topology {
  return topologyOf({
    hosts: ['a', 'b', 'c', 'd'].map((id, index) => ({
      id,
      capacity: capacities[index]! * GIB,
      labels: {rack: [`r${index}`]},
    })),
    boundaries: [{kind: 'rack'}],
    hostBoundaries: false,
    volumes: [
      {id: 'v', replicas: ['a', 'b'], apart: ['rack'], used: 3 * GIB},
      {id: 'w', replicas: ['b', 'c'], apart: ['rack'], used: 2 * GIB},
    ],
  });
}

describe('makePlan', () => {
  it('tells what each boundary needs, each host holds and why, and writes a file that can be read back', async () => {
    const topology = fourRacks([10, 10, 10, 10]);
    const plan = await planFor(topology);
    expect(plan.feasible).toBe(true);
    expect(plan.uncovered).toEqual([]);
    expect(plan.boundaries[1]).toEqual({
      scenario: 'rack/r1',
      hosts: ['b'],
      demandBytes: 5 * GIB,
      requiredBytes: 5 * GIB,
      heldBytes: plan.boundaries[1]!.heldBytes,
      stuckBytes: 0,
      reason: '2 copies, 5.00 GiB: 1.00 times the median forecast of their peaks',
    });
    expect(plan.boundaries[1]!.heldBytes).toBeGreaterThanOrEqual(5 * GIB);
    const needed = plan.hosts.filter(({reserveBytes}) => reserveBytes > 0);
    for (const {reason} of needed)
      expect(reason).toMatch(/^rack\/r\d needs the most here: \d cop(y|ies), \d\.00 GiB/);
    expect(plan).toMatchObject({createdAt: '2026-11-23T00:00:00Z', expiresAt: '2026-11-24T00:00:00Z'});
    expect(parseArtifact(JSON.stringify(plan), 'plan.json', PLAN_KIND)).toEqual(plan);
  });

  it('changes only what differs from the buffers held now, up or down, and is bound to their state', async () => {
    const topology = fourRacks([10, 10, 10, 10]);
    const wanted = (await planFor(topology)).hosts.map(({reserveBytes}) => reserveBytes);
    const held = wanted.map((bytes, host) => (host === 3 ? bytes : host === 2 ? bytes + GIB : 0));
    const plan = await planFor(topology, 'shared', {
      input: inputFor(topology, held),
      current: {target: 'file:x.json', lineage: 'l', serial: 7, reserveBytes: new Map()},
    });
    expect(plan.basis).toEqual({target: 'file:x.json', lineage: 'l', serial: 7});
    const expected = topology.hosts.flatMap(({id}, host) =>
      held[host] === wanted[host]
        ? []
        : [[id, held[host]! < wanted[host]! ? 'allocate' : 'deallocate', held[host], wanted[host]]],
    );
    expect(
      plan.changes.map(({host, action, fromBytes, toBytes}) => [host, action, fromBytes, toBytes]),
    ).toEqual(expected);
    expect(plan.changes.find(({host}) => host === 'c')?.reason).toMatch(/^deallocate 1\.00 GiB: /);
  });

  it('names the minimum cut: which volumes lack how many bytes on which hosts', async () => {
    const plan = await planFor(fourRacks([3.5, 10, 3, 3]));
    expect(plan.feasible).toBe(false);
    expect(plan.uncovered).toEqual([
      {
        scenario: 'rack/r1',
        volumes: ['v', 'w'],
        hosts: ['a', 'c', 'd'],
        demandBytes: 5 * GIB,
        roomBytes: 4.5 * GIB,
        message: 'if rack/r1 fails, 2 volumes need 5.00 GiB on a, c, d, which have 4.50 GiB',
      },
    ]);
    // The other racks stay covered.
    expect(plan.boundaries.map(({stuckBytes}) => stuckBytes > 0)).toEqual([false, true, false, false]);
  });

  it('says where a policy holds too little though there is room', async () => {
    const plan = await planFor(fourRacks([10, 10, 10, 10]), 'static');
    expect(plan.feasible).toBe(false);
    expect(plan.uncovered[0]?.message).toBe(
      'if rack/r0 fails, no whole place is held for 1 volume (v): the largest needs 3.00 GiB on one host, and none that may take it holds more than 2.00 GiB',
    );
    const input = {
      ...inputFor(fourRacks([10, 10, 10, 10]), [0, 0, 0, 0]),
      settings: {...SETTINGS, staticShare: 0.1},
    };
    const scarce = await planFor(input.topology, 'static', {input});
    expect(scarce.uncovered.map(({message}) => message)).toContain(
      'if rack/r1 fails, 2 volumes need 5.00 GiB on a, c, d, which hold 3.00 GiB by this policy, though there is room for more',
    );
  });

  it('knows the case in which the free space is enough in sum and no placement exists: 6 racks x 4 feeds, 3 copies', async () => {
    const feeds = ['f0', 'f1', 'f2', 'f3'];
    const hosts = Array.from({length: 24}, (_, index) => {
      const [rack, feed] = [index % 6, Math.floor(index / 6)];
      // The hosts of feed f3 are small.
      return {
        id: `r${rack}${feeds[feed]!}`,
        capacity: (feed === 3 ? 30 : 100) * GIB,
        labels: {rack: [`r${rack}`], feed: [feeds[feed]!]},
      };
    });
    const volumes = Array.from({length: 12}, (_, index) => ({
      id: `v${index}`,
      replicas: [`r${index % 6}f0`, `r${(index + 1) % 6}f1`, `r${(index + 2) % 6}f2`],
      apart: ['rack', 'feed'],
      used: 20 * GIB,
    }));
    const topology = topologyOf({hosts, boundaries: [{kind: 'rack'}, {kind: 'feed'}], volumes});
    const plan = await planFor(topology);
    const scenario = topology.scenarios.findIndex(({id}) => id === 'feed/f0');
    const alive = topology.hosts.flatMap((_, host) =>
      topology.scenarios[scenario]!.hosts.includes(host) ? [] : [host],
    );
    const room = roomIn(topology);
    const lost = 12 * 20 * GIB;
    expect(alive.reduce((sum, host) => sum + room[host]!, 0)).toBeGreaterThan(3 * lost);
    expect(bytesFit(topology, scenario, usedOf(topology), room)).toBe(false);
    expect(plan.feasible).toBe(false);
    expect(plan.uncovered.find((cut) => cut.scenario === 'feed/f0')).toMatchObject({
      hosts: ['r0f3', 'r1f3', 'r2f3', 'r3f3', 'r4f3', 'r5f3'],
      demandBytes: lost,
      roomBytes: 180 * GIB,
      message:
        'if feed/f0 fails, 12 volumes need 240 GiB on r0f3, r1f3, r2f3, r3f3, r4f3, r5f3, which have 180 GiB',
    });
  });

  it('tells when a rule leaves no host at all, when every copy is lost, and when a volume is too large for any host', async () => {
    const messages = async (topology: Topology): Promise<readonly string[]> =>
      (await planFor(topology)).uncovered.map(({message}) => message);
    const three = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 100, labels: {rack: [id]}})),
      boundaries: [{kind: 'rack'}],
      hostBoundaries: false,
      volumes: [{id: 'v', replicas: ['a', 'b', 'c'], apart: ['rack'], used: 10}],
    });
    expect((await messages(three))[0]).toBe(
      'if rack/a fails, 1 volume needs 10 B, but their rules leave no host that may take them (v)',
    );
    const doomed = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 100})),
      boundaries: [{kind: 'pdu', id: 'p', hosts: ['a', 'b']}],
      volumes: [{id: 'v', replicas: ['a', 'b'], used: 10}],
    });
    expect(await messages(doomed)).toEqual([
      'if pdu/p fails, every copy of 1 volume is lost (v): no buffer brings them back',
    ]);
    const large = topologyOf({
      hosts: [
        ...['a', 'b'].map((id) => ({id, capacity: 100})),
        ...['c', 'd'].map((id) => ({id, capacity: 30})),
      ],
      hostBoundaries: false,
      boundaries: [{kind: 'pdu', id: 'p', hosts: ['a']}],
      volumes: [{id: 'v', replicas: ['a', 'b'], used: 50}],
    });
    expect(await messages(large)).toEqual([
      'if pdu/p fails, no whole place is held for 1 volume (v): the largest needs 50 B on one host, and none that may take it holds more than 0 B',
    ]);
  });

  it('plans for k-of-n supplies: nothing when one feed of two fails, everything when both do', async () => {
    const labels = {feed: ['x', 'y']};
    const topology = topologyOf({
      hosts: [
        {id: 'a', capacity: 100, labels},
        {id: 'b', capacity: 100, labels},
        {id: 'c', capacity: 100},
        {id: 'd', capacity: 100},
      ],
      boundaries: [{kind: 'feed', needs: 1}],
      scenarios: [{id: 'blackout', fails: ['feed/x', 'feed/y']}],
      hostBoundaries: false,
      volumes: [
        {id: 'v', replicas: ['a', 'c'], used: 10},
        {id: 'w', replicas: ['b', 'c'], used: 20},
      ],
    });
    const plan = await planFor(topology);
    expect(plan.boundaries.map(({scenario, demandBytes}) => [scenario, demandBytes])).toEqual([
      ['feed/x', 0],
      ['feed/y', 0],
      ['blackout', 30],
    ]);
    expect(plan.hosts.map(({reserveBytes}) => reserveBytes)).toEqual([0, 0, 0, 30]);
  });

  it('puts two lost copies of one volume on two hosts', async () => {
    const topology = topologyOf({
      hosts: ['a', 'b', 'c', 'd', 'e'].map((id) => ({id, capacity: 100})),
      boundaries: [{kind: 'pdu', id: 'p', hosts: ['a', 'b']}],
      hostBoundaries: false,
      volumes: [{id: 'v', replicas: ['a', 'b', 'c'], used: 10}],
    });
    const plan = await planFor(topology);
    expect(plan.feasible).toBe(true);
    expect(plan.hosts.map(({reserveBytes}) => reserveBytes)).toEqual([0, 0, 0, 10, 10]);
    expect(plan.certificate).toEqual([
      {
        scenario: 'pdu/p',
        factor: 1,
        placements: [
          ['v', 'd'],
          ['v', 'e'],
        ],
      },
    ]);
  });

  it('believes no policy: one whose placements do not hold makes no feasible plan', async () => {
    const topology = fourRacks([10, 10, 10, 10]);
    const boasting = (placements: 'to the dead' | 'over the reserve'): AllocationPolicy => ({
      name: 'boasting',
      summary: '',
      decide: () =>
        Promise.resolve({
          reserveBytes: new Float64Array(4).fill(placements === 'to the dead' ? 5 * GIB : 1),
          needs: [],
          shortCuts: [],
          placements: topology.scenarios.map(({hosts}, scenario) => {
            const volumes = [0, 1].filter((volume) => topology.volumes[volume]!.replicas.includes(hosts[0]!));
            const target = placements === 'to the dead' ? hosts[0]! : 3;
            return {
              scenario,
              volumes: Int32Array.from(volumes),
              hosts: Int32Array.from(volumes, () => target),
              stuckBytes: 0,
            };
          }),
        }),
    });
    for (const lie of ['to the dead', 'over the reserve'] as const) {
      const plan = await planFor(topology, 'shared', {policy: boasting(lie)});
      expect(plan.feasible).toBe(false);
      expect(plan.uncovered[0]?.message).toMatch(/^the independent checker refuses the placement: /);
    }
  });

  /** Volumes on a and b; what is lost with a goes to the other hosts. */
  function lostWithA(sizes: readonly number[], capacities: readonly number[]): Topology {
    const targets = capacities.map((capacity, index) => ({id: `t${index}`, capacity}));
    return topologyOf({
      hosts: [{id: 'a', capacity: 1000}, {id: 'b', capacity: 1000}, ...targets],
      boundaries: [{kind: 'pdu', id: 'p', hosts: ['a']}],
      hostBoundaries: false,
      volumes: sizes.map((used, index) => ({id: `v${index}`, replicas: ['a', 'b'], used})),
    });
  }

  it('finds the one way in which volumes fill the room to the last byte', async () => {
    const plan = await planFor(lostWithA([16, 31, 17, 31, 39, 31, 29, 53, 35, 31, 26], [113, 113, 113]));
    expect(plan.feasible).toBe(true);
    expect(plan.hosts.slice(2).map(({reserveBytes}) => reserveBytes)).toEqual([113, 113, 113]);
  });

  it('holds no more in all for one large volume than for many small ones', async () => {
    const small = Array.from({length: 20}, () => 20);
    const plan = await planFor(lostWithA([400, ...small], [1000, 1000, 1000, 1000]));
    const held = plan.hosts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0);
    expect(held).toBe(800);
  });

  it('plans nothing for nothing: no volumes, one host, no room', async () => {
    const bare = topologyOf({hosts: [{id: 'a', capacity: 0}], volumes: []});
    for (const policy of [
      'shared',
      'static',
      'per-boundary',
      'reactive',
      'largest-host',
      'largest-boundary',
    ]) {
      expect(await planFor(bare, policy)).toMatchObject({feasible: true, changes: [], uncovered: []});
    }
    const full = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 10})),
      volumes: [
        {id: 'v', replicas: ['a', 'b'], used: 10},
        {id: 'empty', replicas: ['a', 'c'], used: 0},
      ],
    });
    const plan = await planFor(full);
    expect(plan.feasible).toBe(true);
    expect(plan.hosts.map(({reserveBytes}) => reserveBytes)).toEqual([0, 0, 10]);
  });

  it('sums: every policy tells what it holds outside each boundary', async () => {
    const plan = await planFor(fourRacks([10, 10, 10, 10]), 'static');
    const total = sumOf(Float64Array.from(plan.hosts, ({reserveBytes}) => reserveBytes));
    for (const [index, row] of plan.boundaries.entries()) {
      expect(row.heldBytes).toBe(total - plan.hosts[index]!.reserveBytes);
    }
  });
});
