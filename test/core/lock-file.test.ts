import {readdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {acquireLock} from '../../src/lib/core/index.js';
import {containing, deadPid, NOW_US, temporaryFolder} from '../storage-apis/builders.js';

const ME = {pid: process.pid, machine: 'here', atUs: NOW_US};

async function newLock(): Promise<string> {
  return path.join(await temporaryFolder(), 'ledger.lock');
}

test('the lock of a dead process is taken over with a remark', async () => {
  const lock = await newLock();
  const pid = deadPid();
  await acquireLock(lock, {...ME, pid});
  const held = await acquireLock(lock, ME);
  expect(held.tookOverFrom).toBe(`process ${pid} on here since 2026-06-01T00:00:00Z`);
  await expect(acquireLock(lock, ME)).rejects.toMatchObject({exitCode: 5});
  await held.release();
  expect(await readdir(path.dirname(lock))).toEqual([]);
});

test('of many that find the same dead holder, one takes over', async () => {
  const lock = await newLock();
  await acquireLock(lock, {...ME, pid: deadPid()});
  const tries = await Promise.allSettled(Array.from({length: 20}, async () => acquireLock(lock, ME)));
  expect(tries.filter(({status}) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(path.dirname(lock))).toEqual(['ledger.lock']);
});

test('one left behind in the middle of a takeover is taken over too', async () => {
  const lock = await newLock();
  await acquireLock(lock, {...ME, pid: deadPid()});
  await acquireLock(`${lock}.takeover`, {...ME, pid: deadPid()});
  await (await acquireLock(lock, ME)).release();
  expect(await readdir(path.dirname(lock))).toEqual([]);
});

test('the lock of another machine is never taken over', async () => {
  const lock = await newLock();
  await acquireLock(lock, {...ME, machine: 'there', pid: deadPid()});
  await expect(acquireLock(lock, ME)).rejects.toMatchObject({
    exitCode: 5,
    message: containing('which cannot be looked at from here'),
    hints: [containing('wait'), containing(`remove ${lock}`)],
  });
});

test.runIf(process.platform === 'linux')('a process id used again is not taken for the holder', async () => {
  const lock = await newLock();
  await acquireLock(lock, ME);
  const record: unknown = JSON.parse(await readFile(lock, 'utf8'));
  await writeFile(lock, JSON.stringify({...(record as object), startTicks: '1'}));
  expect((await acquireLock(lock, ME)).tookOverFrom).toContain(`process ${process.pid}`);
});

test('a lock that cannot be read is somebody’s', async () => {
  const lock = await newLock();
  await writeFile(lock, '');
  await expect(acquireLock(lock, ME)).rejects.toMatchObject({exitCode: 5});
});

test('releasing a lock that was taken away leaves the new one', async () => {
  const lock = await newLock();
  const held = await acquireLock(lock, ME);
  await writeFile(lock, (await readFile(lock, 'utf8')).replace(/"nonce":"[^"]*"/, '"nonce":"other"'));
  await held.release();
  expect(await readdir(path.dirname(lock))).toEqual(['ledger.lock']);
});
