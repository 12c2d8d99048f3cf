import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Forecast from '../../src/commands/forecast.js';
import Ingest from '../../src/commands/ingest.js';
import Monitor from '../../src/commands/monitor.js';
import PlanCommand from '../../src/commands/plan.js';
import type {MonitorReport} from '../../src/lib/workflows/monitor-forecasts.js';
import {runCommand} from '../support/run-command.js';
import {historyBytes} from './month.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-05T00:00:00Z');
const VOLUMES = 4;
const DAYS = 21;

const TOPOLOGY = `kind: topology
version: 1
hosts:
${Array.from({length: 4}, (_, host) => `  - {id: h${host}, capacity: 1TB, labels: {rack: r${host}}}`).join('\n')}
volumes:
${Array.from({length: VOLUMES}, (_, volume) => `  - {id: "vol,${volume}", replicas: [h${volume % 4}, h${(volume + 1) % 4}], antiAffinity: [rack]}`).join('\n')}
`;

/** Samples on the hour; from day 21 on the first volume holds ten times as much. */
function samples(fromDay: number, toDay: number, volumes = VOLUMES): string {
  const lines = ['volume,time,used_bytes'];
  for (let hour = fromDay * 24; hour < toDay * 24; hour += 1)
    for (let volume = 0; volume < volumes; volume += 1) {
      const usual = 20e9 + 5e9 * volume + 3e9 * Math.sin((Math.PI * hour) / 12) + 1e8 * ((hour * 7) % 13);
      const used = volume === 0 && hour >= DAYS * 24 ? 10 * usual : usual;
      const time = new Date(START_MS + hour * HOUR_MS).toISOString();
      lines.push(`"vol,${volume}",${time},${Math.round(used)}`);
    }
  return `${lines.join('\n')}\n`;
}

let folder: string;
let store: string;
let topology: string;

async function ingest(name: string, text: string): Promise<void> {
  const file = path.join(folder, `${name}.csv`);
  await writeFile(file, text);
  const {exitCode, stderr} = await runCommand(Ingest, [file, '--store', store, '--quiet']);
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''});
}

function dayText(day: number): string {
  return new Date(START_MS + day * 24 * HOUR_MS).toISOString();
}

async function monitor(
  args: readonly string[] = [],
): Promise<Awaited<ReturnType<typeof runCommand>> & {readonly report: MonitorReport}> {
  const run = await runCommand(Monitor, ['--store', store, ...args]);
  return {...run, report: run.result as MonitorReport};
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-monitor-'));
  [store, topology] = [path.join(folder, 'store'), path.join(folder, 'topology.yaml')];
  await writeFile(topology, TOPOLOGY);
  await ingest('history', samples(0, DAYS));
});
afterAll(() => rm(folder, {recursive: true, force: true}));

