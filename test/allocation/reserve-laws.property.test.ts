import {describe, expect, it} from 'vitest';

import {
  allocationPolicy,
  compileTopology,
  type LaunchDemand,
  routeDemand,
  type SafetySettings,
  scenarioDemand,
} from '../../src/lib/allocation/index.js';
import {createRandom, type Random} from '../../src/lib/core/index.js';
import type {FailureScenario, Topology} from '../../src/lib/topology/index.js';
import {effort} from '../support/effort.js';
import {bytesFit} from './brute-force.js';
import {type Least, leastAt, leastFor, planFor, roomIn, SETTINGS, sumOf} from './plan-support.js';
import {randomTopology, usedOf} from './random-topology.js';

/** Topologies in all; each is held to one law, in turn. */
const CASES = effort(150, 10_000);
/** The program's total is within a ten-millionth, and each host is rounded up to whole bytes. */
const TOLERANCE = 1 + 1e-7;

interface Case {
  readonly topology: Topology;
  /** Of volumes cut into bytes; every scenario fits into the room. */
  readonly least: Least;
  readonly random: Random;
}

/** Says whether it had something to compare. The laws are of the reserve for volumes cut into bytes unless they say. */
type Law = (given: Case) => boolean | Promise<boolean>;

function expectAtMost(low: Least, high: Least): void {
  const hosts = Math.max(low.reserveBytes.length, high.reserveBytes.length);
  expect(low.totalBytes).toBeLessThanOrEqual(high.totalBytes * TOLERANCE + hosts);
}

function allFit(topology: Topology, limit: Float64Array): boolean {
  return topology.scenarios.every((_, scenario) => bytesFit(topology, scenario, usedOf(topology), limit));
}

