import {execFile} from 'node:child_process';
import {setTimeout as wait} from 'node:timers/promises';

import {errorText, TargetError} from '../../core/index.js';
import type {TargetAccess} from '../access.js';
import {OpenTargetError} from '../open-target-error.js';
import {childOf, readXml, type XmlElement} from './read-xml.js';

/** Runs the gluster CLI with these arguments; what it wrote to stdout, and to stderr, whatever its exit code. */
export type RunGluster = (args: readonly string[]) => Promise<{
  readonly stdout: string;
  readonly stderr: string;
}>;

/** Asks glusterd. */
export interface GlusterCli {
  /** The root of the answer. Throws TargetError when there is none or it says no. */
  ask(args: readonly string[]): Promise<XmlElement>;
  /** The same for what changes something; OpenTargetError where it may have been done or not. */
  change(args: readonly string[]): Promise<void>;
}

/** The CLI did not run to its end: it was killed because it took too long, or by somebody else. */
export class GlusterSilence extends Error {}

/** The most that is read of an answer. */
const MOST_BYTES = 64 * 2 ** 20;
/** Said before anything is done: another command has the volume, or a peer could not be locked. */
const BUSY = /another transaction|locking failed/i;
/** Said when some peers may have done it. */
const HALF_DONE = /commit failed|timed out|time-?out/i;

/** Runs the `gluster` of the PATH without a shell, killed after `timeoutMs`. */
export function spawnGluster({timeoutMs, signal}: TargetAccess): RunGluster {
  const options = {timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MOST_BYTES, signal} as const;
  return async (args) =>
    new Promise((resolve, reject) => {
      execFile('gluster', args, options, (error, stdout, stderr) => {
        // A number: it ran to its end. Its XML says more than its exit code, which is 0 for some refusals.
        if (error === null || typeof error.code === 'number') resolve({stdout, stderr});
        else if (error.code === 'ENOENT') reject(notInstalled(error));
        else if (signal?.aborted === true) reject(new Error('interrupted', {cause: error}));
        else
          reject(
            new GlusterSilence(error.killed ? `no answer within ${timeoutMs / 1000} s` : errorText(error)),
          );
      });
    });
}

/** Asks by way of `run`. What glusterd did not begin because it was busy is asked again, as `access.retry` says. */
export function glusterCli(run: RunGluster, {retry, signal}: TargetAccess): GlusterCli {
  const patiently = async (args: readonly string[], isChange: boolean): Promise<XmlElement> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await askOnce(run, args, isChange);
      } catch (error) {
        const isBusy = error instanceof TargetError && error.code === 'gluster-busy';
        if (!isBusy || attempt >= retry.attempts) throw error;
      }
      await wait(retry.firstDelayMs * 2 ** (attempt - 1), undefined, signal && {signal});
    }
  };
  return {
    ask: async (args) => patiently(args, false),
    change: async (args) => {
      await patiently(args, true);
    },
  };
}

async function askOnce(run: RunGluster, args: readonly string[], isChange: boolean): Promise<XmlElement> {
  const command = `gluster ${args.join(' ')}`;
  const open = isChange ? OpenTargetError : TargetError;
  let said: Awaited<ReturnType<RunGluster>>;
  try {
    said = await run(['--mode=script', '--xml', ...args]);
  } catch (error) {
    if (!(error instanceof GlusterSilence)) throw error;
    throw new open('no-answer', `${command}: ${errorText(error)}`, {
      hints: ['look at glusterd on this host'],
    });
  }
  const root = readAnswer(said.stdout);
  if (root === undefined) throw noXml(command, `${said.stdout} ${said.stderr}`, open);
  if (childOf(root, 'opRet')?.text === '0') return root;
  throw refusal(command, childOf(root, 'opErrstr')?.text ?? '', open);
}

function readAnswer(stdout: string): XmlElement | undefined {
  try {
    const root = readXml(stdout);
    return root.name === 'cliOutput' && childOf(root, 'opRet') !== undefined ? root : undefined;
  } catch {
    return undefined;
  }
}

/** It says in plain words when it cannot reach glusterd, or lost it. */
function noXml(command: string, said: string, open: typeof TargetError): TargetError {
  const text = `${command}: ${excerpt(said)}`;
  if (/connection failed|permission denied/i.test(said))
    return new open('unreachable', text, {
      hints: ['run it as root on a host of the cluster', 'start glusterd: systemctl start glusterd'],
    });
  return new open('no-answer', `${text === `${command}: ` ? `${command}: no answer` : text} (not XML)`);
}

function refusal(command: string, said: string, open: typeof TargetError): TargetError {
  const text = `${command} failed: ${excerpt(said)}`;
  if (BUSY.test(said))
    return new TargetError('gluster-busy', text, {hints: ['wait, then run the same command again']});
  if (HALF_DONE.test(said))
    return new open('half-done', text, {hints: ['look at the peers: gluster peer status']});
  return new TargetError('refused', text);
}

function notInstalled(cause: unknown): TargetError {
  return new TargetError('no-gluster', 'the gluster command is not installed here', {
    cause,
    hints: [
      'apt-get install glusterfs-cli, and run it on a host of the cluster',
      'is /usr/sbin in the PATH?',
    ],
  });
}

/** Some words of what was said, on one line, without what would move a terminal's cursor. */
function excerpt(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
