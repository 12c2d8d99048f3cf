import {describe, expect, test} from 'vitest';

import {
  compileTopology,
  hostUse,
  predictUse,
  scenarioDemand,
  shareGrowth,
  splitSums,
  sumSeries,
} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {buildSeries, randomTopology, randomUse, threeRacks} from '../replay/builders.js';

describe('the sums that a plan reckons with', () => {
  test('are at every step what the scenarios take and the hosts hold then', () => {
    const random = createRandom('sums');
    for (let round = 0; round < 40; round += 1) {
      const topology = randomTopology(random, 5, 10);
      const compiled = compileTopology(topology);
      const histories = randomUse(random, topology, 4, 10);
      const sums = sumSeries(compiled, histories);
      for (let step = 0; step < 4; step += 1) {
        const used = Float64Array.from(histories, ({values}) => values[step] ?? 0);
        const demands = compiled.nets.map((net) => scenarioDemand(net, used).totalBytes);
        expect(sums.map(({values}) => values[step])).toEqual([...demands, ...hostUse(compiled, used)]);
      }
    }
  });

  test('hold the last known value over a gap, and step up when a volume comes', () => {
    const compiled = compileTopology(threeRacks([{replicas: [0, 1]}, {replicas: [0, 2]}]));
    const sums = sumSeries(compiled, [
      buildSeries(0, [10, Number.NaN, 30]),
      buildSeries(1, [Number.NaN, 5, 0]),
    ]);
    expect(sums.map(({id, values}) => [id, [...values]])).toEqual([
      ['scenario rack/r0', [10, 15, 30]],
      ['scenario rack/r1', [10, 10, 30]],
      ['scenario rack/r2', [0, 5, 0]],
      ['host h0', [10, 15, 30]],
      ['host h1', [10, 10, 30]],
      ['host h2', [0, 5, 0]],
    ]);
  });

  test('foreseen by themselves take the place of sums over volumes, and are never less than what is used now', () => {
    const topology = threeRacks([{replicas: [0, 1]}]);
    const compiled = compileTopology(topology);
    const sums = sumSeries(compiled, [buildSeries(0, [100])]);
    const sample = Float64Array.of(150, 90, 0, 120, 90, 0);
    const forecast = splitSums(compiled, sums, {point: sample, samples: [sample]});
    const volumes = shareGrowth(compiled, Float64Array.of(100), forecast);
    // Hosts: 120 and, since it is used now, 100, where there are 200.
    expect([...volumes.point]).toEqual([110.00000000000001]);
    const use = predictUse(compiled, volumes, {level: 0.99}, forecast);
    expect(
      compiled.nets.map((net, at) => scenarioDemand(net, use.volumeBytes, use.scenarioFactor[at]).totalBytes),
    ).toEqual([150, 100, 0]);
    expect([...use.roomBytes]).toEqual([880, 900, 1000]);
  });
});
