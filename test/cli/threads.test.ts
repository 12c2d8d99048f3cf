import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {gzipSync} from 'node:zlib';

import {afterAll, expect, test} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const FILES = 3;
const ROWS = 60_000;
const FIRST_US = 1_790_000_000_000_000;
const folder = mkdtempSync(path.join(tmpdir(), 'foreshadow-threads-'));
afterAll(() => {
  rmSync(folder, {recursive: true});
});

/** One trace over three files, with a bad row in each of them, and usage samples in a fourth. */
function writeFiles(): readonly string[] {
  const random = createRandom('threads');
  const lines: string[][] = Array.from({length: FILES}, () => []);
  for (let row = 0; row < ROWS; row += 1) {
    const offset = 4096 * random.below(20_000);
    const atUs = FIRST_US + row * 30_000 + random.below(20_000_000);
    lines[random.below(FILES)]!.push(
      `vol-${random.below(7)},${row % 3 === 0 ? 'R' : 'W'},${offset},8192,${atUs}`,
    );
  }
  lines.forEach((list, file) => list.splice(1000 + file, 0, `vol-1,X,${file},0,${FIRST_US}`));
  const names = lines.map((list, file) => {
    const name = `part-${file}.csv.gz`;
    writeFileSync(path.join(folder, name), gzipSync(`${list.join('\n')}\n`));
    return name;
  });
  const samples = Array.from(
    {length: 50},
    (_, hour) => `vol-2,${FIRST_US + hour * 36_000_000},${hour * 4096}`,
  );
  writeFileSync(path.join(folder, 'usage.csv'), `volume,time_us,used_bytes\n${samples.join('\n')}\n`);
  return [...names.reverse(), 'usage.csv'];
}

test('any number of threads gives the same store and tells the same', async () => {
  const files = writeFiles();
  const [one, three] = await Promise.all(
    ['1', '3'].map(async (threads) => {
      const store = `store-${threads}`;
      const flags = ['--store', store, '--threads', threads, '--max-bad-rows', '3', '--json'];
      const run = await runForeshadow(['ingest', ...files, ...flags], {cwd: folder});
      expect(run).toMatchObject({exitCode: 0, stderr: ''});
      await runForeshadow(['store', 'export', '--store', store, '--out', `${store}.csv`], {cwd: folder});
      return {told: run.stdout, content: await readFile(path.join(folder, `${store}.csv`), 'utf8')};
    }),
  );
  expect(three).toEqual(one);
  expect(one!.content.split('\n').length).toBeGreaterThan(200);
  expect(JSON.parse(one!.told)).toMatchObject({totals: {rows: ROWS + 50, rejectedRows: FILES, volumes: 7}});
});

test('what is wrong in a thread is told as it is without', async () => {
  const name = 'cut.csv.gz';
  const rows = Array.from({length: 90_000}, (_, row) => `7,W,${4096 * row},4096,${FIRST_US + 1000 * row}`);
  const whole = gzipSync(`${rows.join('\n')}\n`);
  writeFileSync(path.join(folder, name), whole.subarray(0, whole.length - 2000));
  const [one, two] = await Promise.all(
    ['1', '2'].map((threads) =>
      runForeshadow(['ingest', name, '--store', `cut-${threads}`, '--threads', threads], {cwd: folder}),
    ),
  );
  expect(one).toMatchObject({exitCode: 3});
  expect(one!.stderr).toContain('cut.csv.gz: the gzip data end too early');
  expect({...two, durationMs: 0}).toEqual({...one, durationMs: 0});
});
