import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {bytesFit} from './brute-force.js';
import {leastFor, planFor, roomIn, sumOf} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

const TOLERANCE = 1 + 1e-8;

/** Random topologies whose every scenario fits into the room. */
function* satisfiable(count: number): Generator<{readonly seed: number; readonly topology: Topology}> {
  for (let seed = 0, found = 0; found < count; seed += 1) {
    const topology = randomTopology(`lp ${seed}`);
    if (!allFit(topology, usedOf(topology), roomIn(topology))) continue;
    found += 1;
    yield {seed, topology};
  }
}

function allFit(topology: Topology, used: Float64Array, limit: Float64Array): boolean {
  return topology.scenarios.every((_, scenario) => bytesFit(topology, scenario, used, limit));
}

/** Lowers a reserve host by host, in random order, until nothing can be taken from any host. */
function descend(topology: Topology, used: Float64Array, start: Float64Array, seed: string): Float64Array {
  const random = createRandom(seed);
  const reserve = start.slice();
  const order = topology.hosts.map((_, host) => ({host, key: random.next()})).sort((a, b) => a.key - b.key);
  for (const {host} of order) {
    let [low, high] = [-1, reserve[host]!];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      reserve[host] = middle;
      if (allFit(topology, used, reserve)) high = middle;
      else low = middle;
    }
    reserve[host] = high;
  }
  return reserve;
}

describe('searchLeastReserve', () => {
  it('satisfies every set of lost copies, and no reserve found by lowering hosts one by one holds less', async () => {
    for (const {seed, topology} of satisfiable(12)) {
      const [used, room] = [usedOf(topology), roomIn(topology)];
      const least = await leastFor(topology);
      expect(least.shortCount, `seed ${seed}`).toBe(0);
      expect(allFit(topology, used, least.reserveBytes), `seed ${seed}`).toBe(true);
      for (let order = 0; order < 3; order += 1) {
        const other = sumOf(descend(topology, used, room, `${seed} ${order}`));
        // Rounding up to whole bytes may cost each host one.
        expect(least.totalBytes, `seed ${seed}`).toBeLessThanOrEqual(other * TOLERANCE + room.length);
      }
    }
  });

  it('never holds less when a volume grows, and never more when a host gets more room', async () => {
    for (const {seed, topology} of satisfiable(20)) {
      const random = createRandom(seed);
      const [used, room] = [usedOf(topology), roomIn(topology)];
      const {totalBytes} = await leastFor(topology);
      const smaller = used.slice();
      const volume = random.below(used.length);
      smaller[volume] = Math.floor(used[volume]! / 2);
      const before = await leastFor(topology, smaller, room);
      expect(before.totalBytes, `seed ${seed}`).toBeLessThanOrEqual(totalBytes * TOLERANCE + room.length);
      const roomier = room.slice();
      roomier[random.below(room.length)]! += 3_000_000;
      const after = await leastFor(topology, used, roomier);
      expect(after.shortCount, `seed ${seed}`).toBe(0);
      expect(after.totalBytes, `seed ${seed}`).toBeLessThanOrEqual(totalBytes * TOLERANCE + room.length);
    }
  });

  it('doubles when everything doubles', async () => {
    for (const {seed, topology} of satisfiable(12)) {
      const double = (values: Float64Array): Float64Array => values.map((value) => value * 2);
      const {reserveBytes} = await leastFor(topology);
      const twice = await leastFor(topology, double(usedOf(topology)), double(roomIn(topology)));
      twice.reserveBytes.forEach((bytes, host) => {
        expect(Math.abs(bytes - 2 * reserveBytes[host]!), `seed ${seed}`).toBeLessThanOrEqual(8);
      });
    }
  });

  it('is a maximum over scenarios, not a sum: two racks that lose the same share one reserve', async () => {
    const topology = topologyOf({
      hosts: ['a', 'b', 'c', 'd'].map((id, index) => ({id, capacity: 1000, labels: {rack: [`r${index}`]}})),
      boundaries: [{kind: 'rack'}],
      volumes: [
        {id: 'v', replicas: ['a', 'c'], apart: ['rack'], used: 100},
        {id: 'w', replicas: ['b', 'd'], apart: ['rack'], used: 100},
      ],
    });
    // v can go to b or d, w to a or c: one hundred bytes for each of the two sides, whichever rack fails.
    const {hosts} = await planFor(topology);
    expect(hosts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0)).toBe(200);
  });

  it('fills all hosts to about the same share of their room where it has the choice', async () => {
    const topology = topologyOf({
      hosts: ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({id, capacity: id === 'c' ? 20_000 : 10_000})),
      volumes: [{id: 'v', replicas: ['a', 'b'], used: 4800}],
    });
    const {reserveBytes, totalBytes} = await leastFor(topology);
    expect(totalBytes).toBeLessThanOrEqual(4800 + 6);
    expect(reserveBytes[2]).toBeGreaterThan(1.5 * reserveBytes[3]!);
    expect(Math.min(...reserveBytes.subarray(2))).toBeGreaterThan(0);
  });
});
