import {mkdir, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Forecast from '../../src/commands/forecast.js';
import Ingest from '../../src/commands/ingest.js';
import TopologyCheck from '../../src/commands/topology/check.js';
import {effort} from '../support/effort.js';
import {runCommand} from '../support/run-command.js';
import {type FinishedRun, runForeshadow} from '../support/run-foreshadow.js';

const FIRST_US = 1_577_808_000_000_000;
const MANY_ROWS = effort(50_000, 1_000_000);
let folder = '';

const inFolder = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-wrong-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

/** Alibaba rows, one a second. */
function requests(count: number, rowAt?: (index: number) => string | undefined): string {
  const rows = Array.from(
    {length: count},
    (_, index) => rowAt?.(index) ?? `7,W,${4096 * index},4096,${FIRST_US + 1_000_000 * index}`,
  );
  return `${rows.join('\n')}\n`;
}

async function ingest(name: string, content: string | Uint8Array, ...flags: string[]): Promise<FinishedRun> {
  await writeFile(inFolder(name), content);
  return runCommand(Ingest, [inFolder(name), '--store', inFolder(`${name}.store`), ...flags]);
}

const storeExists = async (name: string): Promise<boolean> =>
  (await readdir(folder)).includes(`${name}.store`);

describe('an input that cannot be used exits with 3, says what and where, and leaves no store', () => {
  it.each([
    [
      'bad-row.csv',
      requests(9, (index) => (index === 4 ? '7,W,4k,4096,1577808004000000' : undefined)),
      [],
      'bad-row.csv:5: offset is not a whole number: "4k"',
    ],
    ['cut.csv.gz', gzipSync(requests(5000)).subarray(0, 2000), [], 'cut.csv.gz: the gzip data end too early'],
    ['empty.csv', '', [], 'empty.csv is empty'],
    ['wrong.csv', requests(9), ['--format', 'msr'], 'wrong.csv is not msr'],
    ['unknown.csv', 'what is this\n', [], 'unknown.csv: no known format begins with "what is this"'],
    [
      'backwards.csv',
      requests(50, (index) => (index === 40 ? `7,W,0,4096,${FIRST_US - 3_600_000_000}` : undefined)),
      [],
      'backwards.csv:41: clock ran backwards',
    ],
  ])('%s', async (name, content, flags, message) => {
    const run = await ingest(name, content, ...flags);
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain('try: ');
    expect(run).toMatchObject({exitCode: 3, stdout: ''});
    expect(await storeExists(name)).toBe(false);
  });
});

describe('bad rows within the bound', () => {
  it('are all told with their line numbers, one in 1,000, and no good row is lost', async () => {
    const kinds = [
      '',
      '7,W,1,1',
      '7,X,0,4096,1',
      '7,W,-1,4096,1',
      '7,W,"0,4096,1',
      '7,W,99999999999999999999,1,1',
      'a,b',
    ];
    const broken = new Map<number, string>();
    const bad = MANY_ROWS / 1000;
    for (let index = 0; index < bad; index += 1)
      broken.set(1000 * index + ((index * 7919) % 1000), `${kinds[1 + (index % 6)]}`);
    await writeFile(
      inFolder('many.csv'),
      requests(MANY_ROWS, (index) => broken.get(index)),
    );
    // The built program: a million rows are read by threads.
    const flags = ['--store', 'many.store', '--max-bad-rows', String(bad), '--json'];
    const run = await runForeshadow(['ingest', 'many.csv', ...flags], {cwd: folder});
    expect(run.exitCode).toBe(0);
    const report = JSON.parse(run.stdout) as {
      totals: {rows: number; rejectedRows: number; footprintGrowthBytes: number};
      rejects: {line: number; text: string}[];
    };
    expect(report.totals).toMatchObject({
      rows: MANY_ROWS - bad,
      rejectedRows: bad,
      footprintGrowthBytes: (MANY_ROWS - bad) * 4096,
    });
    const expected = [...broken].map(([index, text]): [number, string] => [index + 1, text]);
    expect(report.rejects.map(({line, text}): [number, string] => [line, text])).toEqual(expected);
  });

  it('refuses one more than the bound and writes nothing', async () => {
    const content = requests(100, (index) => (index % 40 === 3 ? 'broken' : undefined));
    const refused = await ingest('bound.csv', content, '--max-bad-rows', '2');
    expect(refused.exitCode).toBe(3);
    expect(await storeExists('bound.csv')).toBe(false);
    expect(await ingest('bound.csv', content, '--max-bad-rows', '3')).toMatchObject({exitCode: 0});
  });
});

describe('the same input again', () => {
  it('changes no byte of the store and says that it is there, also as .gz and under another name', async () => {
    const content = requests(100);
    await ingest('twice.csv', content);
    const before = await listing(inFolder('twice.csv.store'));
    await writeFile(inFolder('again.csv.gz'), gzipSync(content));
    const files = ['twice.csv', 'again.csv.gz'].map(inFolder);
    const run = await runCommand(Ingest, [...files, '--store', inFolder('twice.csv.store')]);
    expect(run.exitCode).toBe(0);
    expect(`${run.stdout}${run.stderr}`.match(/already/g)?.length).toBeGreaterThanOrEqual(2);
    expect(await listing(inFolder('twice.csv.store'))).toEqual(before);
  });
});

describe('a topology that cannot be used', () => {
  it('is told every fault with its line, and what was probably meant', async () => {
    const yaml = `kind: topology
version: 1
hosts:
  - {id: host-1, capacity: 1TB, labels: {rack: r1}}
  - {id: host-2, capacity: -1TB, labels: {rack: r2}}
boundaries: [{kind: rack}]
volumes:
  - {id: v1, replicas: [host-1, host-9], antiAffinity: [rack]}
`;
    await mkdir(path.join(folder, 'topology'), {recursive: true});
    await writeFile(path.join(folder, 'topology', 'bad.yaml'), yaml);
    const run = await runCommand(TopologyCheck, [inFolder('topology/bad.yaml')]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain('bad.yaml:5');
    expect(run.stderr).toContain('-1TB');
    expect(run.stderr).toContain('bad.yaml:8');
    expect(run.stderr).toContain('host-9');
  });

  it('and a volume that the store does not know are exit 3', async () => {
    await ingest('known.csv', requests(8000));
    const store = ['--store', inFolder('known.csv.store')];
    const run = await runCommand(Forecast, [...store, '--model', 'seasonal-naive', '--volume', '77']);
    expect(run).toMatchObject({exitCode: 3, stdout: ''});
    expect(run.stderr).toContain('the store has no volume "77"');
  });
});

/** Every file of a folder with its size and time of change. */
async function listing(root: string): Promise<string[]> {
  const {stat} = await import('node:fs/promises');
  const entries = await readdir(root, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => `${file} ${(await stat(file)).size} ${(await stat(file)).mtimeMs}`),
  );
}
