import path from 'node:path';

import {expect, test} from 'vitest';

import type {Plan} from '../../src/lib/allocation/index.js';
import {TargetError} from '../../src/lib/core/index.js';
import {
  applyPlan,
  type BoundaryMode,
  type Inventory,
  journalPath,
  knowPlan,
  openJournal,
  OpenTargetError,
  previewPlan,
  previewRelease,
  releaseBuffer,
  releaseId,
  rollBack,
  type SettingBytes,
  type StorageTarget,
} from '../../src/lib/storage-apis/index.js';
import {ACCESS, ACTOR, apply, buildPlan, containing, FIT, RULES, temporaryFolder} from './builders.js';

interface Live {
  readonly held: Map<string, SettingBytes>;
  readonly live: {-readonly [Key in 'usedBytes' | 'capacityBytes' | 'troubles']?: Inventory[Key]};
  readonly asked: string[];
  readonly target: StorageTarget;
}

/** A target in memory whose settings are the plan's hosts. */
async function liveTarget(overrides: Partial<StorageTarget> = {}): Promise<Live> {
  const folder = await temporaryFolder();
  const held = new Map<string, SettingBytes>();
  const live: Live['live'] = {};
  const asked: string[] = [];
  const version = {lineage: 'cluster', serial: 0};
  const target: StorageTarget = {
    ...{name: 'memory:x', holds: 'reserve', counts: false, blocksRepair: true, cannotExpress: []},
    journalFolder: path.join(folder, 'journals'),
    readInventory: async () =>
      Promise.resolve({
        ...{...version, target: 'memory:x', settings: new Map(held), reserveBytes: new Map()},
        ...{lastPlanSha256: undefined, ...live},
      }),
    express: async ({hosts}) =>
      Promise.resolve({
        wanted: hosts.map(({host, reserveBytes, reason}) => ({
          ...{setting: `disk of ${host}`, hosts: [host], bytes: reserveBytes, reason},
        })),
        losses: [],
      }),
    lock: async () => Promise.resolve({tookOverFrom: undefined, release: async () => Promise.resolve()}),
    set: async ({setting, toBytes}) => {
      asked.push(setting);
      held.set(setting, toBytes);
      return Promise.resolve(version);
    },
    read: async (setting) => Promise.resolve(held.get(setting) ?? 0),
    ...overrides,
  };
  return {held, live, asked, target};
}

const none = {demandBytes: 0, requiredBytes: 0, heldBytes: 0, stuckBytes: 0, reason: ''};

function planOf(wanted: Readonly<Record<string, number>>, overrides: Partial<Plan> = {}): Plan {
  const plan = buildPlan([], Object.entries(wanted));
  const boundaries = ['h1', 'h2', 'h3'].map((host, index) => ({
    ...{scenario: `rack/r${index + 1}`, hosts: [host], ...none},
  }));
  return {
    ...plan,
    ...{boundaries, changes: []},
    hosts: plan.hosts.map((host) => ({...host, capacityBytes: 1000, predictedUsedBytes: 500})),
    ...overrides,
  };
}

const WANTED = {h1: 10, h2: 20, h3: 30};

test('a plan is refused when the use of a host moved further than it may, with both figures', async () => {
  const {target, live} = await liveTarget();
  const basis = {
    ...{target: 'memory:x', lineage: 'cluster', serial: 0},
    usedBytes: [
      {host: 'h1', bytes: 400},
      {host: 'h2', bytes: 400},
    ],
  };
  live.usedBytes = new Map([
    ['h1', 449],
    ['h2', 451],
  ]);
  await expect(apply(planOf(WANTED, {basis}), target)).rejects.toMatchObject({
    exitCode: 5,
    code: 'use-moved',
    diagnostics: [{at: 'host h2', message: '451 bytes are used, 400 were when the plan was made'}],
  });
  live.usedBytes = new Map([
    ['h1', 449],
    ['h2', 449],
  ]);
  expect((await apply(planOf(WANTED, {basis}), target)).applied).toHaveLength(3);
});

