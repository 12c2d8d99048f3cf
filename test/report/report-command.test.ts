import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Evaluate from '../../src/commands/evaluate.js';
import Forecast from '../../src/commands/forecast.js';
import Monitor from '../../src/commands/monitor.js';
import Patterns from '../../src/commands/patterns.js';
import PatternsAnomalies from '../../src/commands/patterns/anomalies.js';
import Plan from '../../src/commands/plan.js';
import Replay from '../../src/commands/replay.js';
import Report from '../../src/commands/report.js';
import {createRandom} from '../../src/lib/core/index.js';
import {batchOf, BEGIN_US, HOUR_US} from '../shadow-store/batches.js';
import {openWriter} from '../shadow-store/stores.js';
import {runCommand} from '../support/run-command.js';
import {having, type PageElement, parsePage, withDescendants} from './parse-page.js';

const DAYS = 21;
const GIB = 2 ** 30;
const WEIRD = '<b>"&';
const TOPOLOGY = `kind: topology
version: 1
fillLimit: 90%
hosts:
${['h1', 'h2', 'h3', 'h4'].map((id, index) => `  - {id: ${id}, capacity: 200GiB, labels: {rack: r${index}}}`).join('\n')}
volumes:
  - {id: db, replicas: [h1, h2]}
  - {id: '${WEIRD}', replicas: [h2, h3]}
`;
let folder: string;
let sources: string[];

function fileOf(name: string): string {
  return path.join(folder, name);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-report-'));
  const random = createRandom(2);
  const rows = ['db', WEIRD].flatMap((volume, index) =>
    Array.from({length: 24 * DAYS}, (_, step) => {
      const startUs = BEGIN_US + step * HOUR_US;
      const bytes = Math.round(GIB * (10 + ((1 - index / 2) * step) / 24 + 0.01 * random.normal()));
      return {volume, startUs, writes: 1, writeBytes: bytes, used: {bytes, atUs: startUs}};
    }),
  );
  const writer = await openWriter(fileOf('store'));
  await writer.commit({...batchOf('rows', rows), provisioned: new Map([['db', 40 * GIB]])});
  await writer.close();
  await writeFile(fileOf('cluster.yaml'), TOPOLOGY);
  sources = ['--store', fileOf('store'), '--topology', fileOf('cluster.yaml')];
});
afterAll(() => rm(folder, {recursive: true, force: true}));

async function report(...args: readonly string[]): ReturnType<typeof runCommand> {
  return runCommand(Report, [...args, '--store', fileOf('store'), '--as-of', '2026-04-01']);
}

async function documentOf(
  command: Parameters<typeof runCommand>[0],
  name: string,
  args: readonly string[],
): Promise<string> {
  const {stdout, exitCode} = await runCommand(command, [...args, '--json']);
  expect(exitCode).toBe(0);
  await writeFile(fileOf(name), stdout);
  return fileOf(name);
}

function section(html: string, id: string): readonly PageElement[] {
  return withDescendants(having(parsePage(html), 'id', id)[0]!);
}

function rowsOf(elements: readonly PageElement[]): readonly (readonly string[])[] {
  const rows = elements.filter(({tag}) => tag === 'tr').map(({children}) => children.map(({text}) => text));
  return rows.slice(1);
}

