import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {PROGRAM, runForeshadow} from '../support/run-foreshadow.js';
import {batchOf, BEGIN_US} from './batches.js';
import {commitAll, newStorePath} from './stores.js';

const ROW = `volume,time_us,op,offset,length\nv,${BEGIN_US},write,0,4096\n`;
const INGEST = ['ingest', '-', '--format', 'foreshadow-csv', '--store'];

test('while one process writes, a second writer exits with 5 and says who holds the lock, and readers read', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [batchOf('first', [{volume: 'a', startUs: BEGIN_US, reads: 7}])]);
  const holder = spawn(process.execPath, [PROGRAM, ...INGEST, storePath, '--quiet'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(holder, 'close');
  try {
    for (let left = 400; left > 0 && !existsSync(path.join(storePath, 'lock')); left -= 1)
      await setTimeout(50);
    const [second, reader] = await Promise.all([
      runForeshadow([...INGEST, storePath], {stdin: ROW}),
      runForeshadow(['store', 'export', '--store', storePath]),
    ]);
    expect(second).toMatchObject({exitCode: 5, stdout: ''});
    expect(second.stderr).toMatch(
      new RegExp(
        `held by process ${holder.pid} on .* since \\d{4}-\\d\\d-\\d\\dT.*Z, which is still running`,
      ),
    );
    expect(second.stderr).toMatch(/wait for it to end/);
    expect(second.stderr).toMatch(/remove .*lock/);
    expect(reader.exitCode).toBe(0);
    expect(reader.stdout).toContain(`a,${BEGIN_US},7,`);
  } finally {
    holder.stdin.end(ROW);
  }
  expect(await ended).toEqual([0, null]);
});
