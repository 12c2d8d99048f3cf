import path from 'node:path';

import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {openTarget, type StorageTarget, type TARGETS} from '../../src/lib/storage-apis/index.js';
import {ACTOR, apply, basisOf, buildPlan, type Bytes, containing, temporaryFolder} from './builders.js';

/** How a test gets an empty target of each kind; a kind without an entry fails the suite. */
const OPENERS: Record<keyof typeof TARGETS, () => Promise<StorageTarget>> = {
  file: async () => openTarget(`file:${path.join(await temporaryFolder(), 'deep', 'buffers.json')}`),
};

const hostName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', '../h', "h'1", 'h\n1', 'ü'.repeat(300), ''),
  fc.string({maxLength: 8, unit: 'grapheme'}),
);
const buffers = fc.uniqueArray(fc.tuple(hostName, fc.nat({max: Number.MAX_SAFE_INTEGER})), {
  maxLength: 5,
  selector: ([host]) => host,
});

describe.each(Object.entries(OPENERS))('target %s', (_, open) => {
  test('is empty before the first change, and reading it makes nothing', async () => {
    const target = await open();
    const empty = {
      target: target.name,
      lineage: '',
      serial: 0,
      reserveBytes: new Map(),
      lastPlanSha256: undefined,
    };
    expect(await target.readInventory()).toEqual(empty);
    expect(await target.readReserve('h1')).toBe(0);
    expect(await target.readInventory()).toEqual(empty);
  });

  test('holds what the plan says after apply, whatever the hosts are called, and takes a second plan', async () => {
    await fc.assert(
      fc.asyncProperty(buffers, buffers, async (first, second) => {
        const target = await open();
        await apply(buildPlan([], first), target);
        const between = await target.readInventory();
        expect(nonZero(between.reserveBytes)).toEqual(nonZero(new Map(first)));
        const wanted: Bytes = [...new Map([...first.map(([host]) => [host, 0] as const), ...second])];
        await apply(buildPlan(first, wanted, {basis: basisOf(between)}), target);
        expect(nonZero((await target.readInventory()).reserveBytes)).toEqual(nonZero(new Map(second)));
        for (const [host, bytes] of second) expect(await target.readReserve(host)).toBe(bytes);
      }),
      {numRuns: 15, seed: 7},
    );
  });

  test('applied twice is applied once: no change, the same serial, and it says so', async () => {
    const target = await open();
    const plan = buildPlan(
      [],
      [
        ['h1', 10],
        ['h2', 20],
      ],
    );
    const first = await apply(plan, target);
    const second = await apply(plan, target);
    expect(first).toMatchObject({alreadyApplied: false, serial: 2, pending: [], resumed: []});
    expect(first.applied).toEqual(plan.changes);
    expect(second).toMatchObject({
      alreadyApplied: true,
      serial: 2,
      applied: [],
      pending: [],
      resumed: plan.changes,
    });
    expect((await target.readInventory()).serial).toBe(2);
  });

  test('counts its serial up by one a change and keeps its lineage', async () => {
    const target = await open();
    const first = await target.setReserve(change(target, '', 0, 5));
    expect(first).toEqual({lineage: ACTOR.newLineage, serial: 1});
    expect(await target.setReserve(change(target, first.lineage, 1, 0))).toEqual({...first, serial: 2});
  });

  test('refuses a change made from another state than it is in', async () => {
    const target = await open();
    await target.setReserve(change(target, '', 0, 5));
    await expect(target.setReserve(change(target, '', 0, 6))).rejects.toMatchObject({exitCode: 5});
    expect(await target.readReserve('h1')).toBe(5);
  });

  test('lets one hold the lock at a time', async () => {
    const target = await open();
    const owner = {...ACTOR, pid: process.ppid};
    const held = await target.lock(owner);
    expect(held.tookOverFrom).toBeUndefined();
    await expect(target.lock(owner)).rejects.toMatchObject({
      exitCode: 5,
      message: containing(`process ${process.ppid} on test-machine`),
    });
    await held.release();
    await (await target.lock(owner)).release();
  });
});

function nonZero(held: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...held].filter(([, bytes]) => bytes > 0).sort());
}

function change(_: StorageTarget, lineage: string, serial: number, toBytes: number) {
  return {host: 'h1', toBytes, expected: {lineage, serial}, planSha256: 'p', actor: ACTOR};
}
