import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';

import {type Diagnostic, errorText, InputError, UsageError} from '../../core/index.js';
import type {InputSource} from './content.js';

/** An input before it is opened. */
export interface ListedSource {
  readonly input: InputSource;
  /** As it is on disk; undefined for what can be read only once. */
  readonly sizeBytes: number | undefined;
}

/**
 * The inputs that paths name, files in the order given, then what can be read only once: `-` is `stdin`, and pipes
 * such as `<(zcat a.gz)` are streams too. Throws InputError that lists every path that is not there, UsageError when
 * `-` is given twice.
 */
export async function listSources(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
): Promise<readonly ListedSource[]> {
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('stdin-twice', 'standard input can be read once only', {hints: ['give - once']});
  }
  const missing: Diagnostic[] = [];
  const sources: ListedSource[] = [];
  for (const path of paths) {
    try {
      sources.push(path === '-' ? streamOf(path, stdin) : await sourceOf(path));
    } catch (error) {
      missing.push({severity: 'error', code: 'cannot-read', at: path, message: errorText(error)});
    }
  }
  const [first] = missing;
  if (first !== undefined) {
    const message = `cannot read ${first.at ?? ''}: ${first.message}`;
    throw new InputError('cannot-read', message, {diagnostics: missing.length > 1 ? missing : []});
  }
  const isStream = ({input}: ListedSource): boolean => input.kind === 'stream';
  return [...sources.filter((source) => !isStream(source)), ...sources.filter(isStream)];
}

async function sourceOf(path: string): Promise<ListedSource> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory()) return streamOf(path, createReadStream(path));
  return {input: {kind: 'file', name: path, path}, sizeBytes: found.size};
}

function streamOf(name: string, stream: AsyncIterable<Uint8Array>): ListedSource {
  return {input: {kind: 'stream', name, stream}, sizeBytes: undefined};
}
