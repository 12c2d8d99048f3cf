import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {gzipSync} from 'node:zlib';

import {expect, onTestFinished, test} from 'vitest';

import {parseInstantUs} from '../../src/lib/core/index.js';
import {readUsageHistory} from '../../src/lib/workflows/read-usage-history.js';

const HOUR_US = 3600 * 1e6;
const START_US = parseInstantUs('2026-01-31T04:00:00Z') ?? 0;
const ALL = {stepSeconds: 3600, fromUs: Number.NEGATIVE_INFINITY, toUs: Infinity};

async function fileOf(text: string, name = 'usage.csv'): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-test-'));
  onTestFinished(async () => rm(folder, {recursive: true, force: true}));
  const file = path.join(folder, name);
  await writeFile(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

const SAMPLES = [
  'volume,time,used_bytes,provisioned_bytes',
  'b,2026-01-31T06:30:00Z,70,500',
  'a,2026-01-31T04:10:00Z,10,100',
  '"a",2026-01-31T04:50:00Z,12,100',
  'a,2026-01-31T04:20:00Z,11,100',
  '',
  'a,2026-01-31T08:00:00Z,0,200',
].join('\n');

test('of each step the youngest sample counts, in whatever order they come; until the next one it holds', async () => {
  for (const name of ['usage.csv', 'usage.csv.gz']) {
    const panel = await readUsageHistory(await fileOf(SAMPLES, name), ALL);
    expect(panel).toEqual([
      {
        id: 'b',
        startUs: START_US,
        stepSeconds: 3600,
        ceiling: 500,
        values: Float64Array.of(NaN, NaN, 70, 70, 70),
      },
      {
        id: 'a',
        startUs: START_US,
        stepSeconds: 3600,
        ceiling: 200,
        values: Float64Array.of(12, 12, 12, 12, 0),
      },
    ]);
  }
});

test('times are whole numbers in the unit that the header names, too', async () => {
  for (const [unit, perSecond] of [
    ['time_s', 1],
    ['time_ms', 1000],
    ['time_us', 1e6],
  ] as const) {
    const at = (START_US / 1e6) * perSecond;
    const [series] = await readUsageHistory(await fileOf(`volume,${unit},used_bytes\nv,${at},5\n`), ALL);
    expect(series).toEqual({id: 'v', startUs: START_US, stepSeconds: 3600, values: Float64Array.of(5)});
  }
});

test('what lies outside the time asked for does not count', async () => {
  const file = await fileOf(SAMPLES);
  const span = {...ALL, fromUs: START_US + HOUR_US, toUs: START_US + 4 * HOUR_US};
  const panel = await readUsageHistory(file, span);
  expect(panel.map(({id, values}) => [id, [...values]])).toEqual([['b', [70]]]);
  await expect(readUsageHistory(file, {...ALL, toUs: START_US})).rejects.toMatchObject({
    exitCode: 3,
    code: 'no-samples',
  });
});

test('every line that cannot be used is told with its number', async () => {
  const file = await fileOf(
    ['volume,time_s,used_bytes', 'v,1,2', 'v,1.5,2', 'v,1,-2', ',1,2', 'v,1', 'v,1,2,3'].join('\n'),
  );
  await expect(readUsageHistory(file, ALL)).rejects.toMatchObject({
    exitCode: 3,
    message: `${file}:3: time_s is no whole number: "1.5"`,
    diagnostics: [
      {at: `${file}:3`},
      {at: `${file}:4`, message: 'used_bytes is no whole number of bytes: "-2"'},
      {at: `${file}:5`, message: 'the volume has no name'},
      {at: `${file}:6`, message: '2 fields instead of 3'},
      {at: `${file}:7`, message: '4 fields instead of 3'},
    ],
  });
});

test('a file that is none is refused by name', async () => {
  for (const text of ['', 'volume,used_bytes\nv,1\n', 'v,1,2\n']) {
    const file = await fileOf(text);
    await expect(readUsageHistory(file, ALL)).rejects.toMatchObject({exitCode: 3, code: 'wrong-header'});
  }
  await expect(readUsageHistory('nowhere.csv', ALL)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('cannot read nowhere.csv') as string,
  });
  const folder = path.dirname(await fileOf(''));
  const cut = path.join(folder, 'cut.csv.gz');
  await writeFile(cut, gzipSync(SAMPLES).subarray(0, 60));
  await expect(readUsageHistory(cut, ALL)).rejects.toMatchObject({exitCode: 3, code: 'cannot-read'});
});
