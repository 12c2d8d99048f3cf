import {Config, type Interfaces} from '@oclif/core';

type Command = Config['commands'][number];
type Flag = Command['flags'][string];

/** docs/commands.md: every command with its arguments, flags and examples, out of the manifest. */
export async function commandReference(root: string): Promise<string> {
  const config = await Config.load({root});
  const commands = config.commands
    .filter(({pluginName}) => pluginName === config.name)
    .sort((left, right) => (left.id < right.id ? -1 : 1));
  const globals = new Set(
    Object.values(commands[0]?.flags ?? {}).flatMap(({name, helpGroup}) =>
      helpGroup === 'GLOBAL' ? [name] : [],
    ),
  );
  return [
    '# Commands',
    '',
    'Made by `npm run generate` out of the program; `foreshadow COMMAND --help` tells the same. All commands take `--json`',
    '(one document on stdout, errors too; its schema is in [schemas/](../schemas)), `--quiet`, `--verbose`, `--no-color` and',
    '`--config FILE`; every flag can be set by `foreshadow.yaml` and by `FORESHADOW_*` ([nightly.md](nightly.md)).',
    '',
    ...commands.map(
      ({id, summary = ''}) => `- [${wordsOf(id)}](#foreshadow-${id.replaceAll(':', '-')}): ${summary}`,
    ),
    '',
    ...commands.flatMap((command) => sectionOf(command, globals, config)),
  ].join('\n');
}

function wordsOf(id: string): string {
  return id.replaceAll(':', ' ');
}

function sectionOf(
  command: Command,
  globals: ReadonlySet<string>,
  config: Interfaces.Config,
): readonly string[] {
  const {id, summary = '', description, args} = command;
  const flags = Object.values(command.flags).filter(({name}) => !globals.has(name) && name !== 'json');
  return [
    `## foreshadow ${wordsOf(id)}`,
    '',
    /[.?]$/.test(summary) ? summary : `${summary}.`,
    '',
    ...(description === undefined ? [] : [description, '']),
    '```',
    ...examplesOf(command, config),
    '```',
    '',
    ...Object.values(args).map(
      (arg) =>
        `- \`${arg.name.toUpperCase()}\`${arg.required ? '' : ' (optional)'}: ${textOf(arg.description)}`,
    ),
    ...flags.map(flagLine),
    '',
  ];
}

function examplesOf({id, examples = []}: Command, config: Interfaces.Config): readonly string[] {
  return examples.flatMap((example) => {
    const command = typeof example === 'string' ? example : example.command;
    return [command.replaceAll('<%= config.bin %>', config.bin).replaceAll('<%= command.id %>', wordsOf(id))];
  });
}

function flagLine(flag: Flag): string {
  const name = flag.type === 'boolean' && flag.allowNo ? `--[no-]${flag.name}` : `--${flag.name}`;
  const told = [
    typeof flag.default === 'string' || typeof flag.default === 'number' ? `default ${flag.default}` : '',
    flag.env ?? '',
    flag.required === true ? 'required' : '',
  ].filter((text) => text !== '');
  const beside = told.length > 0 ? ` (${told.join(', ')})` : '';
  return `- \`${name}${valueOf(flag)}\`${beside}: ${textOf(flag.summary ?? flag.description)}`;
}

function valueOf(flag: Flag): string {
  return flag.type === 'option' ? ` ${flag.options?.join('|') ?? flag.helpValue?.toString() ?? 'VALUE'}` : '';
}

/** On one line, and without what Markdown would take for a tag. */
function textOf(text = ''): string {
  return text.replaceAll('\n', ' ').replaceAll('<', '\\<');
}
