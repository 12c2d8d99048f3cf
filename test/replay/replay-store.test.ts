import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, onTestFinished, test, vi} from 'vitest';

import Replay from '../../src/commands/replay.js';
import {ALLOCATION_POLICIES} from '../../src/lib/allocation/index.js';
import type {Series} from '../../src/lib/core/index.js';
import type {HistoryQuery} from '../../src/lib/shadow-store/index.js';
import {replayPolicies, type ReplayPoliciesOptions} from '../../src/lib/workflows/replay-policies.js';
import {renderReplay} from '../../src/views/replay-view.js';
import {runCommand} from '../support/run-command.js';
import {buildSeries, HOUR_SECONDS, START_US} from './builders.js';

const DAYS = 21;
const HOUR_US = HOUR_SECONDS * 1e6;

const TOPOLOGY = `
kind: topology
version: 1
fillLimit: 0.9
hosts:
${Array.from({length: 6}, (_, host) => `  - {id: "h,${host}", capacity: 1TB, labels: {rack: r${host % 3}}}`).join('\n')}
volumes:
${Array.from({length: 8}, (_, volume) => `  - {id: v${volume}, replicas: ["h,${volume % 6}", "h,${(volume + 1) % 6}"], antiAffinity: [rack]}`).join('\n')}
  - {id: unknown, replicas: ["h,0", "h,1"], used: 1GB}
`;

/** A daily rhythm, the same every day but for the last one, which is half as high again. */
function usage(volume: number): Series {
  const values = Array.from({length: DAYS * 24}, (_, hour) => {
    const today = 60e9 + 20e9 * Math.sin((hour * Math.PI) / 12) + volume * 1e9;
    return Math.round(hour >= (DAYS - 1) * 24 ? 1.5 * today : today);
  });
  return buildSeries(volume, values);
}

async function setUp(): Promise<ReplayPoliciesOptions & {readonly folder: string}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-test-'));
  onTestFinished(async () => rm(folder, {recursive: true, force: true}));
  const topologyPath = path.join(folder, 'topology.yaml');
  await writeFile(topologyPath, TOPOLOGY);
  const panel = [...Array.from({length: 8}, (_, volume) => usage(volume)), {...usage(0), id: 'elsewhere'}];
  const store = {
    info: () => ({firstUs: START_US, endUs: START_US + DAYS * 24 * HOUR_US}),
    readSeries: async ({toUs = 0}: HistoryQuery) => {
      const steps = (toUs - START_US) / HOUR_US;
      return Promise.resolve(panel.map((series) => ({...series, values: series.values.subarray(0, steps)})));
    },
    close: vi.fn(),
  };
  return {
    folder,
    source: {kind: 'store', path: folder, openStore: async () => Promise.resolve(store)},
    topologyPath,
    policies: [],
    settings: {level: 0.99, safetyFactor: 1.2, staticShare: 0.2},
    model: 'seasonal-naive',
    granularity: 'hourly',
    toUs: START_US + 1000 * 24 * HOUR_US,
    warmUpSeconds: 14 * 86_400,
    reviewSeconds: 86_400,
    leadSeconds: 0,
    refitSeconds: 0,
    withLaunches: true,
    withSuddenGrowth: false,
    seed: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
}

test('every policy and the oracle are scored, best first, with a table and remarks to read', async () => {
  const options = await setUp();
  const csv = path.join(options.folder, 'scores.csv');
  const report = await replayPolicies({...options, csv});
  const names = report.scores.map(({policy}) => policy);
  expect([...names].sort()).toEqual(
    [...ALLOCATION_POLICIES.map(({name}) => name), 'best-constant', 'oracle'].sort(),
  );
  expect(names[0]).toBe('oracle');
  const keys = report.scores.map(({stuckBytes, heldByteHours}) => [stuckBytes, heldByteHours] as const);
  expect(keys).toEqual(keys.toSorted(([a, b], [c, d]) => a - c || b - d));
  expect(report.scores.every(({scenarioSteps}) => scenarioSteps === (3 + 6) * 7 * 24)).toBe(true);
  expect(report).toMatchObject({reviews: 7, withoutHistory: ['unknown'], withoutPlace: ['elsewhere']});
  expect(report.warnings).toHaveLength(2);

  const lines = (await readFile(csv, 'utf8')).trimEnd().split('\n');
  expect(lines[0]).toMatch(/^policy,setting,value,scenario_steps,repaired_share,stuck_bytes,/);
  expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(names);

  const text = await renderReplay(report);
  for (const name of names) expect(text).toContain(`\n${name} `);
  expect(text).toContain('not to plan by: oracle and best-constant');
  expect(Math.max(...text.split('\n').map(({length}) => length))).toBeLessThanOrEqual(80);
});

