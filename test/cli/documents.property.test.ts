import {existsSync} from 'node:fs';
import {cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {Config} from '@oclif/core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {type CommandProcess, commandProcess} from '../support/command-process.js';
import {blocksOf, type DocumentedBlock, documentedPages} from '../support/documented-blocks.js';
import {effort} from '../support/effort.js';
import {callsIn, faultsOfCall} from '../support/known-calls.js';
import {runDocumented} from '../support/run-documented.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const IS_THOROUGH = effort(0, 1) === 1;
/** Pages that make what they use themselves; the others run where a cluster, its store and a plan are at hand. */
const FROM_NOTHING = new Set([
  'README.md',
  'docs/concepts.md',
  'docs/tutorial-planner.md',
  'docs/tutorial-ci.md',
  'docs/tutorial-backtest.md',
]);
/** Its test looks at more than what is printed. */
const ELSEWHERE = 'docs/example-overlapping-boundaries.md';
const AT_HAND = [
  'synth --out cluster --hosts 12 --racks 6 --feeds 4 --volumes 12 --days 21 --fill 25% --format usage-csv',
  'ingest cluster/traces/usage.csv',
  'plan --topology cluster/topology.yaml --horizon 1d --no-coverage --out plan.json',
];
const pages = await Promise.all(
  (await documentedPages()).map(async (page) => ({page, blocks: await blocksOf(page)})),
);
const config = await Config.load({root: ROOT});
const willRun = ({mark}: DocumentedBlock): boolean => mark === '' || (mark === 'slow' && IS_THOROUGH);

let folder = '';
let program: CommandProcess;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-documents-'));
  program = await commandProcess();
  const script = `#!/bin/sh\nexec "${process.execPath}" "${path.join(ROOT, 'bin', 'run.js')}" "$@"\n`;
  await mkdir(path.join(folder, 'bin'));
  await writeFile(path.join(folder, 'bin', 'foreshadow'), script, {mode: 0o755});
  await mkdir(path.join(folder, 'at-hand'));
  for (const line of AT_HAND)
    expect(await program.run(path.join(folder, 'at-hand'), line.split(' '))).toMatchObject({exitCode: 0});
  await cp(path.join(folder, 'at-hand/cluster/topology.yaml'), path.join(folder, 'at-hand/cluster.yaml'));
  await cp(path.join(folder, 'at-hand/cluster/traces/usage.csv'), path.join(folder, 'at-hand/usage.csv'));
});
afterAll(async () => {
  program.end();
  await rm(folder, {recursive: true});
});

/** Widths of columns are the table's own matter. */
const inSingleSpaces = (line: string): string => line.trim().replace(/\s+/g, ' ');

/** Fails where a line that the page shows is not printed, or not after those above it; `…` ends a line that is cut. */
function expectPrinted(at: string, command: string, shown: readonly string[], printed: string): void {
  const lines = printed.split('\n').map(inSingleSpaces);
  let next = 0;
  for (const line of shown.map(inSingleSpaces)) {
    if (line === '...') continue;
    const isIt = (other: string): boolean =>
      line.endsWith('…') ? other.startsWith(line.slice(0, -1)) : other === line;
    const found = lines.findIndex((other, place) => place >= next && isIt(other));
    expect(found, `${at}: "${command}" does not print, there, "${line}", but\n${printed}`).toBeGreaterThan(
      -1,
    );
    next = found + 1;
  }
}

const running = pages.filter(
  ({page, blocks}) =>
    page !== ELSEWHERE && blocks.some((block) => block.commands.length > 0 && willRun(block)),
);

describe.each(running)('$page', ({page, blocks}) => {
  it('has commands that work, and shows what they print', {timeout: 300_000}, async () => {
    const own = path.join(folder, page.replaceAll('/', '-'));
    if (FROM_NOTHING.has(page)) await mkdir(own);
    else await cp(path.join(folder, 'at-hand'), own, {recursive: true});
    await symlink(path.join(ROOT, 'fixtures'), path.join(own, 'fixtures'));
    const places = {folder: own, bin: path.join(folder, 'bin'), process: program};
    for (const {at, commands} of blocks.filter(willRun))
      for (const {command, printed} of commands) {
        const run = await runDocumented(command, places);
        expect(run.exitCode, `${at}: ${command}\n${run.printed}`).toBe(0);
        expectPrinted(at, command, printed, run.printed);
      }
  });
});

it('documents commands and flags that there are, also where nothing is run', async () => {
  const texts = await Promise.all(
    [...pages.map(({page}) => page), 'docs/commands.md', 'interceptors/README.md', 'CONTRIBUTING.md'].map(
      async (page) => ({page, text: await readFile(path.join(ROOT, page), 'utf8')}),
    ),
  );
  const calls = texts.flatMap(({page, text}) =>
    callsOfPage(text).map((call) => ({page, call: call.join(' '), faults: faultsOfCall(config, call)})),
  );
  expect(calls.length).toBeGreaterThan(150);
  expect(calls.filter(({faults}) => faults.length > 0)).toEqual([]);
});

/** The calls in a page's blocks, and those in its lines that are set as code. */
function callsOfPage(text: string): readonly (readonly string[])[] {
  const parts = text.split(/^```.*$/m);
  return parts.flatMap((part, place) => {
    if (place % 2 === 1) return callsIn(part.replace(/\s#.*$/gm, ''));
    return [...part.matchAll(/`(foreshadow [^`]+)`/g)].flatMap(([, call = '']) => callsIn(call));
  });
}

it('has no command in a block that says that it is none', () => {
  const hidden = pages.flatMap(({blocks}) =>
    blocks
      .filter(({language}) => !['sh', 'console'].includes(language))
      .filter(({text}) => /^(\$ |(sudo )?(foreshadow|npm|npx|node) )/m.test(text)),
  );
  expect(hidden.map(({at}) => at)).toEqual([]);
});

const runnable = pages.flatMap((page) => page.blocks).filter(({commands}) => commands.length > 0);
const left = runnable.filter((block) => !willRun(block));

it(`leaves ${left.length} of ${runnable.length} blocks out, of which these are never run`, () => {
  const never = left.filter(({mark}) => mark === 'no-run').map(({at}) => at.replace(/:.*/, ''));
  // One more needs a look: it must need a server, root, a network or data that are not here.
  expect(never).toEqual([
    'README.md',
    'docs/formats.md',
    ...Array<string>(3).fill('docs/storage-apis.md'),
    'docs/store.md',
    ...Array<string>(2).fill('docs/topology.md'),
    'docs/tutorial-backtest.md',
  ]);
});

it('links to files that there are', async () => {
  const links = await Promise.all(
    [...pages.map(({page}) => page), 'CONTRIBUTING.md'].map(async (page) => {
      const text = await readFile(path.join(ROOT, page), 'utf8');
      return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, to = '']) => ({
        page,
        to,
        isThere: existsSync(path.join(ROOT, path.dirname(page), to)),
      }));
    }),
  );
  expect(links.flat().length).toBeGreaterThan(50);
  expect(links.flat().filter(({isThere}) => !isThere)).toEqual([]);
});
