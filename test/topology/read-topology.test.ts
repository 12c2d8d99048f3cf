import {readFile} from 'node:fs/promises';

import {describe, expect, it} from 'vitest';

import {canonicalJson} from '../../src/lib/core/index.js';
import {readTopology, type Topology} from '../../src/lib/topology/index.js';
import {csvFolder, faultLines, fromYaml, yamlFile} from './topology-files.js';

const FIXTURES = 'fixtures/topologies';

function plain({serial, hosts, ...rest}: Topology): unknown {
  return {serial, ...rest, hosts: hosts.map((host) => ({...host, labels: [...host.labels]}))};
}

describe('readTopology', () => {
  it.each(['small.yaml', 'small'])('reads %s as its golden file says', async (name) => {
    const golden: unknown = JSON.parse(await readFile(`${FIXTURES}/small.expected.json`, 'utf8'));
    const topology: unknown = JSON.parse(canonicalJson(plain(await readTopology(`${FIXTURES}/${name}`))));
    expect(topology).toEqual(golden);
  });

  it('lets a host fail only when fewer of its supplies are left than it needs', async () => {
    const feeds = (needs: string): string => `
hosts:
  - {id: dual, capacity: 1TB, labels: {feed: [a, b]}}
  - {id: triple, capacity: 1TB, labels: {feed: [a, b, c]}}
  - {id: single, capacity: 1TB, labels: {feed: a}}
boundaries: [{kind: feed${needs}}]
scenarios:
  - {id: ab, fails: [feed/a, feed/b]}
  - {id: bc, fails: [feed/b, feed/c]}
  - {id: all, fails: [feed/a, feed/b, feed/c]}
hostBoundaries: false`;
    const lost = async (needs: string): Promise<Record<string, string>> => {
      const {scenarios, hosts} = await fromYaml(feeds(needs));
      return Object.fromEntries(
        scenarios.map(({id, hosts: failed}) => [id, failed.map((host) => hosts[host]?.id).join(' ')]),
      );
    };
    expect(await lost(', needs: 1')).toEqual({
      'feed/a': 'single',
      'feed/b': '',
      'feed/c': '',
      ab: 'dual single',
      bc: '',
      all: 'dual triple single',
    });
    // A host that has no more supplies than it needs dies with any of them.
    expect(await lost(', needs: 2')).toEqual({
      'feed/a': 'dual single',
      'feed/b': 'dual',
      'feed/c': '',
      ab: 'dual triple single',
      bc: 'dual triple',
      all: 'dual triple single',
    });
    expect((await lost(''))['feed/c']).toBe('triple');
  });

  it('reads what it states for plans, alike in YAML and CSV, and refuses what is no rate', async () => {
    const hosts = 'hosts: [{id: a, capacity: 1TB}]';
    const stated = {recoveryBytesPerSecond: 200e6};
    const yaml = await fromYaml(`\nrecoveryRate: 200MB/s\n${hosts}`);
    expect(yaml).toMatchObject(stated);
    const tables = {'hosts.csv': 'host,capacity\na,1TB\n', 'volumes.csv': 'volume,replicas\n'};
    const settings = 'setting,value\nrecovery_rate,200MB/s\n';
    const csv = await readTopology(await csvFolder({...tables, 'settings.csv': settings}));
    expect(csv).toMatchObject(stated);
    expect(csv.serial).toBe(yaml.serial);
    expect((await fromYaml(`\n${hosts}`)).serial).not.toBe(yaml.serial);
    const faults = await faultLines(
      await yamlFile(`kind: topology\nversion: 1\nrecoveryRate: 200Mb/s\n${hosts}`),
    );
    expect(faults).toEqual([
      'cluster.yaml:3 bad-rate: recoveryRate is not so many bytes a second: "200Mb/s" (write it like 200MB/s)',
    ]);
  });

  it('reads weights of priority, alike in YAML and CSV, and refuses what is no weight', async () => {
    const hosts = 'hosts: [{id: a, capacity: 1TB}]';
    const yaml = await fromYaml(`\npriority: {growth: 2, access: 0.5}\n${hosts}`);
    expect(yaml.priority).toEqual({growth: 2, access: 0.5});
    const tables = {'hosts.csv': 'host,capacity\na,1TB\n', 'volumes.csv': 'volume,replicas\n'};
    const settings = 'setting,value\npriority_growth,2\npriority_access,0.5\n';
    const csv = await readTopology(await csvFolder({...tables, 'settings.csv': settings}));
    expect(csv.serial).toBe(yaml.serial);
    expect((await fromYaml(`\npriority: {access: 1}\n${hosts}`)).priority).toEqual({growth: 0, access: 1});
    expect((await fromYaml(`\n${hosts}`)).priority).toBeUndefined();
    const faults = await faultLines(
      await yamlFile(`kind: topology\nversion: 1\npriority: {growth: -1, acces: 1}\n${hosts}`),
    );
    expect(faults).toEqual([
      'cluster.yaml:3 unknown-key: priority has the unknown key "acces" (did you mean "access"?)',
      'cluster.yaml:3 bad-weight: a weight of priority is no number from 0 on: "-1" (write a number such as 1 or 0.5; 0 leaves it out)',
    ]);
  });

  it('makes every label kind a boundary kind when none is stated, and every host a boundary', async () => {
    const {boundaries} = await fromYaml('hosts: [{id: h, capacity: 1, labels: {rack: r, room: [x]}}]');
    expect(boundaries.map(({id}) => id)).toEqual(['rack/r', 'room/x', 'host/h']);
  });

  it('takes names as they are written, whatever they mean elsewhere', async () => {
    const {hosts, volumes, boundaries} = await fromYaml(`
hosts:
  - {id: 007, capacity: 1e3, labels: {__proto__: constructor}}
  - {id: yes, capacity: 2, labels: {__proto__: "a/b\\nc"}}
volumes:
  - {id: toString, replicas: [007, yes], antiAffinity: [__proto__]}`);
    expect(hosts.map(({id, capacityBytes}) => [id, capacityBytes])).toEqual([
      ['007', 1000],
      ['yes', 2],
    ]);
    expect(boundaries.slice(0, 2).map(({id}) => id)).toEqual(['__proto__/constructor', '__proto__/a/b\nc']);
    expect(volumes).toEqual([
      {
        id: 'toString',
        replicas: [0, 1],
        antiAffinity: ['__proto__'],
        provisionedBytes: undefined,
        usedBytes: undefined,
      },
    ]);
  });

  it('changes the serial with anything in it, and not without', async () => {
    const text = (used: number): string => `
hosts: [{id: h, capacity: 1TB}, {id: i, capacity: 1TB}]
volumes: [{id: v, replicas: [h, i], used: ${used}}]`;
    const [first, again, other] = await Promise.all([
      fromYaml(text(1)),
      fromYaml(text(1)),
      fromYaml(text(2)),
    ]);
    expect(again.serial).toBe(first.serial);
    expect(other.serial).not.toBe(first.serial);
  });

  it('reads anchors and JSON', async () => {
    const file = await yamlFile(
      JSON.stringify({
        kind: 'topology',
        version: 1,
        hosts: [{id: 'h', capacity: '1TiB', labels: {rack: 'r'}}],
      }),
    );
    expect((await readTopology(file)).hosts[0]?.capacityBytes).toBe(2 ** 40);
    const shared = await fromYaml(`
hosts:
  - {id: h, capacity: &size 1TiB, labels: &where {rack: r}}
  - {id: i, capacity: *size, labels: *where}`);
    expect(shared.boundaries[0]).toMatchObject({id: 'rack/r', hosts: [0, 1]});
  });
});

