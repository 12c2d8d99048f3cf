import {describe, expect, it} from 'vitest';

import {ALLOCATION_POLICIES, allocationPolicy, type BufferDecision} from '../../src/lib/allocation/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {losesEverything, placementExists} from './brute-force.js';
import {planFor, roomIn, SETTINGS, sumOf} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

function decide(policy: string, topology: Topology, predicted = usedOf(topology)): Promise<BufferDecision> {
  return allocationPolicy(policy).decide({
    topology,
    usedBytes: usedOf(topology),
    forecast: {point: predicted, samples: [predicted]},
    currentReserveBytes: new Float64Array(topology.hosts.length),
    settings: SETTINGS,
  });
}

function doubled(topology: Topology): Topology {
  return {
    ...topology,
    hosts: topology.hosts.map((host) => ({...host, capacityBytes: 2 * host.capacityBytes})),
    volumes: topology.volumes.map((volume) => ({...volume, usedBytes: 2 * (volume.usedBytes ?? 0)})),
  };
}

describe.each(ALLOCATION_POLICIES.map(({name}) => name))('%s', (name) => {
  const topologies = Array.from({length: 15}, (_, seed) => randomTopology(`policies ${seed}`));

  it('holds whole bytes within the room, says what each scenario needs, and decides the same again', async () => {
    for (const topology of topologies) {
      const {reserveBytes, needs} = await decide(name, topology);
      const room = roomIn(topology);
      reserveBytes.forEach((bytes, host) => {
        expect(Number.isInteger(bytes) && bytes >= 0 && bytes <= room[host]!).toBe(true);
      });
      expect(needs.map(({scenario}) => scenario)).toEqual(topology.scenarios.map(({id}) => id));
      expect((await decide(name, topology)).reserveBytes).toEqual(reserveBytes);
    }
  });

  it('holds twice as much for twice the cluster', async () => {
    for (const topology of topologies) {
      const once = sumOf((await decide(name, topology)).reserveBytes);
      const twice = sumOf((await decide(name, doubled(topology))).reserveBytes);
      // Rounding up to whole bytes, for each boundary's own buffer.
      expect(Math.abs(twice - 2 * once)).toBeLessThanOrEqual(2 * topology.boundaries.length);
    }
  });

  it('makes a feasible plan only where every scenario can be repaired within what is held', async () => {
    for (const topology of topologies) {
      const plan = await planFor(topology, name);
      const reserve = Float64Array.from(plan.hosts, ({reserveBytes}) => reserveBytes);
      const canAll = topology.scenarios.every(
        (_, scenario) =>
          losesEverything(topology, scenario).length === 0 &&
          placementExists(topology, scenario, usedOf(topology), reserve),
      );
      expect(plan.feasible).toBe(canAll);
    }
  });
});