test('a plan is refused when hosts are gone or grew, when its settings moved, and for another topology', async () => {
  const {target, live, held} = await liveTarget();
  live.capacityBytes = new Map([
    ['h1', 1000],
    ['h2', 1100],
  ]);
  const knew = {
    ...{target: 'memory:x', lineage: 'cluster', serial: 0},
    usedBytes: [{host: 'h3', bytes: 1}],
  };
  await expect(apply(planOf(WANTED, {basis: knew}), target)).rejects.toMatchObject({
    exitCode: 5,
    diagnostics: [
      {at: 'host h2', code: 'capacity-moved'},
      {at: 'host h3', code: 'host-gone'},
    ],
  });
  delete live.capacityBytes;
  const settings = [{setting: 'disk of h1', bytes: 5}];
  const basis = {target: 'memory:x', lineage: 'cluster', serial: 0, settings};
  await expect(apply(planOf(WANTED, {basis}), target)).rejects.toMatchObject({
    exitCode: 5,
    code: 'buffers-moved',
    diagnostics: [{at: 'disk of h1', message: 'the target says 0 bytes, the plan expects 5 bytes'}],
  });
  expect(held.size).toBe(0);
  const known = knowPlan(planOf(WANTED), 'plan');
  await expect(previewPlan(known, target, [], {...FIT, topologySerial: 'another'})).rejects.toMatchObject({
    exitCode: 5,
    code: 'topology-moved',
  });
});

test('a boundary in mode off or warn keeps its settings; switched on later, the same plan makes the rest', async () => {
  const {target, held} = await liveTarget();
  const known = knowPlan(planOf(WANTED), 'plan');
  const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
  const modes = new Map<string, BoundaryMode>([
    ['rack', 'on'],
    ['rack/r1', 'off'],
    ['rack/r2', 'warn'],
  ]);
  const result = await applyPlan(known, target, journal, {...RULES, modes});
  expect(result.applied.map(({setting}) => setting)).toEqual(['disk of h3']);
  expect(result.withheld).toMatchObject([
    {setting: 'disk of h1', cause: 'mode-off', because: 'rack/r1 is in mode off'},
    {setting: 'disk of h2', cause: 'mode-warn'},
  ]);
  expect([...held]).toEqual([['disk of h3', 30]]);
  const rest = await applyPlan(known, target, journal, RULES);
  expect(rest.applied.map(({setting}) => setting)).toEqual(['disk of h1', 'disk of h2']);
  expect(rest.resumed.map(({setting}) => setting)).toEqual(['disk of h3']);
});

test('space is given back only where no more is used than was foreseen and the target is well', async () => {
  const {target, held, live} = await liveTarget();
  for (const host of ['h1', 'h2', 'h3']) held.set(`disk of ${host}`, 25);
  live.usedBytes = new Map([
    ['h1', 501],
    ['h2', 499],
  ]);
  const result = await apply(planOf(WANTED), target);
  expect(result.applied.map(({setting}) => setting)).toEqual(['disk of h3', 'disk of h2']);
  expect(result.withheld).toMatchObject([
    {
      setting: 'disk of h1',
      cause: 'unsafe-shrink',
      because: '501 bytes are used on h1, the plan foresaw 500',
    },
  ]);
  expect(held.get('disk of h1')).toBe(25);
  const known = knowPlan(planOf(WANTED), 'plan');
  const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
  live.troubles = ['it repairs'];
  expect((await applyPlan(known, target, journal, RULES)).withheld).toMatchObject([{because: 'it repairs'}]);
  const forced = await applyPlan(known, target, journal, {...RULES, allowUnsafeShrink: true});
  expect(forced.applied.map(({setting}) => setting)).toEqual(['disk of h1']);
});

test('a rollback that would give space back waits until the target is well', async () => {
  const {target, held, live} = await liveTarget();
  const plan = planOf(WANTED);
  await apply(plan, target);
  live.troubles = ['it repairs'];
  const journal = await openJournal(journalPath(target.journalFolder, knowPlan(plan, 'plan').sha256));
  await expect(rollBack(target, journal, RULES)).rejects.toMatchObject({exitCode: 4, code: 'unsafe-shrink'});
  expect(held.get('disk of h1')).toBe(10);
  await rollBack(target, journal, {...RULES, allowUnsafeShrink: true});
  expect([...held.values()]).toEqual([0, 0, 0]);
});

