import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {readdir, readFile, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

import {expect, test} from 'vitest';

import type {Plan} from '../../src/lib/allocation/index.js';
import {StaleError, writeArtifact} from '../../src/lib/core/index.js';
import {openTarget} from '../../src/lib/storage-apis/index.js';
import {applyPlanFile, type ApplyPlanFileOptions} from '../../src/lib/workflows/apply-plan.js';
import {
  ACCESS,
  ACTOR,
  buildPlan,
  type Bytes,
  containing,
  deadPid,
  NOW_US,
  RULES,
  temporaryFolder,
} from './builders.js';

const WANTED: Bytes = [
  ['h1', 10],
  ['h2', 20],
  ['h3', 30],
];

/** A plan on disk, an empty ledger beside it, and the options that apply the one to the other. */
async function setUp(plan: Plan): Promise<ApplyPlanFileOptions & {readonly ledger: string}> {
  const folder = await temporaryFolder();
  const planPath = path.join(folder, 'plan.json');
  const ledger = path.join(folder, 'buffers.json');
  await writeArtifact(planPath, plan);
  await writeFile(`${planPath}.now`, String(NOW_US));
  return {
    planPath,
    target: `file:${ledger}`,
    ledger,
    ...RULES,
    actor: {...ACTOR, machine: hostname()},
    access: ACCESS,
    dryRun: false,
    confirm: async () => Promise.resolve(true),
  };
}

async function heldBy(target: string | undefined): Promise<Bytes> {
  return [...(await openTarget(target ?? '', ACCESS).readInventory()).reserveBytes];
}

test('after kill -9 the next run takes over the lock and makes each missing change once', async () => {
  for (const [killAt, missing] of [
    [4, 2],
    [7, 0],
  ] as const) {
    const options = await setUp(buildPlan([], WANTED));
    const script = fileURLToPath(new URL('killed-run.ts', import.meta.url));
    const args = ['--import', 'tsx', script, options.planPath, options.target ?? '', String(killAt)];
    const run = spawnSync(process.execPath, args, {encoding: 'utf8'});
    expect(run).toMatchObject({signal: 'SIGKILL', stderr: ''});
    const report = await applyPlanFile(options);
    expect(report.remarks).toEqual([containing(`took over the lock of process ${run.pid}`)]);
    expect([report.applied.length, report.resumed.length, report.serial]).toEqual([missing, 3 - missing, 3]);
    expect(await heldBy(options.target)).toEqual(WANTED);
    expect((await readdir(path.dirname(options.ledger))).sort()).toEqual(
      ['buffers.json', 'buffers.json.journals', 'plan.json', 'plan.json.now'].sort(),
    );
  }
});

test('a dry run tells what is pending and makes no file, also while somebody else applies', async () => {
  const options = await setUp(buildPlan([], WANTED));
  await openTarget(options.target ?? '', ACCESS).lock(options.actor);
  const report = await applyPlanFile({
    ...options,
    dryRun: true,
    confirm: async () => Promise.reject(new Error('asked')),
  });
  expect(report).toMatchObject({
    dryRun: true,
    pending: [{setting: 'h1'}, {setting: 'h2'}, {setting: 'h3'}],
    serial: 0,
  });
  expect(existsSync(options.ledger)).toBe(false);
  await expect(applyPlanFile(options)).rejects.toMatchObject({exitCode: 5, code: 'lock-held'});
});

test('of two runs at the same time one applies and the other is refused or finds it done', async () => {
  const options = await setUp(buildPlan([], WANTED));
  const runs = await Promise.allSettled([applyPlanFile(options), applyPlanFile(options)]);
  const applied = runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value.applied.length] : []));
  const refused = runs.flatMap((run): unknown[] => (run.status === 'rejected' ? [run.reason] : []));
  expect(applied.reduce((total, count) => total + count, 0)).toBe(3);
  expect(refused.every((reason) => reason instanceof StaleError)).toBe(true);
  expect(await openTarget(options.target ?? '', ACCESS).readInventory()).toMatchObject({serial: 3});
});

test('an answer that is not yes changes nothing and fails the check', async () => {
  const options = await setUp(buildPlan([], WANTED));
  const asked: number[] = [];
  const confirm: typeof options.confirm = async ({pending}) =>
    Promise.resolve(asked.push(pending.length) > 1);
  await expect(applyPlanFile({...options, confirm})).rejects.toMatchObject({
    exitCode: 4,
    code: 'not-confirmed',
  });
  expect(existsSync(options.ledger)).toBe(false);
  expect(asked).toEqual([3]);
});

test('a whole plan is not asked about again', async () => {
  const options = await setUp(buildPlan([], WANTED));
  await applyPlanFile(options);
  const again = await applyPlanFile({...options, confirm: async () => Promise.reject(new Error('asked'))});
  expect(again).toMatchObject({alreadyApplied: true, serial: 3});
});

test('the lock is released when a run fails', async () => {
  const options = await setUp(buildPlan([], WANTED));
  await writeFile(`${options.ledger}.journals`, 'a file where the folder should be');
  await expect(applyPlanFile(options)).rejects.toMatchObject({exitCode: 3});
  expect(existsSync(`${options.ledger}.lock`)).toBe(false);
});

test('without --target the plan says where', async () => {
  const options = await setUp(buildPlan([], WANTED));
  await expect(applyPlanFile({...options, target: undefined})).rejects.toMatchObject({
    exitCode: 2,
    code: 'no-target',
  });
  const basis = {target: options.target ?? '', lineage: '', serial: 0};
  const other = await setUp(buildPlan([], WANTED, {basis}));
  await applyPlanFile({...other, target: undefined});
  expect(await heldBy(options.target)).toEqual(WANTED);
});

test('a plan that is not one is refused by file, field and value', async () => {
  const options = await setUp(buildPlan([], WANTED));
  const text = await readFile(options.planPath, 'utf8');
  await writeFile(options.planPath, text.replace('"toBytes": 20', '"toBytes": -20'));
  await expect(applyPlanFile(options)).rejects.toMatchObject({
    exitCode: 3,
    message: containing(`${options.planPath}: changes[1].toBytes`),
  });
});

test('the lock of a process that is gone does not hold up a run', async () => {
  const options = await setUp(buildPlan([], WANTED));
  await openTarget(options.target ?? '', ACCESS).lock({...options.actor, pid: deadPid()});
  expect((await applyPlanFile(options)).remarks).toHaveLength(1);
});
