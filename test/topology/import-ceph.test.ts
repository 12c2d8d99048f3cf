import {describe, expect, it} from 'vitest';

import {
  clusterImporters,
  createLossTable,
  type ImportedCluster,
  lintTopology,
  resolveTopology,
  type Topology,
} from '../../src/lib/topology/index.js';
import {codesOf, documentsOf, findingLines, importFixture, importOf, type Json} from './import-support.js';

const {ceph} = clusterImporters;
const HEALTHY = 'fixtures/topologies/ceph/healthy';

/** Just enough of a document to change it. */
interface Node {
  id: number;
  name: string;
  type: string;
  type_id: number;
  children?: number[];
  crush_weight?: number;
  reweight?: number;
  device_class?: string;
}
interface Changeable {
  nodes: Node[];
  pools: {
    pool: number;
    pool_name: string;
    size: number;
    min_size: number;
    crush_rule: number;
  }[];
  osds: {osd: number; up: number; in: number}[];
  flags: string;
  rules: {rule_id: number; rule_name: string; steps: Json[]}[];
  settings: {name: string; value: string}[];
  pgs: {pgid: string; acting: number[]; state: string; stat_sum: {num_bytes: number}}[];
}

/** The healthy fixture after a change. */
async function changed(change: (cluster: Changeable) => void): Promise<ImportedCluster> {
  const documents = await documentsOf(HEALTHY);
  const tree = documents['osd-df-tree'] as unknown as Changeable;
  const dump = documents['osd-dump'] as unknown as Changeable;
  const pgDump = documents['pg-dump'] as unknown as {pg_map: {pg_stats: Changeable['pgs']}};
  const cluster: Changeable = {
    ...dump,
    nodes: tree.nodes,
    rules: documents['osd-crush-rule-dump'] as unknown as Changeable['rules'],
    settings: documents['config-show'] as unknown as Changeable['settings'],
    pgs: pgDump.pg_map.pg_stats,
  };
  change(cluster);
  dump.flags = cluster.flags;
  return importOf(ceph, documents);
}

function set(cluster: Changeable, name: string, value: string): void {
  const setting = cluster.settings.find((candidate) => candidate.name === name);
  if (setting !== undefined) setting.value = value;
}

/** Bytes of copies that each boundary takes with it, as plans count them. */
function lostBytes(topology: Topology): Record<string, number> {
  const table = createLossTable(topology);
  return Object.fromEntries(
    topology.scenarios.map((scenario) => {
      const {volumes, copies} = table.losses(scenario);
      const bytes = [...volumes].map(
        (volume, at) => (copies[at] ?? 0) * (topology.volumes[volume]?.usedBytes ?? 0),
      );
      return [scenario.id, bytes.reduce((sum, value) => sum + value, 0)];
    }),
  );
}

