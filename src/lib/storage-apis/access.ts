import path from 'node:path';

import {sha256Hex} from '../core/index.js';
import type {RetryRules} from './make-changes.js';
import type {Secret} from './secret.js';

/** Who we are on a target. Each target says which of them it needs. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
  readonly token?: Secret | undefined;
}

/** How targets beyond this machine's disk are reached. */
export interface TargetAccess {
  readonly credentials: Credentials;
  /** Certificates in PEM that are trusted in place of the system's. */
  readonly caPem?: string | undefined;
  /** How long one request may take. */
  readonly timeoutMs: number;
  readonly retry: RetryRules;
  /** Let credentials go over http:// to other machines, unencrypted. */
  readonly allowPlainHttp: boolean;
  /** Local folder for the journals and locks of targets that have no place for them. */
  readonly stateFolder: string;
  /** For how long clients go on writing after a quota is reached. */
  readonly quotaLagSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Where journal and lock of a target lie that has no place of its own for them: two targets never share one. */
export function statePaths(
  {stateFolder}: TargetAccess,
  target: string,
): {readonly journalFolder: string; readonly lockPath: string} {
  const name = `${target.replace(/[^A-Za-z0-9.]+/g, '-').slice(0, 60)}-${sha256Hex(target).slice(0, 12)}`;
  return {
    journalFolder: path.join(stateFolder, 'journals', name),
    lockPath: path.join(stateFolder, 'locks', `${name}.lock`),
  };
}

/** For targets that are reached without a network and without credentials. */
export const LOCAL_ACCESS: TargetAccess = {
  credentials: {},
  timeoutMs: 30_000,
  retry: {attempts: 4, firstDelayMs: 500},
  allowPlainHttp: false,
  stateFolder: '.foreshadow',
  quotaLagSeconds: 5,
};
