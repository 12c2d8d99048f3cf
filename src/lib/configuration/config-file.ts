import type * as yamlLibrary from 'yaml';
import type {Node} from 'yaml';

import {type Diagnostic, errorText, nearestName, readText, UsageError} from '../core/index.js';
import {type CommandShape, type FlagShape, isSettable, sharedFlags} from './command-shape.js';

type Yaml = typeof yamlLibrary;

export const CONFIG_FILE = 'foreshadow.yaml';

/** A flag that the file sets. */
export interface ConfigEntry {
  readonly flag: string;
  /** One, or several for a flag that may be repeated; `true` and `false` for one that takes no value. */
  readonly values: readonly string[];
  readonly line: number;
}

/** Files that `nightly` ingests together, and how. */
export interface ConfigSource {
  /** Paths, in which `*` and `**` stand for any. */
  readonly files: readonly string[];
  readonly entries: readonly ConfigEntry[];
  readonly line: number;
}

export interface ConfigFile {
  readonly path: string;
  /** For every command that has the flag. */
  readonly shared: readonly ConfigEntry[];
  /** What a flag at the top is: it holds for commands whose flag of that name means the same. */
  readonly sharedShapes: ReadonlyMap<string, FlagShape>;
  /** By command; these come before the shared ones. */
  readonly sections: ReadonlyMap<string, readonly ConfigEntry[]>;
  readonly sources: readonly ConfigSource[];
}

/** Reads `foreshadow.yaml`. Throws UsageError with every fault and its line: unknown keys come with the nearest name. */
export async function readConfigFile(path: string, commands: readonly CommandShape[]): Promise<ConfigFile> {
  const text = await readText(path).catch((error: unknown) => {
    throw new UsageError('no-configuration', errorText(error), {hints: ['foreshadow init'], cause: error});
  });
  return parseConfigFile(text, path, commands);
}

/** The same for text already read. */
export async function parseConfigFile(
  text: string,
  path: string,
  commands: readonly CommandShape[],
): Promise<ConfigFile> {
  // Most calls have no such file: they need not load a parser for it.
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {lineCounter: lines, prettyErrors: false});
  const faults: Diagnostic[] = [];
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line;
  const reading: Reading = {
    yaml,
    commands,
    lineOf: (node) => lineAt(node.range?.[0]),
    fault: (line, message, advice) => {
      const at = `${path}:${line}`;
      faults.push({severity: 'error', code: 'bad-configuration', at, message, ...(advice && {advice})});
    },
  };
  for (const {pos, message} of document.errors) reading.fault(lineAt(pos[0]), message);
  const file = faults.length > 0 ? undefined : readRoot(document.contents, path, reading);
  if (file !== undefined && faults.length === 0) return file;
  throw new UsageError('bad-configuration', `${path} cannot be used`, {diagnostics: faults});
}

interface Reading {
  readonly yaml: Yaml;
  readonly commands: readonly CommandShape[];
  readonly lineOf: (node: Node) => number;
  readonly fault: (line: number, message: string, advice?: string) => void;
}

function readRoot(contents: Node | null, path: string, reading: Reading): ConfigFile {
  const shared: ConfigEntry[] = [];
  const sections = new Map<string, readonly ConfigEntry[]>();
  const sources: ConfigSource[] = [];
  const flags = sharedFlags(reading.commands);
  const byName = new Map(reading.commands.map((shape) => [shape.command, shape]));
  for (const {key, value, line} of pairsOf(contents, 'the file', reading)) {
    const command = byName.get(key);
    if (key === 'sources') sources.push(...readSources(value, line, reading));
    else if (command !== undefined)
      sections.set(key, readEntries(value, settableOf(command), {owner: key, reading}));
    else {
      const shape = flags.get(key);
      if (shape === undefined) refuseKey(key, line, [...flags.keys(), ...byName.keys(), 'sources'], reading);
      else shared.push(...readEntry({key, value, line}, shape, reading));
    }
  }
  return {path, shared, sharedShapes: flags, sections, sources};
}

interface Keyed {
  readonly key: string;
  readonly value: Node | null;
  readonly line: number;
}

/** Nothing at all is an empty file, or a section whose keys are all commented out. */
function pairsOf(node: Node | null, owner: string, reading: Reading): readonly Keyed[] {
  const {isMap, isScalar} = reading.yaml;
  if (node === null || (isScalar(node) && node.value === null)) return [];
  if (!isMap(node)) {
    reading.fault(reading.lineOf(node), `${owner} must be "key: value" lines`);
    return [];
  }
  return node.items.map(({key, value}) => ({
    key: isScalar(key) ? String(key.value) : '',
    value: reading.yaml.isNode(value) ? value : null,
    line: reading.yaml.isNode(key) ? reading.lineOf(key) : reading.lineOf(node),
  }));
}