describe('faults of a YAML topology', () => {
  it('are reported all together, each with line, field, value and what to do', async () => {
    const file = await yamlFile(`kind: topology
version: 1
fillLimit: 1.5
hostBoundaries: maybe
hosts:
  - {id: host-1, capacity: -5TB, labels: {rack: r1}}
  - {id: host-2, capacity: 5 bananas, otherUsed: x, labels: {rack: [r1, r1]}}
  - {id: host-1, capacity: 1TB}
  - {capacity: 1TB}
  - {id: host-4, capcity: 1TB}
boundaries:
  - kind: rakc
  - {kind: rack, needs: 0}
  - {id: p, kind: pdu, hosts: [host-9], needs: 1}
  - {kind: host}
  - {id: q}
scenarios:
  - {id: s, fails: [rack/r2]}
  - {id: t, fails: []}
volumes:
  - {id: v, replicas: [host-1, hots-2, host-1], antiAffinity: [rak], used: -1}
  - {id: v, replicas: host-1}
  - id: w
    provisoned: 1TB
`);
    expect(await faultLines(file)).toMatchInlineSnapshot(`
      [
        "cluster.yaml:10 unknown-key: a host has the unknown key "capcity" (did you mean "capacity"?)",
        "cluster.yaml:22 wrong-shape: replicas must be a list ()",
        "cluster.yaml:24 unknown-key: a volume has the unknown key "provisoned" (did you mean "provisioned"?)",
        "cluster.yaml:3 bad-fill-limit: fillLimit is not a share above 0 and at most 1: "1.5" (write 0.9 or 90%)",
        "cluster.yaml:6 negative-quantity: capacity of "host-1" is negative: "-5TB" (write a number of bytes or one with a unit, such as 7.68TB or 2TiB)",
        "cluster.yaml:7 bad-quantity: capacity of "host-2" is not a quantity of bytes: "5 bananas" (write a number of bytes or one with a unit, such as 7.68TB or 2TiB)",
        "cluster.yaml:7 bad-quantity: otherUsed of "host-2" is not a quantity of bytes: "x" (write a number of bytes or one with a unit, such as 7.68TB or 2TiB)",
        "cluster.yaml:7 duplicate-label: host "host-2" has the rack "r1" twice (name it once)",
        "cluster.yaml:8 duplicate-id: host "host-1" is there twice, first at cluster.yaml:6 (rename one of them)",
        "cluster.yaml:9 no-name: the host has no id (give it an id)",
        "cluster.yaml:10 bad-quantity: capacity of "host-4" is missing (write a number of bytes or one with a unit, such as 7.68TB or 2TiB)",
        "cluster.yaml:4 bad-switch: hostBoundaries is neither true nor false: "maybe" (write true or false)",
        "cluster.yaml:12 unknown-label-kind: a boundary for each value of label kind "rakc", which is not known (did you mean "rack"?)",
        "cluster.yaml:13 bad-needs: needs is not a whole number of at least 1: "0" (write how many supplies a host needs to live, or all)",
        "cluster.yaml:14 needs-without-labels: boundary "p" lists its hosts and cannot have needs (give k-of-n supplies as labels of the hosts)",
        "cluster.yaml:14 unknown-host: boundary "p" has host "host-9", which is not known (did you mean "host-1"?)",
        "cluster.yaml:15 reserved-kind: the kind "host" is taken: every host is a boundary host/<id> by itself (use another name)",
        "cluster.yaml:16 no-kind: the boundary has no kind (name a label kind, such as rack)",
        "cluster.yaml:18 unknown-boundary: scenario "s" fails boundary "rack/r2", which is not known (did you mean "rack/r1"?)",
        "cluster.yaml:19 no-fails: the scenario fails nothing (list boundaries, such as rack/r1)",
        "cluster.yaml:21 replica-twice: volume "v" has two replicas on host "host-1" (every replica needs a host of its own)",
        "cluster.yaml:21 unknown-host: volume "v" has a replica on host "hots-2", which is not known (did you mean "host-2"?)",
        "cluster.yaml:21 unknown-boundary-kind: volume "v" is kept apart in boundary kind "rak", which is not known (did you mean "rack"?)",
        "cluster.yaml:21 negative-quantity: used of "v" is negative: "-1" (write a number of bytes or one with a unit, such as 7.68TB or 2TiB)",
        "cluster.yaml:22 no-replicas: volume "v" has no replicas (name the hosts that hold its copies)",
        "cluster.yaml:22 duplicate-id: volume "v" is there twice, first at cluster.yaml:21 (rename one of them)",
        "cluster.yaml:23 no-replicas: volume "w" has no replicas (name the hosts that hold its copies)",
      ]
    `);
  });

  it.each([
    [
      'kind: plan\nversion: 1\nhosts: []',
      'cluster.yaml:1 wrong-kind: kind is "plan", not "topology" (begin the file with "kind: topology" and "version: 1")',
    ],
    [
      'kind: topology\nversion: 2\nhosts: []',
      'cluster.yaml:2 wrong-kind: version is "2", not "1" (begin the file with "kind: topology" and "version: 1")',
    ],
    ['kind: topology\nversion: 1\n', 'cluster.yaml no-hosts: the topology has no hosts ()'],
    ['kind: topology\nversion: 1\nhosts: {a: 1}', 'cluster.yaml:3 wrong-shape: hosts must be a list ()'],
    [
      'kind: topology\nversion: 1\nhosts:\n - h1',
      'cluster.yaml:4 wrong-shape: a host must be a mapping of keys to values ()',
    ],
    [
      'kind: topology\nversion: 1\nhosts: [',
      'cluster.yaml:3 not-yaml: Flow sequence in block collection must be sufficiently indented and end with a ] ()',
    ],
    [
      'kind: topology\nversion: 1\nhosts: []\nhosts: []',
      'cluster.yaml:4 not-yaml: Map keys must be unique ()',
    ],
  ])('%j', async (text, line) => {
    expect(await faultLines(await yamlFile(text))).toContain(line);
  });

  it('name the file and how to write it when the path is nothing that can be read', async () => {
    await expect(readTopology('fixtures/topologies/none.yaml')).rejects.toMatchObject({
      exitCode: 3,
      code: 'cannot-read',
    });
    await expect(readTopology('package-lock.txt')).rejects.toMatchObject({exitCode: 3});
    await expect(readTopology('LICENSE')).rejects.toMatchObject({
      code: 'unknown-topology',
      hints: [expect.stringContaining('yaml'), expect.stringContaining('hosts.csv')],
    });
  });
});

