import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {Config} from '@oclif/core';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {stringify} from 'yaml';

import {commandShapes} from '../../src/command-shapes.js';
import {
  argumentsFromSettings,
  type CommandShape,
  type ConfigFile,
  configSchema,
  configText,
  describeConfig,
  parseConfigFile,
  readConfigFile,
} from '../../src/lib/configuration/index.js';
import {UsageError} from '../../src/lib/core/index.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
let commands: readonly CommandShape[];
let folder: string;

beforeAll(async () => {
  commands = commandShapes(await Config.load({root: ROOT}));
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-config-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

const shapeOf = (command: string): CommandShape => commands.find((shape) => shape.command === command)!;
const read = (text: string): Promise<ConfigFile> => parseConfigFile(text, 'foreshadow.yaml', commands);
const argumentsOf = async (
  command: string,
  text: string,
  {argv = [], environment = {}}: {argv?: readonly string[]; environment?: Record<string, string>} = {},
): Promise<readonly string[]> =>
  argumentsFromSettings(shapeOf(command), {argv, environment, file: await read(text)});

async function faultsOf(text: string): Promise<readonly string[]> {
  const error: unknown = await read(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).diagnostics.map(({at, message, advice}) => `${at}: ${message}; ${advice}`);
}

describe('what foreshadow.yaml sets', () => {
  it('holds for the commands that have the flag, a section before the top', async () => {
    const text = 'store: s\nlevel: 0.9\nplan:\n  level: 0.99\n  certificate: true\n  coverage: false\n';
    expect(await argumentsOf('plan', text)).toEqual([
      '--level=0.99',
      '--certificate',
      '--no-coverage',
      '--store=s',
    ]);
    expect(await argumentsOf('replay', text)).toEqual(['--store=s', '--level=0.9']);
    expect(await argumentsOf('synth', text)).toEqual([]);
  });

  it('comes after the command line and the environment', async () => {
    const text = 'store: s\nplan:\n  level: 0.99\n  lead: 3d\n';
    const said = {argv: ['--level', '0.5'], environment: {FORESHADOW_LEAD: '1d', FORESHADOW_STORE: 't'}};
    expect(await argumentsOf('plan', text, said)).toEqual(['--store=t', '--lead=1d']);
    expect(await argumentsOf('plan', text, {argv: ['--level=1', '--store=x']})).toEqual(['--lead=3d']);
  });

  it('yields to a flag that it cannot stand beside', async () => {
    const text = 'plan:\n  fixed-factor: 1.2\n';
    expect(await argumentsOf('plan', text)).toEqual(['--fixed-factor=1.2']);
    expect(await argumentsOf('plan', text, {argv: ['--cost-short', '20', '--cost-idle', '1']})).toEqual([]);
  });

  it('does not hold for a command whose flag of that name means something else', async () => {
    expect(await argumentsOf('demo', 'store: s\n')).toEqual([]);
  });

  it('takes lists for what is repeated, and for what is separated by commas', async () => {
    const text = 'volume: [a, b]\nevaluate:\n  levels: [0.5, 0.9]\n';
    expect(await argumentsOf('evaluate', text)).toEqual(['--levels=0.5,0.9', '--volume=a', '--volume=b']);
  });

  it('names what it does not know, where it stands, and what was meant', async () => {
    expect(
      await faultsOf(
        'stroe: s\nplan:\n  levle: 1\n  yes: true\n  granularity: hourl\n  certificate: perhaps\n',
      ),
    ).toEqual([
      'foreshadow.yaml:1: unknown key "stroe"; did you mean "store"?',
      'foreshadow.yaml:3: unknown key "levle" in plan; did you mean "level"?',
      'foreshadow.yaml:4: "yes" in plan cannot be set in a file: say it with each call; undefined',
      'foreshadow.yaml:5: granularity takes hourly | daily | weekly, not "hourl"; did you mean "hourly"?; undefined',
      'foreshadow.yaml:6: certificate takes true or false, not "perhaps"; undefined',
    ]);
    expect(await faultsOf('store: [a\n')).toHaveLength(1);
    expect(await faultsOf('- a\n')).toEqual([
      'foreshadow.yaml:1: the file must be "key: value" lines; undefined',
    ]);
    expect(await faultsOf('sources:\n  - format: msr\n')).toEqual([
      'foreshadow.yaml:2: a source needs files: a path or a list of paths; undefined',
    ]);
  });

  it('cannot give consent, from the file or from the environment', async () => {
    for (const flag of ['yes', 'allow-infeasible', 'allow-unsafe-shrink', 'release']) {
      expect(await faultsOf(`apply:\n  ${flag}: true\n`)).toHaveLength(1);
      const variable = `FORESHADOW_${flag.toUpperCase().replaceAll('-', '_')}`;
      expect(argumentsFromSettings(shapeOf('apply'), {argv: [], environment: {[variable]: '1'}})).toEqual([]);
    }
  });

  it('keeps any text of a value to the letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({minLength: 1, unit: 'binary'}), async (text) => {
        const [argument] = await argumentsOf('plan', stringify({topology: text}, {lineWidth: 0}));
        expect(argument).toBe(`--topology=${text}`);
      }),
      {seed: 7, numRuns: 200},
    );
  });

  it('tells where each value comes from', async () => {
    const file = await read('topology: t\nplan:\n  lead: 3d\n');
    const environment = {FORESHADOW_LEVEL: '0.9'};
    const {settings} = describeConfig(commands, {file, environment, command: 'plan', isResolved: true});
    const from = Object.fromEntries(
      settings.map(({flag, values, from}) => [flag, `${values.join()} ${from}`]),
    );
    expect(from).toMatchObject({
      topology: 't foreshadow.yaml:1',
      lead: '3d foreshadow.yaml:3',
      level: '0.9 FORESHADOW_LEVEL',
      policy: 'shared default',
      horizon: ' not set',
    });
    expect(() => describeConfig(commands, {file, environment, command: 'plna', isResolved: true})).toThrow(
      'there is no command "plna"',
    );
  });
});

