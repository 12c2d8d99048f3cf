import type {Command, Config} from '@oclif/core';

import type {CommandShape, FlagShape} from './lib/configuration/index.js';

/** All commands of ours, from the manifest: what a configuration file may say of them. */
export function commandShapes(config: Config): readonly CommandShape[] {
  return config.commands
    .filter(({pluginName}) => pluginName === config.name)
    .map(({id, flags}) => shapeOf(id, flags))
    .sort((left, right) => (left.command < right.command ? -1 : 1));
}

/** One command's, by its id and its flags. */
export function shapeOf(id: string, flags: Readonly<Record<string, Command.Flag.Cached>>): CommandShape {
  return {
    command: id.replaceAll(':', ' '),
    flags: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, flagShape(flag)])),
  };
}

function flagShape(flag: Command.Flag.Cached): FlagShape {
  const {summary = '', char, env, exclusive = []} = flag;
  return {
    type: flag.type,
    ...{summary, char, env, exclusive},
    options: flag.type === 'option' ? flag.options : undefined,
    multiple: flag.type === 'option' && flag.multiple === true,
    allowNo: flag.type === 'boolean' && flag.allowNo,
    defaultText: defaultText(flag.default),
  };
}

function defaultText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
