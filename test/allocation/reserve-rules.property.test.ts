import {describe, expect, it} from 'vitest';

import {parsePolicySettings} from '../../src/flags.js';
import {
  compileTopology,
  type Plan,
  refuseUnknownRules,
  type ReserveRules,
  scenarioDemand,
  searchLeastReserve,
} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {effort} from '../support/effort.js';
import {leastFor, planFor, roomIn, SETTINGS, sumOf} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

const CASES = effort(20, 500);
/** See reserve-laws: the program's optimum is within a ten-millionth, and hosts are rounded up to whole bytes. */
const TOLERANCE = 1 + 1e-7;

async function least(topology: Topology, costs?: Float64Array): Promise<Float64Array> {
  const usedBytes = usedOf(topology);
  const compiled = compileTopology(topology);
  const demands = compiled.nets.map((net) => scenarioDemand(net, usedBytes));
  const search = await searchLeastReserve(compiled, demands, roomIn(topology), {costs});
  const {reserveBytes} = search.least();
  search.dispose();
  return reserveBytes;
}

async function planWith(topology: Topology, rules: ReserveRules): Promise<Plan> {
  const usedBytes = usedOf(topology);
  const forecast = {point: usedBytes, samples: [usedBytes]};
  const currentReserveBytes = new Float64Array(topology.hosts.length);
  const settings = {...SETTINGS, rules};
  return planFor(topology, 'shared', {input: {topology, usedBytes, forecast, currentReserveBytes, settings}});
}

const heldBy = ({hosts}: Plan): readonly number[] => hosts.map(({reserveBytes}) => reserveBytes);
const totalOf = (plan: Plan): number => heldBy(plan).reduce((sum, bytes) => sum + bytes, 0);

async function eachTopology(check: (topology: Topology, seed: number) => Promise<boolean>): Promise<void> {
  let telling = 0;
  for (let seed = 1; seed <= CASES; seed += 1) {
    if (await check(randomTopology(seed), seed)) telling += 1;
  }
  expect(telling).toBeGreaterThan(CASES / 20);
}

describe('prices', () => {
  it('make the least cost, which no other reserve undercuts; equal ones change nothing', async () => {
    await eachTopology(async (topology, seed) => {
      const random = createRandom(seed).fork('costs');
      const costs = Float64Array.from(topology.hosts, () => 1 + random.below(8));
      const costOf = (reserve: Float64Array): number =>
        sumOf(reserve.map((bytes, host) => bytes * costs[host]!));
      const [plain, priced, equal] = [
        await least(topology),
        await least(topology, costs),
        await least(topology, new Float64Array(topology.hosts.length).fill(3)),
      ];
      const slack = 8 * topology.hosts.length;
      expect(costOf(priced)).toBeLessThanOrEqual(costOf(plain) * TOLERANCE + slack);
      expect(sumOf(plain)).toBeLessThanOrEqual(sumOf(priced) * TOLERANCE + slack);
      expect(Math.abs(sumOf(equal) - sumOf(plain))).toBeLessThanOrEqual(
        sumOf(plain) * (TOLERANCE - 1) + slack,
      );
      return costOf(priced) < 0.99 * costOf(plain);
    });
  });
});

describe('floors', () => {
  it('are held as far as there is room, and never make the rest larger than it was', async () => {
    await eachTopology(async (topology, seed) => {
      const boundary = topology.boundaries[seed % topology.boundaries.length];
      if (boundary === undefined) return false;
      const room = roomIn(topology);
      const roomInside = boundary.hosts.reduce((sum, host) => sum + room[host]!, 0);
      const floor = Math.floor(roomInside / 2);
      const without = await planWith(topology, {});
      const plan = await planWith(topology, {floorBytes: {[boundary.id]: floor}});
      const inside = boundary.hosts.reduce((sum, host) => sum + heldBy(plan)[host]!, 0);
      expect(inside).toBeGreaterThanOrEqual(floor);
      expect(plan.feasible).toBe(without.feasible);
      expect(totalOf(plan)).toBeLessThanOrEqual(totalOf(without) + floor);
      const whole = await planWith(topology, {floorBytes: {[boundary.id]: roomInside + 1}});
      const told = whole.hosts.filter(({reason}) => reason.includes(`the floor of ${boundary.id} is`));
      expect(told).toHaveLength(boundary.hosts.length);
      return floor > 0 && inside > boundary.hosts.reduce((sum, host) => sum + heldBy(without)[host]!, 0) - 1;
    });
  });
});

