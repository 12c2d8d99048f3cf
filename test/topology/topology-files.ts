import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterEach} from 'vitest';

import {InputError, type Diagnostic} from '../../src/lib/core/index.js';
import {readTopology, type Topology} from '../../src/lib/topology/index.js';

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, {recursive: true})));
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-topology-'));
  folders.push(folder);
  return folder;
}

/** Writes cluster.yaml and returns its path; it is removed after the test. */
export async function yamlFile(text: string): Promise<string> {
  const file = path.join(await newFolder(), 'cluster.yaml');
  await writeFile(file, text);
  return file;
}

/** Writes a folder of tables, by file name. */
export async function csvFolder(tables: Readonly<Record<string, string>>): Promise<string> {
  const folder = await newFolder();
  for (const [name, text] of Object.entries(tables)) await writeFile(path.join(folder, name), text);
  return folder;
}

/** A topology of YAML without its first two lines. */
export async function fromYaml(body: string): Promise<Topology> {
  return readTopology(await yamlFile(`kind: topology\nversion: 1\n${body}`));
}

/** What reading says is wrong; paths are shortened to the file's name. */
export async function faultsOf(file: string): Promise<readonly Diagnostic[]> {
  const thrown: unknown = await readTopology(file).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof InputError)) throw new Error(`no InputError: ${String(thrown)}`);
  const folder = file.endsWith('.yaml') ? path.dirname(file) : file;
  const shorten = (text: string): string =>
    text.replaceAll(`${folder}${path.sep}`, '').replaceAll(folder, '.');
  return thrown.diagnostics.map((fault) => ({
    ...fault,
    at: shorten(fault.at ?? ''),
    message: shorten(fault.message),
  }));
}

/** The same as lines `at code: message (advice)`. */
export async function faultLines(file: string): Promise<readonly string[]> {
  return (await faultsOf(file)).map(
    ({at, code, message, advice}) => `${at} ${code}: ${message} (${advice ?? ''})`,
  );
}