const LAWS: Readonly<Record<string, Law>> = {
  'no host can do with less: what is taken from one beyond rounding makes some scenario fail': ({
    topology,
    least,
    random,
  }) => {
    const held = [...least.reserveBytes.keys()].filter((host) => least.reserveBytes[host]! > 0);
    const slack = Math.ceil(least.totalBytes * (TOLERANCE - 1)) + least.reserveBytes.length + 1;
    const tight = held.filter((host) => least.reserveBytes[host]! >= slack);
    if (tight.length === 0) return false;
    const reserve = least.reserveBytes.slice();
    reserve[tight[random.below(tight.length)]!]! -= slack;
    expect(allFit(topology, least.reserveBytes)).toBe(true);
    expect(allFit(topology, reserve)).toBe(false);
    return true;
  },
  'breaking anti-affinity to heal never needs more': async ({topology, least}) => {
    const volumes = topology.volumes.map((volume) => ({...volume, antiAffinity: []}));
    const relaxed = await leastFor({...topology, volumes});
    expect(relaxed.shortCount).toBe(0);
    expectAtMost(relaxed, least);
    return true;
  },
  'another host never raises what the old scenarios need': async ({topology, least, random}) => {
    const capacityBytes = 1 + random.below(1e9);
    const tier = topology.hosts[0]!.tier;
    const host = {id: 'new', capacityBytes, otherUsedBytes: 0, labels: new Map(), ...(tier && {tier})};
    const more = await leastFor({...topology, hosts: [...topology.hosts, host]});
    expect(more.shortCount).toBe(0);
    expectAtMost(more, least);
    return true;
  },
  // Which hosts hold it may differ, since whole bytes are rounded before cuts are looked for; the total may not.
  'a doubled cluster needs twice as much in all': async ({topology, least}) => {
    const double = (values: Float64Array): Float64Array => values.map((value) => value * 2);
    const twice = await leastFor(topology, double(usedOf(topology)), double(roomIn(topology)));
    expect(twice.shortCount).toBe(0);
    expectAtMost(twice, {...least, totalBytes: 2 * least.totalBytes});
    const hosts = topology.hosts.length;
    expect(2 * least.totalBytes).toBeLessThanOrEqual(twice.totalBytes * TOLERANCE + 2 * hosts);
    return true;
  },
  'another scenario never lowers it': async ({topology, least, random}) => {
    const [one, other] = [0, 0].map(() => topology.boundaries[random.below(topology.boundaries.length)]!);
    const hosts = [...new Set([...one!.hosts, ...other!.hosts])].sort((left, right) => left - right);
    const both: FailureScenario = {id: 'both', boundaries: [one!.id, other!.id], hosts};
    const harder = await leastFor({...topology, scenarios: [...topology.scenarios, both]});
    if (harder.shortCount > 0) return false;
    expectAtMost(least, harder);
    return true;
  },
  'leaving out a scenario or an anti-affinity kind never raises it': async ({topology, least, random}) => {
    const {scenarios, volumes} = topology;
    const left = random.below(scenarios.length);
    const fewer = await leastFor({...topology, scenarios: scenarios.filter((_, index) => index !== left)});
    expectAtMost(fewer, least);
    const kind = ['rack', 'feed', 'pdu'][random.below(3)]!;
    const loose = volumes.map((volume) => ({
      ...volume,
      antiAffinity: volume.antiAffinity.filter((one) => one !== kind),
    }));
    const looser = await leastFor({...topology, volumes: loose});
    expect(looser.shortCount).toBe(0);
    expectAtMost(looser, least);
    return volumes.some(({antiAffinity}) => antiAffinity.includes(kind));
  },
  'a larger fill limit never raises it, nor makes a scenario infeasible': async ({
    topology,
    least,
    random,
  }) => {
    const tighter = await leastFor({...topology, fillLimit: 1 - 0.3 * random.next()});
    if (tighter.shortCount > 0) return false;
    expectAtMost(least, tighter);
    return true;
  },
  'smaller volumes in the same room never raise it, in proportion': async ({topology, least, random}) => {
    const room = roomIn(topology);
    const share = random.next();
    const smaller = await leastFor(
      topology,
      usedOf(topology).map((bytes) => Math.floor(share * bytes)),
      room,
    );
    expect(smaller.shortCount).toBe(0);
    expectAtMost(smaller, {...least, totalBytes: share * least.totalBytes});
    return true;
  },
  'more room never makes a scenario infeasible, nor raises it; nor do whole volumes become uncoverable':
    async ({topology, least, random}) => {
      const host = random.below(topology.hosts.length);
      const hosts = topology.hosts.map((one, index) =>
        index === host ? {...one, capacityBytes: one.capacityBytes * 2 + 10} : one,
      );
      const roomier = await leastFor({...topology, hosts});
      expect(roomier.shortCount).toBe(0);
      expectAtMost(roomier, least);
      const before = await planFor(topology);
      if (before.feasible) expect((await planFor({...topology, hosts})).feasible).toBe(true);
      return true;
    },
  'a volume that grows never lowers it': async ({topology, least, random}) => {
    const smaller = usedOf(topology);
    const volume = random.below(smaller.length);
    smaller[volume] = Math.floor(smaller[volume]! / 2);
    expectAtMost(await leastFor(topology, smaller, roomIn(topology)), least);
    return true;
  },
  'a volume that goes never raises it': async ({topology, least, random}) => {
    const gone = random.below(topology.volumes.length);
    const volumes = topology.volumes.filter((_, volume) => volume !== gone);
    const fewer = await leastFor({...topology, volumes});
    expect(fewer.shortCount).toBe(0);
    expectAtMost(fewer, least);
    return true;
  },
  'one more replica of a volume never lowers it': async ({topology, least, random}) => {
    const chosen = random.below(topology.volumes.length);
    const {replicas} = topology.volumes[chosen]!;
    const free = [...topology.hosts.keys()].filter((host) => !replicas.includes(host));
    if (free.length === 0) return false;
    const host = free[random.below(free.length)]!;
    const volumes = topology.volumes.map((volume, index) =>
      index === chosen ? {...volume, replicas: [...replicas, host].sort((a, b) => a - b)} : volume,
    );
    const used = usedOf(topology);
    const room = roomIn(topology);
    room[host] = Math.max(0, room[host]! - used[chosen]!);
    const more = await leastFor({...topology, volumes}, used, room);
    if (more.shortCount > 0) return false;
    expectAtMost(least, more);
    return true;
  },
  'volumes that may lie on any tier never need more than those kept to one': async ({topology, random}) => {
    const hosts = topology.hosts.map((host) => ({...host, tier: random.next() < 0.8 ? 'ssd' : 'hdd'}));
    const without = topology.volumes.map(({id, replicas, antiAffinity, provisionedBytes, usedBytes}) => ({
      ...{id, replicas, antiAffinity, provisionedBytes, usedBytes},
    }));
    const kept = await leastFor({...topology, hosts, volumes: without.map((one) => ({...one, tier: 'ssd'}))});
    if (kept.shortCount > 0) return false;
    const freer = await leastFor({...topology, hosts, volumes: without});
    expect(freer.shortCount).toBe(0);
    expectAtMost(freer, kept);
    return true;
  },
  'a lower level or fixed factor, of all or of one kind, never raises it, nor makes a scenario infeasible':
    async ({topology, random}) => {
      const used = usedOf(topology);
      const samples = Array.from({length: 20}, () =>
        used.map((bytes) => bytes * (0.5 + 0.6 * random.next() ** 2)),
      );
      const forecast = {point: used.map((bytes) => 0.6 * bytes), samples};
      const rises: readonly (readonly [SafetySettings, SafetySettings])[] = [
        [{level: 0.5}, {level: 0.9}],
        [{level: 0.5}, {level: 0.5, levels: {rack: 0.9}}],
        [{level: 0.9, levels: {feed: 0.5}}, {level: 0.9}],
        [
          {level: 0.9, fixedFactor: 1},
          {level: 0.5, fixedFactor: 1.3},
        ],
        [
          {level: 0.9, fixedFactor: 1},
          {level: 0.5, fixedFactor: 1, fixedFactors: {rack: 1.3}},
        ],
      ];
      const [low, high] = rises[random.below(rises.length)]!;
      const safer = await leastAt(topology, forecast, high);
      if (safer.shortCount > 0) return false;
      const bolder = await leastAt(topology, forecast, low);
      expect(bolder.shortCount).toBe(0);
      expectAtMost(bolder, safer);
      return safer.totalBytes > bolder.totalBytes;
    },
  'volumes that are yet to come never lower it, nor do more of them': async ({topology, random}) => {
    const usedBytes = usedOf(topology);
    const copyBytes = Math.max(...usedBytes);
    const demandOf = (share: number): LaunchDemand => ({
      copyBytes,
      scenarioBytes: new Float64Array(topology.scenarios.length).fill(Math.floor(share * copyBytes)),
    });
    const share = 3 * random.next();
    const held = async (launches: readonly LaunchDemand[]): Promise<number> => {
      const forecast = {point: usedBytes, samples: [usedBytes]};
      const currentReserveBytes = new Float64Array(topology.hosts.length);
      const {reserveBytes} = await allocationPolicy('shared').decide({
        ...{topology, usedBytes, forecast, currentReserveBytes, settings: SETTINGS},
        launches: () => launches,
      });
      return sumOf(reserveBytes);
    };
    const totals = [await held([]), await held([demandOf(share)]), await held([demandOf(2 * share)])];
    for (const [at, total] of totals.slice(1).entries())
      expect(totals[at]).toBeLessThanOrEqual(total * TOLERANCE + topology.hosts.length);
    return totals[2]! > totals[0]!;
  },
  'other names and another order change nothing': async ({topology, least, random}) => {
    const shuffled = shuffle(topology, random);
    const again = await leastFor(shuffled);
    expect(again.shortCount).toBe(0);
    expectAtMost(again, least);
    expectAtMost(least, again);
    return true;
  },
  'whole volumes: the plan is never below it, and a byte less on any host is refused': async ({
    topology,
    least,
  }) => {
    const plan = await planFor(topology);
    if (!plan.feasible) return false;
    const total = plan.hosts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0);
    expect(least.totalBytes).toBeLessThanOrEqual(total * TOLERANCE + topology.hosts.length);
    const load = plan.certificate!.map(({placements}) => {
      const byHost = new Map<string, number>();
      for (const [volume, host] of placements) {
        const bytes = plan.volumes!.find((row) => row.volume === volume)!.bytes;
        byHost.set(host, (byHost.get(host) ?? 0) + bytes);
      }
      return byHost;
    });
    for (const {host, reserveBytes} of plan.hosts) {
      expect(Math.max(0, ...load.map((byHost) => byHost.get(host) ?? 0))).toBe(reserveBytes);
    }
    return true;
  },
  'the bytes left over by a maximum flow are those of its cut': ({topology, random}) => {
    const compiled = compileTopology(topology);
    const net = compiled.nets[random.below(compiled.nets.length)]!;
    const {groupBytes, totalBytes} = scenarioDemand(net, usedOf(topology));
    const limit = roomIn(topology).map((bytes) => Math.floor(0.3 * bytes * random.next()));
    const {placedBytes, shortGroups, shortClasses, sent} = routeDemand(net, groupBytes, limit);
    const hosts = shortClasses.flatMap((index) => [...net.classHosts[index]!]);
    const sumAt = (values: Float64Array, at: readonly number[]): number =>
      at.reduce((sum, index) => sum + values[index]!, 0);
    expect(totalBytes - placedBytes).toBe(Math.max(0, sumAt(groupBytes, shortGroups) - sumAt(limit, hosts)));
    expect(sent.reduce((sum, {bytes}) => sum + bytes, 0)).toBe(placedBytes);
    return totalBytes > placedBytes;
  },
};

