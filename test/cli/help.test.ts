import path from 'node:path';

import {Config, Help, loadHelpClass} from '@oclif/core';
import {expect, it} from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const config = await Config.load({root: ROOT});
/** Not those of the plugin that makes completions. */
const ids = config.commands
  .filter(({pluginName}) => pluginName === config.name)
  .map(({id}) => id.replaceAll(':', ' '))
  .sort();

/** What `--help` prints on a terminal of 80 columns. */
class HelpText extends Help {
  readonly lines: string[] = [];

  protected override log(...args: string[]): void {
    this.lines.push(...args);
  }
}

async function helpOf(words: readonly string[]): Promise<string> {
  const help = new HelpText(config, {maxWidth: 80, stripAnsi: true});
  await help.showHelp([...words]);
  return help.lines.join('\n').replaceAll(config.userAgent, '(version)').replaceAll(/ +$/gm, '');
}

it('is made by the class that the snapshots are made by', async () => {
  expect(await loadHelpClass(config)).toBe(Help);
});

it.each(['', ...ids])('foreshadow %s --help tells what it told before', async (id) => {
  const text = await helpOf(id.split(' ').filter((word) => word !== ''));
  expect(text).toContain(`$ foreshadow ${id}`.trimEnd());
  expect(text).toMatchSnapshot();
});
