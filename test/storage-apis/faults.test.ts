import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdir, readFile, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import path from 'node:path';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import {inspect} from 'node:util';

import {describe, expect, test} from 'vitest';

import {StaleError, ToolError, writeArtifact} from '../../src/lib/core/index.js';
import type {ApplyResult, TargetAccess} from '../../src/lib/storage-apis/index.js';
import {applyPlanFile} from '../../src/lib/workflows/apply-plan.js';
import {cephBed} from './beds/ceph-bed.js';
import {cinderBed} from './beds/cinder-bed.js';
import type {Fault, FaultRule} from './beds/faulty-network.js';
import {httpBed} from './beds/http-bed.js';
import {longhornBed} from './beds/longhorn-bed.js';
import type {ServedBed} from './beds/served-bed.js';
import {ACTOR, containing, NOW_US, RULES} from './builders.js';

/** Every target that is reached over HTTP. */
const BEDS: Record<string, () => Promise<ServedBed>> = {
  ceph: cephBed,
  cinder: cinderBed,
  http: httpBed,
  longhorn: longhornBed,
};

const answer = (status: number, headers?: Record<string, string>): Fault => ({
  ...{how: 'answer', status},
  ...(headers && {headers}),
});
/** A target that says no: the run ends there. */
const REFUSALS: Readonly<Record<string, Fault>> = Object.fromEntries(
  [401, 403, 404, 409, 415].map((status) => [String(status), answer(status)]),
);
/** One alone is got over within the same run. */
const HICCUPS: Readonly<Record<string, Fault>> = {
  '429 with Retry-After': answer(429, {'retry-after': '0'}),
  ...{'500': answer(500), '503': answer(503)},
  ...{hang: {how: 'hang'}, 'half an answer': {how: 'half'}, 'a lost answer': {how: 'lost'}},
};
/** What does not end: told, tried again, read, and given up. */
const LASTING: Readonly<Record<string, Fault>> = {
  ...{'429 with Retry-After': answer(429, {'retry-after': '0'}), '500': answer(500)},
  ...{hang: {how: 'hang'}, 'a lost answer': {how: 'lost'}},
};
/** Requests that hang end after so long; on a busy machine others may take as long, so these runs may end early. */
const HANG_MS = 150;
/** Positions of a fault that are tried beside each other, each on a target of its own: most of a run is waiting. */
const AT_ONCE = 6;
/** More requests than any run sends. */
const MOST_REQUESTS = 200;

interface Outcome {
  readonly result?: ApplyResult;
  readonly error?: unknown;
}

async function writePlan(bed: ServedBed): Promise<string> {
  const planPath = path.join(path.dirname(bed.access.stateFolder), 'plan.json');
  await writeArtifact(planPath, bed.plans[0]);
  return planPath;
}

/** Applies the first plan in a process of its own, which ends as kill -9 would end it at its n-th journal record. */
async function runKilled(bed: ServedBed, killAt: number): Promise<void> {
  const planPath = await writePlan(bed);
  await writeFile(`${planPath}.now`, String(NOW_US));
  const script = fileURLToPath(new URL('killed-run.ts', import.meta.url));
  const {credentials, stateFolder} = bed.access;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, planPath, bed.target.name, String(killAt)],
    {
      env: {
        ...process.env,
        FORESHADOW_STATE: stateFolder,
        FORESHADOW_TARGET_USER: credentials.user,
        FORESHADOW_TARGET_PASSWORD: credentials.password?.reveal(),
        FORESHADOW_TARGET_TOKEN: credentials.token?.reveal(),
      },
    },
  );
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect([said, child.signalCode]).toEqual(['', 'SIGKILL']);
}