describe('monitor', () => {
  it('has nothing to say before anything was kept', async () => {
    const {exitCode, stdout} = await monitor();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('nothing to look at yet');
  });

  it('keeps a forecast once, and of all volumes only', async () => {
    const args = ['--store', store, '--model', 'seasonal-naive', '--horizon', '3d', '--keep'];
    const first = await runCommand(Forecast, [...args, '--topology', topology]);
    expect(first.stdout).toContain('kept as champion');
    const bytes = await historyBytes(store);
    const again = await runCommand(Forecast, [...args, '--topology', topology]);
    expect(again.stdout).toContain('was kept before as champion');
    expect(await historyBytes(store)).toEqual(bytes);

    const part = await runCommand(Forecast, [...args, '--volume', 'vol,1']);
    expect(part).toMatchObject({exitCode: 2});
    expect(part.stderr).toContain('--keep keeps forecasts of all volumes');
  });

  it('lets another forecast take the place of the one for the same origin and role', async () => {
    const args = ['--store', store, '--horizon', '3d', '--keep', '--topology', topology];
    const forecasts = path.join(store, 'monitor', 'forecasts');
    const before = await readdir(forecasts);
    await runCommand(Forecast, [...args, '--model', 'naive']);
    const after = await readdir(forecasts);
    expect(after).toHaveLength(before.length);
    expect(after).not.toEqual(before);
    await runCommand(Forecast, [...args, '--model', 'seasonal-naive']);
    expect(await readdir(forecasts)).toEqual(before);
  });

  it('scores nothing before its truth is there', async () => {
    const kept = await runCommand(PlanCommand, [
      ...['--store', store, '--topology', topology, '--keep', '--horizon', '3d', '--as-of', dayText(DAYS)],
      ...['--out', path.join(folder, 'plan.json')],
    ]);
    expect(kept.stdout).toContain('kept: ');
    const {exitCode, report} = await monitor(['--as-of', dayText(DAYS)]);
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({keptForecasts: 2, newBlocks: 0, waitingBlocks: 6, rows: [], checks: []});
  });

  it('waits a day for logs that are late, and then counts what is missing as unknown', async () => {
    await ingest('first of four volumes', samples(DAYS, DAYS + 1, 1));
    expect((await monitor(['--as-of', dayText(DAYS + 1)])).report.newBlocks).toBe(0);
    await ingest('next day, all volumes', samples(DAYS + 1, DAYS + 2));
    await ingest('end of that day', samples(DAYS + 2, DAYS + 3));
    const {report} = await monitor(['--as-of', dayText(DAYS + 2)]);
    const row = report.rows.find(({role, scope}) => role === 'champion' && scope === 'volumes');
    expect(report.newBlocks).toBe(2 * 2);
    expect(row?.steps).toBeGreaterThan(0);
    expect(row?.unknownSteps).toBeGreaterThan(0);
  });

  it('tells scores and broken promises, exits with 4, and changes nothing when it runs again', async () => {
    const args = ['--as-of', dayText(DAYS + 3)];
    const {exitCode, report, stdout} = await monitor(args);
    expect(exitCode).toBe(4);
    expect(
      report.rows.filter(({role}) => role === 'champion').map(({scope, name}) => `${scope} ${name}`),
    ).toEqual([
      'volumes ',
      'class ordinary',
      ...Array.from({length: 4}, (_, host) => `boundary host/h${host}`),
      ...Array.from({length: 4}, (_, rack) => `boundary rack/r${rack}`),
    ]);
    expect(report.rows[0]?.lossVsNaive).toBe(1);
    const [drift, promise] = report.checks;
    expect(drift).toMatchObject({check: 'drift', about: 'hourly used-bytes', passed: true});
    expect(promise).toMatchObject({check: 'promise', about: 'level 0.99', passed: false});
    const [plan] = report.plans;
    expect(plan?.scenarios.find(({scenario}) => scenario === 'rack/r0')).toMatchObject({
      ...{level: 0.99, keptSteps: 0},
      worst: {stuckBytes: expect.any(Number) as number},
    });
    expect(plan?.scenarios.find(({scenario}) => scenario === 'rack/r2')?.worst).toBeUndefined();
    expect(stdout).toContain('FAILED: level 0.99:');
    expect(Math.max(...stdout.split('\n').map(({length}) => length))).toBeLessThanOrEqual(80);

    const bytes = await historyBytes(store);
    const again = await monitor(args);
    expect({...again.report, newBlocks: 0}).toEqual({...report, newBlocks: 0});
    expect(await historyBytes(store)).toEqual(bytes);
  });

  it('judges a plan file as it judges a kept one, by the topology that it was made for', async () => {
    const plan = path.join(folder, 'plan.json');
    const args = ['--as-of', dayText(DAYS + 3), '--plan', plan];
    const kept = (await monitor(['--as-of', dayText(DAYS + 3)])).report;
    const {exitCode, report} = await monitor([...args, '--topology', topology]);
    expect(exitCode).toBe(4);
    expect(report.promises).toEqual(kept.promises);

    expect(await monitor(args)).toMatchObject({exitCode: 2});
    const other = path.join(folder, 'other.yaml');
    await writeFile(other, TOPOLOGY.replace('id: h0, capacity: 1TB', 'id: h0, capacity: 2TB'));
    const refused = await monitor([...args, '--topology', other]);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('the plan of 2026-01-26T00:00:00Z was made for');
  });

  it('names the file and the field of a history that was changed', async () => {
    const scores = path.join(store, 'monitor', 'scores');
    const [name = ''] = (await readdir(scores)).filter((one) => one.endsWith('.json'));
    const file = path.join(scores, name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"steps": \d+/, '"steps": -1'));
    const {exitCode, stderr} = await monitor();
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`${file}: blocks[0].scopes[0].sums.steps`);
    await writeFile(file, text);
  });
});
