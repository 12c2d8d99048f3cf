import {describe, expect, test} from 'vitest';

import {compileTopology, createWholePlacer, scenarioDemand} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {randomTopology, threeRacks} from '../replay/builders.js';
import {placementExists} from './brute-force.js';

describe('whole volumes placed time after time', () => {
  test('find a place exactly when trying every placement finds one, whatever came before', () => {
    const random = createRandom('whole placer');
    let found = 0;
    for (let round = 0; round < 60; round += 1) {
      const topology = randomTopology(random, 5, 10);
      const compiled = compileTopology(topology);
      const placers = compiled.nets.map((net) => createWholePlacer(compiled, net));
      for (let time = 0; time < 6; time += 1) {
        const used = Float64Array.from(topology.volumes, () => 1 + random.below(29));
        const limits = Float64Array.from(topology.hosts, () => random.below(60));
        for (const [scenario, net] of compiled.nets.entries()) {
          const left = placers[scenario]?.leftOver(scenarioDemand(net, used), limits);
          const exists = placementExists(topology, scenario, used, limits);
          expect(left?.copies === 0).toBe(exists);
          expect(left?.bytes === 0).toBe(exists);
          found += exists ? 1 : 0;
        }
      }
    }
    expect(found).toBeGreaterThan(300);
  });

  test('stay stuck where the bytes would fit but no whole volume does', () => {
    // Rack r0 loses one copy of each; v0 may only go to h2, v1 only to h1.
    const compiled = compileTopology(
      threeRacks([{replicas: [0, 1]}, {replicas: [0, 1]}, {replicas: [0, 2]}]),
    );
    const [net] = compiled.nets;
    if (net === undefined) throw new Error('no scenario');
    const placer = createWholePlacer(compiled, net);
    const demand = scenarioDemand(net, [60, 60, 0]);
    expect(placer.leftOver(demand, Float64Array.of(0, 200, 120))).toEqual({bytes: 0, copies: 0});
    expect(placer.leftOver(demand, Float64Array.of(0, 200, 119))).toEqual({bytes: 60, copies: 1});
  });
});
