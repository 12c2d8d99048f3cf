import {readdir, readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';

import {errorText, formatInstantUs, InputError, parseArtifact, TargetError} from '../../core/index.js';
import type {DurableFiles} from './durable-files.js';
import {HEADER_FILE} from './layout.js';

const KIND = 'foreshadow.store';
const VERSION = 1;
const BUCKETS = 16;
/** What a writer that was killed before it wrote the header may leave. */
const LEFT_BY_A_WRITER = /^(lock(\..+)?|store\.json\.tmp)$/;

const headerSchema = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  /** How many buckets the volumes are spread over: fixed for the life of a store. */
  buckets: z.number().int().min(1).max(1000),
});
export type StoreHeader = z.infer<typeof headerSchema>;

/**
 * The header of a store, or undefined where a new one may be made: nothing is there, or an empty folder.
 * Throws InputError for a file, for a folder of something else, and for a store of a newer program.
 */
export async function findStoreHeader(storePath: string): Promise<StoreHeader | undefined> {
  const text = await readIfThere(path.join(storePath, HEADER_FILE));
  if (text !== undefined) return parseHeader(text, storePath, path.join(storePath, HEADER_FILE));
  const entries = await entriesOf(storePath);
  const foreign = entries?.find((name) => !LEFT_BY_A_WRITER.test(name));
  if (foreign === undefined) return undefined;
  throw new InputError(
    'not-a-store',
    `${storePath} is not a shadow store: it has no ${HEADER_FILE} but holds "${foreign}"`,
    {hints: ['give --store an empty or a new folder, or the folder of a shadow store']},
  );
}

/** The header of a store that must be there. Throws InputError that tells how to make one. */
export async function readStoreHeader(storePath: string): Promise<StoreHeader> {
  const header = await findStoreHeader(storePath);
  if (header !== undefined) return header;
  throw new InputError('no-store', `there is no shadow store at ${storePath}`, {
    hints: [`foreshadow ingest TRACE... --store ${storePath}`],
  });
}

/** The header of a new store. */
export function newHeader({tool, nowUs}: {readonly tool: string; readonly nowUs: number}): StoreHeader {
  return {kind: KIND, version: VERSION, tool, createdAt: formatInstantUs(nowUs), buckets: BUCKETS};
}

/** Writes the header of a new store. */
export async function createStoreHeader(
  storePath: string,
  made: {readonly tool: string; readonly nowUs: number},
  files: DurableFiles,
): Promise<StoreHeader> {
  const header = newHeader(made);
  const file = path.join(storePath, HEADER_FILE);
  await files.write(`${file}.tmp`, [Buffer.from(`${JSON.stringify(header, undefined, 2)}\n`)]);
  await files.rename(`${file}.tmp`, file);
  await files.syncFolder(storePath);
  return header;
}

/** Reads the text of a header. Throws InputError for what is none, or of a newer program. */
export function parseHeader(text: string, storePath: string, source = storePath): StoreHeader {
  const newer = z.object({kind: z.literal(KIND), version: z.number().gt(VERSION), tool: z.string()});
  const ahead = newer.safeParse(jsonOrUndefined(text));
  if (ahead.success) {
    const {version, tool} = ahead.data;
    throw new InputError(
      'store-too-new',
      `${storePath} is a store of version ${version}, made by ${tool}; this program reads version ${VERSION}`,
      {hints: ['use the version of foreshadow that made it, or a newer one']},
    );
  }
  return parseArtifact(text, source, {kind: KIND, version: VERSION, schema: headerSchema});
}

function jsonOrUndefined(text: string): unknown {
  try {
    const data: unknown = JSON.parse(text);
    return data;
  } catch {
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw new TargetError('cannot-read', `cannot read ${file}: ${errorText(error)}`, {cause: error});
  }
}

async function entriesOf(storePath: string): Promise<readonly string[] | undefined> {
  try {
    if (!(await stat(storePath)).isDirectory()) {
      throw new InputError('not-a-store', `${storePath} is a file, not the folder of a shadow store`, {
        hints: ['give --store a folder'],
      });
    }
    return (await readdir(storePath)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (error instanceof InputError) throw error;
    throw new TargetError('cannot-read', `cannot read ${storePath}: ${errorText(error)}`, {cause: error});
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
