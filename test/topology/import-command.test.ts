import {chmod, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterEach, beforeEach, describe, expect, it} from 'vitest';

import Ingest from '../../src/commands/ingest.js';
import ImportCeph from '../../src/commands/topology/import/ceph.js';
import ImportCsv from '../../src/commands/topology/import/csv.js';
import ImportKubernetes from '../../src/commands/topology/import/kubernetes.js';
import StoreInfo from '../../src/commands/store/info.js';
import {readTopology} from '../../src/lib/topology/index.js';
import {runCommand} from '../support/run-command.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const CEPH = path.join(ROOT, 'fixtures/topologies/ceph');
const LONGHORN = path.join(ROOT, 'fixtures/topologies/kubernetes/longhorn');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-import-'));
});

afterEach(async () => {
  await rm(folder, {recursive: true});
});

const at = (name: string): string => path.join(folder, name);

/** A stand-in for the ceph program: answers from a fixture, and notes how it was called. */
async function fakeCeph(body: string): Promise<string> {
  const file = at('fake-ceph');
  await writeFile(
    file,
    `#!/usr/bin/env node
const {appendFileSync, readFileSync} = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(at('calls'))}, args.join(' ') + '\\n');
const command = args.join(' ').replace(/^.*?(?=osd|pg|config|quorum_status)/, '').replace(/ -f json$/, '');
${body}`,
  );
  await chmod(file, 0o755);
  return file;
}

const ANSWERS = `
const files = {'osd df tree': 'osd-df-tree', 'osd dump': 'osd-dump', 'osd crush rule dump': 'osd-crush-rule-dump',
  'pg dump': 'pg-dump', 'config show mon.a': 'config-show'};
process.stdout.write(command === 'quorum_status' ? '{"quorum_names":["a","b"]}'
  : readFileSync(${JSON.stringify(path.join(CEPH, 'healthy'))} + '/' + files[command] + '.json', 'utf8'));`;

