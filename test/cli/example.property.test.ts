import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {readArtifact} from '../../src/lib/core/index.js';
import {type Plan, PLAN_KIND} from '../../src/lib/allocation/index.js';
import {blocksOf} from '../support/documented-blocks.js';
import {effort} from '../support/effort.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const PAGE = path.join(ROOT, 'docs', 'example-overlapping-boundaries.md');
const run = promisify(execFile);
const FAST = new Set([0, 1, 3, 4]);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-example-'));
  await symlink(path.join(ROOT, 'fixtures'), path.join(folder, 'fixtures'));
  const program = `#!/bin/sh\nexec "${process.execPath}" "${path.join(ROOT, 'bin', 'run.js')}" "$@"\n`;
  await writeFile(path.join(folder, 'foreshadow'), program, {mode: 0o755});
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

describe('docs/example-overlapping-boundaries.md', () => {
  it('shows what its commands print, one after the other', async () => {
    const commands = (await blocksOf('docs/example-overlapping-boundaries.md')).flatMap(
      (block) => block.commands,
    );
    expect(commands).toHaveLength(8);
    // The rule of thumb and the cluster that was grown are planned for in the thorough run.
    for (const {command, printed} of commands.filter((_, place) => FAST.has(place) || effort(0, 1) === 1)) {
      const env = {
        ...process.env,
        PATH: `${folder}:${process.env.PATH ?? ''}`,
        NO_COLOR: '1',
        NODE_ENV: 'production',
      };
      const {stdout} = await run('sh', ['-c', command], {cwd: folder, env});
      for (const line of printed) expect(stdout, command).toContain(line);
    }
  });

  it('has more room outside every rack and feed than is lost with it, as its table says', async () => {
    const page = await readFile(PAGE, 'utf8');
    const plan = await readArtifact<Plan>(path.join(folder, 'plan.json'), PLAN_KIND);
    const shared = plan.boundaries.filter(({scenario}) => !scenario.startsWith('host/'));
    expect(shared).toHaveLength(10);
    for (const {scenario, hosts, demandBytes} of shared) {
      const outside = plan.hosts.filter(({host}) => !hosts.includes(host));
      const room = outside.reduce((sum, {roomBytes}) => sum + roomBytes, 0);
      expect(room, scenario).toBeGreaterThan(demandBytes);
      const told = new RegExp(`^\\| ${scenario.replace('/', ' ')} \\| (.*) TiB \\| (.*) TiB \\|$`, 'm').exec(
        page,
      );
      if (told === null) continue;
      expect(
        [demandBytes, room].map((bytes) => (bytes / 2 ** 40).toFixed(1)),
        scenario,
      ).toEqual([told[1], told[2]]);
    }
  });
});
