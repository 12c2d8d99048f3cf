import {describe, expect, it} from 'vitest';

import {
  clusterImporters,
  type ImportedCluster,
  resolveTopology,
  type Topology,
} from '../../src/lib/topology/index.js';
import {codesOf, documentsOf, findingLines, importFixture, importOf} from './import-support.js';

const {kubernetes} = clusterImporters;
const LONGHORN = 'fixtures/topologies/kubernetes/longhorn';
const GIB = 1024 ** 3;

interface Item {
  apiVersion: string;
  kind: string;
  metadata: {name: string; labels?: Record<string, string>};
  spec: Record<string, unknown>;
  status: Record<string, unknown>;
  value?: string;
}

/** The fixture after a change of its objects. */
async function changed(change: (items: Item[]) => void): Promise<ImportedCluster> {
  const documents = await documentsOf(LONGHORN);
  const lists = Object.values(documents) as unknown as {items: Item[]}[];
  for (const {items} of lists) change(items);
  return importOf(kubernetes, documents);
}

function setting(items: Item[], name: string, value: string): void {
  for (const item of items) if (item.kind === 'Setting' && item.metadata.name === name) item.value = value;
}

function volume(topology: Topology, id: string): unknown {
  const found = topology.volumes.find((candidate) => candidate.id === id);
  return found && {...found, replicas: found.replicas.map((host) => topology.hosts[host]?.id)};
}