describe('what init writes', () => {
  it('can be read, whatever files are called', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({minLength: 1}), fc.boolean(), async (name, isRelative) => {
        const traces = [{files: name, format: 'alibaba', isRelative, count: 1}];
        const text = await configText(
          {traces, topology: name, storePath: name, isStoreThere: false},
          's.json',
        );
        const known = commands.some(({command}) => command === 'nightly')
          ? text
          : text.replace(/^nightly:[^]*/m, '');
        const {shared, sources} = await read(known);
        expect(shared.map(({values}) => values)).toEqual([[name], [name]]);
        expect(sources.map(({files}) => files)).toEqual([[name]]);
      }),
      {seed: 7, numRuns: 100},
    );
  });

  it('finds traces and topology, is heeded by the commands, and is not overwritten', async () => {
    const env = {};
    const run = (...args: string[]) => runForeshadow(args, {cwd: folder, env});
    await run(
      'synth',
      '--out',
      'c',
      '--days',
      '7',
      '--volumes',
      '4',
      '--hosts',
      '6',
      '--racks',
      '3',
      '--rows',
      '2000',
    );
    expect(await run('init', '--store', 'st')).toMatchObject({exitCode: 0});
    const file = await readConfigFile(path.join(folder, 'foreshadow.yaml'), commands);
    expect(file.sources.map(({files}) => files)).toEqual([['c/traces/alibaba.csv'], ['c/truth.csv']]);
    expect(file.shared.map(({flag, values}) => [flag, ...values])).toEqual([
      ['store', 'st'],
      ['topology', 'c/topology.yaml'],
    ]);
    const schema: unknown = JSON.parse(
      await readFile(path.join(folder, '.foreshadow', 'config.schema.json'), 'utf8'),
    );
    expect(schema).toEqual(configSchema(commands));
    expect(await run('init')).toMatchObject({exitCode: 2});
    expect(await run('ingest', 'c/traces/alibaba.csv')).toMatchObject({exitCode: 0});
    const shown = await run('store', 'info', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({path: 'st'});
    await writeFile(path.join(folder, 'other.yaml'), 'store: elsewhere\n');
    expect(await run('store', 'info', '--config', 'other.yaml')).toMatchObject({exitCode: 3});
    expect(await run('store', 'info', '--config', 'none.yaml')).toMatchObject({exitCode: 2});
    await writeFile(path.join(folder, 'foreshadow.yaml'), 'plan:\n  levle: 1\n');
    const refused = await run('plan', '--json');
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toContain('did you mean');
  });
});