describe('a most a host', () => {
  it('is held by all, changes nothing where it does not bind, and never lowers the total', async () => {
    await eachTopology(async (topology) => {
      const without = await planWith(topology, {});
      const most = Math.max(...heldBy(without));
      expect(heldBy(await planWith(topology, {mostPerHostBytes: Math.max(...roomIn(topology))}))).toEqual(
        heldBy(without),
      );
      const capped = await planWith(topology, {mostPerHostBytes: Math.floor(0.8 * most)});
      expect(Math.max(...heldBy(capped))).toBeLessThanOrEqual(0.8 * most);
      if (!without.feasible) expect(capped.feasible).toBe(false);
      if (capped.feasible) expect(without.feasible).toBe(true);
      // Of volumes cut into bytes the least total is exact.
      const plain = await leastFor(topology);
      const room = roomIn(topology).map((bytes) => Math.min(bytes, 0.9 * Math.max(...plain.reserveBytes)));
      const limited = await leastFor(topology, usedOf(topology), room);
      expect(limited.shortCount).toBeGreaterThanOrEqual(plain.shortCount);
      if (limited.shortCount > 0) return false;
      expect(plain.totalBytes).toBeLessThanOrEqual(limited.totalBytes * TOLERANCE + 8 * room.length);
      return true;
    });
  });

  it('of parts of a byte ends, too', async () => {
    const topology = randomTopology(71);
    const most = 0.9 * Math.max(...(await leastFor(topology)).reserveBytes);
    expect(Number.isInteger(most)).toBe(false);
    const limited = await leastFor(
      topology,
      usedOf(topology),
      roomIn(topology).map((bytes) => Math.min(bytes, most)),
    );
    expect(Math.max(...limited.reserveBytes)).toBeLessThanOrEqual(most);
  });

  it('that is short is told as the cure, not as a lack of capacity', async () => {
    const hosts = ['a', 'b', 'c'].map((id) => ({id, capacity: 1000}));
    const topology = topologyOf({hosts, volumes: [{id: 'v', replicas: ['a', 'b'], used: 300}]});
    const usedBytes = usedOf(topology);
    const settings = {...SETTINGS, rules: {mostPerHostBytes: 200}};
    const forecast = {point: usedBytes, samples: [usedBytes]};
    const input = {topology, usedBytes, forecast, currentReserveBytes: new Float64Array(3), settings};
    const plan = await planFor(topology, 'shared', {input, withAlternatives: true});
    expect(plan.feasible).toBe(false);
    expect(plan.cures).toMatchObject([
      {
        kind: 'allow',
        hosts: [{host: 'c', bytes: 300}],
        message: expect.stringContaining('let hosts hold more') as string,
      },
    ]);
  });
});

describe('the flags of rules', () => {
  const texts = {
    ...{level: undefined, 'cost-short': undefined, 'cost-idle': undefined, 'fixed-factor': undefined},
    ...{'safety-factor': '1.2', 'static-share': '20%'},
  };

  it('name boundaries and tiers with an equals sign', () => {
    const rules = {'most-per-host': '2KiB', floor: ['rack=a=1KiB', 'b=7'], 'tier-cost': ['ssd=4']};
    expect(parsePolicySettings({...texts, ...rules}).rules).toEqual({
      mostPerHostBytes: 2048,
      floorBytes: {'rack=a': 1024, b: 7},
      tierCost: {ssd: 4},
    });
    expect(parsePolicySettings(texts).rules).toBeUndefined();
    expect(() => parsePolicySettings({...texts, floor: ['rack1']})).toThrow('--floor');
  });

  it('refuse names that the topology does not have', () => {
    const topology = topologyOf({
      hosts: [{id: 'a', capacity: 10, tier: 'ssd', labels: {rack: ['r1']}}],
      volumes: [],
      boundaries: [{kind: 'rack'}],
    });
    const known = topology.boundaries[0]?.id ?? '';
    expect(() => {
      refuseUnknownRules(topology, {floorBytes: {[known]: 1}, tierCost: {ssd: 2}});
    }).not.toThrow();
    expect(() => {
      refuseUnknownRules(topology, {floorBytes: {[`${known}x`]: 1}});
    }).toThrow('which is no boundary');
    expect(() => {
      refuseUnknownRules(topology, {tierCost: {sdd: 1}});
    }).toThrow('--tier-cost names "sdd", which is no tier');
  });
});
