import path from 'node:path';

import {Config, run} from '@oclif/core';

const ROOT = path.join(import.meta.dirname, '..', '..');

/**
 * A process that `commandProcess` starts: runs the built commands one after the other, each in the folder that it is told,
 * and answers with what they wrote. Reading the program once for all of them is most of what they take.
 */
const config = await Config.load({root: ROOT});
// What a command starts of its own must be the built program.
process.argv[1] = path.join(ROOT, 'bin', 'run.js');
process.execArgv = [];

process.on('message', ({folder, args}: {folder: string; args: string[]}) => {
  void answer(folder, args);
});
process.send?.('ready');

async function answer(folder: string, args: string[]): Promise<void> {
  const written = {stdout: '', printed: ''};
  const originals = {stdout: process.stdout.write, stderr: process.stderr.write};
  process.chdir(folder);
  process.exitCode = undefined;
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      written.printed += text;
      if (name === 'stdout') written.stdout += text;
      for (const callback of rest) if (typeof callback === 'function') callback();
      return true;
    };
  }
  try {
    await run(args, config);
  } catch (error) {
    // What oclif throws itself, such as for a command that is none.
    process.exitCode ??= 2;
    written.printed += String(error);
  }
  process.stdout.write = originals.stdout;
  process.stderr.write = originals.stderr;
  process.send?.({exitCode: Number(process.exitCode ?? 0), ...written});
}
