import {spawn} from 'node:child_process';
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Forecast from '../../src/commands/forecast.js';
import Ingest from '../../src/commands/ingest.js';
import Monitor from '../../src/commands/monitor.js';
import Patterns from '../../src/commands/patterns.js';
import Anomalies from '../../src/commands/patterns/anomalies.js';
import Plan from '../../src/commands/plan.js';
import VerifyPlan from '../../src/commands/plan/verify.js';
import Report from '../../src/commands/report.js';
import Train from '../../src/commands/train.js';
import type {NightAnswer} from '../../src/lib/nightly/index.js';
import {type NightlySummary, runNightly} from '../../src/lib/workflows/run-nightly.js';
import {DAYS_BEFORE, DRIFT_NIGHT, fleetWithDrift, NIGHTS} from '../monitoring/month.js';
import {runCommand} from '../support/run-command.js';
import {PROGRAM, runForeshadow, USERS_ENVIRONMENT} from '../support/run-foreshadow.js';

const HOURS = 24;
const HOUR_US = 3_600_000_000;
const FLEET = fleetWithDrift();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-nightly-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true, force: true});
});

const TOPOLOGY = `kind: topology
version: 1
fillLimit: 0.9
hosts:
${[1, 2, 3, 4, 5].map((host) => `  - {id: h${host}, capacity: 1TB, labels: {rack: r${host}}}`).join('\n')}
boundaries:
  - kind: rack
volumes:
${FLEET.map(({id}, index) => `  - {id: ${id}, replicas: [h${index + 1}, h${index + 2}], antiAffinity: [rack]}`).join('\n')}
`;

/** A place of its own, with what was there before the first night. */
async function newPlace(name: string): Promise<string> {
  const place = path.join(folder, name);
  await mkdir(path.join(place, 'usage'), {recursive: true});
  await writeFile(path.join(place, 'cluster.yaml'), TOPOLOGY);
  for (let day = 0; day < DAYS_BEFORE; day += 1) await addDay(place, day);
  return place;
}

/** The usage samples of one day, an hour each. */
async function addDay(place: string, day: number): Promise<void> {
  const rows = FLEET.flatMap(({id, startUs, values}) =>
    Array.from({length: HOURS}, (_, hour) => {
      const step = day * HOURS + hour;
      return `${id},${startUs + step * HOUR_US + HOUR_US - 1},${values[step] ?? 0}\n`;
    }),
  );
  const file = path.join(place, 'usage', `day-${String(day).padStart(3, '0')}.csv`);
  await writeFile(file, `volume,time_us,used_bytes\n${rows.join('')}`);
}

const COMMANDS: Readonly<Record<string, Parameters<typeof runCommand>[0]>> = {
  ...{ingest: Ingest, patterns: Patterns, 'patterns anomalies': Anomalies, monitor: Monitor, train: Train},
  ...{forecast: Forecast, plan: Plan, 'plan verify': VerifyPlan, report: Report},
};

/** As foreshadow.yaml would say it: what is planned for a day need not be foreseen for a week. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  ...{train: ['--horizon', '1d', '--threads', '1'], forecast: ['--threads', '1']},
  ...{plan: ['--horizon', '1d'], report: ['--horizon', '1d']},
};

/** A command in this process, which costs a tenth of the built program. */
async function call(argv: readonly string[]): Promise<NightAnswer> {
  const [first = '', second = ''] = argv;
  const isLong = COMMANDS[`${first} ${second}`] !== undefined;
  const command = COMMANDS[isLong ? `${first} ${second}` : first];
  if (command === undefined) throw new Error(`no command ${first}`);
  const settings = isLong ? [] : (SETTINGS[first] ?? []);
  const run = await runCommand(command, [...argv.slice(isLong ? 2 : 1), ...settings, '--json']);
  return {exitCode: run.exitCode ?? 1, text: run.stdout, document: JSON.parse(run.stdout)};
}

function night(place: string): Promise<NightlySummary> {
  return runNightly({
    ...{storePath: path.join(place, 'store'), topologyPath: path.join(place, 'cluster.yaml')},
    ...{out: path.join(place, 'nightly'), configPath: 'foreshadow.yaml', granularity: 'hourly'},
    sources: [{files: [path.join(place, 'usage', '*.csv')], entries: [], line: 1}],
    ...{model: 'ets', challengers: [], retrainAfterSeconds: 365 * 86_400, target: undefined},
    ...{tool: 'foreshadow/test', call, settingsOf: () => Promise.resolve([]), argumentsOf: () => []},
    ...{signal: new AbortController().signal, onBegin: () => undefined, onEnd: () => undefined},
  });
}

const outcome = (summary: NightlySummary, step: string) => summary.steps.find(({name}) => name === step);

