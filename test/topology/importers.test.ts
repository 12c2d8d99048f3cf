import {mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {InputError} from '../../src/lib/core/index.js';
import {
  type ClusterImporter,
  clusterImporters,
  readDocuments,
  readTopology,
  resolveTopology,
  topologyYaml,
} from '../../src/lib/topology/index.js';
import {CLUSTERS} from './import-support.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-importers-'));
});

afterAll(async () => {
  await rm(folder, {recursive: true});
});

const importers: readonly [string, ClusterImporter][] = Object.entries(clusterImporters);

describe.each(importers)('the importer %s', (name, importer) => {
  it('has its name and fixtures', async () => {
    expect(importer.name).toBe(name);
    expect(await readdir(`${CLUSTERS}/${name}`)).not.toEqual([]);
  });

  it('makes topologies that resolve, have no faults, and are the same when written and read', async () => {
    for (const fixture of await readdir(`${CLUSTERS}/${name}`)) {
      const {raw} = importer.read(await readDocuments([`${CLUSTERS}/${name}/${fixture}`]));
      const topology = resolveTopology(raw);
      expect(raw.faults).toEqual([]);
      expect(topology.hosts.length).toBeGreaterThan(2);
      expect(topology.volumes.length).toBeGreaterThan(2);
      const file = path.join(folder, `${fixture}.yaml`);
      await writeFile(file, await topologyYaml(raw, fixture));
      expect(await readTopology(file)).toEqual(topology);
    }
  });

  it('gives one sample a volume, of what the topology says that it uses', async () => {
    for (const fixture of await readdir(`${CLUSTERS}/${name}`)) {
      const {raw, samples} = importer.read(await readDocuments([`${CLUSTERS}/${name}/${fixture}`]));
      expect(samples.map(({volume, usedBytes}) => [volume, usedBytes])).toEqual(
        resolveTopology(raw).volumes.map(({id, usedBytes}) => [id, usedBytes]),
      );
    }
  });

  it('tells findings that say what, where, why and what to do, each once', async () => {
    for (const fixture of await readdir(`${CLUSTERS}/${name}`)) {
      const {findings} = importer.read(await readDocuments([`${CLUSTERS}/${name}/${fixture}`]));
      for (const {code, at, place, message, advice} of findings) {
        expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
        for (const text of [at, place, message, advice]) expect(text).not.toBe('');
      }
      const texts = findings.map((finding) => JSON.stringify(finding));
      expect(new Set(texts).size).toBe(texts.length);
    }
  });

  it('does not depend on the order of the documents', async () => {
    for (const fixture of await readdir(`${CLUSTERS}/${name}`)) {
      const documents = await readDocuments([`${CLUSTERS}/${name}/${fixture}`]);
      expect(importer.read(documents.toReversed())).toEqual(importer.read(documents));
    }
  });

  it('refuses nothing, and what is none of its documents, with what to run', () => {
    for (const value of [undefined, null, 7, 'x', [], {}, {items: [{}]}, {nodes: 1}]) {
      const read = (): unknown => importer.read([{source: 'odd.json', value}]);
      expect(read).toThrow(InputError);
      expect(read).toThrow(
        expect.objectContaining({
          hints: expect.arrayContaining([expect.stringMatching(/ceph|kubectl/)]) as unknown,
        }),
      );
    }
  });
});