describe('each policy by its rule', () => {
  // Racks r0 (a, b), r1 (c, d), r2 (e); one volume of 100 bytes on a and c, one of 60 on b and e.
  const topology = topologyOf({
    hosts: [
      {id: 'a', capacity: 1000, labels: {rack: ['r0']}},
      {id: 'b', capacity: 1000, labels: {rack: ['r0']}},
      {id: 'c', capacity: 1000, labels: {rack: ['r1']}},
      {id: 'd', capacity: 1000, labels: {rack: ['r1']}},
      {id: 'e', capacity: 1500, labels: {rack: ['r2']}},
    ],
    boundaries: [{kind: 'rack'}],
    volumes: [
      {id: 'v', replicas: ['a', 'c'], apart: ['rack'], used: 100},
      {id: 'w', replicas: ['b', 'e'], apart: ['rack'], used: 60},
    ],
  });
  const predicted = Float64Array.from([200, 60]);

  it('static: a fifth of every host', async () => {
    expect([...(await decide('static', topology)).reserveBytes]).toEqual([200, 200, 200, 200, 300]);
  });

  it('largest-host: the capacity of e, spread by capacity', async () => {
    const {reserveBytes, needs} = await decide('largest-host', topology);
    expect(sumOf(reserveBytes)).toBe(1500);
    expect([...reserveBytes]).toEqual([273, 273, 273, 273, 408]);
    expect(needs[0]).toMatchObject({requiredBytes: 1500, reason: 'capacity of the largest host e, 1.46 KiB'});
  });

  it('largest-boundary: the capacity of r0', async () => {
    expect(sumOf((await decide('largest-boundary', topology)).reserveBytes)).toBe(2000);
  });

  it('two-largest-hosts: the capacity of e and of one more', async () => {
    const {reserveBytes, needs} = await decide('two-largest-hosts', topology);
    expect(sumOf(reserveBytes)).toBe(2500);
    expect(needs[0]?.reason).toBe('capacity of the largest hosts e and a, 2.44 KiB');
  });

  it('one-device-per-host: the largest four, a host without devices being one', async () => {
    const {reserveBytes, needs} = await decide('one-device-per-host', topology);
    expect(sumOf(reserveBytes)).toBe(1500 + 3 * 1000);
    expect(needs[0]?.reason).toBe('the largest device of 4 hosts, 4.39 KiB');
  });

  it('sees servers, not devices: of one with two devices the sum, and of each server the largest device', async () => {
    const devices = (...capacities: number[]): {id: string; capacity: number}[] =>
      capacities.map((capacity, index) => ({id: `d${index}`, capacity}));
    const servers = topologyOf({
      hosts: [
        {id: 'a', devices: devices(600, 500)},
        {id: 'b', capacity: 1000},
        {id: 'c', devices: devices(400, 300)},
      ],
      volumes: [{id: 'v', replicas: ['b', 'a/d0'], used: 10}],
    });
    expect(sumOf((await decide('largest-host', servers)).reserveBytes)).toBe(1100);
    expect(sumOf((await decide('two-largest-hosts', servers)).reserveBytes)).toBe(2100);
    expect((await decide('one-device-per-host', servers)).needs[0]?.requiredBytes).toBe(600 + 1000 + 400);
  });

  it('predictive: what the fullest rack is predicted to use, times the factor, once', async () => {
    const {reserveBytes, needs} = await decide('predictive', topology, predicted);
    expect(sumOf(reserveBytes)).toBe(312);
    expect(needs[0]?.reason).toBe('predicted usage of the fullest boundary rack/r0, 260 B x 1.2 = 312 B');
  });

  it('reactive: what the fullest rack uses now, times the factor, whatever is foreseen', async () => {
    const {reserveBytes, needs} = await decide('reactive', topology, predicted);
    expect(sumOf(reserveBytes)).toBe(192);
    expect(needs[0]?.reason).toBe('current usage of the fullest boundary rack/r0, 160 B x 1.2 = 192 B');
  });

  it('per-boundary: predicted usage times the factor for each rack, outside it, added up; none for hosts in racks', async () => {
    const {reserveBytes, needs} = await decide('per-boundary', topology, predicted);
    const required = Object.fromEntries(needs.map(({scenario, requiredBytes}) => [scenario, requiredBytes]));
    expect(required).toMatchObject({'rack/r0': 312, 'rack/r1': 240, 'rack/r2': 72, 'host/a': 0});
    expect(sumOf(reserveBytes)).toBe(312 + 240 + 72);
    const lonely = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 1000})),
      volumes: [{id: 'v', replicas: ['a', 'b'], used: 100}],
    });
    expect(sumOf((await decide('per-boundary', lonely)).reserveBytes)).toBe(240);
  });

  it('shared: the least that serves every scenario alone', async () => {
    const {reserveBytes} = await decide('shared', topology, predicted);
    // When r0 or r1 fails v must go to e, and w to c or d when r0 or r2 does: one reserve serves them all.
    expect(sumOf(reserveBytes)).toBe(200 + 60);
    expect(reserveBytes[4]).toBe(200);
  });

  it('is refused by a name that is none, with the nearest', () => {
    expect(() => allocationPolicy('sharde')).toThrow(/unknown policy "sharde"; there are shared, static/);
  });
});
