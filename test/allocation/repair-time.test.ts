import {describe, expect, it} from 'vitest';

import {
  compileTopology,
  longestRepair,
  placedRepair,
  placeScenario,
  scenarioDemand,
} from '../../src/lib/allocation/index.js';
import {effort} from '../support/effort.js';
import {roomIn} from './plan-support.js';
import {randomTopology, topologyOf, usedOf} from './random-topology.js';

/** Four hosts in four racks, one of them two devices; two volumes on a and b. */
const FOUR = topologyOf({
  hosts: [
    {id: 'a', capacity: 1000, labels: {rack: ['r0']}},
    {id: 'b', capacity: 1000, labels: {rack: ['r1']}},
    {id: 'c', capacity: 1000, labels: {rack: ['r2']}},
    {
      id: 'd',
      devices: [
        {id: 'x', capacity: 1000},
        {id: 'y', capacity: 1000},
      ],
      labels: {rack: ['r3']},
    },
  ],
  volumes: [
    {id: 'large', replicas: ['a', 'b'], apart: ['rack'], used: 300},
    {id: 'small', replicas: ['a', 'b'], apart: ['rack'], used: 100},
  ],
});

describe('longestRepair', () => {
  const compiled = compileTopology(FOUR);
  const demands = compiled.nets.map((net) => scenarioDemand(net, usedOf(FOUR)));

  it('spreads the demand over hosts, devices of one as one, and adds one largest copy', () => {
    // 400 bytes on c and d at 10 bytes/s each: 20 s; 300 x (1 - 1/2) bytes more at 10 bytes/s: 15 s.
    expect(longestRepair(compiled, demands, roomIn(FOUR), 10)).toEqual({
      seconds: 35,
      scenario: 'rack/r0',
      demandBytes: 400,
      hostCount: 2,
    });
  });

  it('leaves out hosts without room, unless all are without', () => {
    const roomBytes = Float64Array.from(FOUR.hosts, ({id}) => (id === 'c' ? 0 : 1000));
    expect(longestRepair(compiled, demands, roomBytes, 10)).toMatchObject({seconds: 40, hostCount: 1});
    expect(longestRepair(compiled, demands, new Float64Array(5), 10)).toMatchObject({
      seconds: 35,
      hostCount: 2,
    });
  });
});

describe('placedRepair', () => {
  it('takes no longer than the bound where any host may take any copy and the emptiest takes the next', () => {
    let compared = 0;
    for (let seed = 0; seed < effort(200, 2000); seed += 1) {
      const topology = randomTopology(`repair ${seed}`);
      const compiled = compileTopology({
        ...topology,
        volumes: topology.volumes.map(({id, replicas, provisionedBytes, usedBytes}) => {
          return {id, replicas, antiAffinity: [], provisionedBytes, usedBytes};
        }),
      });
      const demands = compiled.nets.map((net) => scenarioDemand(net, usedOf(topology)));
      const plenty = new Float64Array(topology.hosts.length).fill(1e15);
      for (const [scenario, net] of compiled.nets.entries()) {
        const [group, ...others] = net.groupHosts;
        const demand = demands[scenario];
        if (group === undefined || others.length > 0 || demand === undefined || net.losesSeveral) continue;
        const only = compiled.nets.map((_, index) =>
          index === scenario ? demand : {...demand, totalBytes: 0},
        );
        const placement = placeScenario(compiled, net, demand, plenty);
        const placed = placedRepair(compiled, demands, [placement], 1000);
        if (placed === undefined || topology.hosts.some(({partOf}) => partOf !== undefined)) continue;
        compared += 1;
        expect(placed.seconds).toBeLessThanOrEqual(longestRepair(compiled, only, plenty, 1000).seconds + 1);
      }
    }
    expect(compared).toBeGreaterThan(100);
  });
});
