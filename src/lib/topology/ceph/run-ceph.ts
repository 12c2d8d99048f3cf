import {execFile} from 'node:child_process';

import {TargetError} from '../../core/index.js';
import type {JsonDocument} from '../cluster-importer.js';
import {parseDocument} from '../read-documents.js';
import {CEPH_COMMANDS} from './documents.js';

/** The largest answer that is taken; a placement group is about 3 kB of `pg dump`. */
const MOST_BYTES = 500_000_000;

/** How the ceph CLI is called. */
export interface CephCall {
  /** `ceph`, or a path. */
  readonly program: string;
  /** Before the command, such as `--conf FILE`. */
  readonly args: readonly string[];
  /** After that a command is ended. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks a live cluster for the documents that the importer reads; nothing is changed and no key is read by us. Throws
 * TargetError: no ceph CLI, no answer in time, or what it says on its error output.
 */
export async function askCeph(call: CephCall): Promise<readonly JsonDocument[]> {
  const documents: JsonDocument[] = [];
  // One after the other: a monitor that has trouble is not asked five things at once.
  for (const command of Object.values(CEPH_COMMANDS)) documents.push(await ask(call, command));
  const monitor = await findMonitor(call);
  if (monitor !== undefined) documents.push(await ask(call, ['config', 'show', `mon.${monitor}`]));
  return documents;
}

/** A monitor of the quorum: they run with what counts, whether it is from the store of settings or from a file. */
async function findMonitor(call: CephCall): Promise<string | undefined> {
  const {value} = await ask(call, ['quorum_status']);
  const names: unknown =
    typeof value === 'object' && value !== null && 'quorum_names' in value ? value.quorum_names : undefined;
  const [first] = Array.isArray(names) ? (names as unknown[]) : [];
  return typeof first === 'string' ? first : undefined;
}

async function ask(call: CephCall, command: readonly string[]): Promise<JsonDocument> {
  const source = `ceph ${command.join(' ')}`;
  const text = await run(call, [...command, '-f', 'json'], source);
  return {source, value: parseDocument(text, source)};
}

function run(
  {program, args, timeoutMs, signal}: CephCall,
  command: string[],
  source: string,
): Promise<string> {
  const options = {maxBuffer: MOST_BYTES, timeout: timeoutMs, killSignal: 'SIGKILL', signal} as const;
  return new Promise((resolve, reject) => {
    execFile(program, [...args, ...command], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          signal?.aborted
            ? new Error('interrupted', {cause: error})
            : failure(error, {program, timeoutMs, source, stderr}),
        );
    });
  });
}

interface Failure {
  readonly program: string;
  readonly timeoutMs: number;
  readonly source: string;
  readonly stderr: string;
}

function failure(error: Error & {code?: unknown; killed?: unknown}, about: Failure): TargetError {
  const {program, timeoutMs, source, stderr} = about;
  if (error.code === 'ENOENT' || error.code === 'EACCES') {
    return new TargetError('no-ceph', `the ceph program cannot be started: ${program}`, {
      cause: error,
      hints: [
        'install it (Debian package ceph-common), or give the files that the commands print on a host that has it',
      ],
    });
  }
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    return new TargetError('ceph-answer-too-large', `"${source}" prints more than ${MOST_BYTES} bytes`, {
      cause: error,
    });
  }
  if (error.killed === true) {
    return new TargetError('ceph-timeout', `"${source}" did not answer within ${timeoutMs / 1000} s`, {
      cause: error,
      hints: ['is a monitor reachable with this configuration? ceph -s', 'wait longer: --timeout 2m'],
    });
  }
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return new TargetError(
    'ceph-refused',
    `"${source}" failed: ${said === '' ? `exit ${String(error.code)}` : said}`,
    {
      cause: error,
      hints: [
        'check --ceph-conf and --ceph-user: reading needs a user whose capabilities are mon "allow r" and mgr "allow r"',
      ],
    },
  );
}
