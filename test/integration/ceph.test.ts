import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {z} from 'zod';

import {type CephCluster, cephIsMissing, cephVersion, startCeph, until} from '../support/ceph-cluster.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const MIB = 2 ** 20;
const OBJECT_BYTES = 4 * MIB;
const FILL_LIMIT = 0.8;
const why = cephIsMissing();
if (why !== undefined) console.warn(`skipped: Ceph: ${why}`);

let cluster: CephCluster;
let folder: string;
let secrets: Record<string, string>;
let target: string;
/** Everything that the program printed, for the search for secrets. */
let printed = '';

beforeAll(async () => {
  if (why !== undefined) return;
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-ceph-test-'));
  cluster = await startCeph({
    ...{racks: 3, osdsPerRack: 2, osdBytes: 2 ** 31},
    pools: [{name: 'volumes', size: 2, apartBy: 'rack', placementGroups: 32}],
  });
  secrets = {FORESHADOW_TARGET_USER: cluster.user, FORESHADOW_TARGET_PASSWORD: cluster.password};
  target = `ceph:${cluster.dashboardUrl}`;
  process.stderr.write(`a real Ceph on loopback: ${cephVersion()}\n`);
}, 300_000);

afterAll(async () => {
  if (why !== undefined) return;
  await cluster.stop();
  await rm(folder, {recursive: true, force: true});
}, 60_000);

async function foreshadow(args: readonly string[], exitCode = 0): Promise<string> {
  const run = await runForeshadow(args, {cwd: folder, env: secrets});
  printed += run.stdout + run.stderr;
  expect([args.join(' '), run.exitCode, run.exitCode === exitCode ? '' : run.stderr + run.stdout]).toEqual([
    args.join(' '),
    exitCode,
    '',
  ]);
  return run.stdout;
}

const applyShape = z.looseObject({
  applied: z.array(z.looseObject({setting: z.string(), toBytes: z.number().nullable()})),
  alreadyApplied: z.boolean(),
  journal: z.string(),
});
type Applied = z.infer<typeof applyShape>;

async function apply(...args: readonly string[]): Promise<Applied> {
  return applyShape.parse(JSON.parse(await foreshadow(['apply', ...args, '--yes', '--json'])));
}

/** The quota as the ceph program tells it; 0: none. */
async function quota(): Promise<number> {
  const shape = z.looseObject({quota_max_bytes: z.number()});
  return shape.parse(await cluster.ceph('osd', 'pool', 'get-quota', 'volumes')).quota_max_bytes;
}

/** How often any client set a quota, by the monitor's own log of changes to the OSD map. */
async function mapEpoch(): Promise<number> {
  return z.looseObject({epoch: z.number()}).parse(await cluster.ceph('osd', 'dump')).epoch;
}

async function fill(objects: number): Promise<void> {
  const limits = ['--max-objects', String(objects), '--no-cleanup', '-t', '8'];
  await cluster.rados('bench', '-p', 'volumes', '240', 'write', '-b', String(OBJECT_BYTES), ...limits);
}

const statusShape = z.looseObject({
  health: z.looseObject({status: z.string(), checks: z.record(z.string(), z.unknown())}),
  pgmap: z.looseObject({degraded_objects: z.number().default(0), unfound_objects: z.number().default(0)}),
});
async function status(): Promise<z.infer<typeof statusShape>> {
  return statusShape.parse(await cluster.ceph('status'));
}

async function fullestShare(): Promise<number> {
  const shape = z.looseObject({nodes: z.array(z.looseObject({utilization: z.number()}))});
  return Math.max(
    ...shape.parse(await cluster.ceph('osd', 'df')).nodes.map(({utilization}) => utilization / 100),
  );
}

