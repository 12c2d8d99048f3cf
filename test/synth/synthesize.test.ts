import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import {afterEach, beforeEach, describe, expect, it} from 'vitest';

import {readTopology} from '../../src/lib/topology/index.js';
import {synthesize, type SynthesizeOptions} from '../../src/lib/workflows/synthesize.js';

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'synthesize-'));
});
afterEach(async () => {
  await rm(scratch, {recursive: true, force: true});
});

function options(out: SynthesizeOptions['out'], changes: Partial<SynthesizeOptions> = {}): SynthesizeOptions {
  return {
    cluster: {
      hosts: 8,
      racks: 4,
      feeds: 2,
      switches: 3,
      volumes: 12,
      startUs: Date.UTC(2026, 0, 5) * 1000,
      days: 3,
      fillShare: 0.5,
      seed: 3,
    },
    requests: {total: 5000},
    formats: ['alibaba', 'nbdkit-log', 'usage-csv'],
    withUsage: false,
    out,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...changes,
  };
}

describe('synthesize', () => {
  it('writes a folder whose topology the importer takes and whose summary counts its rows', async () => {
    const folder = path.join(scratch, 'cluster');
    const summary = await synthesize(options({kind: 'folder', path: folder, force: false}));
    const topology = await readTopology(path.join(folder, 'topology.yaml'));
    expect(topology.hosts).toHaveLength(8);
    expect(topology.volumes.map(({usedBytes}) => usedBytes).every((bytes) => bytes! > 0)).toBe(true);
    expect(new Set(topology.boundaries.map(({kind}) => kind))).toEqual(
      new Set(['host', 'rack', 'feed', 'switch']),
    );
    expect(summary.usedBytes / summary.capacityBytes).toBeCloseTo(0.5, 1);
    for (const {path: file, rows} of summary.files.filter(({format}) => /alibaba|usage|truth/.test(format))) {
      const text = await readFile(path.join(folder, file), 'utf8');
      expect(text.trimEnd().split('\n').length - (file.endsWith('alibaba.csv') ? 0 : 1), file).toBe(rows);
    }
    expect(summary.requests).toBe(5000);
    expect(summary.files.filter(({format}) => format === 'nbdkit-log')).toHaveLength(4);
  });

  it('leaves a folder that is not empty alone, unless forced', async () => {
    await writeFile(path.join(scratch, 'topology.yaml'), 'mine');
    const out = {kind: 'folder', path: scratch, force: false} as const;
    await expect(synthesize(options(out))).rejects.toMatchObject({exitCode: 2, code: 'folder-not-empty'});
    expect(await readdir(scratch)).toEqual(['topology.yaml']);
    await synthesize(options({...out, force: true}));
    expect(await readFile(path.join(scratch, 'topology.yaml'), 'utf8')).toMatch(/^kind: topology/);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const abort = new AbortController();
    const folder = path.join(scratch, 'cluster');
    const running = synthesize(
      options(
        {kind: 'folder', path: folder, force: false},
        {
          signal: abort.signal,
          onProgress: () => {
            abort.abort();
          },
        },
      ),
    );
    await expect(running).rejects.toThrow(/abort/);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('streams one trace, and waits for its reader', async () => {
    let waiting = 0;
    let text = '';
    const write = async (bytes: Uint8Array): Promise<boolean> => {
      expect((waiting += 1)).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      text += new TextDecoder().decode(bytes);
      waiting -= 1;
      return text.length < 1e9;
    };
    const requests = {perVolumeHour: 80};
    await synthesize(options({kind: 'stream', write}, {formats: ['alibaba'], requests}));
    expect(text.trimEnd().split('\n')).toHaveLength(12 * 72 * 80);
    await synthesize(options({kind: 'stream', write: () => Promise.resolve(false)}, {formats: ['alibaba']}));
    const several = synthesize(options({kind: 'stream', write}, {formats: ['nbdkit-log']}));
    await expect(several).rejects.toMatchObject({exitCode: 2, code: 'several-files'});
  });
});