test('a sweep adds points, not rows, and random failures and prices fit into the table too', async () => {
  const options = await setUp();
  const csv = path.join(options.folder, 'scores.csv');
  const report = await replayPolicies({
    ...{...options, csv, sweep: true, policies: ['static', 'largest-host'], warmUpSeconds: 18 * 86_400},
    failures: {perYear: 50, named: {rack: 500}, drawCount: 20},
    prices: {heldByteHour: 1e-12, stuckByte: 1e-9},
  });
  expect(report.scores.map(({policy}) => policy).sort()).toEqual(['largest-host', 'oracle', 'static']);
  expect(report.draws).toBe(20);
  expect(report.pareto?.map(({policy, value}) => [policy, value]).sort()).toEqual(
    [
      ['largest-host', undefined],
      ...[0.05, 0.1, 0.15, 0.2, 0.25, 0.3].map((value) => ['static', value]),
    ].sort(),
  );
  expect((await readFile(csv, 'utf8')).trimEnd().split('\n')).toHaveLength(1 + 8);
  const text = await renderReplay(report);
  expect(Math.max(...text.split('\n').map(({length}) => length))).toBeLessThanOrEqual(80);
  await expect(
    replayPolicies({...options, failures: {perYear: 1, named: {rak: 1}, drawCount: 2}}),
  ).rejects.toMatchObject({exitCode: 2, hints: ['did you mean rack?']});
});

test('a capacity history gives the same as the store that it was made of', async () => {
  const options = await setUp();
  const policies = ['reactive'];
  const ofStore = await replayPolicies({...options, policies});
  const file = path.join(options.folder, 'usage.csv');
  const rows = [
    ...Array.from({length: 8}, (_, volume) => usage(volume)),
    {...usage(0), id: 'elsewhere'},
  ].flatMap(({id, values}) =>
    [...values].map((bytes, hour) => `${id},${START_US + hour * HOUR_US},${bytes}`),
  );
  await writeFile(file, `volume,time_us,used_bytes\n${rows.join('\n')}\n`);
  const ofFile = await replayPolicies({...options, policies, source: {kind: 'usage', path: file}});
  expect(ofFile).toEqual(ofStore);
});

test('while every day is like the day before, the shared reserve holds hardly more than the oracle and repairs everything', async () => {
  const options = await setUp();
  const steady = await replayPolicies({
    ...options,
    policies: ['shared'],
    toUs: START_US + (DAYS - 1) * 24 * HOUR_US,
  });
  const [oracle, shared] = ['oracle', 'shared'].map((name) =>
    steady.scores.find(({policy}) => policy === name),
  );
  expect(shared).toMatchObject({policy: 'shared', repairedShare: 1, stuckBytes: 0, infeasibleReviews: 0});
  // Whole volumes need a little more than the oracle's, which may be cut.
  expect(shared?.reserveVsOracle).toBeGreaterThanOrEqual(1 - 1e-6);
  expect(shared?.reserveVsOracle).toBeLessThan(1.35);
  expect(oracle?.reserveVsOracle).toBe(1);
});

test('what comes as a surprise is stuck, on the day on which it comes', async () => {
  const options = await setUp();
  const {scores} = await replayPolicies({...options, policies: ['shared']});
  const shared = scores.find(({policy}) => policy === 'shared');
  expect(shared?.stuckBytes).toBeGreaterThan(0);
  expect(shared?.worst?.atUs).toBeGreaterThanOrEqual(START_US + (DAYS - 1) * 24 * HOUR_US);
});

test('the oracle is there once, named or not', async () => {
  const {scores} = await replayPolicies({...(await setUp()), policies: ['oracle', 'static']});
  expect(scores.map(({policy}) => policy).toSorted()).toEqual(['oracle', 'static']);
});

test('the warm-up begins at --from', async () => {
  const options = await setUp();
  const report = await replayPolicies({...options, policies: ['static'], fromUs: START_US + 3.5 * HOUR_US});
  expect(report.fromUs).toBe(START_US + (4 + 14 * 24) * HOUR_US);
});

test('unknown names and times that are no whole steps are refused by name', async () => {
  const options = await setUp();
  await expect(replayPolicies({...options, policies: ['share']})).rejects.toMatchObject({
    exitCode: 2,
    hints: ['did you mean shared?'],
  });
  await expect(replayPolicies({...options, model: 'etz'})).rejects.toMatchObject({exitCode: 2});
  const settings = {...options.settings, levels: {rak: 0.999}};
  await expect(replayPolicies({...options, settings})).rejects.toMatchObject({
    exitCode: 2,
    hints: ['did you mean rack?'],
  });
  await expect(replayPolicies({...options, reviewSeconds: 5400})).rejects.toMatchObject({
    exitCode: 2,
    message: '--review 90m is no whole number of hourly steps',
    hints: ['--review 2h'],
  });
  await expect(replayPolicies({...options, refitSeconds: 100_000})).rejects.toMatchObject({
    exitCode: 2,
    hints: ['--refit 2d'],
  });
  await expect(replayPolicies({...options, warmUpSeconds: 30 * 86_400})).rejects.toMatchObject({exitCode: 3});
});

test('the command refuses flags that it cannot read before it opens anything', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const {exitCode, stderr} = await runCommand(Replay, args);
    expect(exitCode).toBe(2);
    return stderr;
  };
  expect(await refused()).toContain('a topology is needed');
  expect(await refused('--topology', 't.yaml', '--level', '1')).toContain('--level cannot be read: "1"');
  expect(await refused('--topology', 't.yaml', '--lead', '-3h')).toContain('--lead cannot be read: "-3h"');
  expect(await refused('--topology', 't.yaml', '--safety-factor', '0')).toContain(
    'try: write it like --safety-factor',
  );
});