describe('a healthy Ceph', () => {
  it('has OSDs as devices of hosts, buckets above as labels, classes as tiers', async () => {
    const topology = resolveTopology((await importFixture(ceph, 'ceph/healthy')).raw);
    expect(topology.fillLimit).toBe(0.9);
    expect(
      topology.hosts.map(({id, tier, labels}) => `${id} ${tier ?? ''} ${labels.get('rack')?.join() ?? ''}`),
    ).toEqual([
      'host0/osd.0 ssd rack0',
      'host0/osd.6 hdd rack0',
      'host1/osd.1 ssd rack1',
      'host2/osd.2 ssd rack2',
      'host3/osd.3 ssd rack0',
      'host4/osd.4 ssd rack1',
      'host5/osd.5 ssd rack2',
    ]);
    expect(topology.boundaries.map(({id}) => id)).toEqual([
      ...['rack/rack0', 'rack/rack1', 'rack/rack2'],
      ...['host0', 'host1', 'host2', 'host3', 'host4', 'host5'].map((host) => `host/${host}`),
      ...topology.hosts.map(({id}) => `device/${id}`),
    ]);
    const rules = new Set(
      topology.volumes.map(({id, antiAffinity, tier, replicas}) =>
        [id.split('/')[0], antiAffinity.join('+') || 'host', tier ?? 'any', replicas.length].join(' '),
      ),
    );
    expect([...rules]).toEqual([
      'device_health_metrics rack any 2',
      'vol-rack rack ssd 2',
      'vol-host host ssd 3',
      'ec-data rack ssd 3',
    ]);
  });

  it('loses with a boundary exactly the num_bytes of the placement groups that have an acting OSD in it', async () => {
    const documents = await documentsOf(HEALTHY);
    const {pg_map: pgMap} = documents['pg-dump'] as unknown as {pg_map: {pg_stats: Changeable['pgs']}};
    const osdsOf: Record<string, number[]> = {
      'rack/rack0': [0, 3, 6],
      'rack/rack1': [1, 4],
      'rack/rack2': [2, 5],
      'host/host3': [3],
      'device/host0/osd.0': [0],
      'device/host0/osd.6': [6],
    };
    // Of a replicated pool num_bytes lie on each acting OSD, of the erasure-coded one (2+1) half of them.
    const expected = Object.fromEntries(
      Object.entries(osdsOf).map(([id, osds]) => [
        id,
        pgMap.pg_stats.reduce((sum, {pgid, acting, stat_sum: {num_bytes: bytes}}) => {
          const held = pgid.startsWith('4.') ? Math.ceil(bytes / 2) : bytes;
          return sum + acting.filter((osd) => osds.includes(osd)).length * held;
        }, 0),
      ]),
    );
    expect(expected['rack/rack0']).toBeGreaterThan(100_000_000);
    const imported = await importFixture(ceph, 'ceph/healthy');
    expect(lostBytes(resolveTopology(imported.raw))).toMatchObject(expected);
  });

  it('has on each OSD what ceph osd df says, copies and other use together', async () => {
    const {nodes} = (await documentsOf(HEALTHY))['osd-df-tree'] as unknown as {
      nodes: (Node & {kb: number; kb_used: number})[];
    };
    const topology = resolveTopology((await importFixture(ceph, 'ceph/healthy')).raw);
    for (const [index, {id, capacityBytes, otherUsedBytes}] of topology.hosts.entries()) {
      const node = nodes.find(({name}) => id.endsWith(`/${name}`));
      const copies = topology.volumes.filter(({replicas}) => replicas.includes(index));
      const held = copies.reduce((sum, {usedBytes}) => sum + (usedBytes ?? 0), 0);
      expect([id, capacityBytes, otherUsedBytes + held]).toEqual([id, node!.kb * 1024, node!.kb_used * 1024]);
    }
  });

  it('gives a sample of each placement group at the time of the dump', async () => {
    const {samples, sampledAtUs, raw} = await importFixture(ceph, 'ceph/healthy');
    expect(sampledAtUs).toBe(Date.parse('2026-11-29T01:15:39.902Z') * 1000 + 297);
    expect(samples.map(({volume, usedBytes}) => [volume, String(usedBytes)])).toEqual(
      raw.volumes.map(({id, used}) => [id?.text, used?.text]),
    );
  });

  it('tells what a topology cannot say, and nothing else', async () => {
    expect(findingLines(await importFixture(ceph, 'ceph/healthy'))).toMatchSnapshot();
  });
});

describe('a Ceph in trouble: noout, an OSD down and one out, a host in no rack, a second root', () => {
  it('tells all of it', async () => {
    expect(findingLines(await importFixture(ceph, 'ceph/troubled'))).toMatchSnapshot();
  });

  it('counts on no space of OSDs that take nothing', async () => {
    const topology = resolveTopology((await importFixture(ceph, 'ceph/troubled')).raw);
    const out = topology.hosts.findIndex(({id}) => id === 'host3/osd.3');
    expect(topology.hosts.some(({id}) => id.endsWith('osd.2'))).toBe(false);
    const held = topology.volumes
      .filter(({replicas}) => replicas.includes(out))
      .reduce((sum, {usedBytes}) => sum + (usedBytes ?? 0), 0);
    expect(held).toBeGreaterThan(0);
    expect(topology.hosts[out]!.capacityBytes - topology.hosts[out]!.otherUsedBytes - held).toBe(0);
  });
});

