import {expect, it} from 'vitest';

import {
  compileTopology,
  scenarioDemand,
  type ScenarioNet,
  tightestCut,
} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {hasHost} from '../../src/lib/topology/index.js';
import {randomTopology, topologyOf} from './random-topology.js';

const GB = 1e9;

/** Of all sets of groups with demand: the least of what their hosts hold for what they ask. */
function leastRatio(net: ScenarioNet, groupBytes: Float64Array, heldBytes: readonly number[]): number {
  const groups = [...groupBytes.keys()].filter((group) => groupBytes[group]! > 0);
  let least = Infinity;
  for (let chosen = 1; chosen < 2 ** groups.length; chosen += 1) {
    const those = groups.filter((_, index) => Math.floor(chosen / 2 ** index) % 2 === 1);
    const demand = those.reduce((sum, group) => sum + groupBytes[group]!, 0);
    const held = heldBytes.reduce((sum, bytes, host) => {
      const isAllowed =
        hasHost(net.alive, host) && those.some((group) => hasHost(net.groupHosts[group]!, host));
      return sum + (isAllowed ? bytes : 0);
    }, 0);
    least = Math.min(least, held / demand);
  }
  return least;
}

it('finds, of all sets of volumes, the one that would first lack space if all demand grew alike', () => {
  let compared = 0;
  let tighterThanAll = 0;
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = createRandom(seed);
    const topology = randomTopology(seed);
    const compiled = compileTopology(topology);
    const heldBytes = topology.hosts.map(() => random.below(100) * GB);
    const volumeBytes = topology.volumes.map(() => random.below(50) * GB);
    for (const net of compiled.nets) {
      const demand = scenarioDemand(net, volumeBytes);
      const groups = demand.groupBytes.filter((bytes) => bytes > 0).length;
      const cut = tightestCut(compiled, net, demand, heldBytes);
      expect(cut === undefined).toBe(groups === 0);
      if (cut === undefined || groups > 10) continue;
      const least = leastRatio(net, demand.groupBytes, heldBytes);
      expect(cut.roomBytes / cut.demandBytes).toBeCloseTo(least, 6);
      expect(cut.roomBytes).toBe(
        cut.hosts.reduce(
          (sum, id) => sum + heldBytes[topology.hosts.findIndex((host) => host.id === id)]!,
          0,
        ),
      );
      compared += 1;
      if (cut.demandBytes < demand.totalBytes) tighterThanAll += 1;
    }
  }
  expect(compared).toBeGreaterThan(300);
  expect(tighterThanAll).toBeGreaterThan(30);
});

it('names the volumes and hosts', () => {
  const topology = topologyOf({
    hosts: ['a', 'b', 'c', 'd'].map((id, index) => ({
      id,
      capacity: 100 * GB,
      tier: index < 3 ? 'ssd' : 'hdd',
    })),
    volumes: [
      {id: 'fast', replicas: ['a', 'b'], tier: 'ssd', used: 10 * GB},
      {id: 'any', replicas: ['a', 'c'], used: 10 * GB},
    ],
  });
  const compiled = compileTopology(topology);
  const net = compiled.nets.find(({scenario}) => topology.scenarios[scenario]!.id === 'host/a')!;
  const demand = scenarioDemand(net, [10 * GB, 10 * GB]);
  expect(tightestCut(compiled, net, demand, [0, 50 * GB, 12 * GB, 90 * GB])).toEqual({
    ...{scenario: 'host/a', volumes: ['fast'], hosts: ['c'], demandBytes: 10 * GB, roomBytes: 12 * GB},
  });
});