function shuffle(topology: Topology, random: Random): Topology {
  const order = topology.hosts.map((_, host) => ({host, key: random.next()})).sort((a, b) => a.key - b.key);
  const newIndex = new Map(order.map(({host}, index) => [host, index]));
  const moved = (hosts: readonly number[]): number[] =>
    hosts.map((host) => newIndex.get(host)!).sort((left, right) => left - right);
  return {
    ...topology,
    hosts: order.map(({host}, index) => ({...topology.hosts[host]!, id: `renamed ${index}`})),
    boundaries: topology.boundaries.map((one) => ({...one, hosts: moved(one.hosts)})).reverse(),
    scenarios: topology.scenarios.map((one) => ({...one, hosts: moved(one.hosts)})).reverse(),
    volumes: topology.volumes
      .map((one) => ({...one, id: `r ${one.id}`, replicas: moved(one.replicas)}))
      .reverse(),
  };
}

describe('the least reserve', () => {
  const laws = Object.entries(LAWS);
  for (const [index, [name, law]] of laws.entries()) {
    it(name, async () => {
      const wanted = Math.ceil(CASES / laws.length);
      let compared = 0;
      for (let seed = index, tried = 0; tried < wanted; seed += laws.length) {
        const topology = randomTopology(`law ${seed}`);
        if (!allFit(topology, roomIn(topology))) continue;
        tried += 1;
        const given = {
          topology,
          least: await leastFor(topology),
          random: createRandom(`law ${name} ${seed}`),
        };
        try {
          compared += Number(await law(given));
        } catch (error) {
          throw new Error(`seed ${seed}`, {cause: error});
        }
      }
      expect(compared).toBeGreaterThan(wanted / 8);
    });
  }
});
