import path from 'node:path';

import {afterEach, expect, test, vi} from 'vitest';

import Apply from '../../src/commands/apply.js';
import type {Plan} from '../../src/lib/allocation/index.js';
import {writeArtifact} from '../../src/lib/core/index.js';
import {runCommand} from '../support/run-command.js';
import {buildPlan, type Bytes, containing, temporaryFolder} from './builders.js';

const WANTED: Bytes = [
  ['h1', 10],
  ['evil\u001b[2J', 2048],
];
const AS_OF = ['--as-of', '2026-06-01'];

afterEach(() => {
  vi.unstubAllEnvs();
});

const run = (...args: string[]): ReturnType<typeof runCommand> => runCommand(Apply, args);

async function setUp(overrides: Partial<Plan> = {}): Promise<[plan: string, target: string]> {
  const folder = await temporaryFolder();
  const plan = path.join(folder, 'plan.json');
  await writeArtifact(plan, buildPlan([], WANTED, overrides));
  return [plan, `file:${path.join(folder, 'buffers.json')}`];
}

test('a dry run shows the changes, with 7 where that is asked for; applying says so, and so does applying again', async () => {
  const [plan, target] = await setUp();
  const pending = await run(plan, '--target', target, '--dry-run', '--detailed-exitcode', ...AS_OF);
  expect(pending).toMatchObject({exitCode: 7, stderr: ''});
  expect(pending.stdout).toMatch(/evil\\u001b\[2J +allocate +0 B +2.00 KiB +pending +wanted by the test/);
  const applied = await run(plan, '--target', target, '--yes', ...AS_OF);
  expect(applied).toMatchObject({exitCode: 0, stdout: containing('applied: 2 changes')});
  const again = await run(plan, '--target', target, '--yes', ...AS_OF);
  expect(again).toMatchObject({exitCode: 0, stdout: containing('already applied')});
  const done = await run(plan, '--target', target, '--dry-run', '--detailed-exitcode', ...AS_OF);
  expect(done.exitCode).toBe(0);
});

test('--json gives one document, for success and for refusal', async () => {
  const [plan, target] = await setUp();
  const refused = await run(plan, '--target', target, '--json', ...AS_OF);
  expect(JSON.parse(refused.stdout)).toMatchObject({error: {code: 'not-confirmed', exitCode: 2}});
  const applied = await run(plan, '--target', target, '--json', '--yes', ...AS_OF);
  expect(applied.stderr).toBe('');
  expect(JSON.parse(applied.stdout)).toMatchObject({
    schemaVersion: 1,
    serial: 2,
    applied: [{toBytes: 10}, {toBytes: 2048}],
  });
});

test('without a terminal nothing is applied unless --yes is given', async () => {
  const [plan, target] = await setUp();
  expect(await run(plan, '--target', target, ...AS_OF)).toMatchObject({
    exitCode: 2,
    stderr: containing('--yes'),
  });
});

test('FORESHADOW_NO_APPLY stops everything but a dry run', async () => {
  const [plan, target] = await setUp();
  vi.stubEnv('FORESHADOW_NO_APPLY', '1');
  const stopped = await run(plan, '--target', target, '--yes', ...AS_OF);
  expect(stopped).toMatchObject({exitCode: 2, stderr: containing('FORESHADOW_NO_APPLY is set')});
  expect((await run(plan, '--target', target, '--dry-run', ...AS_OF)).exitCode).toBe(0);
});

test('expired is 5, infeasible is 4, and the gaps are told', async () => {
  const [plan, target] = await setUp();
  expect((await run(plan, '--target', target, '--yes', '--as-of', '2026-07-01')).exitCode).toBe(5);
  const gap = {
    scenario: 'rack/r1',
    volumes: [],
    hosts: [],
    demandBytes: 9,
    roomBytes: 4,
    message: '5 bytes short',
  };
  const [infeasible, other] = await setUp({feasible: false, uncovered: [gap]});
  const refused = await run(infeasible, '--target', other, '--yes', ...AS_OF);
  expect(refused).toMatchObject({exitCode: 4, stderr: containing('rack/r1: 5 bytes short')});
  expect((await run(infeasible, '--target', other, '--yes', '--allow-infeasible', ...AS_OF)).exitCode).toBe(
    0,
  );
});
