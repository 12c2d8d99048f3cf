import path from 'node:path';

import {describe, expect, test} from 'vitest';

import {
  checkDrift,
  type Journal,
  journalPath,
  knowPlan,
  openJournal,
  previewPlan,
  previewRollBack,
  renderState,
  rollBack,
  type StorageTarget,
  type TARGETS,
} from '../../src/lib/storage-apis/index.js';
import type {Bed} from './beds/bed.js';
import {cephBed} from './beds/ceph-bed.js';
import {cinderBed} from './beds/cinder-bed.js';
import {fileBed} from './beds/file-bed.js';
import {glusterfsBed} from './beds/glusterfs-bed.js';
import {httpBed} from './beds/http-bed.js';
import {longhornBed} from './beds/longhorn-bed.js';
import {ACTOR, apply, containing, FIT, RULES} from './builders.js';

/** How a test gets a target of each kind; a kind without an entry fails the suite. */
const BEDS: Record<keyof typeof TARGETS, () => Promise<Bed>> = {
  cinder: cinderBed,
  file: fileBed,
  ceph: cephBed,
  glusterfs: glusterfsBed,
  http: httpBed,
  longhorn: longhornBed,
};

class Killed extends Error {}

/** Wraps target and journal so that the run dies at its n-th step: each write has a step before and one after it. */
function killedAt(n: number) {
  let steps = 0;
  const step = (): void => {
    if (steps === n) throw new Killed();
    steps += 1;
  };
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    step();
    const result = await work();
    step();
    return result;
  };
  return (target: StorageTarget, journal: Journal): [StorageTarget, Journal] => [
    {...target, set: async (change) => around(async () => target.set(change))},
    {
      get records() {
        return journal.records;
      },
      append: async (record) => around(async () => journal.append(record)),
    },
  ];
}

async function settingsOf({target}: Bed): Promise<[string, number | null][]> {
  const {settings} = await target.readInventory();
  return [...settings].filter(([, bytes]) => bytes !== 0).sort(([left], [right]) => (left < right ? -1 : 1));
}

async function journalOf({target, plans: [plan]}: Bed): Promise<Journal> {
  return openJournal(journalPath(target.journalFolder, knowPlan(plan, 'plan').sha256));
}

describe.each(Object.entries(BEDS))('target %s', (kind, open) => {
  test('is named by its kind, tells the same twice, and reading changes nothing', async () => {
    const {target, plans, changesAsked} = await open();
    expect(target.name).toMatch(new RegExp(`^${kind}:.`));
    const inventory = await target.readInventory();
    await target.express(plans[0]);
    expect(await target.readInventory()).toEqual(inventory);
    for (const [setting, bytes] of inventory.settings) expect(await target.read(setting)).toBe(bytes);
    expect(changesAsked()).toBe(0);
  });

  test('holds what the plan says after apply, in whole bytes, and takes a second plan', async () => {
    const bed = await open();
    for (const plan of bed.plans) {
      const {wanted} = await bed.target.express(plan);
      const result = await apply(plan, bed.target);
      expect(result.applied.length).toBeGreaterThan(1);
      for (const {setting, bytes} of wanted) {
        expect(bytes === null || Number.isSafeInteger(bytes)).toBe(true);
        expect([setting, await bed.target.read(setting)]).toEqual([setting, bytes]);
      }
      expect(bed.changesAsked()).toBeGreaterThan(0);
    }
  });

  test('a preview and a rendering ask for no change, and a rendering is the same before and after', async () => {
    const bed = await open();
    const known = knowPlan(bed.plans[0], 'plan');
    const preview = await previewPlan(known, bed.target, [], FIT);
    const state = await renderState(known, bed.target, []);
    expect(bed.changesAsked()).toBe(0);
    const {applied} = await apply(bed.plans[0], bed.target);
    expect(applied).toEqual(preview.pending);
    expect(await renderState(known, bed.target, (await journalOf(bed)).records)).toEqual(state);
  });

  test('applied twice is applied once: the second run asks for no change', async () => {
    const bed = await open();
    await apply(bed.plans[0], bed.target);
    const asked = bed.changesAsked();
    const second = await apply(bed.plans[0], bed.target);
    expect(second).toMatchObject({alreadyApplied: true, applied: [], pending: []});
    expect(bed.changesAsked()).toBe(asked);
  });

  test('killed at any write, the next run makes exactly the missing changes, each once', async () => {
    for (let kill = 0; ; kill += 1) {
      const bed = await open();
      const died = await apply(bed.plans[0], bed.target, killedAt(kill)).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      const result = await apply(bed.plans[0], bed.target);
      const {wanted} = await bed.target.express(bed.plans[0]);
      for (const {setting, bytes} of wanted)
        expect([kill, setting, await bed.target.read(setting)]).toEqual([kill, setting, bytes]);
      expect([kill, bed.changesAsked()]).toEqual([kill, result.resumed.length + result.applied.length]);
      expect((await journalOf(bed)).records.at(-1)).toMatchObject({event: 'done'});
      if (!died) break;
    }
  });

  test('a rollback brings back what was there, killed at any write or not, and the plan can be applied again', async () => {
    for (let kill = 0; ; kill += 1) {
      const bed = await open();
      const before = await settingsOf(bed);
      await apply(bed.plans[0], bed.target);
      const after = await settingsOf(bed);
      const [target, journal] = killedAt(kill)(bed.target, await journalOf(bed));
      const died = await rollBack(target, journal, RULES).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      await rollBack(bed.target, await journalOf(bed), RULES);
      expect([kill, await settingsOf(bed)]).toEqual([kill, before]);
      const again = await previewRollBack(bed.target, (await journalOf(bed)).records, RULES);
      expect(again).toMatchObject({pending: [], alreadyApplied: true});
      await apply(bed.plans[0], bed.target);
      expect([kill, await settingsOf(bed)]).toEqual([kill, after]);
      if (!died) break;
    }
  });

  test('what somebody else changed is found as drift, and neither applied over nor rolled back over', async () => {
    const bed = await open();
    const known = knowPlan(bed.plans[0], 'plan');
    const {applied} = await apply(bed.plans[0], bed.target);
    const journal = await journalOf(bed);
    expect(await checkDrift(known, bed.target, journal.records)).toMatchObject({
      drifted: [],
      wasApplied: true,
    });
    const setting = applied[0]?.setting ?? '';
    await bed.meddle(setting);
    const meddled = await bed.target.read(setting);
    const report = await checkDrift(known, bed.target, journal.records);
    expect(report.drifted.map((drift) => drift.setting)).toEqual([setting]);
    expect(report.drifted[0]).toMatchObject({wantedBytes: applied[0]?.toBytes, actualBytes: meddled});
    await expect(apply(bed.plans[0], bed.target)).rejects.toMatchObject({exitCode: 5});
    await expect(rollBack(bed.target, journal, RULES)).rejects.toMatchObject({exitCode: 5});
    expect(await bed.target.read(setting)).toBe(meddled);
  });

  test('lets one hold the lock at a time', async () => {
    const {target} = await open();
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

  test('keeps its journals in a folder of its own', async () => {
    const [one, other] = [await open(), await open()];
    expect(path.resolve(one.target.journalFolder)).not.toBe(path.resolve(other.target.journalFolder));
  });
});
