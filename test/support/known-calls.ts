import type {Config} from '@oclif/core';

/** Every call of foreshadow in a text, as its words after that name; `foreshadow --help` and such aside. */
export function callsIn(text: string): readonly (readonly string[])[] {
  return [...text.replaceAll('\\\n', ' ').matchAll(/(?:^|[\s=(`])foreshadow (?!--)([a-z][^\n`|>&]*)/gm)].map(
    ([, words = '']) => words.trim().split(/\s+/),
  );
}

/**
 * What is wrong with a call, by the manifest: a command that there is none of, flags that it does not have, flags that it
 * must have. Nothing where it could be made.
 */
export function faultsOfCall(
  config: Config,
  [first = '', second = '', third = '', ...rest]: readonly string[],
): readonly string[] {
  const ids = [`${first}:${second}:${third}`, `${first}:${second}`, first];
  const command = config.findCommand(ids.find((id) => config.commandIDs.includes(id)) ?? '');
  if (command === undefined) return [`no command ${first} ${second}`.trim()];
  const words = [second, third, ...rest];
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  return own.flatMap((word) => {
    const [, no, name] = /^--(no-)?([a-z-]+)/.exec(word) ?? [];
    if (name === undefined || name in command.flags) return [];
    return no !== undefined && `no-${name}` in command.flags ? [] : [`${command.id} has no flag --${name}`];
  });
}