describe('topology import ceph', () => {
  it('writes a topology and usage that ingest reads, and says what is next', async () => {
    const run = await runCommand(ImportCeph, [
      path.join(CEPH, 'healthy'),
      ...['--out', at('cluster.yaml'), '--usage', at('usage.csv')],
    ]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain('7 places of 14.0 GiB, 16 boundaries, 41 volumes; 0 errors, 3 warnings');
    expect(run.stdout).toContain(`next: foreshadow topology check ${at('cluster.yaml')}`);
    const topology = await readTopology(at('cluster.yaml'));
    expect(run.result).toMatchObject({
      serial: topology.serial,
      sampleCount: 41,
      sampledAt: '2026-11-29T01:15:39.902297Z',
    });
    expect((await readdir(folder)).sort()).toEqual(['cluster.yaml', 'usage.csv']);
    await runCommand(Ingest, [at('usage.csv'), '--store', at('store')]);
    const info = await runCommand(StoreInfo, ['--store', at('store'), '--volumes', '--json']);
    const {volumes} = JSON.parse(info.stdout) as {volumes: {volume: string}[] | number};
    expect(JSON.stringify(volumes)).toContain('vol-rack/2.b');
  });

  it('gives the same live as from files, and asks nothing else', async () => {
    const program = await fakeCeph(ANSWERS);
    const args = ['--ceph-conf', '/etc/ceph/x.conf', '--cluster', 'prod', '--ceph-user', 'planner'];
    const live = await runCommand(ImportCeph, [
      ...['--live', '--ceph-program', program, ...args, '--out', at('live.yaml')],
    ]);
    expect(live.exitCode).toBe(0);
    await runCommand(ImportCeph, [path.join(CEPH, 'healthy'), '--out', at('files.yaml')]);
    const withoutHead = async (name: string): Promise<string> =>
      (await readFile(at(name), 'utf8')).replace(/^#.*\n/, '');
    expect(await withoutHead('live.yaml')).toBe(await withoutHead('files.yaml'));
    const before = '--conf /etc/ceph/x.conf --cluster prod --id planner';
    expect((await readFile(at('calls'), 'utf8')).trim().split('\n')).toEqual(
      ['osd df tree', 'osd dump', 'osd crush rule dump', 'pg dump', 'quorum_status', 'config show mon.a'].map(
        (command) => `${before} ${command} -f json`,
      ),
    );
  });

  it.each([
    ['setInterval(() => undefined, 1000);', '0.3s', /"ceph osd df tree" did not answer within 0.3 s/],
    [
      'process.stderr.write("x\\nError EACCES: access denied\\n"); process.exit(13);',
      '60s',
      /failed: Error EACCES: access denied/,
    ],
    ['process.stdout.write("{\\"nodes\\": \\"secret");', '60s', /"?ceph osd df tree"? is not JSON/],
  ])('names what goes wrong with the program: %s', async (body, timeout, told) => {
    const program = await fakeCeph(body);
    const run = await runCommand(ImportCeph, [
      '--live',
      '--ceph-program',
      program,
      '--timeout',
      timeout,
      '--out',
      at('x.yaml'),
    ]);
    expect(run.stderr).toMatch(told);
    expect(run.stderr).not.toContain('secret');
    expect([3, 6]).toContain(run.exitCode);
    expect(await readdir(folder)).not.toContain('x.yaml');
  });

  it('names the package where there is no such program', async () => {
    const run = await runCommand(ImportCeph, [
      '--live',
      '--ceph-program',
      at('none'),
      '--json',
      '--out',
      at('x.yaml'),
    ]);
    expect(run.exitCode).toBe(6);
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: {code: 'no-ceph', hints: [expect.stringContaining('ceph-common')]},
    });
  });

  it('exits with 4 on findings of severity error, having written the topology', async () => {
    const run = await runCommand(ImportCeph, [
      path.join(CEPH, 'troubled'),
      '--json',
      '--out',
      at('cluster.yaml'),
    ]);
    expect(run.exitCode).toBe(4);
    expect(JSON.parse(run.stdout)).toMatchObject({errorCount: 3, findings: expect.any(Array) as unknown});
    expect((await readTopology(at('cluster.yaml'))).volumes.length).toBe(45);
  });

  it('asks for one of files and --live', async () => {
    for (const args of [[], ['--live', CEPH]]) {
      expect(await runCommand(ImportCeph, args)).toMatchObject({exitCode: 2});
    }
    const json = await runCommand(ImportCeph, [path.join(CEPH, 'healthy'), '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({error: {code: 'bad-out', exitCode: 2}});
  });
});

describe('topology import kubernetes', () => {
  it('reads standard input, prints the topology, and takes it for now', async () => {
    const lists = await Promise.all(
      ['nodes', 'longhorn'].map(async (name) => readFile(path.join(LONGHORN, `${name}.json`), 'utf8')),
    );
    const items = lists.flatMap((text) => (JSON.parse(text) as {items: unknown[]}).items);
    const run = await runForeshadow(
      [
        'topology',
        'import',
        'kubernetes',
        '-',
        '--label',
        'example.com/rack=rack',
        '--usage',
        at('usage.csv'),
      ],
      {stdin: JSON.stringify({apiVersion: 'v1', kind: 'List', items})},
    );
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('8 places of 1.66 TiB, 22 boundaries, 4 volumes; 0 errors, 5 warnings');
    await writeFile(at('cluster.yaml'), run.stdout);
    expect((await readTopology(at('cluster.yaml'))).boundaries.map(({id}) => id)).toContain('rack/r1');
    const [header, first = ''] = (await readFile(at('usage.csv'), 'utf8')).split('\n');
    expect(header).toBe('volume,time_us,used_bytes,provisioned_bytes');
    expect(Math.abs(Number(first.split(',')[1]) / 1000 - Date.now())).toBeLessThan(60_000);
  });

  it('wants a time for samples of files, and labels as KEY=KIND', async () => {
    const timeless = await runCommand(ImportKubernetes, [LONGHORN, '--usage', at('usage.csv')]);
    expect(timeless).toMatchObject({exitCode: 2, stderr: expect.stringContaining('--as-of') as unknown});
    expect(await readdir(folder)).toEqual([]);
    const label = await runCommand(ImportKubernetes, [LONGHORN, '--label', 'rack']);
    expect(label).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--label example.com/rack=rack') as unknown,
    });
  });
});

describe('topology import csv', () => {
  it('makes one file of the tables', async () => {
    const tables = path.join(ROOT, 'fixtures/topologies/small');
    const args = [
      tables,
      '--out',
      at('small.yaml'),
      '--usage',
      at('usage.csv'),
      '--as-of',
      '2026-11-29T00:00:00Z',
    ];
    expect(await runCommand(ImportCsv, args)).toMatchObject({exitCode: 0});
    expect(await readTopology(at('small.yaml'))).toEqual(await readTopology(tables));
    expect(await readFile(at('usage.csv'), 'utf8')).toBe(
      `volume,time_us,used_bytes\nv1,1795910400000000,${300 * 1024 ** 3}\n__proto__,1795910400000000,1073741824\n`,
    );
  });
});
