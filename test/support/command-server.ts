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
  const restore = [
    captureWrites(process.stdout, (text) => {
      written.stdout += text;
      written.printed += text;
    }),
    captureWrites(process.stderr, (text) => {
      written.printed += text;
    }),
  ];
  process.chdir(folder);
  process.exitCode = undefined;
  try {
    await run(args, config);
  } catch (error) {
    // What oclif throws itself, such as for a command that is none.
    process.exitCode ??= 2;
    written.printed += String(error);
  }
  for (const putBack of restore) putBack();
  process.send?.({exitCode: process.exitCode ?? 0, ...written});
}

/** Hands on what is written to a stream instead of writing it; what it returns ends that. */
function captureWrites(stream: NodeJS.WriteStream, onText: (text: string) => void): () => void {
  const original = stream.write.bind(stream);
  stream.write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    written?: (error?: Error | null) => void,
  ): boolean => {
    onText(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    (typeof encoding === 'function' ? encoding : written)?.();
    return true;
  };
  return () => {
    stream.write = original;
  };
}
