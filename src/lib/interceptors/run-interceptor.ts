import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {closeSync, constants, openSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {PassThrough, type Readable} from 'node:stream';
import {promisify} from 'node:util';

import {errorText, UsageError} from '../core/index.js';
import type {Interceptor, InterceptorChoice} from './interceptor.js';

/** How a run ended. */
export interface InterceptorEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of what it said beside its log. */
  readonly lastWords: readonly string[];
}

/** An interceptor at work. */
export interface InterceptorRun {
  /** What it logs. It ends when the program has ended, and holds everything that was logged. */
  readonly log: Readable;
  /** How many events it said that it lost, so far, beside its log. */
  lostEvents(): number;
  /** Asks it to end, and ends it when it does not. */
  stop(): void;
  readonly ended: Promise<InterceptorEnd>;
}

export interface InterceptorRequest {
  readonly interceptor: Interceptor;
  readonly choice: InterceptorChoice;
  /** Our environment; PATH says where the program is looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined where there are no users. */
  readonly userId: number | undefined;
  /** Told each line of what it says beside its log. */
  readonly onLine?: (line: string) => void;
}

const LOST = /\bLost (\d+) events\b/;
const KEPT_LINES = 20;
/** What is read while a batch is written waits here, so that the program that logs does not wait. */
const WAITING_BYTES = 64 * 1024 * 1024;
const PATIENCE_MS = 10_000;

/**
 * Starts an interceptor without a shell, in a process group of its own, so that Ctrl-C reaches it through `stop` alone.
 * Throws UsageError when the program is not there, or must be root and is not.
 */
export async function startInterceptor(request: InterceptorRequest): Promise<InterceptorRun> {
  const {interceptor, choice, environment, userId, onLine} = request;
  const {program, packages, whyRoot} = interceptor;
  if (whyRoot !== undefined && userId !== undefined && userId !== 0)
    throw new UsageError('needs-root', `${program} must be run by root: ${whyRoot}`, {
      hints: ['run foreshadow capture by sudo, into a --store that root may write'],
    });
  const args = interceptor.commandLine(choice);
  const pipe = await createPipe();
  const child = spawn(program, args, {
    detached: true,
    env: {...environment, ...interceptor.environment},
    stdio: ['ignore', 'pipe', 'pipe', pipe.writeEnd],
  });
  closeSync(pipe.writeEnd);
  const log = readPipe(pipe.readEnd);
  try {
    await started(child);
  } catch (error) {
    log.destroy();
    throw cannotStart(program, packages, error);
  }
  const words = listen(child, onLine);
  return {log, lostEvents: words.lostEvents, stop: stopOf(child), ended: endOf(child, words.lines)};
}

/** A pipe of the kernel: what Node makes for a child is a socket, which cannot be opened by its path in /dev/fd. */
async function createPipe(): Promise<{readonly readEnd: number; readonly writeEnd: number}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-capture-'));
  const file = path.join(folder, 'log');
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', file]);
    // Without a writer a blocking open would wait for one, which is opened next.
    const readEnd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    return {readEnd, writeEnd: openSync(file, constants.O_WRONLY)};
  } catch (error) {
    throw new UsageError('no-pipe', `cannot make a pipe with mkfifo: ${errorText(error)}`, {
      hints: ['apt-get install coreutils'],
    });
  } finally {
    await rm(folder, {recursive: true});
  }
}

function readPipe(readEnd: number): Readable {
  const socket = new Socket({fd: readEnd, readable: true, writable: false});
  const waiting = new PassThrough({readableHighWaterMark: WAITING_BYTES});
  socket.on('error', (error) => waiting.destroy(error));
  waiting.on('close', () => socket.destroy());
  return socket.pipe(waiting);
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function cannotStart(program: string, packages: readonly string[], error: unknown): UsageError {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return new UsageError(
    isMissing ? 'no-program' : 'cannot-start',
    isMissing ? `${program} is not installed` : `${program} cannot be started: ${errorText(error)}`,
    {hints: [`apt-get install ${packages.join(' ')}`]},
  );
}

function listen(
  child: ChildProcess,
  onLine: InterceptorRequest['onLine'],
): {readonly lines: readonly string[]; readonly lostEvents: () => number} {
  const lines: string[] = [];
  let lostEvents = 0;
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({input: stream}).on('line', (line) => {
      lostEvents += Number(LOST.exec(line)?.[1] ?? 0);
      if (line.trim() !== '') lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
  }
  return {lines, lostEvents: () => lostEvents};
}

function stopOf(child: ChildProcess): () => void {
  let killing: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    clearTimeout(killing);
  });
  return () => {
    if (killing !== undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGINT');
    killing = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  };
}

function endOf(child: ChildProcess, lastWords: readonly string[]): Promise<InterceptorEnd> {
  return new Promise((resolve) => {
    child.once('close', (exitCode, signal) => {
      resolve({exitCode, signal, lastWords});
    });
  });
}
