import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, test} from 'vitest';

import {writeArtifact} from '../../src/lib/core/index.js';
import {buildPlan} from '../storage-apis/builders.js';
import {type RunningGlusterfs, startGlusterfs, whyNoGlusterfs} from '../support/start-glusterfs.js';

const MIB = 2 ** 20;
const RESERVE_BYTES = 200 * MIB;
const reason = whyNoGlusterfs();
if (reason !== undefined) console.warn(`skipped: no real GlusterFS: ${reason}`);

describe.skipIf(reason !== undefined)('a real GlusterFS, one volume with three copies', () => {
  let real: RunningGlusterfs;
  let planPath: string;
  let target: readonly string[];

  const reserve = async (): Promise<string> => {
    const answer = await real.gluster('volume', 'get', 'vol0', 'storage.reserve');
    return (
      answer
        .split('\n')
        .find((line) => line.startsWith('storage.reserve'))
        ?.replace(/^\S+\s+/, '')
        .trim() ?? ''
    );
  };
  const apply = async (...args: string[]): ReturnType<RunningGlusterfs['foreshadow']> =>
    real.foreshadow('apply', ...args, ...target);
  const bytesOf = async (what: 'size' | 'avail', place: string): Promise<number> => {
    const {stdout} = await real.run('df', ['--block-size=1', `--output=${what}`, place]);
    return Number(stdout.trim().split('\n').at(-1));
  };
  const write = async (name: string, mebibytes: number): ReturnType<RunningGlusterfs['run']> =>
    real.run('dd', [
      'if=/dev/zero',
      `of=${path.join(real.folder, 'mnt', name)}`,
      'bs=1M',
      `count=${mebibytes}`,
      'conv=fsync',
    ]);
  const journals = async (): Promise<readonly string[]> => {
    const folder = path.join(real.folder, 'state', 'journals');
    const [one = ''] = await readdir(folder);
    const names = (await readdir(path.join(folder, one))).filter((name) => name.endsWith('.jsonl'));
    return names.map((name) => path.join(folder, one, name));
  };

  beforeAll(async () => {
    real = await startGlusterfs(4, 640);
    const bricks = [1, 2, 3].map((brick) => `${real.address(brick)}:${real.brickPath(brick)}`);
    await real.gluster('volume', 'create', 'vol0', 'replica', '3', ...bricks);
    await real.gluster('volume', 'start', 'vol0');
    await real.run('mkdir', [path.join(real.folder, 'mnt')]);
    const mount = ['-t', 'glusterfs', `${real.address(1)}:/vol0`, path.join(real.folder, 'mnt')];
    expect(await real.run('mount', mount)).toMatchObject({exitCode: 0});
    planPath = path.join(real.folder, 'plan.json');
    target = ['--target', 'glusterfs:vol0', '--state', path.join(real.folder, 'state')];
    await writeArtifact(planPath, await planFor());
  }, 180_000);
  afterAll(async () => {
    await real.stop();
  });

  /** One host a rack; the first wants the most, and all its bricks hold as much. */
  async function planFor(): Promise<ReturnType<typeof buildPlan>> {
    const capacityBytes = await bytesOf('size', path.join(real.folder, 'b1'));
    const hosts = [1, 2, 3].map((brick) => real.address(brick));
    const plan = buildPlan(
      [],
      hosts.map((host, index) => [host, RESERVE_BYTES - index * 50 * MIB]),
    );
    return {
      ...plan,
      expiresAt: '2100-01-01T00:00:00Z',
      hosts: plan.hosts.map((host) => ({...host, capacityBytes, predictedUsedBytes: capacityBytes})),
      boundaries: hosts.map((host, index) => ({
        ...{scenario: `rack/r${index + 1}`, hosts: [host], demandBytes: 0, requiredBytes: 0},
        ...{heldBytes: 0, stuckBytes: 0, reason: 'a rack of the test'},
      })),
    };
  }

  test('apply sets the reserve, which the gluster CLI reads back; applying again changes nothing', async () => {
    expect(await reserve()).toBe('1 (DEFAULT)');
    const dry = await apply(planPath, '--dry-run');
    expect(dry).toMatchObject({exitCode: 0});
    expect(dry.stderr).toContain(`${150 * MIB} bytes more are held than the plan wants`);
    expect(await reserve()).toBe('1 (DEFAULT)');
    const applied = await apply(planPath, '--yes');
    expect(applied).toMatchObject({exitCode: 0});
    expect(applied.stdout).toContain('applied: 1 change');
    expect(await reserve()).toBe(String(RESERVE_BYTES));
    expect((await apply(planPath, '--yes')).stdout).toContain('already applied');
  });

  test('a reserve that was changed by hand is drift', async () => {
    expect(await apply(planPath, '--check')).toMatchObject({exitCode: 0});
    await real.gluster('volume', 'set', 'vol0', 'storage.reserve', '7%');
    expect(await apply(planPath, '--check')).toMatchObject({exitCode: 4});
    expect(await apply(planPath, '--yes')).toMatchObject({exitCode: 5});
    expect(await reserve()).toBe('7%');
    await real.gluster('volume', 'set', 'vol0', 'storage.reserve', String(RESERVE_BYTES));
    expect(await apply(planPath, '--check')).toMatchObject({exitCode: 0});
  });

  test('the reserve is enforced: no space left, while the brick has it', async () => {
    const free = async (): Promise<number> => bytesOf('avail', path.join(real.folder, 'b1'));
    const first = Math.floor(((await free()) - RESERVE_BYTES) / MIB) - 24;
    expect(await write('fill0', first)).toMatchObject({exitCode: 0});
    // A brick looks every 5 s whether its reserve is reached: faster writers would go beyond it.
    let full = await write('fill1', 8);
    for (let file = 2; full.exitCode === 0 && file < 8; file += 1) {
      await wait(6000);
      full = await write(`fill${file}`, 8);
    }
    expect(full.stderr).toContain('No space left on device');
    const freeBytes = await free();
    console.info(`ENOSPC with ${freeBytes} bytes free on the brick, ${RESERVE_BYTES} reserved`);
    expect(Math.abs(freeBytes - RESERVE_BYTES)).toBeLessThan(24 * MIB);
  });

  test('after a rack is lost the reserve keeps its data from the new brick until it is released', async () => {
    const fills = Array.from({length: 8}, (_, file) => path.join(real.folder, 'mnt', `fill${file}`));
    await real.run('rm', ['-f', ...fills]);
    await wait(6000);
    expect(await write('data', 120)).toMatchObject({exitCode: 0});
    // On the host that stands in something else has what is not reserved, and a little more.
    const spare = await bytesOf('avail', path.join(real.folder, 'b4'));
    const other = ['-l', String(spare - 0.9 * RESERVE_BYTES), path.join(real.folder, 'b4', 'other')];
    expect(await real.run('fallocate', other)).toMatchObject({exitCode: 0});
    const [lost, fresh] = [3, 4].map((brick) => `${real.address(brick)}:${real.brickPath(brick)}`);
    await real.gluster('volume', 'replace-brick', 'vol0', lost!, fresh!, 'commit', 'force');
    await wait(20_000);
    const before = await healed();
    expect(before.isWhole).toBe(false);
    const released = await apply(planPath, '--release', 'rack/r3', '--yes');
    expect(released).toMatchObject({exitCode: 0});
    expect(await reserve()).toBe('0');
    await real.gluster('volume', 'heal', 'vol0');
    for (let attempt = 0; attempt < 60 && !(await healed()).isWhole; attempt += 1) await wait(1000);
    const after = await healed();
    console.info(`healed ${before.bytes} bytes in 20 s with the reserve, ${after.bytes} after its release`);
    expect(after).toMatchObject({isWhole: true});
  });

  /** How much of the file the new brick has, and whether that is all, and nothing waits for its repair. */
  async function healed(): Promise<{bytes: number; isWhole: boolean}> {
    const bytesAt = async (brick: number): Promise<number> => {
      const {stdout} = await real.run('du', ['--block-size=1', path.join(real.brickPath(brick), 'data')]);
      return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
    };
    const [there, bytes] = [await bytesAt(1), await bytesAt(4)];
    const summary = await real.gluster('volume', 'heal', 'vol0', 'info', 'summary');
    const entries = [...summary.matchAll(/Total Number of entries: (\S+)/g)].map(([, number]) => number);
    return {bytes, isWhole: bytes >= there && entries.every((number) => number === '0')};
  }

  test('both are rolled back: to the bytes of the plan, then to the percentage of before', async () => {
    const [first = '', second = ''] = await journals();
    const [plan, release] = (await apply('--rollback', first, '--dry-run')).stdout.includes('0 B')
      ? [second, first]
      : [first, second];
    expect(await apply('--rollback', release, '--yes')).toMatchObject({exitCode: 0});
    expect(await reserve()).toBe(String(RESERVE_BYTES));
    const back = await apply('--rollback', plan, '--yes');
    expect(back).toMatchObject({exitCode: 0});
    expect(await reserve()).toBe('1 (DEFAULT)');
    expect(await real.gluster('volume', 'info', 'vol0')).not.toContain('storage.reserve');
  });
});