describe('settings that keep a rack from re-mirroring by itself', () => {
  const told = (cluster: ImportedCluster): string =>
    findingLines(cluster)
      .filter((line) => line.includes('not-by-itself') || line.includes('flag-set'))
      .join('\n');

  it('names racks under the default down_out_subtree_limit, and hosts that are all of a rack', async () => {
    const byRack = await changed((cluster) => {
      set(cluster, 'mon_osd_down_out_subtree_limit', 'rack');
    });
    expect(told(byRack)).toContain('the loss of rack/rack0, rack/rack1, rack/rack2 as a whole');
    const singleHost = await changed((cluster) => {
      set(cluster, 'mon_osd_down_out_subtree_limit', 'rack');
      for (const node of cluster.nodes) if (node.name === 'rack2') node.children = [-6];
      cluster.nodes.splice(
        cluster.nodes.findIndex(({name}) => name === 'host5'),
        2,
      );
    });
    expect(told(singleHost)).toContain(
      'the loss of host/host2, rack/rack0, rack/rack1 and 1 more as a whole',
    );
    const byRow = await changed((cluster) => {
      set(cluster, 'mon_osd_down_out_subtree_limit', 'row');
    });
    expect(told(byRow)).toBe('');
  });

  it('says how many OSDs mon_osd_min_in_ratio lets go', async () => {
    // 7 OSDs, 3 in rack0: before the third is marked out 5 of 7 are in, which is 0.714.
    const enough = await changed((cluster) => {
      set(cluster, 'mon_osd_min_in_ratio', '0.7');
    });
    expect(told(enough)).toBe('');
    const tooFew = await changed((cluster) => {
      set(cluster, 'mon_osd_min_in_ratio', '0.75');
    });
    expect(told(tooFew)).toContain('with 7 of 7 OSDs in, at most 2 more are marked out');
    expect(told(tooFew)).toContain('the loss of rack/rack0 is re-mirrored in part only');
  });

  it('takes the defaults and says so where no settings were given, and shows no other setting', async () => {
    const documents = await documentsOf(HEALTHY);
    delete documents['config-show'];
    const without = importOf(ceph, documents);
    expect(codesOf(without)).toContain('settings-not-given');
    expect(told(without)).toContain('mon_osd_down_out_subtree_limit is rack');
    const dump = [
      {section: 'global', name: 'mon_osd_down_out_subtree_limit', value: 'row'},
      {section: 'mon', name: 'mon_osd_min_in_ratio', value: '0.1'},
      {section: 'osd', name: 'mon_osd_down_out_subtree_limit', value: 'host'},
      {section: 'client.rgw', name: 'rgw_keystone_admin_password', value: 'hunter2'},
      {section: 'client.rgw', name: 'rgw_secret', value: ['hunter2']},
    ];
    const dumped = importOf(ceph, {...documents, 'config-dump': dump});
    expect(told(dumped)).toBe('');
    expect(JSON.stringify(dumped)).not.toContain('hunter2');
  });

  it('knows the flags', async () => {
    const flagged = await changed((cluster) => {
      cluster.flags += ',noout,nobackfill,noscrub';
    });
    expect(
      told(flagged)
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['warning flag-set flag noout', 'warning flag-set flag nobackfill']);
  });
});

describe('rules', () => {
  const byHost = (cluster: Changeable, steps: Json[]): void => {
    const rule = cluster.rules.find(({rule_name: name}) => name === 'by_host');
    if (rule !== undefined) rule.steps = [{op: 'take', item_name: 'default~ssd'}, ...steps, {op: 'emit'}];
  };

  it('takes a choice of one leaf in each of several buckets as what it is', async () => {
    const cluster = await changed((given) => {
      byHost(given, [
        {op: 'choose_firstn', num: 0, type: 'rack'},
        {op: 'chooseleaf_firstn', num: 1, type: 'host'},
      ]);
    });
    const volume = cluster.raw.volumes.find(({id}) => id?.text.startsWith('vol-host/'));
    expect(volume?.antiAffinity?.values.map(({text}) => text)).toEqual(['rack']);
    expect(codesOf(cluster)).not.toContain('rule-not-expressible');
  });

  it('says what it cannot: two copies a rack, two takes, steps of later releases', async () => {
    const steps: Json[][] = [
      [
        {op: 'choose_firstn', num: 2, type: 'rack'},
        {op: 'chooseleaf_firstn', num: 2, type: 'host'},
      ],
      [
        {op: 'chooseleaf_firstn', num: 1, type: 'host'},
        {op: 'emit'},
        {op: 'take', item_name: 'default~hdd'},
        {op: 'chooseleaf_firstn', num: -1, type: 'host'},
      ],
      [{op: 'choosemsr', num: 0, type: 'host'}],
    ];
    for (const given of steps) {
      const cluster = await changed((fixture) => {
        byHost(fixture, given);
      });
      const found = cluster.findings.filter(({code}) => code === 'rule-not-expressible');
      expect(found.map(({severity, at}) => `${severity} ${at}`)).toEqual(['error pool vol-host']);
    }
  });

  it('tells roots with the same device class apart', async () => {
    const cluster = await changed((given) => {
      for (const node of given.nodes) {
        if (node.name === 'default') node.children = [-7, -5];
        if (node.name === 'osd.6') node.device_class = 'ssd';
      }
      given.nodes.push({
        ...given.nodes[0]!,
        id: -99,
        name: 'other',
        type: 'root',
        type_id: 11,
        children: [-3],
      });
      given.rules.push({
        rule_id: 9,
        rule_name: 'in-other',
        steps: [
          {op: 'take', item_name: 'other'},
          {op: 'chooseleaf_firstn', num: 0, type: 'host'},
          {op: 'emit'},
        ],
      });
      for (const pool of given.pools) if (pool.pool_name === 'vol-host') pool.crush_rule = 9;
    });
    const topology = resolveTopology(cluster.raw);
    const tierOf = (pool: string): string | undefined =>
      topology.volumes.find(({id}) => id.startsWith(`${pool}/`))?.tier;
    const hostsOf = (tier: string | undefined): string[] =>
      topology.hosts.filter((host) => host.tier === tier).map(({id}) => id);
    expect(hostsOf(tierOf('vol-host'))).toEqual(['host0/osd.0', 'host0/osd.6', 'host3/osd.3']);
    expect(hostsOf(tierOf('vol-rack'))).toEqual(['host1/osd.1', 'host2/osd.2', 'host4/osd.4', 'host5/osd.5']);
    expect(codesOf(cluster)).not.toContain('rule-not-expressible');
  });
});

