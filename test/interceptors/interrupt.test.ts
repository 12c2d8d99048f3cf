import {spawn} from 'node:child_process';
import {readdir} from 'node:fs/promises';
import {setTimeout} from 'node:timers/promises';
import path from 'node:path';

import {expect, it} from 'vitest';

import {PROGRAM, runForeshadow, USERS_ENVIRONMENT} from '../support/run-foreshadow.js';
import {standIn, temporaryFolder} from './stand-in.js';

/** Logs as fast as it can, and once more, and how much, when it is interrupted. */
const TALKER = `
trap 'stop=1' INT
n=0
exec 4>$log
echo 'fio version 3 iolog' >&4
while [ -z "$stop" ]; do echo "$n f write 0 4096" >&4; n=$((n+1)); done
echo "$n f write 0 4096" >&4
echo "wrote $((n+1))" >&2`;

/** Waits until two batches are committed, however slow the machine is. */
async function twoBatches(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if ((await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).length > 1) return;
    await setTimeout(100);
  }
  throw new Error('no two batches came in 40 s');
}

it('ends with 0 on Ctrl-C, the interceptor ended and all that it logged in the store', async () => {
  const programs = await standIn('fio', TALKER);
  const store = path.join(await temporaryFolder(), 'store');
  const args = ['capture', 'fio', '--store', store, '--commit-every', '1s', '--verbose', '--', '--name=x'];
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: {...USERS_ENVIRONMENT, PATH: `${programs}:${process.env['PATH'] ?? ''}`},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let heard = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard += text));
  child.stdout.resume();
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  await twoBatches(path.join(store, 'batches'));
  child.kill('SIGINT');
  expect(await exited).toBe(0);
  expect(heard).not.toContain('interrupted');
  const info = await runForeshadow(['store', 'info', '--store', store, '--json']);
  const {rows, batchCount} = JSON.parse(info.stdout) as {rows: number; batchCount: number};
  expect(rows).toBeGreaterThan(1);
  expect(batchCount).toBeGreaterThan(1);
  expect(heard).toContain(`wrote ${rows}`);
});
