import {describe, expect, it} from 'vitest';

import {
  allocationPolicy,
  compileTopology,
  type Hindsight,
  HINDSIGHT_POLICIES,
  hostUse,
  roomOf,
  routeDemand,
  scenarioDemand,
} from '../../src/lib/allocation/index.js';
import {createStuckSteps} from '../../src/lib/allocation/stuck-steps.js';
import {createRandom} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {leastFor, sumOf} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

const bestConstant = HINDSIGHT_POLICIES.find(({name}) => name === 'best-constant')!;

/** A history in which the volumes of a topology hold `levels[t]` times what it states. */
function historyOf(topology: Topology, levels: readonly number[], repairedShare: number): Hindsight {
  const compiled = compileTopology(topology);
  const stuckBytes: Hindsight['stuckBytes'] = (scenario, demand, heldBytes) => {
    const net = compiled.nets[scenario];
    return net ? demand.totalBytes - routeDemand(net, demand.groupBytes, heldBytes).placedBytes : 0;
  };
  const steps = levels.map((level) => {
    const used = usedOf(topology).map((bytes) => Math.ceil(bytes * level));
    const roomBytes = roomOf(compiled, hostUse(compiled, used));
    const demands = compiled.nets.map((net) => scenarioDemand(net, used));
    const unavoidableBytes = Float64Array.from(demands, (demand, at) => stuckBytes(at, demand, roomBytes));
    return {roomBytes, demands, unavoidableBytes};
  });
  return {topology, repairedShare, steps, stuckBytes};
}

function keptShare(hindsight: Hindsight, reserveBytes: Float64Array): {kept: number; avoidable: number} {
  let [kept, count, avoidable] = [0, 0, 0];
  for (const {roomBytes, demands} of hindsight.steps) {
    const held = reserveBytes.map((bytes, host) => Math.min(bytes, roomBytes[host]!));
    demands.forEach((demand, scenario) => {
      const stuck = hindsight.stuckBytes(scenario, demand, held);
      kept += stuck < 1 ? 1 : 0;
      count += 1;
      avoidable += stuck - hindsight.stuckBytes(scenario, demand, roomBytes);
    });
  }
  return {kept: kept / count, avoidable};
}

/** Three hosts of 10000 bytes; v on a and b. Losing a needs its bytes on c. */
const three = topologyOf({
  hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 10_000})),
  boundaries: [{kind: 'pdu', id: 'p', hosts: ['a']}],
  hostBoundaries: false,
  volumes: [{id: 'v', replicas: ['a', 'b'], used: 100}],
});

describe('best-constant', () => {
  it('holds what the hardest step needs, and less when some steps may go unrepaired', async () => {
    const levels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([...(await bestConstant.lookBack(historyOf(three, levels, 1)))]).toEqual([0, 0, 1000]);
    expect([...(await bestConstant.lookBack(historyOf(three, levels, 0.8)))]).toEqual([0, 0, 800]);
    expect(sumOf(await bestConstant.lookBack(historyOf(three, levels, 0)))).toBeLessThanOrEqual(100);
  });

  it('leaves nothing stuck that any reserve could take, over random topologies, and no constant of the hardest step is less', async () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const topology = randomTopology(`best constant ${seed}`);
      const random = createRandom(seed);
      const levels = Array.from({length: 30}, () => 0.5 + random.next());
      const hindsight = historyOf(topology, levels, 1);
      const reserve = await bestConstant.lookBack(hindsight);
      expect(keptShare(hindsight, reserve).avoidable).toBeLessThanOrEqual(topology.hosts.length * 2);
      const most = usedOf(topology).map((bytes) => Math.ceil(bytes * Math.max(...levels)));
      const atHardest = await leastFor(topology, most);
      if (atHardest.shortCount === 0)
        expect(sumOf(reserve)).toBeGreaterThanOrEqual(
          atHardest.totalBytes * (1 - 1e-6) - topology.hosts.length,
        );
    }
  });

  it('keeps as much as it is to be compared with, and holds no more for a lesser share', async () => {
    for (let seed = 0; seed < 4; seed += 1) {
      const topology = randomTopology(`lesser share ${seed}`);
      const random = createRandom(seed);
      const levels = Array.from({length: 40}, () => 0.2 + random.next());
      const all = keptShare(
        historyOf(topology, levels, 1),
        await bestConstant.lookBack(historyOf(topology, levels, 1)),
      ).kept;
      let before = Infinity;
      for (const share of [1, 0.95, 0.8]) {
        const hindsight = historyOf(topology, levels, share * all);
        const reserve = await bestConstant.lookBack(hindsight);
        expect(keptShare(hindsight, reserve).kept).toBeGreaterThanOrEqual(share * all - 1e-12);
        expect(sumOf(reserve)).toBeLessThanOrEqual(before);
        before = sumOf(reserve);
      }
    }
  });

  it('finds in spans of steps every step that walking through all of them finds', () => {
    let count = 0;
    for (let seed = 0; seed < 20; seed += 1) {
      const topology = randomTopology(`spans ${seed}`);
      const random = createRandom(seed);
      const levels = Array.from({length: 1 + random.below(40)}, () => 0.2 + random.next());
      const hindsight = historyOf(topology, levels, 1);
      const reserve = Float64Array.from(topology.hosts, () => random.below(500));
      const leastBytes = 1 + random.below(3) * 100;
      const expected = hindsight.steps.flatMap(({roomBytes, demands}, step) => {
        const held = reserve.map((bytes, host) => Math.min(bytes, roomBytes[host]!));
        return demands
          .map((demand, scenario) => ({scenario, step, stuck: hindsight.stuckBytes(scenario, demand, held)}))
          .filter(({stuck}) => stuck >= leastBytes);
      });
      const found: typeof expected = [];
      createStuckSteps(hindsight).each(reserve, {
        leastBytes: () => leastBytes,
        visit: (scenario, step, stuck) => found.unshift({scenario, step, stuck}),
      });
      found.sort((one, other) => one.step - other.step || one.scenario - other.scenario);
      expect(found).toEqual(expected);
      count += found.length;
    }
    expect(count).toBeGreaterThan(100);
  });

  it('cannot be asked to plan', () => {
    for (const name of ['best-constant', 'oracle'])
      expect(() => allocationPolicy(name)).toThrow(/only replay can ask it/);
  });
});
