import {describe, expect, it} from 'vitest';

import {
  allocationPolicy,
  compileTopology,
  hasCertificate,
  rankVolumes,
  scenarioDemand,
  verifyPlan,
  type VolumePriority,
} from '../../src/lib/allocation/index.js';
import {placeScenario} from '../../src/lib/allocation/certificate.js';
import {coverByPriority} from '../../src/lib/allocation/cover-by-priority.js';
import {createRandom} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {effort} from '../support/effort.js';
import {planFor, roomIn, SETTINGS} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

const CASES = effort(25, 3000);

function priorityOf(topology: Topology, scores: Float64Array): () => Promise<VolumePriority> {
  const none = new Float64Array(topology.volumes.length);
  const weights = {growth: 1, access: 0};
  return () => Promise.resolve({weights, scores, growthBytes: none, accessPerSecond: none});
}

function inputOf(topology: Topology, scores: Float64Array) {
  const usedBytes = usedOf(topology);
  return {
    ...{topology, usedBytes, forecast: {point: usedBytes, samples: [usedBytes]}, settings: SETTINGS},
    currentReserveBytes: new Float64Array(topology.hosts.length),
    priority: priorityOf(topology, scores),
  };
}

describe('covering by priority, over random topologies', () => {
  it('leaves a tenth and one largest copy more at most, covers the first that fits at all, and the checker agrees', async () => {
    let scarce = 0;
    let changed = 0;
    for (let seed = 0; seed < CASES; seed += 1) {
      const topology = randomTopology(`priority ${seed}`);
      const random = createRandom(seed);
      const scores = Float64Array.from(topology.volumes, () => random.next());
      const [plain, plan] = [
        await planFor(topology),
        await planFor(topology, 'shared', {input: inputOf(topology, scores)}),
      ];
      expect(plan.feasible).toBe(plain.feasible);
      if (plan.feasible) expect(plan).toEqual({...plain, boundaries: plan.boundaries});
      const problems = hasCertificate(plan) ? verifyPlan(plan, topology) : [{message: 'no certificate'}];
      // What waits is refused, and nothing else is.
      expect(problems.filter(({message}) => !/but \d+ are placed|loses every copy/.test(message))).toEqual(
        [],
      );
      const compiled = compileTopology(topology);
      const room = roomIn(topology);
      for (const [scenario, net] of compiled.nets.entries()) {
        const demand = scenarioDemand(net, usedOf(topology));
        const without = placeScenario(compiled, net, demand, room);
        if (without.stuckBytes === 0) continue;
        scarce += 1;
        const found = coverByPriority(compiled, {net, demand, limits: [room], plain: without}, scores);
        const largest = Math.max(...demand.sizes);
        expect(found.stuckBytes, `seed ${seed}`).toBeLessThanOrEqual(1.1 * without.stuckBytes + largest);
        const told = plan.boundaries[scenario]!.stuckBytes;
        expect(told, `seed ${seed}`).toBeLessThanOrEqual(1.1 * without.stuckBytes + largest);
        if (found === without) continue;
        changed += 1;
        const best = [...net.volumes].sort((one, other) => scores[other]! - scores[one]!)[0]!;
        const entry = net.volumes.indexOf(best);
        const alone = {...demand, sizes: demand.sizes.map((size, index) => (index === entry ? size : 0))};
        const fitsAlone = !placeScenario(compiled, net, alone, room).hosts.some(
          (host, item) => host < 0 && alone.sizes[entry]! > 0 && found.volumes[item] === best,
        );
        const waits = found.hosts.some((host, item) => host < 0 && found.volumes[item] === best);
        if (fitsAlone) expect(waits, `seed ${seed} ${net.scenario}`).toBe(false);
      }
    }
    expect(scarce).toBeGreaterThan(CASES / 4);
    expect(changed).toBeGreaterThan(CASES / 20);
  });
});

describe('priority', () => {
  // One host is left for the copies of three volumes of equal size, with room for one.
  const topology = topologyOf({
    hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: id === 'c' ? 100 : 1000})),
    volumes: ['grows', 'asked', 'quiet'].map((id) => ({id, replicas: ['a', 'b'], used: 100})),
  });
  const known = {
    usedBytes: Float64Array.of(100, 100, 100),
    foreseenBytes: Float64Array.of(150, 100, 100),
    accessPerSecond: Float64Array.of(0, 9, 1),
  };

  async function waitingWith(weights: VolumePriority['weights']) {
    const ranked = rankVolumes(known, weights);
    const input = {...inputOf(topology, ranked.scores), priority: () => Promise.resolve(ranked)};
    const {waiting} = await planFor(topology, 'shared', {input});
    const ofA = waiting!.volumes.filter(({scenario}) => scenario === 'host/a');
    return ofA.map(({volume}) => volume);
  }

  it('is made of ranks by the weights; swapping them changes who is covered', async () => {
    expect([...rankVolumes(known, {growth: 1, access: 0}).scores]).toEqual([1, 0, 0]);
    expect([...rankVolumes(known, {growth: 0, access: 1}).scores]).toEqual([0, 1, 0.5]);
    expect([...rankVolumes(known, {growth: 1, access: 3}).scores]).toEqual([0.25, 0.75, 0.375]);
    expect([...rankVolumes(known, {growth: 0, access: 0}).scores]).toEqual([0, 0, 0]);
    expect(await waitingWith({growth: 1, access: 0})).toEqual(['asked', 'quiet']);
    expect(await waitingWith({growth: 0, access: 1})).toEqual(['quiet', 'grows']);
  });

  it('is told with bytes and what it is made of, and is not asked where there is space', async () => {
    const ranked = rankVolumes(known, {growth: 2, access: 1});
    const input = {...inputOf(topology, ranked.scores), priority: () => Promise.resolve(ranked)};
    const {waiting} = await planFor(topology, 'shared', {input});
    expect(waiting?.weights).toEqual({growth: 2, access: 1});
    expect(waiting?.volumes[0]).toEqual({
      ...{scenario: 'host/a', volume: 'asked', copies: 1, bytes: 100},
      ...{score: 1 / 3, growthBytes: 0, accessPerSecond: 9},
    });
    const roomy = {...topology, hosts: topology.hosts.map((host) => ({...host, capacityBytes: 2000}))};
    const asked = () => Promise.reject(new Error('asked'));
    const plan = await planFor(roomy, 'shared', {input: {...input, topology: roomy, priority: asked}});
    expect(plan.feasible).toBe(true);
    expect(plan.waiting).toBeUndefined();
  });

  it('counts within what another policy holds, too', async () => {
    const ranked = rankVolumes(known, {growth: 0, access: 1});
    const input = {...inputOf(topology, ranked.scores), priority: () => Promise.resolve(ranked)};
    expect(allocationPolicy('static').holdsForLaunches).toBeUndefined();
    const {waiting} = await planFor(topology, 'static', {
      input: {...input, settings: {...SETTINGS, staticShare: 1}},
    });
    const ofA = waiting!.volumes.filter(({scenario}) => scenario === 'host/a');
    expect(ofA.map(({volume}) => volume)).toEqual(['quiet', 'grows']);
  });
});