/** Every file of a place by its bytes. */
async function bytesOf(place: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(place, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const contents = files
    .sort()
    .map(async (file) => [path.relative(place, file), await readFile(file, 'base64')] as const);
  return new Map(await Promise.all(contents));
}

describe('a month of nights', () => {
  it(
    'raises a drift in week three within three nights and not before, trains again, and the new champion is better; each night again changes nothing',
    {timeout: 1_800_000},
    async () => {
      const place = await newPlace('month');
      const nights: NightlySummary[] = [];
      for (let count = 0; count < NIGHTS; count += 1) {
        if (count > 0) await addDay(place, DAYS_BEFORE + count - 1);
        const summary = await night(place);
        expect(summary.steps.filter(({status}) => status === 'failed' || status === 'not-run')).toEqual([]);
        nights.push(summary);
        if (count % 5 === 0) await expectNothingNew(place, summary);
      }
      const alarms = nightsIn(nights, (summary) => outcome(summary, 'monitor')?.exitCode === 4);
      const trained = nightsIn(nights, (summary) => outcome(summary, 'train')?.status === 'done');
      const [group] = await groupsOf(place);
      // The night that begins at DRIFT_NIGHT is known one later.
      expect(alarms).toHaveLength(1);
      expect(alarms[0]).toBeGreaterThan(DRIFT_NIGHT);
      expect(alarms[0]).toBeLessThanOrEqual(DRIFT_NIGHT + 3);
      expect(trained).toEqual([0, alarms[0]]);
      const [former] = group?.challengers ?? [];
      expect(former?.pairedNights).toBeGreaterThanOrEqual(7);
      expect(former?.lossRatio).toBeGreaterThan(1.1);
      expect(group?.replacements).toEqual([]);
    },
  );
});

function nightsIn(
  nights: readonly NightlySummary[],
  isOne: (summary: NightlySummary) => boolean,
): readonly number[] {
  return nights.flatMap((summary, count) => (isOne(summary) ? [count] : []));
}

async function expectNothingNew(place: string, {exitCode}: NightlySummary): Promise<void> {
  const before = await bytesOf(place);
  const again = await night(place);
  expect(again.steps.map(({status}) => status)).not.toContain('done');
  expect(again.exitCode).toBe(exitCode);
  expect(await bytesOf(place)).toEqual(before);
}

interface Group {
  readonly challengers: readonly {readonly lossRatio?: number; readonly pairedNights: number}[];
  readonly replacements: readonly unknown[];
}

async function groupsOf(place: string): Promise<readonly Group[]> {
  const text = await readFile(path.join(place, 'nightly', 'monitor.json'), 'utf8');
  return (JSON.parse(text) as {groups: readonly Group[]}).groups;
}

describe('a night of the built program', () => {
  const STEPS = ['ingest', 'patterns', 'monitor', 'train', 'forecast', 'plan', 'gate', 'report'];

  it(
    'that is killed at each step goes on there, and ends as one that was not',
    {timeout: 900_000},
    async () => {
      const [whole, killed] = [await newPlace('whole'), await newPlace('killed')];
      const config = 'store: store\ntopology: cluster.yaml\nsources:\n  - files: usage/*.csv\n';
      for (const place of [whole, killed]) await writeFile(path.join(place, 'foreshadow.yaml'), config);
      expect(await runForeshadow(['nightly', '--json'], {cwd: whole})).toMatchObject({exitCode: 0});
      for (const step of STEPS) await killAt(killed, step);
      const end = await runForeshadow(['nightly', '--json'], {cwd: killed});
      expect(end.exitCode).toBe(0);
      for (const file of [
        'patterns.json',
        'monitor.json',
        'forecast.json',
        'plan-summary.json',
        'gate-verify.json',
      ]) {
        const [left, right] = await Promise.all(
          [whole, killed].map((place) => readFile(path.join(place, 'nightly', file), 'utf8')),
        );
        expect(withoutChance(right ?? ''), file).toBe(withoutChance(left ?? ''));
      }
      const again = await runForeshadow(['nightly', '--json'], {cwd: killed});
      expect(again.exitCode).toBe(0);
      expect(again.stdout).not.toContain('"done"');
    },
  );
});

/** Runs a night until the step before is told as over, and kills it a moment later. */
async function killAt(place: string, step: string): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, 'nightly'], {
    cwd: place,
    env: USERS_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const before = ['', 'ingest', 'patterns', 'monitor', 'train', 'forecast', 'plan', 'gate', 'report'];
  const awaited = before[before.indexOf(step) - 1] ?? '';
  for (let tries = 0; tries < 2400 && !said.includes(awaited === '' ? '' : `${awaited}:`); tries += 1)
    await wait(25);
  await wait(300);
  // With all that it started: a machine that goes down takes them along.
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  await ended;
}

/** Without times of day and the hash of a file that has one in it. */
function withoutChance(text: string): string {
  return text.replace(/"(createdAt|expiresAt|planSha256|sha256|path|modelSha256)": "[^"]*"/g, '"$1": ""');
}
