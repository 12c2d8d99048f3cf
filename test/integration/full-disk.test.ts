import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, describe, expect, it} from 'vitest';

import {contentOf} from '../shadow-store/stores.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const folder = mkdtempSync(path.join(tmpdir(), 'foreshadow-full-'));
const disk = path.join(folder, 'disk');
const mount = spawnSync('sh', ['-c', `mkdir "$1" && mount -t tmpfs -o size=512k tmpfs "$1"`, 'sh', disk]);
const isMounted = mount.status === 0;
if (!isMounted) console.warn('skipped: a small disk cannot be mounted (needs root on Linux)');

afterAll(() => {
  if (isMounted) spawnSync('sh', ['-c', 'umount "$1"', 'sh', disk]);
  rmSync(folder, {recursive: true, force: true});
});

/** Writes all over a large volume: the footprint alone is larger than the disk. */
function writeTrace(file: string, rows: number): void {
  const lines = Array.from({length: rows}, (_, n) => {
    const volume = `vol-${n % 40}`;
    return `${volume},${1_790_000_000_000_000 + n * 60_000},write,${((n * 7919) % 1_000_000) * 4096},4096\n`;
  });
  writeFileSync(file, lines.join(''));
}

describe.skipIf(!isMounted)('a full disk', () => {
  it('is exit 6 with nothing half there; what was in the store stays, and a smaller ingest goes in', async () => {
    const store = path.join(disk, 'store');
    const small = path.join(folder, 'small.csv');
    const large = path.join(folder, 'large.csv');
    writeTrace(small, 100);
    writeTrace(large, 60_000);
    expect((await runForeshadow(['ingest', small, '--store', store])).exitCode).toBe(0);
    const before = await contentOf(store);
    const full = await runForeshadow(['ingest', large, '--store', store]);
    expect(full.exitCode).toBe(6);
    expect(full.stderr).toMatch(/no space left|No space left/i);
    expect(await contentOf(store)).toEqual(before);
    expect((await runForeshadow(['store', 'verify', '--store', store])).exitCode).toBe(0);
    writeTrace(small, 200);
    expect((await runForeshadow(['ingest', small, '--store', store])).exitCode).toBe(0);
  });
});