describe('Longhorn on Kubernetes', () => {
  it('has disks as devices of nodes, tags as tiers, and leaves of space what Longhorn leaves', async () => {
    const topology = resolveTopology((await importFixture(kubernetes, 'kubernetes/longhorn')).raw);
    expect(topology.fillLimit).toBe(0.85);
    expect(
      topology.hosts.map(({id, tier, labels}) => `${id} ${tier ?? ''} ${[...labels.values()].flat().join()}`),
    ).toEqual([
      'node-a/bulk bulk eu,z1',
      'node-a/nvme fast eu,z1',
      'node-b/nvme fast eu,z1',
      'node-c/bulk bulk eu,z2',
      'node-c/nvme fast eu,z2',
      'node-d/bulk bulk eu,z2',
      'node-d/nvme fast eu,z2',
      'node-e/nvme fast eu,z3',
    ]);
    expect(topology.hosts.find(({id}) => id === 'node-a/nvme')).toMatchObject({
      capacityBytes: 100 * GIB,
      otherUsedBytes: GIB,
    });
    // Cordoned: full with what it holds.
    expect(topology.hosts.at(-1)).toMatchObject({otherUsedBytes: 92 * GIB - 4096});
  });

  it('has volumes with their healthy replicas, sizes, selectors, and zones where they must differ', async () => {
    const topology = resolveTopology((await importFixture(kubernetes, 'kubernetes/longhorn')).raw);
    expect(volume(topology, 'pvc-22bb')).toEqual({
      id: 'pvc-22bb',
      replicas: ['node-b/nvme', 'node-d/nvme'],
      antiAffinity: ['zone'],
      tier: 'fast',
      provisionedBytes: 50 * GIB,
      usedBytes: 30 * GIB,
    });
    // One replica failed, and one is being made: neither is a copy.
    expect(volume(topology, 'pvc-44dd')).toMatchObject({
      replicas: ['node-c/nvme', 'node-d/nvme'],
      antiAffinity: [],
    });
    const hard = await changed((items) => {
      setting(items, 'replica-zone-soft-anti-affinity', 'false');
    });
    expect(volume(resolveTopology(hard.raw), 'pvc-44dd')).toMatchObject({antiAffinity: ['zone']});
  });

  it('takes further labels, and says which are not there', async () => {
    const documents = await documentsOf(LONGHORN);
    const kindOfLabel = new Map([
      ['example.com/rack', 'rack'],
      ['example.com/feed', 'feed'],
    ]);
    const cluster = importOf(kubernetes, documents, {kindOfLabel});
    expect(cluster.raw.hosts[0]?.labels.map(({kind}) => kind.text)).toEqual(['region', 'zone', 'rack']);
    expect(findingLines(cluster)).toContainEqual(
      expect.stringMatching(/^error label-not-found label example.com\/feed/),
    );
  });

  it('tells what keeps replicas from being made again', async () => {
    expect(findingLines(await importFixture(kubernetes, 'kubernetes/longhorn'))).toMatchSnapshot();
  });

  it('takes the defaults without settings, and reads no other object', async () => {
    const {longhorn} = (await documentsOf(LONGHORN)) as unknown as {longhorn: {items: Item[]}};
    const items = [
      ...longhorn.items.filter(({kind}) => kind !== 'Setting'),
      {apiVersion: 'v1', kind: 'Secret', metadata: {name: 's'}, data: {token: 'aHVudGVyMg=='}},
      {
        apiVersion: 'longhorn.io/v1beta2',
        kind: 'BackupTarget',
        metadata: {name: 'b'},
        spec: {secret: 'hunter2'},
      },
    ];
    const cluster = importOf(kubernetes, {longhorn: {items}});
    expect(codesOf(cluster)).toEqual(expect.arrayContaining(['settings-not-given', 'nodes-not-given']));
    expect(resolveTopology(cluster.raw).fillLimit).toBe(0.75);
    expect(JSON.stringify(cluster)).not.toMatch(/hunter2|aHVudGVyMg/);
    // Zones come from what Longhorn saw.
    expect(resolveTopology(cluster.raw).boundaries.map(({id}) => id)).toContain('zone/z3');
  });

  it('says when selectors cannot be tiers, and when replicas may share a node', async () => {
    const cluster = await changed((items) => {
      setting(items, 'replica-soft-anti-affinity', 'true');
      for (const {kind, apiVersion, metadata, spec} of items) {
        // Of three tiers (bulk, fast, and one without tags) those without selector may use the untagged one only.
        if (kind === 'Volume' && metadata.name === 'pvc-33cc') spec['diskSelector'] = [];
        if (kind === 'Volume' && metadata.name === 'pvc-44dd') spec['diskSelector'] = ['bulk'];
        if (kind === 'Node' && apiVersion.startsWith('longhorn') && metadata.name === 'node-c') {
          const disks = spec['disks'] as Record<string, {tags: string[]}>;
          disks['nvme']!.tags = [];
        }
      }
    });
    const told = findingLines(cluster).filter((line) => !/disk-closed|limited-by-size|not-clean/.test(line));
    expect(told.join('\n')).toMatch(/soft-anti-affinity pvc-11aa: replicas of 4 volumes may share a node/);
    expect(codesOf(cluster)).not.toContain('rule-not-expressible');
    const strict = await changed((items) => {
      for (const {kind, metadata, spec} of items) {
        if (kind === 'Volume' && metadata.name === 'pvc-33cc') spec['nodeSelector'] = ['big'];
        if (kind === 'Node' && ['node-a', 'node-d'].includes(metadata.name)) spec['tags'] = ['big'];
        if (kind === 'Volume' && metadata.name === 'pvc-33cc') spec['diskSelector'] = [];
      }
    });
    expect(findingLines(strict)).toContainEqual(
      expect.stringMatching(
        /^error rule-not-expressible pvc-33cc: volumes for any disk on big cannot be said/,
      ),
    );
  });

  it('refuses objects that are there twice or are not as expected, by name', async () => {
    const documents = await documentsOf(LONGHORN);
    expect(() => importOf(kubernetes, {...documents, again: documents['nodes']})).toThrow(
      /Node "node-a" is in nodes and in again/,
    );
    await expect(
      changed((items) => {
        for (const {kind, metadata, spec} of items) {
          if (kind === 'Volume' && metadata.name === 'pvc-22bb') spec['size'] = 'big';
        }
      }),
    ).rejects.toThrow(/longhorn: Volume: spec.size/);
    const lost = await changed((items) => {
      for (const {kind, spec} of items) if (kind === 'Replica') spec['diskID'] = 'gone';
    });
    expect(codesOf(lost)).toContain('no-copy');
  });
});
