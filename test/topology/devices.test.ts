import {describe, expect, it} from 'vitest';

import {lintTopology, readTopology} from '../../src/lib/topology/index.js';
import {checkTopology} from '../../src/lib/workflows/check-topology.js';
import {csvFolder, faultLines, fromYaml, yamlFile} from './topology-files.js';

const HOSTS = `hosts:
  - id: h1
    labels: {room: east, rack: r1}
    devices:
      - {id: nvme0, capacity: 1TB, tier: ssd}
      - {id: hdd0, capacity: 4TB, otherUsed: 1TB, tier: hdd}
  - {id: h2, capacity: 1TB, tier: ssd, labels: {room: east, rack: r2}}
  - id: h3
    tier: ssd
    labels: {room: west, rack: r3}
    devices: [{id: a, capacity: 1TB}, {id: b, capacity: 2TB}]
`;

describe('hosts with devices', () => {
  it('become one place a device, each a boundary of its own within that of its host and its racks', async () => {
    const topology = await fromYaml(`${HOSTS}volumes:
  - {id: v, replicas: [h1/nvme0, h2], tier: ssd, used: 1GB}`);
    expect(
      topology.hosts.map(({id, partOf, tier, capacityBytes, otherUsedBytes}) => [
        id,
        partOf,
        tier,
        capacityBytes,
        otherUsedBytes,
      ]),
    ).toEqual([
      ['h1/nvme0', 'h1', 'ssd', 1e12, 0],
      ['h1/hdd0', 'h1', 'hdd', 4e12, 1e12],
      ['h2', undefined, 'ssd', 1e12, 0],
      ['h3/a', 'h3', 'ssd', 1e12, 0],
      ['h3/b', 'h3', 'ssd', 2e12, 0],
    ]);
    expect(topology.boundaries.map(({id, hosts}) => `${id} ${hosts.join()}`)).toEqual([
      'room/east 0,1,2',
      'room/west 3,4',
      'rack/r1 0,1',
      'rack/r2 2',
      'rack/r3 3,4',
      'host/h1 0,1',
      'host/h2 2',
      'host/h3 3,4',
      'device/h1/nvme0 0',
      'device/h1/hdd0 1',
      'device/h3/a 3',
      'device/h3/b 4',
    ]);
    expect(topology.volumes[0]).toMatchObject({replicas: [0, 2], tier: 'ssd'});
  });

  it('are the same from CSV tables', async () => {
    const yaml = await fromYaml(
      `${HOSTS}volumes:
  - {id: v, replicas: [h1/nvme0, h2/x], antiAffinity: [rack], tier: ssd, used: 1GB}`.replace(
        '{id: h2, capacity: 1TB, tier: ssd, labels: {room: east, rack: r2}}',
        '{id: h2, labels: {room: east, rack: r2}, devices: [{id: x, capacity: 1TB, tier: ssd}]}',
      ),
    );
    const csv = await readTopology(
      await csvFolder({
        'hosts.csv': 'host,capacity,room,rack\nh1,,east,r1\nh2,,east,r2\nh3,,west,r3\n',
        'devices.csv':
          'host,device,capacity,other_used,tier\nh1,nvme0,1TB,,ssd\nh1,hdd0,4TB,1TB,hdd\nh2,x,1TB,,ssd\nh3,a,1TB,,ssd\nh3,b,2TB,,ssd\n',
        'volumes.csv': 'volume,replicas,anti_affinity,tier,used\nv,h1/nvme0;h2/x,rack,ssd,1GB\n',
      }),
    );
    expect(csv).toEqual(yaml);
  });

  it('are named in explicit boundaries as a whole or by device, and in replicas by device only', async () => {
    const topology = await fromYaml(`${HOSTS}boundaries:
  - {id: whole, kind: shelf, hosts: [h1, h3/b]}`);
    expect(topology.boundaries[0]).toMatchObject({id: 'shelf/whole', hosts: [0, 1, 4]});
    const file = await yamlFile(`kind: topology
version: 1
${HOSTS}boundaries:
  - {kind: device, id: d, hosts: [h1]}
volumes:
  - {id: v, replicas: [h1, h2], tier: nvme}
  - {id: w, replicas: [h1/sda, h2]}`);
    expect(await faultLines(file)).toEqual([
      'cluster.yaml:15 reserved-kind: the kind "device" is taken: every device is a boundary device/<id> by itself (use another name)',
      'cluster.yaml:17 which-device: volume "v" has a replica on host "h1", which has 2 devices (name the device: h1/nvme0, h1/hdd0)',
      'cluster.yaml:17 unknown-tier: volume "v" is of tier "nvme", which is not known (there are ssd, hdd)',
      'cluster.yaml:18 unknown-host: volume "w" has a replica on host "h1/sda", which is not known (there are h1, h1/nvme0, h1/hdd0, h2, h3)',
    ]);
  });

  it('have no capacity besides that of their devices, and devices need their host', async () => {
    const file = await yamlFile(`kind: topology
version: 1
hosts:
  - {id: h, capacity: 1TB, devices: [{id: a, capacity: 1TB}, {id: a, capacity: 1TB}]}`);
    expect(await faultLines(file)).toEqual([
      'cluster.yaml:4 space-told-twice: host "h" has devices and a capacity or other use of its own (state capacity and other use of each device, and none of the host)',
      'cluster.yaml:4 duplicate-id: host "h/a" is there twice, first at cluster.yaml:4 (rename one of them)',
    ]);
    const folder = await csvFolder({
      'hosts.csv': 'host,capacity\nh1,1TB\n',
      'devices.csv': 'host,device,capacity\nh2,a,1TB\n',
      'volumes.csv': 'volume,replicas\n',
    });
    expect((await faultLines(folder))[0]).toBe(
      'devices.csv:2 unknown-host: the device is in host "h2", which hosts.csv does not have (add the host there with its labels, and without a capacity)',
    );
  });

  it('are linted: copies in one host or on another tier, too few racks with the tier', async () => {
    const topology = await fromYaml(`${HOSTS}volumes:
  - {id: near, replicas: [h3/a, h3/b], used: 1GB}
  - {id: cold, replicas: [h1/hdd0, h2], tier: hdd, used: 1GB}
  - {id: fast, replicas: [h1/nvme0, h2], antiAffinity: [rack], tier: ssd, used: 1GB}`);
    const told = lintTopology(topology).map(
      ({code, about, at, message}) => `${code} ${about} ${at}: ${message}`,
    );
    expect(told).toContain('rule-broken volume near: the replicas on h3/a and h3/b share h3');
    expect(told).toContain('wrong-tier volume cold: a volume of tier hdd has copies on h2 (ssd)');
    expect(told).toContain(
      'one-class-left kind rack: 1 volume of tier ssd with 2 replicas kept apart by rack, of which there are 3: exactly one rack is left to repair on: fast',
    );
    expect(told).toContain(
      'no-eligible-target scenario host/h2: no host is left that may take the lost copy of 1 volume: cold',
    );
  });
});

describe('the place of a finding', () => {
  it('is the line where what it is about was stated', async () => {
    const file = await yamlFile(`kind: topology
version: 1
hosts:
  - {id: a, capacity: 1TB, labels: {rack: r1, room: x}}
  - {id: b, capacity: 1TB,
     labels: {rack: r2, room: x}}
boundaries:
  - kind: rack
scenarios:
  - {id: both, fails: [rack/r1, host/b]}
volumes:
  - {id: v, replicas: [a, b], antiAffinity: [rack], used: 2TB, provisioned: 1TB}`);
    const {findings} = await checkTopology(file);
    expect(
      findings.map(({code, at, place}) => `${code} ${at} ${place.slice(place.lastIndexOf(':'))}`),
    ).toEqual([
      'never-repairable rack :8',
      'no-eligible-target rack/r1 :4',
      'no-eligible-target rack/r2 :6',
      'no-eligible-target host/a :4',
      'no-eligible-target host/b :5',
      'data-loss both :10',
      'over-capacity a :4',
      'over-capacity b :5',
      'kind-not-a-boundary room :4',
      'used-over-provisioned v :12',
    ]);
  });
});
