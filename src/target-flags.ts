import {readFile} from 'node:fs/promises';
import {stdin} from 'node:process';
import {text} from 'node:stream/consumers';

import {Flags} from '@oclif/core';

import {errorText, InputError, parseDurationSeconds, parseFlag, UsageError} from './lib/core/index.js';
import type {Credentials, TargetAccess} from './lib/storage-apis/index.js';

const GROUP = 'TARGET';

/** How a storage API is reached. */
export const accessFlags = {
  credentials: Flags.string({
    summary:
      'file, or - for stdin, with lines user=, password= or token= for the target; else FORESHADOW_TARGET_USER, _PASSWORD and _TOKEN of the environment',
    helpValue: 'FILE|-',
    helpGroup: GROUP,
  }),
  ca: Flags.string({
    summary: 'certificates (PEM) to trust in place of those of the system',
    helpValue: 'FILE',
    helpGroup: GROUP,
  }),
  timeout: Flags.string({
    summary: 'how long one request to the target may take (30s)',
    helpValue: 'DURATION',
    helpGroup: GROUP,
  }),
  'allow-plain-http': Flags.boolean({
    summary: 'let credentials go unencrypted to another machine',
    helpGroup: GROUP,
  }),
  state: Flags.string({
    summary: 'folder for journals and locks of targets that are no file; on several machines, a shared one',
    default: '.foreshadow',
    env: 'FORESHADOW_STATE',
    helpValue: 'DIR',
    helpGroup: GROUP,
  }),
  'quota-lag': Flags.string({
    summary: 'how long clients go on writing after a quota is reached: the quota is so much lower (5s)',
    helpValue: 'DURATION',
    helpGroup: GROUP,
  }),
};

interface AccessFlags {
  readonly credentials: string | undefined;
  readonly ca: string | undefined;
  readonly timeout: string | undefined;
  readonly 'allow-plain-http': boolean;
  readonly state: string;
  readonly 'quota-lag': string | undefined;
}

/** What they tell, with credentials from where they say. Throws UsageError and InputError without any secret. */
export async function readAccess(flags: AccessFlags, signal: AbortSignal): Promise<TargetAccess> {
  const {timeout = '30s', ca, state, 'quota-lag': lag = '5s'} = flags;
  const {LOCAL_ACCESS} = await import('./lib/storage-apis/index.js');
  return {
    credentials: await readCredentials(flags.credentials),
    caPem: ca === undefined ? undefined : await readGiven(ca),
    timeoutMs: parseFlag('timeout', timeout, parseDurationSeconds, '30s') * 1000,
    retry: LOCAL_ACCESS.retry,
    allowPlainHttp: flags['allow-plain-http'],
    stateFolder: state,
    quotaLagSeconds: parseFlag('quota-lag', lag, parseDurationSeconds, '5s'),
    signal,
  };
}

async function readCredentials(source: string | undefined): Promise<Credentials> {
  const {sealSecret} = await import('./lib/storage-apis/index.js');
  const seal = (value: string | undefined): Credentials['token'] =>
    value === undefined || value === '' ? undefined : sealSecret(value);
  if (source === undefined) {
    const {FORESHADOW_TARGET_USER, FORESHADOW_TARGET_PASSWORD, FORESHADOW_TARGET_TOKEN} = process.env;
    return {
      user: FORESHADOW_TARGET_USER,
      password: seal(FORESHADOW_TARGET_PASSWORD),
      token: seal(FORESHADOW_TARGET_TOKEN),
    };
  }
  const found = new Map<string, string>();
  const lines = (source === '-' ? await text(stdin) : await readGiven(source)).split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const key = line.slice(0, Math.max(0, at)).trim();
    // Not the line itself: it may be the secret.
    if (!['user', 'password', 'token'].includes(key)) {
      const where = source === '-' ? 'stdin' : source;
      throw new UsageError('bad-credentials', `${where}:${index + 1} is not user=, password= or token=`);
    }
    found.set(key, line.slice(at + 1));
  }
  return {user: found.get('user'), password: seal(found.get('password')), token: seal(found.get('token'))};
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError('cannot-read', `cannot read ${path}: ${errorText(error)}`, {cause: error});
  }
}
