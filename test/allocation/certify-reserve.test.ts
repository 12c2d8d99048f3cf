import {expect, test} from 'vitest';

import {
  certifyReserve,
  checkCertificate,
  compileTopology,
  hostUse,
  roomOf,
  scenarioDemand,
  searchLeastReserve,
} from '../../src/lib/allocation/index.js';
import {createRandom, type Random} from '../../src/lib/core/index.js';
import {sumOf} from './plan-support.js';
import {topologyOf, type TopologyText} from './random-topology.js';

const HOSTS = 24;
const VOLUMES = 400;

test('a few copies whose hosts are full cost little more than they hold: others make room for them', async () => {
  for (let seed = 0; seed < 7; seed += 1) {
    const random = createRandom(`full hosts ${seed}`);
    const used = Array.from({length: VOLUMES}, () => Math.round(1000 * Math.exp(random.normal())));
    const replicas = used.map(() => drawPair(random));
    const topology = topologyOf({
      hosts: Array.from({length: HOSTS}, (_, host) => ({
        id: `h${host}`,
        capacity: usedOn(host, replicas, used) + Math.round(25_000 * Math.exp(random.normal())),
      })),
      boundaries: [...boundariesOf('rack', rackOf, 6), ...boundariesOf('feed', feedOf, 4)],
      hostBoundaries: false,
      volumes: replicas.map((hosts, volume) => ({
        id: `v${volume}`,
        replicas: hosts.map((host) => `h${host}`),
        used: used[volume]!,
        apart: ['rack', 'feed'],
      })),
    });
    const compiled = compileTopology(topology);
    const roomBytes = roomOf(compiled, hostUse(compiled, used));
    const demands = compiled.nets.map((net) => scenarioDemand(net, used));
    const search = await searchLeastReserve(compiled, demands, roomBytes);
    const least = search.least().reserveBytes;
    const shortCount = search.shortages.length;
    search.dispose();
    const certified = certifyReserve(compiled, demands, least, roomBytes);
    expect([shortCount, certified.stuckBytes]).toEqual([0, 0]);
    expect(certified.totalBytes / sumOf(least), `seed ${seed}`).toBeLessThan(1.01);
    const violations = checkCertificate({
      topology,
      volumeBytes: used,
      scenarioFactor: topology.scenarios.map(() => 1),
      hostUsedBytes: hostUse(compiled, used),
      reserveBytes: certified.reserveBytes,
      certificate: certified.placements.map(({scenario, volumes, hosts}) => ({
        scenario: topology.scenarios[scenario]!.id,
        placements: Array.from(volumes, (volume, item) => [`v${volume}`, `h${hosts[item]!}`] as const),
      })),
    });
    expect(violations).toEqual([]);
  }
});

function usedOn(host: number, replicas: readonly (readonly number[])[], used: readonly number[]): number {
  return used.reduce((sum, bytes, volume) => sum + (replicas[volume]!.includes(host) ? bytes : 0), 0);
}

const rackOf = (host: number): number => host % 6;
const feedOf = (host: number): number => Math.floor(host / 6);

function boundariesOf(
  kind: string,
  of: (host: number) => number,
  count: number,
): NonNullable<TopologyText['boundaries']> {
  return Array.from({length: count}, (_, index) => ({
    kind,
    id: `${kind}${index}`,
    hosts: Array.from({length: HOSTS}, (_, host) => host)
      .filter((host) => of(host) === index)
      .map((host) => `h${host}`),
  }));
}

function drawPair(random: Random): readonly number[] {
  for (;;) {
    const [one, other] = [random.below(HOSTS), random.below(HOSTS)];
    if (rackOf(one) !== rackOf(other) && feedOf(one) !== feedOf(other)) return [one, other];
  }
}
