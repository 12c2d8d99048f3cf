import {spawn} from 'node:child_process';

import type {FinishedRun} from './run-foreshadow.js';

/** Runs a command to its end, without a shell; killed after `timeoutMs`. */
export async function runProcess(
  command: string,
  args: readonly string[],
  {env = process.env, timeoutMs = 120_000}: {env?: NodeJS.ProcessEnv; timeoutMs?: number} = {},
): Promise<FinishedRun> {
  const child = spawn(command, args, {env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs});
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({exitCode, stdout, stderr});
    });
  });
}
