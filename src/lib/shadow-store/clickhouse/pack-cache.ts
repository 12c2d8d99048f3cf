import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {open} from 'node:fs/promises';
import path from 'node:path';

import {InputError, sha256Hex} from '../../core/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import type {DurableFiles} from '../files/durable-files.js';
import {RowWriter} from './row-binary.js';
import type {Session} from './session.js';
import {fileSql, insertSql} from './statements.js';

/** Files go to the servers in parts of this size. */
const PART_BYTES = 2 ** 20;

/** A file that a manifest names. */
type NamedFile = Pick<NonNullable<BatchManifest['footprints']>, 'path' | 'sizeBytes' | 'sha256'>;
type FileTable = 'footprints' | 'rejects';

/**
 * Makes sure that a file of a batch is in a folder of this machine, where it is looked into without waiting: from the
 * servers where it is not there, or is another. Throws InputError when they have not what was written.
 */
export async function fetchFile(
  session: Session,
  {folder, files}: {readonly folder: string; readonly files: DurableFiles},
  table: FileTable,
  {attempt, file}: {readonly attempt: string; readonly file: NamedFile},
): Promise<void> {
  const local = path.join(folder, file.path);
  if ((await sha256Of(local)) === file.sha256) return;
  const bytes = await readFile(session, table, attempt, file);
  await files.makeFolder(path.dirname(local));
  await files.write(local, [bytes]);
}

/** The bytes of a file of a batch. Throws InputError when the servers have not what was written. */
export async function readFile(
  session: Session,
  table: FileTable,
  attempt: string,
  file: NamedFile,
): Promise<Buffer> {
  const {database, name} = session.place;
  const bytes = Buffer.concat(
    await session.rows(fileSql(database, table, attempt, file.path), (row) => row.blob()),
  );
  if (sha256Hex(bytes) === file.sha256) return bytes;
  throw new InputError('store-damaged', `${file.path} in ${name} is not what was written`, {
    hints: ['restore the store from a copy, or ingest the traces into a new one'],
  });
}

/** Writes a local file to the servers, a part a row. */
export async function sendFile(
  session: Session,
  table: FileTable,
  attempt: string,
  {local, name}: {readonly local: string; readonly name: string},
): Promise<void> {
  const handle = await open(local, 'r');
  try {
    for (let part = 0; ; part += 1) {
      const {buffer, bytesRead} = await handle.read(
        Buffer.alloc(PART_BYTES),
        0,
        PART_BYTES,
        part * PART_BYTES,
      );
      if (bytesRead === 0) return;
      await session.insert(insertSql(session.place.database, table), [
        fileRow(attempt, name, part, buffer.subarray(0, bytesRead)),
      ]);
    }
  } finally {
    await handle.close();
  }
}

function fileRow(attempt: string, name: string, part: number, data: Uint8Array): Uint8Array {
  const row = new RowWriter();
  row.id(attempt);
  row.text(name);
  row.whole(part);
  row.bytes(data);
  return row.take(true) ?? new Uint8Array(0);
}

async function sha256Of(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(file)) if (part instanceof Uint8Array) hash.update(part);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
