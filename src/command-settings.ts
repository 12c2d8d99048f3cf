import {existsSync} from 'node:fs';

import type {Config} from '@oclif/core';

import {commandShapes} from './command-shapes.js';
import {argumentsFromSettings, CONFIG_FILE, readConfigFile} from './lib/configuration/index.js';

/**
 * What the environment and the file at `path` say of a command's flags, as arguments. Throws UsageError when the file cannot
 * be used.
 */
export async function readSettings(
  config: Config,
  {
    id,
    argv,
    path,
  }: {readonly id: string; readonly argv: readonly string[]; readonly path: string | undefined},
): Promise<readonly string[]> {
  const commands = commandShapes(config);
  const shape = commands.find(({command}) => command === id.replaceAll(':', ' '));
  if (shape === undefined) return [];
  const {env: environment} = process;
  const file = path === undefined ? undefined : await readConfigFile(path, commands);
  return argumentsFromSettings(shape, {argv, environment, file});
}

/** The file that --config or FORESHADOW_CONFIG names, or the one in the working folder. */
export function configPath(argv: readonly string[]): string | undefined {
  const named = namedConfig(argv) ?? process.env['FORESHADOW_CONFIG'];
  if (named !== undefined && named !== '') return named;
  return existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined;
}

function namedConfig(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  const joined = words.find((word) => word.startsWith('--config='));
  const at = words.indexOf('--config');
  return joined?.slice('--config='.length) ?? (at === -1 ? undefined : words[at + 1]);
}