/** Applies the first plan as the command does; `laterSeconds`: so long after the run before it. */
async function run(bed: ServedBed, other: Partial<TargetAccess> = {}, laterSeconds = 0): Promise<Outcome> {
  const access = {...bed.access, ...other};
  const planPath = await writePlan(bed);
  const actor = {...ACTOR, machine: hostname(), atUs: ACTOR.atUs + laterSeconds * 1e6};
  try {
    const result = await applyPlanFile({
      ...{...RULES, actor, access, planPath, target: bed.target.name, dryRun: false, parallel: 1},
      confirm: async () => Promise.resolve(true),
    });
    return {result};
  } catch (error) {
    return {error};
  }
}

/** Texts in which a secret would be one too many, in any of the shapes that it could have. */
async function expectNoSecret(bed: ServedBed, outcomes: readonly Outcome[]): Promise<void> {
  const folder = path.dirname(bed.access.stateFolder);
  const names = await readdir(folder, {recursive: true, withFileTypes: true});
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const texts = [
    ...(await Promise.all(files.map(async (file) => `${file}: ${await readFile(file, 'utf8')}`))),
    ...outcomes.map((outcome) => inspect(outcome, {depth: 20, showHidden: true})),
    ...outcomes.map((outcome) => JSON.stringify(outcome)),
    ...outcomes.map(({error}) => (error instanceof Error ? error.message : '')),
  ];
  for (const secret of bed.secrets) {
    const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
    const shapes = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64];
    for (const shape of [...shapes, encodeURIComponent(base64), Buffer.from(secret).toString('base64url')])
      expect(texts.filter((one) => one.includes(shape))).toEqual([]);
  }
}

/** What the error says of each change is what the target says; exit 6 names the request. */
async function expectExactAccount(bed: ServedBed, error: unknown): Promise<void> {
  if (!(error instanceof ToolError)) throw error;
  expect([5, 6]).toContain(error.exitCode);
  if (error.exitCode === 6) expect(error.message).toMatch(/(GET|POST|PUT|PATCH|DELETE) \S+/);
  const {wanted} = await bed.target.express(bed.plans[0]);
  for (const {at = '', message} of error.diagnostics.filter(({code}) => code === 'account')) {
    const bytes = await bed.target.read(at);
    const isThere = wanted.some((one) => one.setting === at && one.bytes === bytes);
    if (message !== 'may be made or not') expect([at, message]).toEqual([at, isThere ? 'made' : 'not made']);
  }
}

/** One run meets a fault, then all is well and the next one goes on; false: the run came to its end before it. */
async function survives(open: () => Promise<ServedBed>, rule: FaultRule): Promise<boolean> {
  const bed = await open();
  const {settings} = await bed.target.readInventory();
  const {wanted} = await bed.target.express(bed.plans[0]);
  const changes = wanted.filter(({setting, bytes}) => (settings.get(setting) ?? 0) !== bytes);
  await bed.network.breakAt(rule);
  const isTimed = ['hang', 'late'].includes(rule.fault.how);
  const first = await run(bed, isTimed ? {timeoutMs: HANG_MS} : {});
  const hasMet = bed.network.met() > 0;
  await bed.network.heal();
  const isSmooth = !hasMet || (Object.values(HICCUPS).includes(rule.fault) && !rule.lasting);
  if (isSmooth && !isTimed) expect(first.error).toBeUndefined();
  if (first.error !== undefined) await expectExactAccount(bed, first.error);
  const second = await run(bed, {}, 300);
  expect(second.error).toBeUndefined();
  for (const {setting, bytes} of wanted)
    expect([setting, await bed.target.read(setting)]).toEqual([setting, bytes]);
  expect(bed.changesMade()).toBe(changes.length);
  await expectNoSecret(bed, [first, second]);
  return hasMet;
}

/** At every position until runs come to their end before it; returns how many there are. */
async function survivesEverywhere(
  open: () => Promise<ServedBed>,
  rule: Omit<FaultRule, 'nth'>,
): Promise<number> {
  for (let from = 0; from < MOST_REQUESTS; from += AT_ONCE) {
    const positions = Array.from({length: AT_ONCE}, (_, index) => from + index);
    const met = await Promise.all(positions.map((nth) => survives(open, {...rule, nth})));
    if (met.includes(false)) return from + met.indexOf(false);
  }
  throw new Error('the run never ends');
}

