import {createHash, randomBytes} from 'node:crypto';
import {mkdir, open, readFile, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import type {z} from 'zod';

import {errorText, InputError, TargetError} from './errors.js';

/** What every file that one command writes and another reads begins with. */
export interface ArtifactHeader {
  readonly kind: string;
  readonly version: number;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

interface ArtifactKind<T> {
  readonly kind: string;
  readonly version: number;
  readonly schema: z.ZodType<T>;
}

/** SHA-256 in hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * JSON with the keys of every object sorted, so that equal data give equal bytes; arrays keep their order.
 * Throws on NaN and infinities, which JSON would turn into null.
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, sortKeysAndRefuseNonFinite, indent);
}

/**
 * Writes a file wholly or not at all: a temporary name beside it, flushed to disk, then renamed; the folder is made.
 * Throws TargetError when the disk refuses (full, read-only), leaving no half file.
 */
export async function writeFileAtomically(filePath: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${filePath}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(path.dirname(filePath), {recursive: true});
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, filePath);
  } catch (error) {
    // The first error is the one to tell; the temporary file may not even have a folder to be in.
    await rm(temporary, {force: true}).catch(() => undefined);
    throw new TargetError('cannot-write', `cannot write ${filePath}: ${errorText(error)}`, {cause: error});
  }
}

/** Writes an artifact as indented JSON with the keys in the order they were given, and a newline at the end. */
export async function writeArtifact(filePath: string, artifact: ArtifactHeader): Promise<void> {
  await writeFileAtomically(filePath, artifactText(artifact));
}

/** What `writeArtifact` writes. */
export function artifactText(artifact: Pick<ArtifactHeader, 'kind' | 'version'>): string {
  return `${JSON.stringify(artifact, refuseNonFinite, 2)}\n`;
}

/**
 * Reads an artifact: kind first, then version, then the whole schema.
 * Throws InputError that names the file, the field and the value.
 */
export async function readArtifact<T>(filePath: string, expected: ArtifactKind<T>): Promise<T> {
  return parseArtifact(await readText(filePath), filePath, expected);
}

/** The same for text already read; `source` is how errors call it. */
export function parseArtifact<T>(text: string, source: string, expected: ArtifactKind<T>): T {
  const data = parseJson(text, source);
  const header: {kind?: unknown; version?: unknown} = typeof data === 'object' && data !== null ? data : {};
  if (header.kind !== expected.kind) {
    throw new InputError(
      'wrong-kind',
      `${source}: kind is ${JSON.stringify(header.kind)}, not "${expected.kind}"`,
      {
        hints: [`give a file of kind ${expected.kind}`],
      },
    );
  }
  if (header.version !== expected.version) {
    throw new InputError(
      'wrong-version',
      `${source}: version is ${JSON.stringify(header.version)}, this program reads ${expected.version}`,
      {hints: ['make the file again with this version of foreshadow']},
    );
  }
  return parseWith(expected.schema, data, source);
}

/** Data that matches the schema, or an InputError with one diagnostic a fault: `source: field: what is wrong`. */
export function parseWith<T>(schema: z.ZodType<T>, data: unknown, source: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const diagnostics = parsed.error.issues.map((issue) => ({
    severity: 'error' as const,
    code: 'bad-field',
    at: `${source}: ${fieldPath(issue.path)}`,
    message: `${issue.message}; got ${shortJson(valueAt(data, issue.path))}`,
  }));
  const [first] = diagnostics;
  throw new InputError('bad-field', first ? `${first.at}: ${first.message}` : `${source}: unreadable`, {
    diagnostics,
  });
}

/** The text of a file, or an InputError that names it. */
export async function readText(filePath: string): Promise<string> {
  try {
    return await readFile(filePath, 'utf8');
  } catch (error) {
    throw new InputError('cannot-read', `cannot read ${filePath}: ${errorText(error)}`, {cause: error});
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    const data: unknown = JSON.parse(text);
    return data;
  } catch (error) {
    throw new InputError('not-json', `${source} is not JSON: ${errorText(error)}`, {cause: error});
  }
}

function fieldPath(keys: readonly PropertyKey[]): string {
  const text = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || '(whole document)';
}

function valueAt(data: unknown, keys: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function shortJson(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function refuseNonFinite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`broken invariant: ${key} is ${value}`);
  return value;
}

function sortKeysAndRefuseNonFinite(key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuseNonFinite(key, value);
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
