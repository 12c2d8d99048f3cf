import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {Config} from '@oclif/core';
import {Ajv2020} from 'ajv/dist/2020.js';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {runCommand} from '../support/run-command.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const FIXTURES = path.join(ROOT, 'fixtures');
/** What these print is checked where their servers, devices or long stories are: by their types alone here. */
const ELSEWHERE = ['capture', 'demo', 'store init'];

let folder: string;
const config = await Config.load({root: ROOT});
const ids = config.commands
  .filter(({pluginName}) => pluginName === config.name)
  .map(({id}) => id.replaceAll(':', ' '));

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-json-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

/** Paths in {braces} are in the folder of this test. */
const CALLS: [command: string, words: string][] = [
  ['synth', '--out {c} --days 9 --volumes 6 --hosts 6 --racks 3 --rows 3000 --fill 30%'],
  ['ingest', '{c/traces/alibaba.csv} {c/truth.csv} --store {s}'],
  ['store info', '--store {s} --batches --volumes'],
  ['store verify', '--store {s}'],
  ['store export', '--store {s} --out {export.csv}'],
  ['store copy', '{s} {copied}'],
  ['store compact', '--store {copied}'],
  ['store prune', '--store {copied} --older-than 5d --dry-run'],
  ['patterns', '--store {s} --topology {c/topology.yaml}'],
  ['patterns anomalies', '--store {s} --out {anomalies.json}'],
  ['patterns label', 'backup_0 --store {s} --from 2026-01-07T00:00:00Z --to 2026-01-07T05:00:00Z'],
  ['train', '--store {s} --model seasonal-naive --horizon 2d --threads 1'],
  ['evaluate', '--store {s} --models seasonal-naive,naive --horizon 1d --threads 1'],
  ['forecast', '--store {s} --model-file latest --topology {c/topology.yaml} --keep --threads 1'],
  ['forecast', '--store {s} --model-file latest --shard 1/1 --out {part.csv} --threads 1'],
  ['forecast merge', '{part.csv} --out {whole.csv}'],
  ['topology check', '{c/topology.yaml}'],
  ['topology import csv', `${path.join(FIXTURES, 'topologies', 'small')} --out {imported.yaml}`],
  [
    'plan',
    '--store {s} --topology {c/topology.yaml} --horizon 2d --certificate --keep --out {plan.json} --as-of 2026-01-14T00:00:00Z',
  ],
  ['plan verify', '{plan.json} --topology {c/topology.yaml}'],
  [
    'admit',
    '--store {s} --topology {c/topology.yaml} --horizon 2d --size 1MiB --replicas 2 --whatif growth*1.5',
  ],
  [
    'replay',
    '--store {s} --topology {c/topology.yaml} --policies shared,oracle --model naive --warm-up 3d --review 1d --sweep',
  ],
  ['apply', '{plan.json} --target file:{held.json} --dry-run --as-of 2026-01-14T00:00:00Z'],
  ['apply', '{plan.json} --target file:{held.json} --yes --as-of 2026-01-14T00:00:00Z'],
  ['apply', '{plan.json} --target file:{held.json} --check'],
  ['monitor', '--store {s} --topology {c/topology.yaml}'],
  ['report', '--store {s} --topology {c/topology.yaml} --plan {plan.json} --out {report.html}'],
  ['doctor', '--store {s}'],
  ['init', '{c} --store {s} --out -'],
  ['config show', '--resolved'],
  ['config schema', ''],
];

const ajv = new Ajv2020({strict: false, allErrors: true});

async function faultsOf(command: string, document: unknown): Promise<readonly string[]> {
  const file = path.join(ROOT, 'schemas', `${command.replaceAll(' ', '-')}.schema.json`);
  const validate = ajv.compile(JSON.parse(await readFile(file, 'utf8')) as object);
  validate(document);
  return (validate.errors ?? []).map(({instancePath, message}) => `${instancePath}: ${message ?? ''}`);
}

async function commandOf(command: string): Promise<Parameters<typeof runCommand>[0]> {
  const file = path.join(ROOT, 'src', 'commands', ...command.split(' '));
  const {default: found} = (await import(`${file}.ts`)) as {default: Parameters<typeof runCommand>[0]};
  return found;
}

describe('what --json prints', () => {
  it('is checked for every command that needs no server', () => {
    const checked = new Set(CALLS.map(([command]) => command));
    const others = ['nightly', 'topology import ceph', 'topology import kubernetes', ...ELSEWHERE];
    expect([...checked, ...others].sort()).toEqual([...ids].sort());
  });

  it.each(CALLS)('has the schema that is published: %s %s', async (command, words) => {
    const args = words.split(' ').filter((word) => word !== '');
    const placed = args.map((word) => word.replace(/\{(.*)\}/, (_, name: string) => path.join(folder, name)));
    const run = await runCommand(await commandOf(command), [...placed, '--json']);
    expect(run.exitCode, run.stdout.slice(0, 2000)).toBe(0);
    const document = JSON.parse(run.stdout) as {command?: string};
    // A command that is run by its class tells the name of that.
    document.command = command.replaceAll(' ', ':');
    expect(await faultsOf(command, document), run.stdout.slice(0, 1500)).toEqual([]);
  });

  it('has the schema of errors for an error, and of a night', async () => {
    const refused = await runForeshadow(['plan', '--level', '2', '--json']);
    expect(await faultsOf('error', JSON.parse(refused.stdout))).toEqual([]);
    await writeFile(path.join(folder, 'foreshadow.yaml'), 'topology: c/topology.yaml\nstore: none\n');
    const night = await runForeshadow(['nightly', '--json'], {cwd: folder});
    expect(night.exitCode).toBe(3);
    expect(await faultsOf('error', JSON.parse(night.stdout))).toEqual([]);
  });

  it('would not pass with a field that is missing or of another type', async () => {
    const document = {schemaVersion: 1, command: 'topology:check', source: 'x', hostCount: '3'};
    expect(await faultsOf('topology check', document)).toEqual(
      expect.arrayContaining(['/hostCount: must be number', ": must have required property 'findings'"]),
    );
  });
});
