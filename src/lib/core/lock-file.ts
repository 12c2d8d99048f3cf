import {randomUUID} from 'node:crypto';
import {link, mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {errorText, StaleError, TargetError} from './errors.js';
import {formatInstantUs} from './time.js';

/** The process that wants a lock. */
export interface LockOwner {
  readonly pid: number;
  /** Name of the machine: a process id means nothing on another one. */
  readonly machine: string;
  readonly atUs: number;
}

/** A lock that is held until released. */
export interface HeldLock {
  /** The holder that died with it, in words; undefined when the lock was free. */
  readonly tookOverFrom: string | undefined;
  release(): Promise<void>;
}

interface LockRecord {
  readonly nonce: string;
  readonly pid: number;
  readonly machine: string;
  readonly since: string;
  /** Start of the process in clock ticks since boot (Linux), so that a process id used again is not taken for it. */
  readonly startTicks?: string | undefined;
}

/**
 * Takes a lock that is a file, made whole or not at all. A lock whose process is dead on this machine is taken over;
 * one held by a live process, or from another machine, throws StaleError that names the holder.
 */
export async function acquireLock(lockPath: string, owner: LockOwner): Promise<HeldLock> {
  const startTicks = await readStartTicks(owner.pid);
  const record: LockRecord = {
    nonce: randomUUID(),
    pid: owner.pid,
    machine: owner.machine,
    since: formatInstantUs(owner.atUs),
    ...(startTicks === undefined ? {} : {startTicks}),
  };
  const draft = `${lockPath}.${record.nonce}.tmp`;
  try {
    await mkdir(path.dirname(lockPath), {recursive: true});
    await writeFile(draft, `${JSON.stringify(record)}\n`, {flag: 'wx'});
    const tookOverFrom = await putInPlace(draft, lockPath, owner);
    return {tookOverFrom, release: async () => release(lockPath, record.nonce)};
  } catch (error) {
    if (error instanceof StaleError) throw error;
    throw new TargetError('cannot-lock', `cannot lock ${lockPath}: ${errorText(error)}`, {cause: error});
  } finally {
    await rm(draft, {force: true});
  }
}

async function putInPlace(draft: string, lockPath: string, owner: LockOwner): Promise<string | undefined> {
  try {
    await link(draft, lockPath);
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  await refuseUnlessDead(lockPath, owner);
  // Two processes may find the same dead holder: only the one that locks the takeover may replace the file, and it
  // looks again first.
  const takeover = await acquireLock(`${lockPath}.takeover`, owner);
  try {
    const dead = await refuseUnlessDead(lockPath, owner);
    await rename(draft, lockPath);
    return dead;
  } finally {
    await takeover.release();
  }
}

/** The dead holder in words; undefined when the lock was released meanwhile. Throws StaleError while it may be alive. */
async function refuseUnlessDead(lockPath: string, owner: LockOwner): Promise<string | undefined> {
  const record = await readRecord(lockPath);
  if (record === undefined) return undefined;
  const holder = `process ${record.pid} on ${record.machine} since ${record.since}`;
  if (record.machine === owner.machine && !(await isAlive(record))) return holder;
  const elsewhere = record.machine === owner.machine ? 'is still running' : 'cannot be looked at from here';
  throw new StaleError('lock-held', `${lockPath} is held by ${holder}, which ${elsewhere}`, {
    hints: ['wait for it to end', `when you are sure that it does not run any more, remove ${lockPath}`],
  });
}

async function readRecord(lockPath: string): Promise<LockRecord | undefined> {
  let text: string;
  try {
    text = await readFile(lockPath, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const record = await parseRecord(text);
  if (record !== undefined) return record;
  throw new StaleError('lock-held', `${lockPath} is held, by whom cannot be read`, {
    hints: [`when you are sure that nobody uses it, remove ${lockPath}`],
  });
}

async function parseRecord(text: string): Promise<LockRecord | undefined> {
  // Every command loads this file, and few of them a lock: zod would cost all of them their start-up time.
  const {z} = await import('zod');
  const schema = z.object({
    nonce: z.string(),
    pid: z.number().int().positive(),
    machine: z.string(),
    since: z.string(),
    startTicks: z.string().optional(),
  });
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function isAlive(record: LockRecord): Promise<boolean> {
  try {
    process.kill(record.pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
  }
  const startTicks = await readStartTicks(record.pid);
  return record.startTicks === undefined || startTicks === undefined || startTicks === record.startTicks;
}

/** Field 22 of /proc/PID/stat (proc(5)); the second field may hold blanks and parentheses. Undefined without /proc. */
async function readStartTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

async function release(lockPath: string, nonce: string): Promise<void> {
  const record = await readRecord(lockPath);
  if (record?.nonce === nonce) await rm(lockPath, {force: true});
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