describe.skipIf(why !== undefined)('a real Ceph', () => {
  it(
    'is imported, planned for and applied to; applied again nothing is asked for',
    {timeout: 300_000},
    async () => {
      await fill(100);
      for (const [index, hours] of [6, 3, 0].entries()) {
        const asOf = new Date(Date.now() - hours * 3_600_000).toISOString();
        const out = ['--out', 'cluster.yaml', '--usage', `usage-${index}.csv`, '--as-of', asOf];
        await foreshadow(['topology', 'import', 'ceph', '--live', '--ceph-conf', cluster.confPath, ...out]);
      }
      const imported = await readFile(path.join(folder, 'cluster.yaml'), 'utf8');
      // The planner's own limit: an OSD above 85 % makes the cluster's health a warning.
      const limited = imported.replace(/^fillLimit: .*$/m, `fillLimit: ${FILL_LIMIT}`);
      expect(limited).not.toBe(imported);
      await writeFile(path.join(folder, 'cluster.yaml'), limited);
      await foreshadow(['topology', 'check', 'cluster.yaml']);
      await foreshadow(['ingest', 'usage-0.csv', 'usage-1.csv', 'usage-2.csv', '--store', 'store']);
      const plan = ['plan', '--store', 'store', '--topology', 'cluster.yaml', '--horizon', '24h'];
      await foreshadow([...plan, '--target', target, '--certificate', '--out', 'plan.json']);
      await foreshadow(['plan', 'verify', 'plan.json', '--topology', 'cluster.yaml']);

      await foreshadow(['apply', 'plan.json', '--dry-run', '--detailed-exitcode'], 7);
      expect(await quota()).toBe(0);
      const first = await apply('plan.json');
      expect(first.applied).toEqual([expect.objectContaining({setting: 'pool/volumes'})]);
      expect(await quota()).toBe(first.applied[0]?.toBytes);

      const before = await mapEpoch();
      expect(await apply('plan.json')).toMatchObject({applied: [], alreadyApplied: true});
      expect(await mapEpoch()).toBe(before);
      await foreshadow(['apply', 'plan.json', '--check']);
    },
  );

  it('tells drift that was made by hand, does not apply over it, and takes back what it made', async () => {
    const set = await quota();
    await cluster.ceph('osd', 'pool', 'set-quota', 'volumes', 'max_bytes', String(set + MIB));
    expect(await foreshadow(['apply', 'plan.json', '--check'], 4)).toContain('drift:');
    await foreshadow(['apply', 'plan.json', '--yes'], 5);
    expect(await quota()).toBe(set + MIB);
    await cluster.ceph('osd', 'pool', 'set-quota', 'volumes', 'max_bytes', String(set));
    const {journal} = await apply('plan.json');
    await apply('--rollback', journal);
    expect(await quota()).toBe(0);
    await apply('plan.json');
    expect(await quota()).toBe(set);
  });

  it(
    'filled to the quota it repairs a lost rack; filled past it, it does not',
    {timeout: 600_000},
    async () => {
      const quotaBytes = await quota();
      const objects = Math.floor((quotaBytes * 0.98) / OBJECT_BYTES);
      await fill(objects - 100);
      const health = await status();
      expect(health.health.status).toBe('HEALTH_OK');
      await cluster.killRack(0);
      const began = Date.now();
      await until('the rack to be missed', 60, async () => (await status()).health.status !== 'HEALTH_OK');
      await until('the repair', 180, async () => (await status()).health.status === 'HEALTH_OK');
      const fullest = await fullestShare();
      const seconds = Math.round((Date.now() - began) / 1000);
      expect(fullest).toBeLessThan(0.85);

      await cluster.startRack(0);
      await until('the rack to be back', 120, async () => {
        const {pgmap, health: now} = await status();
        return now.status === 'HEALTH_OK' && pgmap.degraded_objects === 0;
      });
      await until('the copies to be back', 120, async () => (await misplaced()) === 0);
      const {journal} = await apply('plan.json');
      await apply('--rollback', journal);
      const past = Math.ceil(objects * 1.45);
      await fill(past - objects);
      await cluster.killRack(0);
      await until('the rack to be missed', 60, async () => (await status()).health.status !== 'HEALTH_OK');
      const seen = new Set<string>();
      for (let passed = 0; passed < 60; passed += 3) {
        const {health: now} = await status();
        expect(now.status).not.toBe('HEALTH_OK');
        for (const check of Object.keys(now.checks)) seen.add(check);
        await wait(3000);
      }
      const {health: end, pgmap} = await status();
      expect(pgmap.degraded_objects).toBeGreaterThan(0);
      process.stderr.write(
        `quota ${Math.round(quotaBytes / MIB)} MiB; filled to ${Math.round((objects * OBJECT_BYTES) / MIB)} MiB a lost rack was repaired in ${seconds} s, fullest OSD ${(fullest * 100).toFixed(1)} %; ` +
          `filled to ${Math.round((past * OBJECT_BYTES) / MIB)} MiB: after 60 s ${end.status}, ${pgmap.degraded_objects} copies missing, ${pgmap.unfound_objects} objects lost (${[...seen].sort().join(', ')})\n`,
      );
    },
  );

  it('never shows the password: not in output, plan, journals or topology', async () => {
    const files = (await readdir(folder, {recursive: true, withFileTypes: true})).filter((entry) =>
      entry.isFile(),
    );
    const texts = await Promise.all(
      files.map(async (file) => readFile(path.join(file.parentPath, file.name), 'latin1')),
    );
    const shapes = [
      cluster.password,
      encodeURIComponent(cluster.password),
      Buffer.from(cluster.password).toString('base64'),
    ];
    expect(files.length).toBeGreaterThan(5);
    for (const text of [...texts, printed])
      for (const shape of shapes) expect(text.includes(shape)).toBe(false);
  });
});

async function misplaced(): Promise<number> {
  const shape = z.looseObject({pgmap: z.looseObject({misplaced_objects: z.number().default(0)})});
  return shape.parse(await cluster.ceph('status')).pgmap.misplaced_objects;
}
