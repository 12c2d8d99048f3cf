import {createReadStream} from 'node:fs';
import {mkdtemp, rm, stat} from 'node:fs/promises';
import path from 'node:path';

import {readText, UsageError} from '../core/index.js';
import {type ExportQuery, openShadowStore, type StepExportQuery} from '../shadow-store/index.js';

/** Takes bytes; false when nobody reads them any more. */
export type ByteWriter = (bytes: Uint8Array) => Promise<boolean>;

export interface StoreExport {
  /** A file, or what takes the bytes of the export. */
  readonly out: string | ByteWriter;
  readonly storePath: string;
  /** Stored rows, or regular steps. */
  readonly query: ExportQuery | StepExportQuery;
  /** For an export that goes to a writer: it is made as a file first. */
  readonly scratchFolder: string;
}

export interface StoreExportReport {
  readonly rows: number;
}

/** Rows of a store to a file, wholly or not at all, or to a writer. Throws UsageError when `out` is not a file. */
export async function exportStore(request: StoreExport): Promise<StoreExportReport> {
  const {out, query} = request;
  if (typeof out === 'string') await refuseSpecialFile(out);
  const store = await openShadowStore(request.storePath);
  try {
    const exportTo = (file: string): Promise<StoreExportReport> =>
      'stepSeconds' in query ? store.exportSteps(file, query) : store.exportTo(file, query);
    if (typeof out === 'string') return await exportTo(out);
    const folder = await mkdtemp(path.join(request.scratchFolder, 'foreshadow-export-'));
    try {
      const file = path.join(folder, `export.${query.format}`);
      const report = await exportTo(file);
      await pour(file, out);
      return report;
    } finally {
      await rm(folder, {recursive: true, force: true});
    }
  } finally {
    store.close();
  }
}

/** The export replaces its target by a rename: that must never happen to a device. */
async function refuseSpecialFile(out: string): Promise<void> {
  const there = await stat(out).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  throw new UsageError(
    'bad-out',
    `--out ${out} is ${there.isDirectory() ? 'a folder' : 'not a regular file'}`,
    {
      hints: ['name a file', 'use --out - to write to standard output'],
    },
  );
}

async function pour(file: string, write: ByteWriter): Promise<void> {
  for await (const part of createReadStream(file)) {
    if (part instanceof Uint8Array && !(await write(part))) return;
  }
}

/** Names of volumes in a file, one a line; empty lines are passed over. Throws InputError when it cannot be read. */
export async function readVolumeNames(file: string): Promise<readonly string[]> {
  const lines = (await readText(file)).split(/\r?\n/);
  return lines.filter((line) => line !== '');
}
