import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';

import {errorText, InputError, readText} from '../core/index.js';
import type {JsonDocument} from './cluster-importer.js';

/**
 * The JSON documents in files, and in the files of folders whose names end in `.json`, by name; `-` is what `stdin` gives.
 * Throws InputError.
 */
export async function readDocuments(
  paths: readonly string[],
  stdin?: AsyncIterable<Uint8Array>,
): Promise<readonly JsonDocument[]> {
  const files = (await Promise.all(paths.map(listFiles))).flat();
  const documents: JsonDocument[] = [];
  // One after the other: dumps of large clusters are large.
  for (const file of files) {
    const text = file === '-' && stdin !== undefined ? await readAll(stdin) : await readText(file);
    documents.push({source: file, value: parseDocument(text, file)});
  }
  return documents;
}

async function listFiles(given: string): Promise<readonly string[]> {
  if (given === '-') return [given];
  try {
    if (!(await stat(given)).isDirectory()) return [given];
    const names = (await readdir(given)).filter((name) => name.toLowerCase().endsWith('.json')).sort();
    if (names.length > 0) return names.map((name) => path.join(given, name));
  } catch (error) {
    throw new InputError('cannot-read', `cannot read ${given}: ${errorText(error)}`, {cause: error});
  }
  throw new InputError('no-documents', `the folder ${given} has no file whose name ends in .json`, {
    hints: ['write what the commands print into files such as osd-dump.json'],
  });
}

/** The value of a JSON text. Throws InputError that tells where it breaks and shows nothing of it: it may hold secrets. */
export function parseDocument(text: string, source: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    const position = /at position \d+/.exec(errorText(error))?.[0];
    const where = text.trim() === '' ? ': it is empty' : position === undefined ? '' : ` ${position}`;
    throw new InputError('not-json', `${source} is not JSON${where}`, {
      hints: ['ask for JSON: ceph ... -f json, kubectl get ... -o json'],
    });
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
