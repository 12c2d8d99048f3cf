import {rmSync} from 'node:fs';
import {hostname} from 'node:os';
import path from 'node:path';

import {acquireLock, type HeldLock} from '../../core/index.js';
import {LOCK_FILE} from './layout.js';

/**
 * Takes the writer's lock of a store; it is also released when the process ends in the middle, as it does some time
 * after Ctrl-C. `onRemark` is told when a dead writer's lock was taken over. Throws StaleError that names a live one.
 */
export async function lockStore(
  storePath: string,
  options: {readonly nowUs: number; readonly onRemark?: (text: string) => void},
): Promise<HeldLock> {
  const file = path.join(storePath, LOCK_FILE);
  const lock = await acquireLock(file, {pid: process.pid, machine: hostname(), atUs: options.nowUs});
  if (lock.tookOverFrom !== undefined) {
    options.onRemark?.(`took over the lock of ${lock.tookOverFrom}, which is gone`);
  }
  const onExit = (): void => {
    rmSync(file, {force: true});
  };
  process.on('exit', onExit);
  return {
    ...lock,
    release: async () => {
      process.off('exit', onExit);
      await lock.release();
    },
  };
}
