import {type ChildProcessByStdio, spawn} from 'node:child_process';
import type {Readable, Writable} from 'node:stream';
import {setTimeout} from 'node:timers/promises';

import {type FinishedRun, PROGRAM, USERS_ENVIRONMENT} from './run-foreshadow.js';

/** The built program while it reads standard input. */
export interface StreamingRun {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Writes pieces with a pause after each; stops where the program has gone. */
  feed(pieces: readonly string[], pauseMs: number): Promise<void>;
  /** Waits until standard error has told something so many times; false when the program ended before. */
  hears(what: RegExp, times: number): Promise<boolean>;
  readonly finished: Promise<FinishedRun>;
}

/** Starts the built program with a pipe as its standard input. */
export function streamForeshadow(args: readonly string[]): StreamingRun {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: USERS_ENVIRONMENT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // The program may be gone before everything is written.
  child.stdin.on('error', () => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const finished = new Promise<FinishedRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({exitCode, stdout, stderr});
    });
  });
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const feed = async (pieces: readonly string[], pauseMs: number): Promise<void> => {
    for (const piece of pieces) {
      if (isGone()) return;
      child.stdin.write(piece);
      await setTimeout(pauseMs);
    }
  };
  const hears = async (what: RegExp, times: number): Promise<boolean> => {
    while (stderr.split(what).length <= times) {
      if (isGone()) return false;
      await setTimeout(20);
    }
    return true;
  };
  return {process: child, feed, hears, finished};
}