/** Flags of a command that a file may set. */
export function settableOf({flags}: CommandShape): ReadonlyMap<string, FlagShape> {
  return new Map(Object.entries(flags).filter(([name]) => isSettable(name)));
}

function readEntries(
  node: Node | null,
  flags: ReadonlyMap<string, FlagShape>,
  {owner, reading}: {readonly owner: string; readonly reading: Reading},
): readonly ConfigEntry[] {
  return pairsOf(node, owner, reading).flatMap((pair) => {
    const shape = flags.get(pair.key);
    if (shape !== undefined) return readEntry(pair, shape, reading);
    refuseKey(pair.key, pair.line, [...flags.keys()], reading, owner);
    return [];
  });
}

function refuseKey(
  key: string,
  line: number,
  known: readonly string[],
  {fault}: Reading,
  owner?: string,
): void {
  const nearest = nearestName(key, known);
  const within = owner === undefined ? '' : ` in ${owner}`;
  if (owner === undefined ? false : !isSettable(key))
    fault(line, `"${key}"${within} cannot be set in a file: say it with each call`);
  else
    fault(
      line,
      `unknown key "${key}"${within}`,
      nearest === undefined ? undefined : `did you mean "${nearest}"?`,
    );
}

function readEntry({key, value, line}: Keyed, shape: FlagShape, reading: Reading): readonly ConfigEntry[] {
  const texts = textsOf(value, reading.yaml);
  const fault = texts === undefined ? `${key} takes ${wanted(shape)}` : faultOf(key, texts, shape);
  if (fault !== undefined) {
    reading.fault(line, fault);
    return [];
  }
  // What a flag takes as "a,b" may be written as a list, too.
  const values = shape.multiple || texts === undefined ? texts : [texts.join(',')];
  return [{flag: key, values: values ?? [], line}];
}

function textsOf(node: Node | null, {isScalar, isSeq}: Yaml): readonly string[] | undefined {
  if (isSeq(node)) {
    const items = node.items.map((item) => (isScalar(item) ? scalarText(item.value) : undefined));
    return items.length > 0 && items.every((item) => item !== undefined) ? items : undefined;
  }
  const text = isScalar(node) ? scalarText(node.value) : undefined;
  return text === undefined ? undefined : [text];
}

function scalarText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function faultOf(key: string, texts: readonly string[], shape: FlagShape): string | undefined {
  if (shape.type === 'boolean') {
    const isSwitch = texts.length === 1 && /^(true|false)$/.test(texts[0] ?? '');
    return isSwitch ? undefined : `${key} takes true or false, not "${texts.join(',')}"`;
  }
  const {options} = shape;
  const strange = options === undefined ? undefined : texts.find((text) => !options.includes(text));
  if (strange === undefined || options === undefined) return undefined;
  const nearest = nearestName(strange, options);
  return `${key} takes ${wanted(shape)}, not "${strange}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
}

function wanted({type, options, multiple}: FlagShape): string {
  if (type === 'boolean') return 'true or false';
  return options?.join(' | ') ?? (multiple ? 'a value or a list of values' : 'a value');
}

function readSources(node: Node | null, line: number, reading: Reading): readonly ConfigSource[] {
  const {isNode, isSeq} = reading.yaml;
  if (!isSeq(node)) {
    reading.fault(line, 'sources must be a list of "- files: ..."');
    return [];
  }
  const ingest = reading.commands.find(({command}) => command === 'ingest');
  const flags = ingest === undefined ? new Map<string, FlagShape>() : settableOf(ingest);
  return node.items.flatMap((written) => {
    const item = isNode(written) ? written : null;
    const pairs = pairsOf(item, 'a source', reading);
    const files = pairs.find(({key}) => key === 'files');
    const paths = files === undefined ? undefined : textsOf(files.value, reading.yaml);
    const at = item === null ? line : reading.lineOf(item);
    if (paths === undefined) {
      reading.fault(files?.line ?? at, 'a source needs files: a path or a list of paths');
      return [];
    }
    const entries = pairs.flatMap((pair) => {
      if (pair.key === 'files') return [];
      const shape = flags.get(pair.key);
      if (shape !== undefined) return readEntry(pair, shape, reading);
      refuseKey(pair.key, pair.line, ['files', ...flags.keys()], reading, 'a source');
      return [];
    });
    return [{files: paths, entries, line: at}];
  });
}
