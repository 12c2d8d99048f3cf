import {expect, test} from 'vitest';

import {compileTopology, routeDemand, scenarioDemand} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {createPlacer} from '../../src/lib/replay/place-demand.js';
import {buildTopology, randomTopology} from './builders.js';

test('the quick way never says that something fits which a maximum flow cannot place, and often spares the flow', () => {
  const random = createRandom('quick');
  let quick = 0;
  let slow = 0;
  for (let trial = 0; trial < 400; trial += 1) {
    const topology = randomTopology(random, 4 + random.below(5), 100);
    for (const net of compileTopology(topology).nets) {
      const placer = createPlacer(net);
      const usedBytes = topology.volumes.map(() => random.below(300));
      const hostBytes = Float64Array.from(topology.hosts, () => random.below(300));
      const demand = scenarioDemand(net, usedBytes);
      const stuckBytes = demand.totalBytes - routeDemand(net, demand.groupBytes, hostBytes).placedBytes;
      const shortfall = placer.shortfall(demand, hostBytes);
      expect(shortfall?.stuckBytes ?? 0).toBe(stuckBytes);
      quick += stuckBytes === 0 ? 1 : 0;
      slow += stuckBytes > 0 ? 1 : 0;
    }
  }
  expect(quick).toBeGreaterThan(300);
  expect(slow).toBeGreaterThan(300);
});

test('the waiting volumes are the share of each group that found no place', () => {
  const hosts = ['r0', 'r1', 'r2'].map((rack) => ({capacityBytes: 1000, labels: {rack}}));
  const pair = {replicas: [0, 1]};
  const topology = buildTopology(hosts, [pair, pair, pair, {replicas: [0, 2]}]);
  const [net] = compileTopology(topology).nets;
  if (net === undefined) throw new Error('rack/r0');
  const demand = scenarioDemand(net, [10, 30, 0, 5]);
  const shortfall = createPlacer(net).shortfall(demand, Float64Array.of(0, 5, 10));
  // v0 and v1 may go to h2, where a quarter of their 40 bytes fits; v2 is empty and v3 fits on h1.
  expect(shortfall).toEqual({stuckBytes: 30, volumes: 1.5});
});