test('at a failure the buffer of the survivors is released, also while the target is in trouble, and comes back', async () => {
  const {target, held, live} = await liveTarget();
  const known = knowPlan(planOf(WANTED), 'plan');
  await apply(known.plan, target);
  live.troubles = ['a host is down'];
  const id = releaseId(known, 'rack/r2');
  const journal = await openJournal(journalPath(target.journalFolder, id));
  expect((await previewRelease(known, 'rack/r2', target, [])).pending).toHaveLength(2);
  await releaseBuffer(known, 'rack/r2', target, journal, RULES);
  expect(Object.fromEntries(held)).toEqual({'disk of h1': 0, 'disk of h2': 20, 'disk of h3': 0});
  await expect(apply(known.plan, target)).rejects.toMatchObject({exitCode: 5});
  expect(await releaseBuffer(known, 'rack/r2', target, journal, RULES)).toMatchObject({alreadyApplied: true});
  await rollBack(target, journal, RULES);
  expect(Object.fromEntries(held)).toEqual({'disk of h1': 10, 'disk of h2': 20, 'disk of h3': 30});
  await expect(previewRelease(known, 'rack/r9', target, [])).rejects.toMatchObject({exitCode: 2});
  const other = {...target, blocksRepair: false};
  await expect(previewRelease(known, 'rack/r2', other, [])).rejects.toMatchObject({
    code: 'nothing-to-release',
  });
});

test('a change whose answer was lost is looked at, not repeated; one that was not made is made once more', async () => {
  for (const isMade of [true, false]) {
    const bed = await liveTarget();
    let lost = 0;
    const target: StorageTarget = {
      ...bed.target,
      set: async (change) => {
        if (change.setting !== 'disk of h2' || lost > 0) return bed.target.set(change);
        lost += 1;
        if (isMade) await bed.target.set(change);
        throw new OpenTargetError('no-answer', 'the answer was lost');
      },
    };
    await apply(planOf(WANTED), target);
    expect([...bed.asked].sort()).toEqual(['disk of h1', 'disk of h2', 'disk of h3']);
    expect(bed.held.get('disk of h2')).toBe(20);
  }
});

test('changes are made at once up to the limit, all that give back after all that allocate', async () => {
  let now = 0;
  let most = 0;
  let started = 0;
  const waiting: (() => void)[] = [];
  const bed = await liveTarget();
  const order: string[] = [];
  const target: StorageTarget = {
    ...bed.target,
    set: async (change) => {
      now += 1;
      started += 1;
      most = Math.max(most, now);
      // Held until as many are under way as may be, or all that allocate have begun: then they go on.
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (now === 3 || started >= 8) for (const go of waiting.splice(0)) go();
      });
      now -= 1;
      order.push(change.setting);
      return bed.target.set(change);
    },
  };
  bed.held.set('disk of h9', 5);
  const wanted = Object.fromEntries(
    Array.from({length: 9}, (_, index) => [`h${index + 1}`, index === 8 ? 1 : 9]),
  );
  const known = knowPlan(planOf(wanted), 'plan');
  const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
  await applyPlan(known, target, journal, {...RULES, parallel: 3});
  expect(most).toBe(3);
  expect(order.at(-1)).toBe('disk of h9');
  expect(new Set(order).size).toBe(9);
});

test('after one failure no further change is begun, and the account is exact', async () => {
  const bed = await liveTarget();
  const target: StorageTarget = {
    ...bed.target,
    set: async (change) => {
      if (change.setting === 'disk of h2') throw new TargetError('not-allowed', 'PUT disk is not allowed');
      return bed.target.set(change);
    },
  };
  const known = knowPlan(planOf(WANTED), 'plan');
  const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
  await expect(applyPlan(known, target, journal, {...RULES, parallel: 1})).rejects.toMatchObject({
    exitCode: 6,
    message: containing('1 of 3 changes were made'),
    diagnostics: [
      {at: 'disk of h1', message: 'made'},
      {at: 'disk of h2', message: 'not made'},
      {at: 'disk of h3', message: 'not made'},
    ],
  });
  expect(
    await applyPlan(known, bed.target, journal, {...RULES, actor: ACTOR, retry: ACCESS.retry}),
  ).toMatchObject({
    resumed: [{setting: 'disk of h1'}],
    applied: [{setting: 'disk of h2'}, {setting: 'disk of h3'}],
  });
});
