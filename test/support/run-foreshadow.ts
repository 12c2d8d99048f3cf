import {spawn} from 'node:child_process';
import path from 'node:path';

export const PROGRAM = path.join(import.meta.dirname, '..', '..', 'bin', 'run.js');

/** NODE_ENV as users have it: vitest's `test` makes oclif print warnings for its developers. */
export const USERS_ENVIRONMENT = {...process.env, NODE_ENV: 'production', TZ: 'UTC', NO_COLOR: '1'};

export interface FinishedRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program to its end. `npm test` builds it first; stdin is empty unless given. */
export function runForeshadow(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly stdin?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<FinishedRun> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: options.cwd,
    env: {...USERS_ENVIRONMENT, ...options.env},
  });
  child.stdin.end(options.stdin ?? '');
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