describe.each(Object.entries(BEDS))('target %s', (_, open) => {
  test.each(Object.entries({'409': answer(409), ...HICCUPS}))(
    'whichever change meets %s, the next run makes what is missing, each change once',
    async (_name, fault) => {
      expect(await survivesEverywhere(open, {kind: 'changing', fault, lasting: false})).toBeGreaterThan(1);
    },
  );

  test.each(Object.entries(LASTING))(
    'when %s does not end, the run does, and the next one makes what is missing, each change once',
    async (_name, fault) => {
      expect(await survivesEverywhere(open, {kind: 'changing', fault, lasting: true})).toBeGreaterThan(1);
    },
  );

  test.each(Object.entries(REFUSALS))(
    'a change that meets %s ends the run, and the next one makes what is missing, each change once',
    async (_name, fault) => {
      expect(await survives(open, {kind: 'changing', nth: 1, fault, lasting: false})).toBe(true);
    },
  );

  test('whichever change comes to the target late, it is made once', async () => {
    const fault = {how: 'late'} as const;
    expect(await survivesEverywhere(open, {kind: 'changing', fault, lasting: false})).toBeGreaterThan(1);
  });

  test('whichever reading request fails for good, the next run makes what is missing, each change once', async () => {
    const rule = {kind: 'reading', fault: {how: 'lost'}, lasting: true} as const;
    expect(await survivesEverywhere(open, rule)).toBeGreaterThan(3);
  });

  test.each(Object.entries({...REFUSALS, ...HICCUPS}))(
    'a reading request that meets %s changes nothing in that',
    async (_name, fault) => {
      expect(await survives(open, {kind: 'reading', nth: 4, fault, lasting: false})).toBe(true);
    },
  );

  test('whenever nobody listens any more, the next run makes what is missing, each change once', async () => {
    const rule = {kind: 'changing', fault: {how: 'refused'}, lasting: true} as const;
    expect(await survivesEverywhere(open, rule)).toBeGreaterThan(4);
  });

  test('a change that hangs is got over within the same run', async () => {
    const bed = await open();
    await bed.network.breakAt({kind: 'changing', nth: 1, fault: {how: 'hang'}, lasting: false});
    expect(await run(bed, {timeoutMs: 1500})).toMatchObject({result: {pending: []}});
    expect(bed.network.met()).toBe(1);
  });

  test('after kill -9 the next run takes over the lock and makes each missing change once', async () => {
    for (const [killAt, made] of [
      [2, 0],
      [5, 2],
    ] as const) {
      const bed = await open();
      await runKilled(bed, killAt);
      const {result} = await run(bed, {}, 61);
      expect([killAt, result?.resumed.length]).toEqual([killAt, made]);
      expect(bed.changesMade()).toBe((result?.applied.length ?? 0) + made);
      expect(result).toMatchObject({
        remarks: expect.arrayContaining([containing('took over the lock')]) as unknown,
      });
      await expectNoSecret(bed, [{result: result!}]);
    }
  });

  test('of two runs at the same time one applies and the other is refused or finds it done', async () => {
    const bed = await open();
    const {wanted} = await bed.target.express(bed.plans[0]);
    const outcomes = await Promise.all([run(bed), run(bed)]);
    const errors = outcomes.flatMap(({error}) => (error === undefined ? [] : [error]));
    expect(errors.length).toBeLessThan(2);
    expect(errors.every((error) => error instanceof StaleError)).toBe(true);
    const made = outcomes.map(({result}) => result?.applied.length ?? 0);
    expect(made[0]! + made[1]!).toBe(bed.changesMade());
    for (const {setting, bytes} of wanted) expect(await bed.target.read(setting)).toBe(bytes);
  });
});
