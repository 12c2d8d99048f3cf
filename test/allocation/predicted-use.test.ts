import {describe, expect, it} from 'vitest';

import {
  assessReserve,
  compileTopology,
  hostUse,
  predictUse,
  scenarioDemand,
  spreadPool,
} from '../../src/lib/allocation/index.js';
import {createRandom, sum} from '../../src/lib/core/index.js';
import {placementExists} from './brute-force.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

const four = topologyOf({
  fillLimit: 0.9,
  hosts: ['a', 'b', 'c', 'd'].map((id) => ({id, capacity: 1000})),
  boundaries: [{kind: 'pdu', id: 'p', hosts: ['a']}],
  hostBoundaries: false,
  volumes: [
    {id: 'v', replicas: ['a', 'b'], used: 0},
    {id: 'w', replicas: ['a', 'c'], used: 0},
  ],
});

describe('predictUse', () => {
  it('takes the quantile of the sum: what never grows together is not reserved for together', () => {
    const compiled = compileTopology(four);
    // 100 futures in each of which one of the two volumes holds 200 and the other 100.
    const samples = Array.from({length: 100}, (_, index) =>
      Float64Array.from(index % 2 === 0 ? [200, 100] : [100, 200]),
    );
    const use = predictUse(compiled, {point: Float64Array.from([150, 150]), samples}, {level: 0.99});
    expect(use.scenarioFactor[0]! * 300).toBeCloseTo(300, 6);
    expect([...use.hostUsedBytes]).toEqual([300, 200, 200, 0]);
    expect([...use.roomBytes]).toEqual([600, 700, 700, 900]);
  });

  it('raises the demand of a scenario to its quantile, each volume by the same factor', () => {
    const compiled = compileTopology(four);
    const samples = Array.from({length: 1000}, (_, index) => Float64Array.from([index, index]));
    const point = Float64Array.from([500, 500]);
    const {volumeBytes, scenarioFactor} = predictUse(compiled, {point, samples}, {level: 0.99});
    const demand = scenarioDemand(compiled.nets[0]!, volumeBytes, scenarioFactor[0]);
    expect(demand.totalBytes).toBeGreaterThanOrEqual(2 * 989);
    expect(demand.totalBytes).toBeLessThanOrEqual(2 * 993);
    expect(demand.sizes[0]).toBe(demand.sizes[1]);
  });

  it('reserves for a volume whose median is nothing but whose samples are not', () => {
    const samples = Array.from({length: 200}, (_, index) => Float64Array.from([index < 20 ? 100 : 0, 0]));
    const compiled = compileTopology(four);
    const {volumeBytes, scenarioFactor} = predictUse(
      compiled,
      {point: new Float64Array(2), samples},
      {level: 0.99},
    );
    expect(scenarioDemand(compiled.nets[0]!, volumeBytes, scenarioFactor[0]).totalBytes).toBe(100);
  });

  it('takes the point where there are no samples', () => {
    const use = predictUse(
      compileTopology(four),
      {point: Float64Array.from([10, 20]), samples: []},
      {level: 0.99},
    );
    expect([...use.scenarioFactor]).toEqual([1]);
    expect([...use.hostUsedBytes]).toEqual([30, 10, 20, 0]);
  });
});

describe('assessReserve', () => {
  it('finds nothing stuck exactly when some placement of whole volumes fits', () => {
    for (let seed = 0; seed < 80; seed += 1) {
      const topology = randomTopology(`assess ${seed}`);
      const compiled = compileTopology(topology);
      const random = createRandom(seed);
      const used = usedOf(topology);
      const reserve = hostUse(compiled, used).map((bytes) => Math.floor(bytes * random.next()));
      assessReserve(compiled, used, reserve).forEach(({demandBytes, placedBytes, stuckBytes}, scenario) => {
        expect(placedBytes + stuckBytes).toBe(demandBytes);
        expect(stuckBytes === 0, `seed ${seed}`).toBe(placementExists(topology, scenario, used, reserve));
      });
    }
  });
});

describe('spreadPool', () => {
  it('splits by weight, fills no host beyond its limit, and gives away every byte that fits', () => {
    expect([...spreadPool(100, [1, 1, 2], [100, 100, 100])]).toEqual([25, 25, 50]);
    expect([...spreadPool(100, [1, 1, 2], [100, 100, 10])]).toEqual([45, 45, 10]);
    expect([...spreadPool(100, [1, 0, 1], [30, 100, 30])]).toEqual([30, 0, 30]);
    expect([...spreadPool(10, [1, 1, 1], [9, 9, 9])]).toEqual([4, 4, 2]);
    for (let seed = 0; seed < 300; seed += 1) {
      const random = createRandom(seed);
      const weights = Array.from({length: 6}, () => random.below(4));
      const limits = weights.map(() => random.below(100));
      const pool = random.below(400);
      const shares = spreadPool(pool, weights, limits);
      const most = sum(limits.filter((_, host) => weights[host]! > 0));
      expect(sum(shares)).toBe(Math.min(pool, most));
      expect(shares.every((bytes, host) => bytes <= limits[host]! && Number.isInteger(bytes))).toBe(true);
    }
  });
});
