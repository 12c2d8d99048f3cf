import {closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync} from 'node:fs';
import {hostname} from 'node:os';
import {z} from 'zod';

import {formatInstantUs, StaleError} from '../../core/index.js';

const holderSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  startedAt: z.string(),
  tool: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

export interface StoreLock {
  release(): void;
}

interface LockRequest {
  readonly file: string;
  readonly storePath: string;
  readonly nowUs: number;
  readonly tool: string;
  /** Told when a lock was taken over from a process that is gone. */
  readonly onRemark: (text: string) => void;
}

/** Locks that this process holds: a lock file with our own pid that is not among them is a dead namesake's. */
const held = new Set<string>();

/**
 * Takes the store's writer lock. A lock left by a process of this host that is gone is taken over.
 * Throws StaleError that says who holds it. It is released at the latest when the process exits.
 */
export function takeStoreLock(request: LockRequest): StoreLock {
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    startedAt: formatInstantUs(request.nowUs),
    tool: request.tool,
  };
  if (!tryCreate(request.file, holder)) {
    takeOver(request);
    if (!tryCreate(request.file, holder)) throw heldError(request, readHolder(request.file));
  }
  held.add(request.file);
  const release = (): void => {
    process.off('exit', release);
    if (held.delete(request.file)) rmSync(request.file, {force: true});
  };
  process.on('exit', release);
  return {release};
}

function tryCreate(file: string, holder: Holder): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  writeSync(descriptor, `${JSON.stringify(holder)}\n`);
  closeSync(descriptor);
  return true;
}

/** Removes the lock of a dead holder. By renaming it first, two that try at once cannot both remove it. */
function takeOver(request: LockRequest): void {
  const holder = readHolder(request.file);
  if (holder === undefined || !isGone(holder, request.file)) throw heldError(request, holder);
  const aside = `${request.file}.${process.pid}.stale`;
  renameSync(request.file, aside);
  const moved = readHolder(aside);
  if (moved?.pid !== holder.pid || moved.startedAt !== holder.startedAt) {
    linkSync(aside, request.file);
    rmSync(aside, {force: true});
    throw heldError(request, moved);
  }
  rmSync(aside, {force: true});
  request.onRemark(
    `took over the lock of process ${holder.pid}, which began to write at ${holder.startedAt} and is gone`,
  );
}

function isGone(holder: Holder, file: string): boolean {
  if (holder.host !== hostname()) return false;
  if (holder.pid === process.pid) return !held.has(file);
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** Undefined when the lock is gone or cannot be read. */
function readHolder(file: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function heldError(request: LockRequest, holder: Holder | undefined): StaleError {
  const who =
    holder === undefined
      ? 'somebody who left no name'
      : `process ${holder.pid} on ${holder.host} since ${holder.startedAt}`;
  return new StaleError('store-locked', `store ${request.storePath} is being written by ${who}`, {
    hints: [
      'wait until it has ended, then run this again',
      `if nothing writes to the store any more, remove ${request.file}`,
    ],
  });
}
