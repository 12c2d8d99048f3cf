import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {z} from 'zod';

import type {Plan} from '../../src/lib/allocation/index.js';
import {writeArtifact} from '../../src/lib/core/index.js';
import {rackPlan} from '../storage-apis/beds/cinder-bed.js';
import {type FinishedRun, runForeshadow} from '../support/run-foreshadow.js';
import {type RunningCinder, startCinder, whyNoCinder} from '../support/start-cinder.js';

const GIB = 2 ** 30;
const reason = whyNoCinder();
if (reason !== undefined) console.warn(`skipped: no real Cinder: ${reason}`);

const quotaShape = z.object({
  quota_set: z.record(z.string(), z.union([z.string(), z.object({limit: z.number(), in_use: z.number()})])),
});

describe.skipIf(reason !== undefined)('a real Cinder API, a volume type for each of three racks', () => {
  let real: RunningCinder;
  const runs: FinishedRun[] = [];

  const apply = async (...args: string[]): Promise<FinishedRun> => {
    const state = ['--state', path.join(real.folder, 'state')];
    const run = await runForeshadow(['apply', ...args, '--target', `cinder:${real.address}`, ...state], {
      env: {FORESHADOW_TARGET_TOKEN: real.token},
    });
    runs.push(run);
    return run;
  };
  const limits = async (): Promise<unknown[]> => {
    const {body} = await real.ask('GET', `/os-quota-sets/${real.project}?usage=true`);
    const {quota_set: set} = quotaShape.parse(body);
    return ['rack/r1', 'r2', 'third'].map((name) => {
      const quota = set[`gigabytes_${name}`];
      return typeof quota === 'object' ? quota.limit : quota;
    });
  };
  const createVolume = async (gib: number): Promise<number> => {
    const {status} = await real.ask('POST', '/volumes', {volume: {size: gib, volume_type: 'r2'}});
    return status;
  };
  /** 100 GiB may be used in each rack; these are held free. */
  const planFile = async (name: string, reservesGib: readonly number[]): Promise<string> => {
    const made = rackPlan(
      [],
      reservesGib.map((gib, index) => [`h${index + 1}`, gib * GIB]),
      {expiresAt: '2100-01-01T00:00:00Z'},
    );
    const file = path.join(real.folder, name);
    const room = {capacityBytes: 120 * GIB, predictedUsedBytes: 60 * GIB, roomBytes: 40 * GIB};
    const plan: Plan = {...made, hosts: made.hosts.map((host) => ({...host, ...room}))};
    await writeArtifact(file, plan);
    return file;
  };

  beforeAll(async () => {
    real = await startCinder();
    const specs = {'RESKEY:availability_zones': 'r3'};
    for (const type of [{name: 'rack/r1'}, {name: 'r2'}, {name: 'third', extra_specs: specs}]) {
      expect(await real.ask('POST', '/types', {volume_type: type})).toMatchObject({status: 200});
    }
  }, 180_000);
  afterAll(async () => {
    await real.stop();
  });

  test('apply sets the quotas, which the API reads back; applying again changes nothing', async () => {
    expect(await limits()).toEqual([-1, -1, -1]);
    const plan = await planFile('first.json', [20, 30.5, 40]);
    const applied = await apply(plan, '--yes');
    expect(applied).toMatchObject({exitCode: 0});
    expect(applied.stdout).toContain('applied: 3 changes');
    expect(applied.stderr).toContain(`the quota of r2 is ${GIB / 2} bytes below what may be used in rack/r2`);
    expect(applied.stderr).toContain(
      'belong to no boundary of the plan, wherever their volumes are: __DEFAULT__',
    );
    expect(await limits()).toEqual([80, 69, 60]);
    expect((await apply(plan, '--yes')).stdout).toContain('already applied');
    expect(await apply(plan, '--check')).toMatchObject({exitCode: 0});
  });

  test('a quota that was changed by hand is drift', async () => {
    const plan = path.join(real.folder, 'first.json');
    const set = async (gib: number): Promise<unknown> =>
      real.ask('PUT', `/os-quota-sets/${real.project}`, {quota_set: {gigabytes_r2: gib}});
    await set(68);
    expect(await apply(plan, '--check')).toMatchObject({exitCode: 4});
    expect(await apply(plan, '--yes')).toMatchObject({exitCode: 5});
    expect(await limits()).toEqual([80, 68, 60]);
    await set(69);
  });

  test('Cinder keeps to the quota, and a plan that wants less than is in use gets what is in use', async () => {
    expect(await createVolume(60)).toBe(202);
    expect(await createVolume(10)).toBe(413);
    const applied = await apply(await planFile('second.json', [20, 50, 40]), '--yes');
    expect(applied).toMatchObject({exitCode: 0});
    expect(applied.stderr).toContain(`${10 * GIB} bytes of what is to be held free in rack/r2`);
    expect(await limits()).toEqual([80, 60, 60]);
  });

  test('a rollback of both plans brings back no limit', async () => {
    const [folder = ''] = await readdir(path.join(real.folder, 'state', 'journals'));
    const journals = path.join(real.folder, 'state', 'journals', folder);
    const files = (await readdir(journals)).map((name) => path.join(journals, name));
    const isFirst = await Promise.all(
      files.map(async (file) => (await readFile(file, 'utf8')).includes('r1')),
    );
    const [first, second] = isFirst[0] === true ? files : [...files].reverse();
    expect(await apply('--rollback', second!, '--yes')).toMatchObject({exitCode: 0});
    expect(await limits()).toEqual([80, 69, 60]);
    expect(await apply('--rollback', first!, '--yes')).toMatchObject({exitCode: 0});
    expect(await limits()).toEqual([-1, -1, -1]);
  });

  test('no output and no file holds the token', async () => {
    const files = await readdir(real.folder, {recursive: true, withFileTypes: true});
    const ours = files.filter((file) => file.isFile() && /\.(json|jsonl|lock)$/.test(file.name));
    expect(ours.length).toBeGreaterThanOrEqual(4);
    const texts = await Promise.all(
      ours.map(async (file) => readFile(path.join(file.parentPath, file.name), 'utf8')),
    );
    for (const text of [...texts, ...runs.flatMap(({stdout, stderr}) => [stdout, stderr])])
      expect(text).not.toContain(real.token);
  });
});
