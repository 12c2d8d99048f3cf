import {Config} from '@oclif/core';
import path from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';

import {runForeshadow} from '../support/run-foreshadow.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
let config: Config;
/** Not those of the plugin that makes completions. */
let commands: Config['commands'];

beforeAll(async () => {
  config = await Config.load({root: ROOT});
  commands = config.commands.filter(({pluginName}) => pluginName === config.name);
});

describe('the built program', () => {
  it('prints its version and its help', async () => {
    const version = await runForeshadow(['--version']);
    expect(version).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^foreshadow\/\d+\.\d+\.\d+ /) as string,
    });
    const help = await runForeshadow([]);
    expect(help).toMatchObject({exitCode: 0, stderr: ''});
    for (const id of config.commandIDs) expect(help.stdout).toContain(id.split(':')[0]);
  });

  it('tells at once what it tells through all of oclif', async () => {
    for (const args of [['--help'], ['--version'], []]) {
      const slow = await runForeshadow(args, {env: {OCLIF_COLUMNS: '80'}});
      expect(await runForeshadow(args)).toEqual(slow);
    }
  });

  it('answers wrong usage with exit 2, one line of what and one of what to do', async () => {
    const run = await runForeshadow(['aply']);
    expect(run).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: there is no command "aply"\n  try: foreshadow apply\n',
    });
  });

  it.each([
    ['unknown command', ['aply', '--json'], 2],
    ['unknown flag', ['topology', 'check', 'x', '--bogus', '--json'], 2],
    ['missing file', ['topology', 'check', 'no-such-file.yaml', '--json'], 3],
    ['missing argument', ['apply', '--json'], 2],
  ])('prints one JSON document for an error: %s', async (_, args, exitCode) => {
    const run = await runForeshadow(args);
    const document: unknown = JSON.parse(run.stdout);
    expect(run.exitCode).toBe(exitCode);
    expect(run.stderr).toBe('');
    expect(document).toMatchObject({schemaVersion: 1, error: {exitCode}});
  });
});

describe('every command', () => {
  it('has a summary, a real example, and a summary for each flag', () => {
    const gaps = commands.flatMap(({id, summary, examples, flags}) => [
      ...(summary ? [] : [`${id}: no summary`]),
      ...(examples?.length ? [] : [`${id}: no example`]),
      ...Object.values(flags).flatMap((flag) =>
        (flag.summary ?? flag.description) ? [] : [`${id} --${flag.name}`],
      ),
    ]);
    expect(gaps).toEqual([]);
  });

  it('keeps its name and its flags: a change here is a change of the interface', () => {
    const surface = Object.fromEntries(
      commands
        .map(({id, flags}): [string, string] => [
          id.replaceAll(':', ' '),
          Object.keys(flags).sort().join(' '),
        ])
        .sort(([left], [right]) => (left < right ? -1 : 1)),
    );
    expect(surface).toMatchSnapshot();
  });
});
