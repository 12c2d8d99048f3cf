import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';

import {configText, type FoundData, type FoundTraces} from '../configuration/index.js';
import {US_PER_SECOND, UsageError, writeFileAtomically} from '../core/index.js';
import {readTopology} from '../topology/index.js';
import {openInput} from '../traces/index.js';

const SKEW_US = 60 * US_PER_SECOND;
const DEEPEST = 3;
/** Of a folder with more files, the others are taken to be like these. */
const MOST_LOOKED_AT = 20;

export interface InitConfigOptions {
  /** The folder that is looked through; what is written names paths from here. */
  readonly folder: string;
  /** The file to write; undefined: only its text is returned. */
  readonly out: string | undefined;
  /** Where the JSON Schema for editors goes, and its text. */
  readonly schema: {readonly path: string; readonly text: string};
  readonly force: boolean;
  readonly storePath: string;
}

export interface InitConfigResult extends FoundData {
  readonly out: string | undefined;
  readonly text: string;
}

/**
 * Looks through a folder for traces, usage samples, a topology and a store, and writes a commented foreshadow.yaml for
 * them. Throws UsageError when the file is there and not to be replaced.
 */
export async function initConfig(options: InitConfigOptions): Promise<InitConfigResult> {
  const {folder, out, schema, force, storePath} = options;
  if (out !== undefined && !force && (await isThere(out))) {
    throw new UsageError('config-exists', `${out} is there already`, {
      hints: ['--force, which replaces it', '--out -, which only prints what would be written'],
    });
  }
  const found = await look(folder, storePath);
  const text = await configText(found, schema.path);
  if (out !== undefined) {
    await writeFileAtomically(schema.path, schema.text);
    await writeFileAtomically(out, text);
  }
  return {...found, out, text};
}

async function look(folder: string, storePath: string): Promise<FoundData> {
  const files = await filesIn(folder, path.resolve(storePath), 0);
  const topology = await firstTopology(files);
  const byFolder = new Map<string, readonly string[]>();
  for (const file of files) {
    const kind = path.join(path.dirname(file), `*${endingOf(file)}`);
    byFolder.set(kind, [...(byFolder.get(kind) ?? []), file]);
  }
  const traces: FoundTraces[] = [];
  for (const [pattern, alike] of byFolder) {
    if (!alike.some((file) => file === topology)) traces.push(...(await tracesIn(pattern, alike)));
  }
  const isStoreThere = await isThere(path.join(storePath, 'store.json'));
  return {traces, topology, storePath, isStoreThere};
}

/** `.csv.gz` of `a.b.csv.gz` */
function endingOf(file: string): string {
  return /\.[^.]+(?:\.(?:gz|zst))?$/.exec(path.basename(file))?.[0] ?? '';
}

/** Paths from the working folder, sorted; hidden folders, stores and dependencies are passed over. */
async function filesIn(folder: string, store: string, depth: number): Promise<readonly string[]> {
  if (depth > DEEPEST || path.resolve(folder) === store) return [];
  const entries = (await readdir(folder, {withFileTypes: true})).filter(
    ({name}) => !name.startsWith('.') && name !== 'node_modules',
  );
  if (entries.some(({name}) => name === 'store.json')) return [];
  const found: string[] = [];
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesIn(place, store, depth + 1)));
    else if (entry.isFile()) found.push(place);
  }
  return found;
}

async function firstTopology(files: readonly string[]): Promise<string | undefined> {
  const folders = [...new Set(files.map((file) => path.dirname(file)))];
  const candidates = [
    ...files.filter((file) => /\.ya?ml$/.test(file)),
    ...folders.filter((folder) => files.includes(path.join(folder, 'hosts.csv'))),
  ];
  for (const candidate of candidates) {
    const isTopology = await readTopology(candidate).then(
      () => true,
      () => false,
    );
    if (isTopology) return candidate;
  }
  return undefined;
}

async function tracesIn(pattern: string, files: readonly string[]): Promise<readonly FoundTraces[]> {
  const kinds = await Promise.all(files.slice(0, MOST_LOOKED_AT).map(kindOf));
  const [first] = kinds;
  const areAlike = kinds.every((kind) => kind?.format === first?.format);
  if (areAlike) {
    const name = files.length === 1 ? (files[0] ?? pattern) : pattern;
    return first === undefined ? [] : [{...first, files: name, count: files.length}];
  }
  // Of several kinds: each file by its name.
  const each = await Promise.all(files.map(async (file) => [file, await kindOf(file)] as const));
  return each.flatMap(([file, kind]) => (kind === undefined ? [] : [{...kind, files: file, count: 1}]));
}

/** Of a file that `ingest` would read; undefined for any other. */
async function kindOf(file: string): Promise<Pick<FoundTraces, 'format' | 'isRelative'> | undefined> {
  for (const start of [{}, {startUs: 0}]) {
    try {
      const input = await openInput({kind: 'file', path: file, name: file}, {skewUs: SKEW_US, ...start});
      await input.close();
      return {format: input.meaning.format, isRelative: 'startUs' in start};
    } catch {
      // Of a kind that needs a start, or that is none: the next, or nothing.
    }
  }
  return undefined;
}

async function isThere(place: string): Promise<boolean> {
  return stat(place).then(
    () => true,
    () => false,
  );
}
