import {describe, expect, it} from 'vitest';

import {lintTopology} from '../../src/lib/topology/index.js';
import {checkTopology} from '../../src/lib/workflows/check-topology.js';
import {fromYaml} from './topology-files.js';

async function findings(body: string): Promise<readonly string[]> {
  return lintTopology(await fromYaml(body)).map(
    ({severity, code, at, message}) => `${severity} ${code} ${at}: ${message}`,
  );
}

/** Hosts a, b, c, ... each in the rack at its place; capacity 1TB. */
function racks(...places: readonly string[]): string {
  const hosts = places.map((rack, index) => {
    const id = String.fromCharCode('a'.charCodeAt(0) + index);
    return `  - {id: ${id}, capacity: 1TB, labels: {rack: ${rack}}}`;
  });
  return `hosts:\n${hosts.join('\n')}\n`;
}

describe('lintTopology', () => {
  it('finds nothing in a sound topology, whose hosts need not all be used', async () => {
    const volumes = 'volumes: [{id: v, replicas: [a, c], antiAffinity: [rack], used: 1GB}]';
    expect(await findings(`${racks('1', '1', '2', '3', '4')}${volumes}`)).toEqual([]);
  });

  it('says that D = r racks can never repair, and that D = r + 1 leave exactly one', async () => {
    const volumes = `volumes:
  - {id: two, replicas: [a, b], antiAffinity: [rack]}
  - {id: three, replicas: [a, b, c], antiAffinity: [rack]}`;
    const told = await findings(`${racks('1', '2', '3')}${volumes}`);
    expect(told).toContain(
      'error never-repairable rack: 1 volume with 3 replicas kept apart by rack, of which there are 3: never repairable after a loss, whatever is free: three',
    );
    expect(told).toContain(
      'warning one-class-left rack: 1 volume with 2 replicas kept apart by rack, of which there are 3: exactly one rack is left to repair on: two',
    );
    expect(told).toContain(
      'error no-eligible-target rack/1: no host is left that may take the lost copy of 1 volume: three',
    );
    expect(await findings(`${racks('1', '2', '3', '4', '5')}${volumes}`)).toEqual([]);
  });

  it('counts a host outside every rack as a place of its own', async () => {
    const topology = `hosts:
  - {id: a, capacity: 1TB, labels: {rack: 1}}
  - {id: b, capacity: 1TB, labels: {rack: 2}}
  - {id: c, capacity: 1TB}
volumes: [{id: v, replicas: [a, b], antiAffinity: [rack]}]`;
    const told = await findings(topology);
    expect(told.join('\n')).not.toContain('never-repairable');
    expect(told).toContain('warning unlabelled-host rack: no rack is given for 1 host: c');
  });

  it('tells of all copies within one boundary or scenario, and of copies that break their rule', async () => {
    const topology = `${racks('1', '1', '2', '3')}
scenarios: [{id: both, fails: [rack/2, rack/3]}]
volumes:
  - {id: near, replicas: [a, b], antiAffinity: [rack]}
  - {id: far, replicas: [c, d], antiAffinity: [rack]}`;
    const told = await findings(topology);
    expect(told).toContain('error data-loss rack/1: every copy is lost at once of 1 volume: near');
    expect(told).toContain('error data-loss both: every copy is lost at once of 1 volume: far');
    expect(told).toContain('error rule-broken near: the replicas on a and b share rack/1');
    expect(told.filter((line) => line.includes('data-loss'))).toHaveLength(2);
  });

  it('tells of single supplies, empty boundaries, and label kinds that are no boundary', async () => {
    const topology = `hosts:
  - {id: a, capacity: 1TB, labels: {feed: [x, y], room: 1}}
  - {id: b, capacity: 1TB, labels: {feed: x, room: 1}}
boundaries: [{kind: feed, needs: 1}, {kind: pdu, id: p, hosts: []}]`;
    expect(await findings(topology)).toEqual([
      'warning single-supply feed: a single feed where others have several for 1 host: b',
      'warning kind-not-a-boundary room: hosts are labelled with room, but it is not a boundary kind: its loss is not planned for',
      'warning empty-boundary pdu/p: the boundary matches no host',
    ]);
  });

  it('tells of hosts over the fill limit or their capacity, and of volumes over their size', async () => {
    const topology = `hosts:
  - {id: a, capacity: 1000, otherUsed: 500}
  - {id: b, capacity: 900}
  - {id: c, capacity: 800}
  - {id: d, capacity: 100}
volumes:
  - {id: v, replicas: [a, b], used: 850, provisioned: 800}
  - {id: w, replicas: [c, b], used: 10, provisioned: 10}`;
    expect(await findings(topology)).toEqual([
      'error over-capacity a: 1.32 KiB of 1000 B are used (135%), the fill limit is 900 B',
      'warning over-fill-limit b: 860 B of 900 B are used (96%), the fill limit is 810 B',
      'warning used-over-provisioned v: 850 B are used, but only 800 B provisioned',
    ]);
  });
});

describe('checkTopology', () => {
  it('counts what the topology has and what is wrong with it', async () => {
    expect(await checkTopology('fixtures/topologies/small')).toMatchObject({
      hostCount: 5,
      boundaryCount: 11,
      scenarioCount: 12,
      volumeCount: 4,
      errorCount: 2,
      warningCount: 2,
    });
  });
});
