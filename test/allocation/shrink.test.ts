import {describe, expect, it} from 'vitest';

import {
  allocationPolicy,
  type BufferDecision,
  compileTopology,
  placeScenario,
  scenarioDemand,
  shrinkWithProof,
  withShrinkRules,
} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {planFor, roomIn, SETTINGS, sumOf} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

const AT_ONCE = {deadBandShare: 0, stepShare: 1, coolDownSeconds: 0};

/** v on a and b; if a fails its 100 bytes must go to c or d. */
const four = topologyOf({
  hosts: ['a', 'b', 'c', 'd'].map((id) => ({id, capacity: 10_000})),
  boundaries: [{kind: 'pdu', id: 'p', hosts: ['a']}],
  hostBoundaries: false,
  volumes: [{id: 'v', replicas: ['a', 'b'], used: 100}],
});

function shrink(
  topology: Topology,
  wanted: readonly number[],
  current: readonly number[],
  change: Partial<Parameters<typeof shrinkWithProof>[0]> = {},
): BufferDecision {
  const compiled = compileTopology(topology);
  const used = usedOf(topology);
  return shrinkWithProof({
    compiled,
    decision: {reserveBytes: Float64Array.from(wanted), needs: [], shortCuts: []},
    currentBytes: Float64Array.from(current),
    roomBytes: roomIn(topology),
    demands: compiled.nets.map((net) => scenarioDemand(net, used)),
    sinceChangeSeconds: [],
    rules: AT_ONCE,
    ...change,
  });
}

