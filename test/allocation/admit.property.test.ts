import {expect, it} from 'vitest';

import {admitVolumes, type NewVolumes, withNewVolumes} from '../../src/lib/allocation/index.js';
import {createRandom, type Random} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {effort} from '../support/effort.js';
import {BASIS, launchesOf, situationOf} from './admit-support.js';
import {losesEverything, placementExists} from './brute-force.js';
import {planFor, roomIn, SETTINGS} from './plan-support.js';
import {randomTopology, usedOf} from './random-topology.js';

function repairable(topology: Topology): boolean {
  const used = usedOf(topology);
  const room = roomIn(topology, used);
  return topology.scenarios.every(
    (_, scenario) =>
      losesEverything(topology, scenario).length === 0 && placementExists(topology, scenario, used, room),
  );
}

function keepsRules(topology: Topology, volume: number): boolean {
  const {replicas, antiAffinity} = topology.volumes[volume]!;
  return replicas.every((left, at) =>
    replicas
      .slice(0, at)
      .every(
        (right) =>
          left !== right &&
          !topology.boundaries.some(
            ({kind, hosts}) => antiAffinity.includes(kind) && hosts.includes(left) && hosts.includes(right),
          ),
      ),
  );
}

/** Every pair of hosts for one volume of two copies, tried against brute force. */
function anyPairWorks(topology: Topology, wanted: NewVolumes): boolean {
  const room = roomIn(topology);
  const hosts = [...topology.hosts.keys()].filter((host) => room[host]! >= wanted.copyBytes);
  return hosts.some((left) =>
    hosts.some((right) => {
      if (right <= left) return false;
      const withIt = withNewVolumes(topology, wanted, [[left, right]]);
      return keepsRules(withIt, withIt.volumes.length - 1) && repairable(withIt);
    }),
  );
}

/** Random topologies have little room: most of them cannot be repaired even without new volumes. */
function roomier(topology: Topology, random: Random): Topology {
  const factor = 1 + 2 * random.next();
  const hosts = topology.hosts.map((host) => ({
    ...host,
    capacityBytes: Math.ceil(factor * host.capacityBytes),
  }));
  return {...topology, hosts};
}

it('admits only what every scenario survives, by brute force, and says no only where no pair of hosts would do', async () => {
  let [yes, no, missed] = [0, 0, 0];
  for (let seed = 0; seed < effort(12, 800); seed += 1) {
    const random = createRandom(seed);
    const topology = roomier(randomTopology(`admit ${seed}`), random);
    const unit = Math.max(...usedOf(topology)) / 4;
    const wanted = {
      count: 1,
      copyBytes: Math.ceil(unit * (1 + random.below(4))),
      replicas: 2,
      antiAffinity: random.below(2) === 0 ? ['rack'] : [],
    };
    const {admitted, placements, most, firstBreak} = await admitVolumes(situationOf(topology), wanted, BASIS);
    const hosts = placements.map((one) =>
      one.hosts.map((id) => topology.hosts.findIndex((host) => host.id === id)),
    );
    if (admitted) {
      yes += 1;
      const withThem = withNewVolumes(topology, wanted, hosts);
      expect(hosts).toHaveLength(1);
      expect(keepsRules(withThem, withThem.volumes.length - 1)).toBe(true);
      expect(repairable(withThem)).toBe(true);
      expect(most).toBeGreaterThanOrEqual(1);
    } else {
      expect({most, hosts}).toEqual({most: 0, hosts: []});
      expect(firstBreak?.message).toMatch(/\S/);
      if (anyPairWorks(topology, wanted)) missed += 1;
      else no += 1;
    }
  }
  expect(Math.min(yes, no)).toBeGreaterThan(1);
  expect(missed).toBe(0);
});

it('with volumes that are yet to come, admits only as many as leave them room by a plan', async () => {
  let [yes, fewer] = [0, 0];
  for (let seed = 0; yes < effort(4, 200); seed += 1) {
    const random = createRandom(`to come ${seed}`);
    const topology = roomier(randomTopology(`to come ${seed}`), random);
    if (!repairable(topology)) continue;
    const copyBytes = Math.max(...usedOf(topology));
    const wanted = {count: 1, copyBytes, replicas: 2, antiAffinity: []};
    const launches = launchesOf(topology, copyBytes * (1 + random.below(8)), copyBytes);
    const situation = {...situationOf(topology), launches};
    const {most} = await admitVolumes(situation, wanted, BASIS);
    if (most === 0) continue;
    yes += 1;
    const {admitted, placements} = await admitVolumes(situation, {...wanted, count: most}, BASIS);
    expect(admitted).toBe(true);
    const hosts = placements.map((one) =>
      one.hosts.map((id) => topology.hosts.findIndex((host) => host.id === id)),
    );
    const withThem = withNewVolumes(topology, wanted, hosts);
    const usedBytes = usedOf(withThem);
    const plan = await planFor(withThem, 'shared', {
      input: {
        ...{topology: withThem, usedBytes, forecast: {point: usedBytes, samples: [usedBytes]}},
        ...{currentReserveBytes: new Float64Array(topology.hosts.length), settings: SETTINGS},
        launches: () => launches.demands,
      },
      launches: launches.told,
    });
    expect(plan).toMatchObject({feasible: true, launches: {shortBytes: 0}});
    if (most < (await admitVolumes(situationOf(topology), wanted, BASIS)).most) fewer += 1;
  }
  expect(fewer).toBeGreaterThan(yes / 4);
});