describe('pools and OSDs', () => {
  it('tells pools whose copies have nowhere to go or stop serving', async () => {
    const cluster = await changed(({pools}) => {
      for (const pool of pools)
        if (pool.pool_name === 'vol-rack') Object.assign(pool, {size: 3, min_size: 2});
    });
    const lines = findingLines(cluster).filter((line) => line.includes('pool vol-rack'));
    expect(lines.join('\n')).toMatch(/no-spare-domain[^\n]*size 3, kept apart by rack, of which 3/);
    expect(lines.join('\n')).toMatch(/below-min-size[^\n]*fewer than min_size \(2\) copies/);
  });

  it('leaves out OSDs without weight, and makes a host of an OSD that is in none', async () => {
    const cluster = await changed(({nodes, pgs}) => {
      for (const node of nodes) {
        if (node.name === 'osd.6') node.crush_weight = 0;
        if (node.name === 'rack0') node.children = [-8, 0, 6];
      }
      nodes.splice(
        nodes.findIndex(({name}) => name === 'host0'),
        1,
      );
      pgs[0]!.acting = [2147483647, -1];
    });
    const topology = resolveTopology(cluster.raw);
    expect(topology.hosts.map(({id}) => id)).toContain('osd.0');
    expect(topology.hosts.map(({id}) => id)).not.toContain('osd.6');
    expect(topology.boundaries.find(({id}) => id === 'rack/rack0')?.hosts.length).toBe(2);
    expect(codesOf(cluster)).toEqual(expect.arrayContaining(['osd-without-weight', 'no-copy']));
    expect(lintTopology(topology).map(({code}) => code)).not.toContain('unlabelled-host');
  });

  it('refuses what is missing, twice, of another cluster or not as expected, by name', async () => {
    const documents = await documentsOf(HEALTHY);
    const incomplete = Object.fromEntries(Object.entries(documents).filter(([name]) => name !== 'pg-dump'));
    expect(() => importOf(ceph, incomplete)).toThrow(/missing: ceph pg dump -f json/);
    expect(() => importOf(ceph, {...documents, again: documents['osd-dump']})).toThrow(
      /again and osd-dump are both what "ceph osd dump" prints/,
    );
    const rules = documents['osd-crush-rule-dump'] as Json[];
    expect(() => importOf(ceph, {...documents, 'osd-crush-rule-dump': rules.slice(0, 1)})).toThrow(
      /pool vol-rack has rule 1, which osd-crush-rule-dump does not have/,
    );
    await expect(
      changed(({pgs}) => {
        pgs[3]!.stat_sum.num_bytes = -0.5;
      }),
    ).rejects.toThrow(/pg-dump: pg_map.pg_stats\[3\].stat_sum.num_bytes/);
    expect(codesOf(importOf(ceph, {...documents, df: {stats: {}}}))).toContain('not-read');
  });
});
