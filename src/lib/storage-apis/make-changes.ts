import {setTimeout as wait} from 'node:timers/promises';

import {
  type Diagnostic,
  errorText,
  formatInstantUs,
  StaleError,
  TargetError,
  ToolError,
} from '../core/index.js';
import type {Journal} from './journal.js';
import {OpenTargetError} from './open-target-error.js';
import {type Actor, settingText, type StorageTarget, type TargetVersion} from './target.js';
import type {TargetChange} from './target-change.js';

/** What is to be done, in a journal's terms. */
export interface ChangeJob {
  readonly planSha256: string;
  readonly direction: 'apply' | 'rollback';
  /** Begun by an earlier run, and its end not recorded. */
  readonly unrecorded: readonly TargetChange[];
  /** In the order in which they are made; those that allocate before those that give back. */
  readonly todo: readonly TargetChange[];
  /** Told at the begin of the journal's run; undefined: the run goes on with one that has begun. */
  readonly begin: readonly TargetChange[] | undefined;
  /** Of those, what the target says that this plan has made though the journal is lost. */
  readonly madeBefore: readonly TargetChange[];
  readonly from: TargetVersion;
}

export interface MakeOptions {
  readonly actor: Actor;
  /** At most so many changes at once; one where the target counts its changes. */
  readonly parallel: number;
  /** How often a change is tried whose fate is open, and how long to wait first (doubled each time). */
  readonly retry: RetryRules;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface RetryRules {
  readonly attempts: number;
  readonly firstDelayMs: number;
}

/**
 * Makes changes, each journalled before and after and read back; hold the target's lock meanwhile. Returns them with
 * where the target is then. Throws what stopped it, with an account of what was made and what was not; what others had
 * begun is brought to its end first.
 */
export async function makeChanges(
  job: ChangeJob,
  target: StorageTarget,
  journal: Journal,
  options: MakeOptions,
): Promise<{readonly applied: readonly TargetChange[]; readonly now: TargetVersion}> {
  const at = formatInstantUs(options.actor.atUs);
  const run: Run = {job, target, journal, options, at, now: job.from, applied: [], open: new Set()};
  await beginJournal(run);
  try {
    for (const action of ['allocate', 'deallocate'] as const)
      await makeAtOnce(
        run,
        job.todo.filter((change) => change.action === action),
      );
    await journal.append({event: 'done', at, ...run.now});
  } catch (error) {
    const missing = job.todo.filter((change) => !run.applied.includes(change));
    throw withAccount(error, run, missing);
  }
  return {applied: run.applied, now: run.now};
}

interface Run {
  readonly job: ChangeJob;
  readonly target: StorageTarget;
  readonly journal: Journal;
  readonly options: MakeOptions;
  readonly at: string;
  now: TargetVersion;
  readonly applied: TargetChange[];
  /** Asked for, and whether they were made is not known. */
  readonly open: Set<TargetChange>;
}

/** Adds the records that a crash left out, then tells what is new. */
async function beginJournal({job, target, journal, options, at}: Run): Promise<void> {
  const {direction, planSha256, unrecorded, madeBefore, from} = job;
  const made = async ({setting, fromBytes, toBytes}: TargetChange): Promise<void> =>
    journal.append({event: 'after', at, setting, fromBytes, toBytes, ...from});
  for (const change of unrecorded) await made(change);
  if (job.begin === undefined) return;
  await journal.append({
    ...{event: 'begin', kind: 'foreshadow.journal', version: 2, tool: options.actor.tool, at},
    ...{target: target.name, planSha256, direction},
    changes: job.begin.map((change) => ({...change, hosts: [...change.hosts]})),
    ...from,
  });
  for (const change of madeBefore) await made(change);
}

/** Some at a time; after one has failed none is begun, and those under way are brought to their end. */
async function makeAtOnce(run: Run, changes: readonly TargetChange[]): Promise<void> {
  const queue = changes[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const change of queue) {
      if (failures.length > 0) return;
      try {
        run.options.signal?.throwIfAborted();
        await makeOne(run, change);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers = run.target.counts ? 1 : Math.min(run.options.parallel, changes.length);
  await Promise.all(Array.from({length: workers}, worker));
  if (failures.length > 0) throw failures[0];
}

async function makeOne(run: Run, change: TargetChange): Promise<void> {
  const {setting, fromBytes, toBytes} = change;
  const line = {at: run.at, setting, fromBytes, toBytes};
  await run.journal.append({event: 'before', ...line, ...run.now});
  run.now = await setAndVerify(run, change);
  run.applied.push(change);
  await run.journal.append({event: 'after', ...line, ...run.now});
  run.options.onProgress?.(run.applied.length, run.job.todo.length);
}

async function setAndVerify(run: Run, change: TargetChange): Promise<TargetVersion> {
  const {target} = run;
  run.open.add(change);
  const now = await setOnce(run, change).catch((error: unknown) => {
    if (!(error instanceof OpenTargetError)) run.open.delete(change);
    throw error;
  });
  const bytes = await target.read(change.setting);
  run.open.delete(change);
  if (bytes === change.toBytes) return now;
  const message = `${change.setting} was set to ${settingText(change.toBytes)}, but ${target.name} says ${settingText(bytes)}`;
  throw new TargetError('not-as-set', message);
}

/**
 * A change whose answer was lost may have been made: what the target holds tells, and only what was not made is asked
 * for again.
 */
async function setOnce(
  {target, job, options, now}: Run,
  {setting, fromBytes, toBytes}: TargetChange,
): Promise<TargetVersion> {
  const request = {setting, fromBytes, toBytes, expected: now, planSha256: job.planSha256};
  const {attempts, firstDelayMs} = options.retry;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await target.set({...request, actor: options.actor});
    } catch (error) {
      if (!(error instanceof OpenTargetError)) throw error;
      const bytes = await readUntilAnswered(target, setting, options, error);
      if (bytes === toBytes) return target.counts ? await versionNow(target) : now;
      if (bytes !== fromBytes) throw meanwhile(setting, settingText(bytes), error);
      if (attempt >= attempts) throw error;
    }
    await wait(firstDelayMs * 2 ** (attempt - 1), undefined, options.signal && {signal: options.signal});
  }
}

async function readUntilAnswered(
  target: StorageTarget,
  setting: string,
  {retry, signal}: MakeOptions,
  open: OpenTargetError,
): Promise<number | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await target.read(setting);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      if (attempt >= retry.attempts) throw open;
    }
    await wait(retry.firstDelayMs * 2 ** (attempt - 1), undefined, signal && {signal});
  }
}

async function versionNow(target: StorageTarget): Promise<TargetVersion> {
  const {lineage, serial} = await target.readInventory();
  return {lineage, serial};
}

function meanwhile(setting: string, now: string, cause: unknown): StaleError {
  return new StaleError('target-moved', `${setting} says ${now}: somebody changed it meanwhile`, {cause});
}

/** The same error with an account of what was made, what was not, and what only reading tells. Aborts and bugs pass as they are. */
function withAccount(error: unknown, {applied: made, open}: Run, missing: readonly TargetChange[]): unknown {
  if (!(error instanceof ToolError)) return error;
  const total = made.length + missing.length;
  const account = (changes: readonly TargetChange[], message?: string): Diagnostic[] =>
    changes.map((change) => ({
      ...{severity: 'warning', code: 'account', at: change.setting},
      message: message ?? (open.has(change) ? 'may be made or not' : 'not made'),
    }));
  return new ToolError(
    error.exitCode,
    error.code,
    `${errorText(error)}; ${made.length} of ${total} changes were made`,
    {
      diagnostics: [...error.diagnostics, ...account(made, 'made'), ...account(missing)],
      hints: [...error.hints, 'run the same command again: it goes on where it stopped'],
      cause: error,
    },
  );
}
