import {readFile, rm} from 'node:fs/promises';
import path from 'node:path';

import fc from 'fast-check';
import {expect, test} from 'vitest';

import type {Plan} from '../../src/lib/allocation/index.js';
import {
  type Journal,
  journalPath,
  knowPlan,
  openJournal,
  openTarget,
  previewPlan,
  type StorageTarget,
} from '../../src/lib/storage-apis/index.js';
import {
  ACCESS,
  ACTOR,
  apply,
  basisOf,
  buildPlan,
  type Bytes,
  containing,
  FIT,
  NOW_US,
  RULES,
  temporaryFolder,
} from './builders.js';

class Killed extends Error {}

/** Wraps target and journal so that the run dies at its n-th step: each write has a step before and one after it. */
function killedAt(n: number, writes: string[]) {
  let steps = 0;
  const step = (): void => {
    if (steps === n) throw new Killed();
    steps += 1;
  };
  return (target: StorageTarget, journal: Journal): [StorageTarget, Journal] => [
    {
      ...target,
      set: async (change) => {
        step();
        const now = await target.set(change);
        writes.push(change.setting);
        step();
        return now;
      },
    },
    {
      get records() {
        return journal.records;
      },
      append: async (record) => {
        step();
        await journal.append(record);
        step();
      },
    },
  ];
}

