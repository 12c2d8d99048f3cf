import {spawn} from 'node:child_process';
import {text} from 'node:stream/consumers';

import {errorText} from './lib/core/index.js';
import type {NightAnswer} from './lib/nightly/index.js';

/**
 * Runs a command of this program as a process of its own, with `--json`: its exit code and its document. Aborting asks it to
 * end as Ctrl-C does, and waits for it.
 */
export async function callForeshadow(
  argv: readonly string[],
  {
    signal,
    environment,
  }: {readonly signal: AbortSignal; readonly environment: Readonly<Record<string, string>>},
): Promise<NightAnswer> {
  const [program = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, program, ...argv, '--json'], {
    env: {...process.env, ...environment},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) interrupt();
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 130);
    });
  });
  try {
    const [exitCode, printed, said] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return {exitCode, text: printed, document: documentOf(printed, said)};
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

/** What a process that broke down said instead of a document is told as its error. */
function documentOf(printed: string, said: string): unknown {
  try {
    const document: unknown = JSON.parse(printed);
    return document;
  } catch (error) {
    return {error: {message: said.trim() === '' ? errorText(error) : said.trim().slice(-500)}};
  }
}
