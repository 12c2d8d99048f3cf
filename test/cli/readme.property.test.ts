import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, it} from 'vitest';

import {effort} from '../support/effort.js';
import {runForeshadow} from '../support/run-foreshadow.js';

/** Replaying all policies takes as long as everything else; the thorough run does it as it is written. */
const FEWER_POLICIES = ['--policies', 'largest-boundary,shared'];

it("README's first plan works as it is written, command by command", async () => {
  const readme = await readFile(path.join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const [, walk = ''] = /```\n(foreshadow synth[^`]+)```/.exec(readme) ?? [];
  const commands = walk.trim().split('\n');
  expect(commands.length).toBeGreaterThan(5);
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-readme-'));
  try {
    for (const command of commands) {
      const [, ...args] = command.split(' ');
      const fewer = args[0] === 'replay' && effort(1, 0) === 1 ? FEWER_POLICIES : [];
      const run = await runForeshadow([...args, ...fewer], {cwd: folder});
      expect(run, `${command}\n${run.stderr}`).toMatchObject({exitCode: 0});
      expect(run.stdout, command).not.toBe('');
    }
  } finally {
    await rm(folder, {recursive: true});
  }
}, 400_000);
