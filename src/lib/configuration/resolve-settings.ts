import {UsageError} from '../core/index.js';
import {type CommandShape, type FlagShape, isSettable, takesTheSame, variableOf} from './command-shape.js';
import type {ConfigEntry, ConfigFile} from './config-file.js';

/** Where the value of a flag comes from. */
export interface Setting {
  readonly flag: string;
  readonly values: readonly string[];
  /** `command line`, `FORESHADOW_STORE`, `foreshadow.yaml:12`, `default` */
  readonly from: string;
}

export interface ResolveOptions {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file?: ConfigFile | undefined;
}

/**
 * What the environment and the file say of a command's flags, as arguments to put before those of the command line, which
 * come first (flag > `FORESHADOW_*` > foreshadow.yaml > default). What cannot be given beside a flag that was given is left out.
 */
export function argumentsFromSettings(shape: CommandShape, options: ResolveOptions): readonly string[] {
  return settingsOf(shape, options).flatMap(({flag, values}) => {
    const known = shape.flags[flag];
    return known === undefined ? [] : values.flatMap((value) => argumentOf(flag, value, known));
  });
}

function argumentOf(flag: string, value: string, {type, allowNo}: FlagShape): readonly string[] {
  if (type === 'option') return [`--${flag}=${value}`];
  if (value === 'true') return [`--${flag}`];
  return allowNo ? [`--no-${flag}`] : [];
}

/** The settings that do not come from the command line; no flag twice. */
export function settingsOf(shape: CommandShape, options: ResolveOptions): readonly Setting[] {
  const given = givenFlags(shape, options.argv);
  const found: Setting[] = [];
  const taken = new Set(given);
  const add = (setting: Setting): void => {
    const known = shape.flags[setting.flag];
    if (known === undefined || taken.has(setting.flag) || excludes(shape, setting.flag, taken)) return;
    taken.add(setting.flag);
    found.push(setting);
  };
  for (const setting of fromEnvironment(shape, options.environment)) add(setting);
  const {file} = options;
  const entries = [...(file?.sections.get(shape.command) ?? []), ...sharedEntries(shape, file)];
  for (const {flag, values, line} of entries) add({flag, values, from: `${file?.path ?? ''}:${line}`});
  return found;
}

function sharedEntries({flags}: CommandShape, file: ConfigFile | undefined): readonly ConfigEntry[] {
  return (file?.shared ?? []).filter(({flag}) => {
    const [own, shared] = [flags[flag], file?.sharedShapes.get(flag)];
    return own !== undefined && shared !== undefined && takesTheSame(own, shared);
  });
}

/** Every flag that can be set: its value and where that comes from, the default too. */
export function resolvedSettings(shape: CommandShape, options: ResolveOptions): readonly Setting[] {
  const said = new Map(settingsOf(shape, options).map((setting) => [setting.flag, setting]));
  return Object.entries(shape.flags)
    .filter(([flag]) => isSettable(flag))
    .map(([flag, {defaultText}]) => {
      const values = defaultText === undefined ? [] : [defaultText];
      return said.get(flag) ?? {flag, values, from: values.length === 0 ? 'not set' : 'default'};
    });
}

/** Entries of a source of the file, as arguments of `ingest`. */
export function argumentsOfEntries(shape: CommandShape, entries: readonly ConfigEntry[]): readonly string[] {
  return entries.flatMap(({flag, values}) => {
    const known = shape.flags[flag];
    return known === undefined ? [] : values.flatMap((value) => argumentOf(flag, value, known));
  });
}

function givenFlags({flags}: CommandShape, argv: readonly string[]): ReadonlySet<string> {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  const byChar = new Map(Object.entries(flags).map(([name, {char}]) => [char, name]));
  const given = new Set<string>();
  for (const word of words) {
    const [name = ''] = word.replace(/^--(no-)?/, '').split('=', 1);
    if (word.startsWith('--')) given.add(name in flags ? name : word.slice(2));
    else if (/^-[A-Za-z]/.test(word)) {
      const short = byChar.get(word[1]);
      if (short !== undefined) given.add(short);
    }
  }
  return given;
}

function excludes({flags}: CommandShape, flag: string, taken: ReadonlySet<string>): boolean {
  const own = flags[flag]?.exclusive ?? [];
  return (
    own.some((other) => taken.has(other)) ||
    [...taken].some((other) => flags[other]?.exclusive.includes(flag) === true)
  );
}

/** oclif reads the variables that a flag names itself; they are here so that a file does not come before them. */
function fromEnvironment(
  {flags}: CommandShape,
  environment: ResolveOptions['environment'],
): readonly Setting[] {
  return Object.entries(flags).flatMap(([flag, shape]) => {
    const variable = variableOf(flag, shape);
    const value = environment[variable];
    if (!isSettable(flag) || value === undefined || value === '') return [];
    return [{flag, values: [shape.type === 'boolean' ? switchText(variable, value) : value], from: variable}];
  });
}

function switchText(variable: string, value: string): string {
  if (/^(1|true|yes|on)$/i.test(value)) return 'true';
  if (/^(0|false|no|off)$/i.test(value)) return 'false';
  throw new UsageError('bad-variable', `${variable} takes true or false, not "${value}"`, {
    hints: [`unset ${variable}`],
  });
}
