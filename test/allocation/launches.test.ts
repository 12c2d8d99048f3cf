import {describe, expect, it} from 'vitest';

import {
  allocationPolicy,
  compileTopology,
  foreseeLaunches,
  type LaunchDemand,
  sumOfLaunches,
} from '../../src/lib/allocation/index.js';
import {drawLaunches} from '../../src/lib/allocation/draw-launches.js';
import {learnLaunches} from '../../src/lib/allocation/launch-history.js';
import {launchSums} from '../../src/lib/allocation/launch-sums.js';
import {createRandom, type Series} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {SETTINGS, sumOf} from './plan-support.js';
import {topologyOf, usedOf} from './random-topology.js';

const DAYS = 30;
const HORIZON_SECONDS = 7 * 86_400;

/** One value a day: nothing before it is launched, then `bytes`, growing by one a day. */
function seriesOf(id: string, launchDay: number, bytes: number): Series {
  const values = Float64Array.from({length: DAYS}, (_, day) =>
    day < launchDay ? Number.NaN : bytes + day - launchDay,
  );
  return {id, startUs: 0, stepSeconds: 86_400, values};
}

/** Six hosts in three racks, two of them of another tier; `days`: when each volume, two copies each, is launched. */
function clusterOf(days: readonly number[], tier?: string): Topology {
  const hosts = Array.from({length: 6}, (_, index) => ({
    id: `h${index}`,
    capacity: 100_000,
    labels: {rack: [`r${index % 3}`]},
    tier: index < 4 ? 'ssd' : 'hdd',
  }));
  const volumes = days.map((_, index) => ({
    id: `v${index}`,
    replicas: [`h${index % 3}`, `h${(index + 1) % 3}`],
    apart: ['rack'],
    used: 1000,
    ...(tier !== undefined && {tier}),
  }));
  return topologyOf({hosts, boundaries: [{kind: 'rack'}], volumes});
}

function usageOf(days: readonly number[]): {series: Series[]; volumes: Int32Array} {
  return {
    series: days.map((day, index) => seriesOf(`v${index}`, day, 1000)),
    volumes: Int32Array.from(days.keys()),
  };
}

describe('learnLaunches', () => {
  it('tells new volumes from those that were there on the first day, and what they held a horizon later', () => {
    const days = [0, 0, 10, 10, 20];
    const {watchedSeconds, tiers, warnings} = learnLaunches(clusterOf(days), usageOf(days), HORIZON_SECONDS);
    expect(watchedSeconds).toBe((DAYS - 1) * 86_400);
    const [{batches, alike}] = tiers as [(typeof tiers)[number]];
    expect(batches.map((batch) => batch.map(({volume}) => volume))).toEqual([[2, 3], [4]]);
    expect(batches[1]).toEqual([{volume: 4, copyBytes: 1006}]);
    // Three are too few to tell sizes: all five count, with what they hold now.
    expect(alike).toHaveLength(5);
    expect(alike[0]).toEqual({volume: 0, copyBytes: 1029});
    expect(warnings).toEqual([]);
  });

  it('looks at nothing later than the held steps leave', () => {
    const days = [0, 10, 20];
    const {tiers} = learnLaunches(clusterOf(days), usageOf(days), HORIZON_SECONDS, 15);
    expect(tiers.flatMap(({batches}) => batches.flat())).toEqual([{volume: 1, copyBytes: 1004}]);
  });

  it('warns where many are first seen on one day, which may be the beginning of their logs', () => {
    const days = [0, 0, 0, 9, 9, 9, 9, 9];
    expect(learnLaunches(clusterOf(days), usageOf(days), HORIZON_SECONDS).warnings).toEqual([
      expect.stringContaining('5 of 8 volumes are first seen on one day, 9d'),
    ]);
  });
});

describe('drawLaunches', () => {
  it('brings as many as came, in the mean a little more, with as much spread as so few batches leave', () => {
    const days = [0, 0, 5, 5, 12, 19];
    const {tiers} = learnLaunches(clusterOf(days), usageOf(days), HORIZON_SECONDS);
    const options = {drawCount: 4000, random: createRandom(1)};
    const counts = drawLaunches(tiers[0]!, 0.5, options).map(({length}) => length);
    // Three batches of 4/3 volumes: a gamma law of mean 3.5, over half the time.
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).toBeGreaterThan(0.95 * 3.5 * 0.5 * (4 / 3));
    expect(mean).toBeLessThan(1.05 * 3.5 * 0.5 * (4 / 3));
    expect(
      drawLaunches(tiers[0]!, 0.5, {...options, random: createRandom(1)}).map(({length}) => length),
    ).toEqual(counts);
    expect(Math.max(...drawLaunches(tiers[0]!, 0, options).map(({length}) => length))).toBe(0);
  });
});

