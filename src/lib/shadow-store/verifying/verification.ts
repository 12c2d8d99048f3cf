import path from 'node:path';

import type {Diagnostic} from '../../core/index.js';
import type {Engine} from '../engine/duckdb-engine.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {manifestPath} from '../files/layout.js';

/** A fault of a store: what, in which file, and what to do. */
export type Finding = Diagnostic & {readonly at: string; readonly advice: string};

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** The engine's; 1 GiB by default. */
  readonly memoryBytes?: number;
  /** All cores by default. */
  readonly threads?: number;
}

/** How far a stage is: bytes of files, files of rows, footprints. */
export interface VerifyProgress {
  readonly stage: 'files' | 'rows' | 'footprints';
  readonly done: number;
  readonly total: number;
}

/** What the checks of one verification share. */
export interface Verification extends VerifyOptions {
  readonly storePath: string;
  readonly buckets: number;
  /** Oldest first. */
  readonly live: readonly BatchManifest[];
  readonly replaced: readonly BatchManifest[];
  readonly engine: Engine;
}

const NEW_STORE = 'restore the file from a copy, or ingest the traces into a new store';

/** A fault of a file (relative to the store). */
export function findingOf(
  storePath: string,
  file: string,
  code: string,
  message: string,
  advice = NEW_STORE,
): Finding {
  return {severity: 'error', code, message, at: path.join(storePath, file), advice};
}

/** The file of a manifest, relative to the store. */
export function fileOfManifest({sequence, batchId}: BatchManifest): string {
  return manifestPath(sequence, batchId);
}