describe('shrinkWithProof', () => {
  it('grows at once, whatever the rules', () => {
    const rules = {deadBandShare: 0.5, stepShare: 0.1, coolDownSeconds: 1e6};
    const {reserveBytes, hostNotes} = shrink(four, [0, 0, 500, 100], [0, 0, 100, 99], {
      rules,
      sinceChangeSeconds: [0, 0, 0, 0],
    });
    expect([...reserveBytes]).toEqual([0, 0, 500, 100]);
    expect(hostNotes).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps what lies within the dead band, and says so', () => {
    const rules = {...AT_ONCE, deadBandShare: 0.05};
    const {reserveBytes, hostNotes} = shrink(four, [0, 0, 950, 949], [0, 0, 1000, 1000], {rules});
    expect([...reserveBytes]).toEqual([0, 0, 1000, 949]);
    expect(hostNotes?.[2]).toBe('50 B more than is needed kept: within the dead band of 5%');
  });

  it('gives back at most a step, and all the rest over several reviews', () => {
    const rules = {...AT_ONCE, stepShare: 0.25};
    let held = [0, 0, 1000, 1000];
    const first = shrink(four, [0, 0, 100, 900], held, {rules});
    expect([...first.reserveBytes]).toEqual([0, 0, 750, 900]);
    expect(first.hostNotes?.[2]).toBe(
      '250 B given back, 650 B more than is needed kept: at most 25% at one time',
    );
    for (let review = 0; review < 10; review += 1)
      held = [...shrink(four, [0, 0, 100, 900], held, {rules}).reserveBytes];
    expect(held).toEqual([0, 0, 100, 900]);
  });

  it('gives nothing back while the cool-down lasts, host by host', () => {
    const rules = {...AT_ONCE, coolDownSeconds: 86_400};
    const sinceChangeSeconds = [Infinity, Infinity, 3600, 86_400];
    const {reserveBytes, hostNotes} = shrink(four, [0, 0, 100, 100], [0, 0, 500, 500], {
      rules,
      sinceChangeSeconds,
    });
    expect([...reserveBytes]).toEqual([0, 0, 500, 100]);
    expect(hostNotes?.[2]).toBe('400 B more than is needed kept: changed 1h ago, cool-down 1d');
  });

  it('gives nothing back that a scenario needs, though the policy does not want it', () => {
    const {reserveBytes, hostNotes} = shrink(four, [50, 0, 0, 0], [200, 0, 100, 0]);
    // Nobody needs space on a when a fails: there it is given back.
    expect([...reserveBytes]).toEqual([50, 0, 100, 0]);
    expect(hostNotes?.[2]).toBe('nothing given back: without it 100 B more would be stuck if pdu/p fails');
  });

  it('holds no more than there is room for', () => {
    const roomBytes = Float64Array.from([0, 0, 300, 300]);
    const rules = {...AT_ONCE, coolDownSeconds: 60};
    const sinceChangeSeconds = [0, 0, 0, 0];
    const {reserveBytes} = shrink(four, [0, 0, 100, 0], [9, 9, 500, 0], {
      roomBytes,
      rules,
      sinceChangeSeconds,
    });
    expect([...reserveBytes]).toEqual([0, 0, 300, 0]);
  });

  it('over random topologies, policies and holdings: between wanted and held, no scenario worse off, the same again', async () => {
    for (let seed = 0; seed < 16; seed += 1) {
      const random = createRandom(seed);
      const topology = randomTopology(`shrink ${seed}`);
      const room = roomIn(topology);
      const current = room.map((bytes) => Math.floor(bytes * random.next()));
      const rules = {
        deadBandShare: 0.2 * random.next(),
        stepShare: random.next(),
        coolDownSeconds: random.below(3) * 100,
      };
      const input = {
        topology,
        usedBytes: usedOf(topology),
        forecast: {point: usedOf(topology), samples: [usedOf(topology)]},
        currentReserveBytes: current,
        sinceChangeSeconds: Float64Array.from(topology.hosts, () => random.below(300)),
        settings: {...SETTINGS, staticShare: 0.1},
      };
      const policy = allocationPolicy(seed % 2 === 0 ? 'static' : 'shared');
      const wanted = (await policy.decide(input)).reserveBytes;
      const decision = await withShrinkRules(policy, rules).decide(input);
      const {reserveBytes} = decision;
      const full = wanted.map((bytes, host) => Math.min(room[host]!, Math.max(bytes, current[host]!)));
      reserveBytes.forEach((bytes, host) => {
        expect(bytes).toBeGreaterThanOrEqual(wanted[host]!);
        expect(bytes).toBeLessThanOrEqual(full[host]!);
        expect(Number.isInteger(bytes)).toBe(true);
      });
      const compiled = compileTopology(topology);
      compiled.nets.forEach((net, scenario) => {
        const demand = scenarioDemand(net, usedOf(topology));
        const before = placeScenario(compiled, net, demand, full).stuckBytes;
        const after = decision.placements?.[scenario] ?? placeScenario(compiled, net, demand, reserveBytes);
        expect(after.stuckBytes).toBeLessThanOrEqual(before);
      });
      expect((await withShrinkRules(policy, rules).decide(input)).reserveBytes).toEqual(reserveBytes);
    }
  });
});

describe('a plan under shrink rules', () => {
  it('is certified like any other, keeps what may not be given back and says why', async () => {
    const wanted = (await planFor(four)).hosts.map(({reserveBytes}) => reserveBytes);
    const held = wanted.map((bytes) => bytes + 40);
    const shrunk = await planFor(four, 'shared', {
      shrink: {...AT_ONCE, stepShare: 0.25},
      input: {
        topology: four,
        usedBytes: usedOf(four),
        forecast: {point: usedOf(four), samples: [usedOf(four)]},
        currentReserveBytes: Float64Array.from(held),
        settings: SETTINGS,
      },
    });
    expect(shrunk.feasible).toBe(true);
    expect(shrunk.settings.shrink).toEqual({...AT_ONCE, stepShare: 0.25});
    const total = sumOf(Float64Array.from(shrunk.hosts, ({reserveBytes}) => reserveBytes));
    expect(total).toBeLessThan(sumOf(Float64Array.from(held)));
    expect(total).toBeGreaterThan(sumOf(Float64Array.from(wanted)));
    expect(shrunk.changes.some(({reason}) => reason.endsWith('at most 25% at one time'))).toBe(true);
  });
});