describe('report', () => {
  it('shows what plan, replay and evaluate found, and what the store knows', async () => {
    await runCommand(Plan, [
      ...sources,
      '--horizon',
      '2d',
      '--out',
      fileOf('plan.json'),
      '--as-of',
      '2026-04-01',
    ]);
    const replay = await documentOf(Replay, 'replay.json', [
      ...[...sources, '--policies', 'static', '--sweep', '--warm-up', '20d', '--as-of', '2026-04-01'],
    ]);
    const evaluation = await documentOf(Evaluate, 'evaluation.json', [
      ...['--store', fileOf('store'), '--models', 'theta', '--horizon', '2d', '--as-of', '2026-04-01'],
    ]);
    const out = fileOf('report.html');
    const {stdout, exitCode, result} = await report(
      ...['--topology', fileOf('cluster.yaml'), '--plan', fileOf('plan.json'), '--out', out],
      ...['--replay', replay, '--evaluation', evaluation],
    );
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(
        /report\.html: \d+ KiB, 2 volumes; plan, courses, patterns, anomalies, evaluation, replay\nnot in it: monitor;/,
      ),
    ]);
    expect(result).toMatchObject({absent: ['monitor'], volumes: 2, out});
    const html = await readFile(out, 'utf8');
    const scenarios = rowsOf(section(html, 'scenarios')).filter((row) => row.length === 7);
    expect(scenarios.map(([name]) => name).sort()).toEqual([
      'host/h1',
      'host/h2',
      'host/h3',
      'host/h4',
      'rack/r0',
      'rack/r1',
      'rack/r2',
      'rack/r3',
    ]);
    expect(scenarios.find(([name]) => name === 'host/h1')).toMatchObject({
      1: '✓ yes',
      6: expect.stringMatching(
        /^1 volume with 3\d\.\d GiB on .*h.* which hold .* GiB: at \d+\.\d\s% more$/,
      ) as string,
    });
    // Nothing lies on h4.
    expect(section(html, 'boundaries').filter(({tag}) => tag === 'figcaption')).toHaveLength(6);
    expect(rowsOf(section(html, 'models')).map(([model]) => model)).toContain('theta');
    expect(rowsOf(section(html, 'replay')).map(([policy]) => policy)).toContain('oracle');
    expect(
      rowsOf(section(html, 'volumes-table'))
        .map(([name]) => name)
        .sort(),
    ).toEqual([WEIRD, 'db']);
    expect(
      section(html, 'changes')
        .map(({text}) => text)
        .join(),
    ).toContain('needs the most here');
  });

  it('takes growth and anomalies from files, and shows the same as when it finds them itself', async () => {
    const patterns = await documentOf(Patterns, 'patterns.json', [
      ...['--store', fileOf('store'), '--as-of', '2026-04-01'],
    ]);
    const anomalies = fileOf('anomalies.json');
    await runCommand(PatternsAnomalies, [
      '--store',
      fileOf('store'),
      '--as-of',
      '2026-04-01',
      '--out',
      anomalies,
    ]);
    const [found, given] = [
      await report('--out', '-'),
      await report('--out', '-', '--patterns', patterns, '--anomalies', anomalies),
    ];
    for (const id of ['volumes', 'anomalies', 'headline'])
      expect(section(given.stdout, id)).toEqual(section(found.stdout, id));
    // A store that nothing is read from need not be there.
    expect(found.stdout).toContain('<li>store: ');
    expect(given.stdout).not.toContain('<li>store: ');
    expect(section(found.stdout, 'replay').at(-1)!.text).toMatch(/^foreshadow replay /);
  });

  it('shows how forecasts and plans that were kept did', async () => {
    const asOf = ['--as-of', new Date(BEGIN_US / 1000 + (DAYS - 2) * 86_400_000).toISOString()];
    const ahead = ['--horizon', '2d', '--keep', ...asOf];
    await runCommand(Forecast, [...sources, ...ahead, '--model', 'naive']);
    await runCommand(Plan, [...sources, ...ahead, '--out', fileOf('kept-plan.json')]);
    const monitor = await documentOf(Monitor, 'monitor.json', [
      ...['--store', fileOf('store'), '--as-of', '2026-03-25', '--false-alarm', '1500'],
    ]);
    const {stdout} = await report('--out', '-', '--monitor', monitor);
    const rows = rowsOf(section(stdout, 'monitor'));
    expect(rows).toContainEqual(
      expect.arrayContaining(['2 volumes', 'naive', 'champion', expect.stringMatching(/^[\d.]+\s%$/)]),
    );
    // A host of one volume and one of two are sums of their own.
    expect(rows).toContainEqual(expect.arrayContaining(['rack/r1', 'naive', 'champion']));
    expect(rows).toContainEqual(expect.arrayContaining(['99.00\u00A0%']));
    expect(section(stdout, 'monitor').map(({text}) => text)).toContainEqual(
      expect.stringMatching(/^Drift test: too early to say: \d of 11 nights\.$/),
    );
    expect(section(stdout, 'monitor').map(({text}) => text)).toContainEqual(
      expect.stringContaining('one false alarm in 1,500 nights at most'),
    );
    expect(stdout).toContain(`<li>monitor: <code>${monitor}</code></li>`);
  });

  it('warns when the plan was made of another topology', async () => {
    const other = fileOf('other.yaml');
    await writeFile(other, TOPOLOGY.replace('200GiB', '210GiB'));
    const {stderr, result} = await report(
      ...['--topology', other, '--plan', fileOf('plan.json'), '--out', fileOf('other.html')],
    );
    expect(stderr).toContain('warning: the plan was made of another topology');
    expect(result).toMatchObject({warnings: [expect.stringContaining('another topology')]});
    expect(section(await readFile(fileOf('other.html'), 'utf8'), 'warnings')[0]!.text).toContain(
      'another topology',
    );
  });

  it('is the same, byte by byte, when written again', async () => {
    const [first, second] = [await report('--out', '-'), await report('--out', '-')];
    expect(first.stdout).toMatch(/^<!doctype html>/);
    expect(second.stdout).toBe(first.stdout);
  });

  it.each([
    [
      '--replay',
      '{"schemaVersion": 1, "command": "evaluate"}',
      /it is what "evaluate" printed, not "replay"/,
    ],
    ['--evaluation', '{"schemaVersion": 2, "command": "evaluate"}', /schemaVersion/],
    ['--evaluation', '{"schemaVersion": 1, "command": "evaluate", "metric": 7}', /metric/],
    ['--monitor', '{"schemaVersion": 1, "command": "monitor", "rows": 7}', /rows/],
    ['--patterns', '{"schemaVersion": 1, "command": "patterns", "metric": "reads"}', /metric.*used-bytes/],
    ['--patterns', 'not JSON', /is not JSON/],
    ['--plan', '{"kind": "foreshadow.model"}', /foreshadow\.plan/],
  ])('refuses %s of %s, and writes nothing', async (flag, text, message) => {
    await writeFile(fileOf('wrong.json'), text);
    const out = fileOf('never.html');
    const {exitCode, stderr} = await report(flag, fileOf('wrong.json'), '--out', out);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('wrong.json');
    await expect(readFile(out)).rejects.toThrow('ENOENT');
  });

  it('refuses to print two documents at once', async () => {
    const {exitCode, stdout} = await report('--out', '-', '--json');
    expect([exitCode, stdout]).toEqual([2, expect.stringContaining('bad-out')]);
  });
});
