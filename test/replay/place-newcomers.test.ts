import {describe, expect, test} from 'vitest';

import {compileTopology, hostUse} from '../../src/lib/allocation/index.js';
import {createRandom, type Series} from '../../src/lib/core/index.js';
import {placeNewcomers} from '../../src/lib/replay/index.js';
import {buildSeries, buildTopology, threeRacks} from './builders.js';

const rule = {replicas: 2, antiAffinity: ['rack']};

describe('volumes that no topology lists', () => {
  test('lie from their first byte on the hosts that are then the least full, the largest first', () => {
    const topology = threeRacks([{replicas: [0, 1]}], 1000);
    const histories = [
      buildSeries(0, [300, 300, 300]),
      buildSeries(1, [0, 100, 100]),
      buildSeries(2, [Number.NaN, 200, 200]),
    ];
    const {topology: wider, placed, homeless} = placeNewcomers(topology, histories, rule);
    expect(placed).toEqual(['v1', 'v2']);
    expect(homeless).toEqual([]);
    // v2 first: host 2 is empty, and 0 and 1 hold as much; then v1: 300 on host 1, 500 on host 0, 200 on host 2.
    expect(wider.volumes.map(({id, replicas}) => [id, replicas])).toEqual([
      ['v0', [0, 1]],
      ['v1', [2, 1]],
      ['v2', [2, 0]],
    ]);
  });

  test('find the space that others have given back', () => {
    const histories = [buildSeries(0, [900, 0, 0]), buildSeries(1, [Number.NaN, Number.NaN, 900])];
    const {homeless, topology} = placeNewcomers(threeRacks([], 1000), histories, rule);
    expect(homeless).toEqual([]);
    expect(topology.volumes[1]?.replicas[0]).toBe(0);
  });

  test('are left out when too few hosts have room', () => {
    const histories = [buildSeries(0, [900, 900]), buildSeries(1, [Number.NaN, 200])];
    const {homeless, placed, topology} = placeNewcomers(threeRacks([], 1000), histories, rule);
    expect(homeless).toEqual(['v1']);
    expect(placed).toEqual(['v0']);
    expect(topology.volumes.map(({id}) => id)).toEqual(['v0']);
  });

  test('keep their rule, and no host is filled beyond the limit when they come', () => {
    const random = createRandom('newcomers');
    for (let round = 0; round < 50; round += 1) {
      const racks = 3 + random.below(3);
      const cluster = buildTopology(
        Array.from({length: 8}, (_, host) => ({
          capacityBytes: 500 + random.below(1000),
          labels: {rack: `r${host % racks}`, feed: `f${host % 4}`},
        })),
        [],
        0.9,
      );
      const histories = Array.from({length: 30}, (_, volume): Series => {
        const [from, bytes] = [random.below(6), 1 + random.below(300)];
        return buildSeries(
          volume,
          Array.from({length: 6}, (_value, step) => (step < from ? Number.NaN : bytes)),
        );
      });
      const both = {replicas: 2 + random.below(2), antiAffinity: ['rack', 'feed']};
      const {topology, placed, homeless} = placeNewcomers(cluster, histories, both);
      expect(placed.length + homeless.length).toBe(30);
      for (const {replicas} of topology.volumes) {
        for (const kind of both.antiAffinity) {
          const values = replicas.map((host) => topology.hosts[host]?.labels.get(kind)?.[0]);
          expect(new Set(values).size).toBe(both.replicas);
        }
      }
      const last = Float64Array.from(
        topology.volumes,
        ({id}) => histories.find((one) => one.id === id)?.values[5] ?? 0,
      );
      for (const [host, used] of hostUse(compileTopology(topology), last).entries())
        expect(used).toBeLessThanOrEqual(0.9 * (topology.hosts[host]?.capacityBytes ?? 0));
    }
  });
});
