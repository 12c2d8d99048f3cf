import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {LOCAL_ACCESS} from '../../src/lib/storage-apis/index.js';
import {diagnose, type DiagnoseOptions, type DoctorFinding} from '../../src/lib/workflows/diagnose.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-doctor-test-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

async function find(
  about: string,
  options: Partial<DiagnoseOptions> = {},
): Promise<DoctorFinding | undefined> {
  const {findings} = await diagnose({
    node: {version: process.version, wanted: '20.19 or later'},
    memoryBytes: 2 ** 34,
    storePath: path.join(folder, 'none'),
    topologyPath: undefined,
    target: undefined,
    access: LOCAL_ACCESS,
    scratchFolder: folder,
    nowUs: () => Date.now() * 1000,
    signal: new AbortController().signal,
    ...options,
  });
  return findings.find((finding) => finding.about === about);
}

describe('doctor', () => {
  it('finds that everything works here, and skips what is not wanted', async () => {
    const {findings, isWell} = await diagnose({
      ...{
        node: {version: process.version, wanted: ''},
        memoryBytes: 2 ** 34,
        storePath: path.join(folder, 'none'),
      },
      ...{topologyPath: undefined, target: undefined, access: undefined, scratchFolder: folder},
      ...{nowUs: () => Date.now() * 1000, signal: new AbortController().signal},
    });
    expect(findings.filter(({state}) => state === 'fail')).toEqual([]);
    expect(findings.filter(({state}) => state === 'skip').map(({about}) => about)).toEqual([
      'store',
      'topology',
      'target',
    ]);
    expect(isWell).toBe(true);
  });

  it('tells what does not, and what to do about it', async () => {
    expect(await find('Node', {node: {version: 'v18.1.0', wanted: '20.19 or later'}})).toMatchObject({
      state: 'fail',
      message: 'v18.1.0 is not 20.19 or later',
    });
    expect(await find('memory', {memoryBytes: 2 ** 30})).toMatchObject({state: 'warn'});
    expect(await find('clock', {nowUs: () => 0})).toMatchObject({
      state: 'fail',
      advice: 'synchronise clocks (NTP)',
    });
    expect(await find('DuckDB and disk', {scratchFolder: path.join(folder, 'no-such')})).toMatchObject({
      state: 'fail',
    });
    expect(await find('target', {target: 'fiel:x'})).toMatchObject({
      state: 'fail',
      advice: 'did you mean file:...?',
    });
    expect(await find('target', {target: `file:${path.join(folder, 'held.json')}`})).toMatchObject({
      state: 'ok',
    });
    await writeFile(path.join(folder, 'broken.yaml'), 'hosts: 3\n');
    expect(await find('topology', {topologyPath: path.join(folder, 'broken.yaml')})).toMatchObject({
      state: 'fail',
    });
    expect(await find('store', {storePath: folder})).toMatchObject({state: 'fail'});
  });
});
