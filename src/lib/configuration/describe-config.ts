import {nearestName, UsageError} from '../core/index.js';
import type {CommandShape} from './command-shape.js';
import type {ConfigFile, ConfigSource} from './config-file.js';
import {resolvedSettings, type Setting, settingsOf} from './resolve-settings.js';

export interface ConfigReport {
  /** Undefined where there is none. */
  readonly file: string | undefined;
  readonly settings: readonly (Setting & {readonly command: string})[];
  readonly sources: readonly ConfigSource[];
}

export interface ConfigQuestion {
  readonly file: ConfigFile | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined: all commands. */
  readonly command: string | undefined;
  /** What is not set, too. */
  readonly isResolved: boolean;
}

/** What holds for commands and where it comes from. Throws UsageError for a command that is none. */
export function describeConfig(commands: readonly CommandShape[], question: ConfigQuestion): ConfigReport {
  const {file, environment, command, isResolved} = question;
  const asked = command === undefined ? commands : [commandOf(commands, command)];
  const options = {argv: [], environment, file};
  const settings = asked.flatMap((shape) =>
    (isResolved ? resolvedSettings(shape, options) : settingsOf(shape, options)).map((setting) => ({
      command: shape.command,
      ...setting,
    })),
  );
  return {file: file?.path, settings, sources: command === undefined ? (file?.sources ?? []) : []};
}

function commandOf(commands: readonly CommandShape[], name: string): CommandShape {
  const found = commands.find(({command}) => command === name);
  if (found !== undefined) return found;
  const nearest = nearestName(
    name,
    commands.map(({command}) => command),
  );
  throw new UsageError('no-such-command', `there is no command "${name}"`, {
    hints: nearest === undefined ? [] : [`foreshadow config show --resolved "${nearest}"`],
  });
}