describe('launchSums', () => {
  it('counts a copy where it is lost and another is left, apart by the rule and on hosts of the tier', () => {
    const topology = clusterOf([0], 'ssd');
    const compiled = compileTopology(topology);
    const room = new Float64Array(6).fill(1);
    const draws = Array.from({length: 300}, () => [{volume: 0, copyBytes: 10}]);
    const sums = launchSums(compiled, room, draws, createRandom(3));
    const at = (id: string): number[] =>
      sums.map((draw) => draw[topology.scenarios.findIndex((scenario) => scenario.id === id)]!);
    expect(new Set(at('host/h0'))).toEqual(new Set([0, 10]));
    expect(new Set([...at('host/h4'), ...at('host/h5')])).toEqual(new Set([0]));
    // Two copies in two of three racks: each draw hits two racks, one copy each.
    for (const draw of ['rack/r0', 'rack/r1', 'rack/r2']
      .map(at)
      .reduce((sum, one) => sum.map((v, i) => v + one[i]!)))
      expect(draw).toBe(20);
  });
});

describe('shared, with volumes to come', () => {
  async function decide(topology: Topology, launches?: readonly LaunchDemand[]) {
    const usedBytes = usedOf(topology);
    const decision = await allocationPolicy('shared').decide({
      ...{topology, usedBytes, forecast: {point: usedBytes, samples: [usedBytes]}, settings: SETTINGS},
      currentReserveBytes: new Float64Array(topology.hosts.length),
      ...(launches && {launches: () => launches}),
    });
    return {...decision, totalBytes: sumOf(decision.reserveBytes)};
  }

  it('holds what each scenario lacks for them on hosts of their tier that survive it', async () => {
    const topology = clusterOf([0, 0, 0]);
    const scenarioBytes = new Float64Array(topology.scenarios.length).fill(5000);
    const before = await decide(topology);
    const after = await decide(topology, [{tier: 'ssd', scenarioBytes, copyBytes: 2000}]);
    for (const {hosts} of topology.scenarios) {
      const more = [0, 1, 2, 3]
        .filter((host) => !hosts.includes(host))
        .map((host) => after.reserveBytes[host]! - before.reserveBytes[host]!);
      const idle = before.totalBytes; // at most so much of what was held is free for them
      expect(sumOf(Float64Array.from(more))).toBeGreaterThanOrEqual(5000 - idle);
    }
    expect(after.heldForLaunches).toEqual({bytes: after.totalBytes - before.totalBytes, shortBytes: 0});
    expect(after.heldForLaunches!.bytes).toBeGreaterThan(5000 - before.totalBytes);
    expect([4, 5].map((host) => after.reserveBytes[host]! - before.reserveBytes[host]!)).toEqual([0, 0]);
    expect((await decide(topology, [])).reserveBytes).toEqual(before.reserveBytes);
  });

  it('says what there is no room for', async () => {
    const topology = clusterOf([0, 0, 0]);
    const scenarioBytes = new Float64Array(topology.scenarios.length).fill(1e6);
    const {heldForLaunches, reserveBytes} = await decide(topology, [{scenarioBytes, copyBytes: 2000}]);
    expect(heldForLaunches!.shortBytes).toBeGreaterThan(400_000);
    // The racks take two hosts with them, the most of any scenario.
    expect(heldForLaunches!.shortScenario).toMatch(/^rack/);
    topology.hosts.forEach(({capacityBytes}, host) => {
      expect(reserveBytes[host]).toBeLessThanOrEqual(capacityBytes);
    });
  });
});

describe('foreseeLaunches', () => {
  it('adds to a scenario what its level asks for beyond the known volumes, more at a higher level and over longer', () => {
    const days = [0, 0, 0, 5, 12, 19, 26];
    const topology = clusterOf(days);
    const usedBytes = usedOf(topology);
    const samples = Array.from({length: 10}, (_, sample) => usedBytes.map((bytes) => bytes + 10 * sample));
    const added = (level: number, horizonSeconds: number): number => {
      const random = createRandom(7);
      const settings = {level};
      const {demands} = foreseeLaunches(
        ...([topology, usageOf(days), {point: usedBytes, samples}] as const),
        {horizonSeconds, settings, random},
      );
      return sumOf(sumOfLaunches(demands, topology.scenarios.length));
    };
    expect(added(0.99, HORIZON_SECONDS)).toBeGreaterThan(added(0.8, HORIZON_SECONDS));
    expect(added(0.99, 4 * HORIZON_SECONDS)).toBeGreaterThan(added(0.99, HORIZON_SECONDS));
    expect(added(0.99, HORIZON_SECONDS)).toBeGreaterThan(0);
  });

  it('adds nothing where none came', () => {
    const days = [0, 0, 0];
    const topology = clusterOf(days);
    const point = usedOf(topology);
    const foreseen = foreseeLaunches(
      topology,
      usageOf(days),
      {point, samples: [point]},
      {
        ...{horizonSeconds: HORIZON_SECONDS, settings: {level: 0.99}, random: createRandom(1)},
      },
    );
    expect(foreseen.demands).toEqual([]);
    expect(foreseen.told).toMatchObject({tiers: [], meanVolumes: 0, copyBytes: 0});
  });
});
