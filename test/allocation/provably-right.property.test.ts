import {describe, expect, it} from 'vitest';

import {hasCertificate, verifyPlan} from '../../src/lib/allocation/index.js';
import {bytesFit, losesEverything, placementExists} from './brute-force.js';
import {effort} from '../support/effort.js';
import {planFor, roomIn} from './plan-support.js';
import {randomTopology, usedOf} from './random-topology.js';

const CASES = effort(150, 10_000);

describe('shared, over random topologies with overlapping boundaries', () => {
  it('covers exactly the scenarios for which trying every placement in the whole room finds one', async () => {
    const seen = {feasible: 0, cut: 0, lost: 0, whole: 0, devices: 0};
    for (let seed = 0; seed < CASES; seed += 1) {
      const topology = randomTopology(seed);
      const plan = await planFor(topology);
      const [used, room] = [usedOf(topology), roomIn(topology)];
      const reserve = Float64Array.from(plan.hosts, ({reserveBytes}) => reserveBytes);
      topology.scenarios.forEach(({id}, scenario) => {
        const told = plan.uncovered.filter((uncovered) => uncovered.scenario === id);
        const isLost = losesEverything(topology, scenario).length > 0;
        const canBePlaced = placementExists(topology, scenario, used, room);
        expect(told.length > 0, `seed ${seed} ${id}`).toBe(!canBePlaced || isLost);
        if (told.length === 0) {
          expect(placementExists(topology, scenario, used, reserve), `seed ${seed} ${id}`).toBe(true);
        }
        const isCut = told.some(({message}) => /^if .* fails, \d+ volumes? needs? /.test(message));
        expect(isCut, `seed ${seed} ${id}`).toBe(!bytesFit(topology, scenario, used, room));
        seen.cut += Number(isCut);
        seen.lost += Number(isLost);
        seen.whole += Number(!isCut && !canBePlaced);
      });
      expect(plan.feasible, `seed ${seed}`).toBe(plan.uncovered.length === 0);
      const problems = hasCertificate(plan) ? verifyPlan(plan, topology) : ['no certificate'];
      expect(problems.length === 0, `seed ${seed}: ${JSON.stringify(problems)}`).toBe(plan.feasible);
      seen.devices += Number(topology.hosts.some(({partOf}) => partOf !== undefined));
      seen.feasible += Number(plan.feasible);
    }
    // The claims are worth something only if every kind of case is among them, often.
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(0.05 * CASES);
  });

  it('stays feasible when a host gets more room', async () => {
    let tried = 0;
    for (let seed = 0; tried < effort(20, 60); seed += 1) {
      const topology = randomTopology(`room ${seed}`);
      if (!(await planFor(topology)).feasible) continue;
      tried += 1;
      const roomier = topology.hosts.map((host, index) =>
        index === seed % topology.hosts.length ? {...host, capacityBytes: host.capacityBytes * 2 + 10} : host,
      );
      expect((await planFor({...topology, hosts: roomier})).feasible, `seed ${seed}`).toBe(true);
    }
  });
});