/** Runs until it ends, killed at these steps on the way; returns the hosts in the order in which they were changed. */
async function applyInterrupted(
  plan: Plan,
  target: StorageTarget,
  kills: readonly number[],
): Promise<string[]> {
  const writes: string[] = [];
  for (const kill of [...kills, Number.POSITIVE_INFINITY]) {
    try {
      await apply(plan, target, killedAt(kill, writes));
      return writes;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
  throw new Error('the last run is never killed');
}

async function newTarget(): Promise<StorageTarget> {
  return openTarget(`file:${path.join(await temporaryFolder(), 'buffers.json')}`, ACCESS);
}

/** A target that already holds these buffers. */
async function targetWith(held: Bytes): Promise<StorageTarget> {
  const target = await newTarget();
  await apply(buildPlan([], held), target);
  return target;
}

const HELD: Bytes = [
  ['h1', 100],
  ['h2', 50],
  ['h3', 10],
];
const WANTED: Bytes = [
  ['h1', 30],
  ['h2', 50],
  ['h3', 60],
  ['h4', 5],
];

test('killed at any write, the next run makes exactly the missing changes, each once', async () => {
  const changes = 3;
  const steps = 2 * (1 + 3 * changes + 1);
  for (let kill = 0; kill <= steps; kill += 1) {
    const target = await targetWith(HELD);
    const before = await target.readInventory();
    const plan = buildPlan(HELD, WANTED, {basis: basisOf(before)});
    const writes = await applyInterrupted(plan, target, [kill]);
    const after = await target.readInventory();
    expect([kill, ...writes]).toEqual([kill, 'h3', 'h4', 'h1']);
    expect([...after.reserveBytes]).toEqual(WANTED);
    expect(after.serial - before.serial).toBe(changes);
    const journal = await openJournal(journalPath(target.journalFolder, knowPlan(plan, 'plan').sha256));
    const made = journal.records
      .filter(({event}) => event === 'after')
      .map((record) => 'setting' in record && record.setting);
    expect(made).toEqual(['h3', 'h4', 'h1']);
    expect(journal.records.at(-1)).toMatchObject({event: 'done', serial: after.serial});
  }
});

test('random plans applied with random interruptions end in what they plan, without a change made twice', async () => {
  const hosts = ['a', 'b', 'c', 'd', 'e'];
  const level = fc.tuple(...hosts.map(() => fc.nat({max: 3})));
  const named = (levels: readonly number[]): Bytes => hosts.map((host, index) => [host, levels[index] ?? 0]);
  await fc.assert(
    fc.asyncProperty(level, level, fc.array(fc.nat({max: 25}), {maxLength: 4}), async (from, to, kills) => {
      const target = await targetWith(named(from));
      const before = await target.readInventory();
      const plan = buildPlan(named(from), named(to), {basis: basisOf(before)});
      const writes = await applyInterrupted(plan, target, kills);
      const after = await target.readInventory();
      expect(hosts.map((host) => after.reserveBytes.get(host) ?? 0)).toEqual(to);
      expect(new Set(writes).size).toBe(writes.length);
      expect(after.serial - before.serial).toBe(plan.changes.length);
    }),
    {numRuns: 15, seed: 11},
  );
});

test('at no moment is less held on a host than both before and after', async () => {
  const target = await targetWith(HELD);
  const seen: number[] = [];
  const watched: StorageTarget = {
    ...target,
    set: async (change) => {
      const now = await target.set(change);
      const held = (await target.readInventory()).reserveBytes;
      seen.push([...held.values()].reduce((total, bytes) => total + bytes, 0));
      return now;
    },
  };
  await apply(buildPlan(HELD, WANTED), watched);
  expect(seen).toEqual([210, 215, 145]);
});

test('a plan made for an earlier serial is refused, and both serials are told', async () => {
  const target = await targetWith(HELD);
  const plan = buildPlan(HELD, WANTED, {basis: basisOf(await target.readInventory())});
  await apply(buildPlan(HELD, [...HELD, ['h9', 1]]), target);
  await expect(apply(plan, target)).rejects.toMatchObject({
    exitCode: 5,
    message: `${target.name} is at serial 4, the plan was made at 3`,
  });
});

test('a plan made for another ledger, or before there was one, is refused', async () => {
  const target = await targetWith(HELD);
  const elsewhere = {target: target.name, lineage: 'another', serial: 3};
  await expect(apply(buildPlan(HELD, WANTED, {basis: elsewhere}), target)).rejects.toMatchObject({
    exitCode: 5,
    message: `${target.name} is of lineage ${ACTOR.newLineage}, the plan was made at lineage another`,
  });
  await expect(
    apply(buildPlan([], WANTED, {basis: {...elsewhere, lineage: '', serial: 0}}), target),
  ).rejects.toThrow('before it existed');
});

test('a plan without a basis is refused when the target does not hold what it starts from', async () => {
  const target = await targetWith(HELD);
  await expect(apply(buildPlan([['h1', 99]], [['h1', 0]]), target)).rejects.toMatchObject({
    exitCode: 5,
    diagnostics: [{at: 'h1', message: 'the target says 100 bytes, the plan expects 99 bytes'}],
  });
});

test('a half-applied plan is refused when somebody else changed the target since', async () => {
  const target = await targetWith(HELD);
  const plan = buildPlan(HELD, WANTED);
  await expect(apply(plan, target, killedAt(7, []))).rejects.toThrow(Killed);
  const now = await target.readInventory();
  await target.set({
    ...{setting: 'h9', fromBytes: 0, toBytes: 1, expected: now, planSha256: 'other', actor: ACTOR},
  });
  await expect(apply(plan, target)).rejects.toMatchObject({
    exitCode: 5,
    message: containing('interrupted'),
  });
});

test('a plan applied before is stale once the target has moved on', async () => {
  const target = await targetWith(HELD);
  const plan = buildPlan(HELD, WANTED);
  await apply(plan, target);
  await apply(buildPlan(WANTED, [['h1', 31]]), target);
  await expect(apply(plan, target)).rejects.toMatchObject({
    exitCode: 5,
    message: `${target.name} is at serial 7, the plan was applied at 6`,
  });
});

test('a lost journal is made up for by what the target holds', async () => {
  for (const [kill, resumed] of [
    [9, 1],
    [14, 2],
    [Infinity, 3],
  ] as const) {
    const target = await targetWith(HELD);
    const plan = buildPlan(HELD, WANTED, {basis: basisOf(await target.readInventory())});
    await apply(plan, target, killedAt(kill, [])).catch(() => undefined);
    await rm(target.journalFolder, {recursive: true});
    const result = await apply(plan, target);
    expect(result.resumed).toHaveLength(resumed);
    expect(result).toMatchObject({serial: 6, alreadyApplied: resumed === 3});
    expect(await apply(plan, target)).toMatchObject({serial: 6, alreadyApplied: true});
  }
});

test('an expired plan is refused, unless it was applied wholly before', async () => {
  const target = await newTarget();
  const applied = buildPlan([], [['h1', 1]], {expiresAt: '2026-06-01T00:00:01Z'});
  await apply(applied, target);
  const expired = buildPlan([['h1', 1]], [['h1', 2]], {expiresAt: '2026-06-01T00:00:00Z'});
  await expect(apply(expired, target)).rejects.toMatchObject({exitCode: 5, code: 'expired-plan'});
  const later = {...FIT, nowUs: NOW_US + 9e15};
  const journal = await openJournal(journalPath(target.journalFolder, knowPlan(applied, 'p').sha256));
  const preview = await previewPlan(knowPlan(applied, 'p'), target, journal.records, later);
  expect(preview.alreadyApplied).toBe(true);
});

test('an infeasible plan needs to be allowed, and its gaps are told', async () => {
  const target = await newTarget();
  const gap = {
    scenario: 'rack/r1',
    volumes: ['v1'],
    hosts: ['h2'],
    demandBytes: 9,
    roomBytes: 4,
    message: '5 bytes short',
  };
  const plan = buildPlan([], [['h1', 1]], {feasible: false, uncovered: [gap]});
  await expect(apply(plan, target)).rejects.toMatchObject({
    exitCode: 4,
    diagnostics: [{at: 'rack/r1', message: '5 bytes short'}],
  });
  const allowed = {...FIT, allowInfeasible: true};
  expect((await previewPlan(knowPlan(plan, 'p'), target, [], allowed)).pending).toHaveLength(1);
});

test('a preview changes nothing', async () => {
  const target = await targetWith(HELD);
  const before = await readFile(target.name.slice('file:'.length), 'utf8');
  const preview = await previewPlan(knowPlan(buildPlan(HELD, WANTED), 'p'), target, [], FIT);
  expect(preview.pending.map(({setting}) => setting)).toEqual(['h3', 'h4', 'h1']);
  expect(preview.unchanged).toEqual(['h2']);
  expect(await readFile(target.name.slice('file:'.length), 'utf8')).toBe(before);
});

test('a target that does not hold what was set is told with an account of what was made', async () => {
  const target = await targetWith(HELD);
  const forgetful: StorageTarget = {
    ...target,
    read: async (setting) => (setting === 'h4' ? 0 : target.read(setting)),
  };
  await expect(apply(buildPlan(HELD, WANTED), forgetful)).rejects.toMatchObject({
    exitCode: 6,
    message: containing('h4 was set to 5 bytes'),
    diagnostics: [
      {at: 'h3', message: 'made'},
      {at: 'h4', message: 'not made'},
      {at: 'h1', message: 'not made'},
    ],
  });
});

test('an abort stops between two changes, and the next run goes on', async () => {
  const target = await targetWith(HELD);
  const plan = buildPlan(HELD, WANTED);
  const controller = new AbortController();
  const stopping: StorageTarget = {
    ...target,
    set: async (change) => {
      controller.abort();
      return target.set(change);
    },
  };
  const {applyPlan} = await import('../../src/lib/storage-apis/index.js');
  const known = knowPlan(plan, 'p');
  const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
  const options = {...RULES, signal: controller.signal};
  await expect(applyPlan(known, stopping, journal, options)).rejects.toMatchObject({name: 'AbortError'});
  expect(await apply(plan, target)).toMatchObject({
    resumed: [{setting: 'h3'}],
    applied: [{setting: 'h4'}, {setting: 'h1'}],
  });
});

test('a plan whose changes contradict themselves is refused with every contradiction', () => {
  const change = {host: 'h1', action: 'allocate', fromBytes: 5, toBytes: 3, reason: ''} as const;
  const plan = buildPlan([], [], {changes: [change, {...change, toBytes: 9}]});
  expect(() => knowPlan(plan, 'plan.json')).toThrow(
    expect.objectContaining({
      exitCode: 3,
      diagnostics: [
        expect.objectContaining({at: 'plan.json: changes[0]', message: 'allocate goes from 5 to 3 bytes'}),
        expect.objectContaining({at: 'plan.json: changes[1]', message: 'host h1 is changed twice'}),
      ],
    }),
  );
});