describe('faults of a folder of tables', () => {
  it('are reported all together, with the line of the table', async () => {
    const folder = await csvFolder({
      'hosts.csv': 'host,capacity,rack\nh1,1TB,r1\n\n"h\n2",x,r2\nh1,1TB,r1\nh3,1TB\n',
      'volumes.csv': 'volume,replicas,anti_afinity\nv,h1;h2,\n',
      'boundaries.csv': 'kind,needs,id,hosts\nrack,,,\npdu,,p,h1;h9\n',
      'scenario.csv': 'id,fails\n',
      'settings.csv': 'setting,value\nfil_limit,0.9\n',
    });
    expect(await faultLines(folder)).toMatchInlineSnapshot(`
      [
        "scenario.csv unknown-table: the folder has "scenario.csv", which is not a table of a topology (did you mean "scenarios.csv"?)",
        "hosts.csv:7 wrong-cell-count: the row has 2 cells, the header has 3 (quote cells that hold commas, and leave empty ones empty)",
        "volumes.csv:1 unknown-key: the table has the unknown column "anti_afinity" (did you mean "anti_affinity"?)",
        "settings.csv:2 unknown-key: unknown setting "fil_limit" (did you mean "fill_limit"?)",
        "hosts.csv:4 bad-quantity: capacity of "h\\n2" is not a quantity of bytes: "x" (write a number of bytes or one with a unit, such as 7.68TB or 2TiB)",
        "hosts.csv:6 duplicate-id: host "h1" is there twice, first at hosts.csv:2 (rename one of them)",
        "boundaries.csv:3 unknown-host: boundary "p" has host "h9", which is not known (did you mean "h1"?)",
      ]
    `);
  });

  it('say which table is missing, empty or no CSV', async () => {
    const lines = async (tables: Readonly<Record<string, string>>): Promise<string> =>
      (await faultLines(await csvFolder(tables))).join('\n');
    expect(await lines({'hosts.csv': 'host,capacity\nh,1\n'})).toContain(
      'missing-table: the folder has no volumes.csv',
    );
    expect(await lines({'hosts.csv': '', 'volumes.csv': 'volume,replicas\n'})).toContain(
      'hosts.csv:1 empty-table',
    );
    expect(await lines({'hosts.csv': 'host,capacity\n"h,1\n', 'volumes.csv': 'volume,replicas\n'})).toContain(
      'not-csv',
    );
    expect(await lines({'hosts.csv': 'host,size\n', 'volumes.csv': 'volume,replicas\n'})).toContain(
      'missing-column: column "capacity" is missing; the header is host,size',
    );
  });
});
