import path from 'node:path';

import {vi} from 'vitest';

import type {FinishedRun} from './run-foreshadow.js';

const ROOT = path.join(import.meta.dirname, '..', '..');

interface Command {
  run(args: string[], options: {root: string}): Promise<unknown>;
}

/**
 * Runs a command in this process, which costs a tenth of starting the built program: what it wrote, its exit code, and
 * what it returned. Paths must be absolute, one command runs at a time, and threads of its own it cannot have.
 */
export async function runCommand(
  command: Command,
  args: readonly string[],
): Promise<FinishedRun & {readonly result: unknown}> {
  const written = {stdout: '', stderr: ''};
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk, ...rest) => {
      written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      for (const callback of rest) if (typeof callback === 'function') callback();
      return true;
    }),
  );
  process.exitCode = undefined;
  try {
    const result = await command.run([...args], {root: ROOT});
    return {...written, exitCode: exitCode(), result};
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

/** Commands set it; none that is fine does. */
function exitCode(): number {
  return Number(process.exitCode ?? 0);
}
