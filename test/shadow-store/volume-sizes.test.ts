import {writeFile} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {ingestIntoStore, type StoreRequest} from '../../src/lib/workflows/ingest-into-store.js';
import {describeStore} from '../../src/lib/workflows/describe-store.js';
import {renderStore} from '../../src/views/store-view.js';
import {BEGIN_US, HOUR_US, MINUTE_US, TOOL} from './batches.js';
import {reading, temporaryFolder, writing} from './stores.js';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/traces');

async function ingest(
  folder: string,
  paths: readonly string[],
  rest: Partial<StoreRequest> = {},
): Promise<string> {
  const storePath = path.join(folder, 'store');
  await ingestIntoStore({
    ...{storePath, paths, maxBadRows: 0, nowUs: BEGIN_US, tool: TOOL},
    stdin: (async function* () {})(),
    options: {skewUs: MINUTE_US},
    onRemark: () => undefined,
    ...rest,
  });
  return storePath;
}

async function fileIn(folder: string, name: string, lines: readonly string[]): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** The volume `b,"c"` as CSV writes it. */
const CSV_NAME = '"b,""c"""';
const HEADER = 'volume,time_us,op,offset,length';
const rowAt = (minute: number, volume: string): string =>
  `${volume},${BEGIN_US + minute * MINUTE_US},write,${4096 * minute},8192`;

/** What a volume holds: from the bytes seen written to those that it is provisioned with. */
async function intervalsOf(storePath: string): Promise<Readonly<Record<string, readonly (number | null)[]>>> {
  const volumes = await reading(storePath, (store) => store.describeVolumes());
  return Object.fromEntries(
    volumes.map(({name, footprintBytes, provisionedBytes}) => [name, [footprintBytes, provisionedBytes]]),
  );
}

test('what a volume held before its log is at most its size, where that is told', async () => {
  const folder = await temporaryFolder();
  const trace = await fileIn(folder, 'trace.csv', [HEADER, rowAt(0, 'a'), rowAt(9, 'a'), rowAt(0, CSV_NAME)]);
  const usage = await fileIn(folder, 'usage.csv', [
    'volume,time_us,used_bytes,provisioned_bytes',
    `a,${BEGIN_US},4096,70000`,
    `a,${BEGIN_US + HOUR_US},8192,80000`,
    `u,${BEGIN_US},4096,90000`,
  ]);
  const kubelet = path.join(FIXTURES, 'prometheus/kubelet.json');
  const nbdkit = await fileIn(folder, 'disk.log', [
    '2026-03-02 05:00:00.000001 connection=1 Connect export="" tls=0 size=0x4000000 minsize=0x0 write=1 ...',
    '2026-03-02 05:00:00.000002 connection=2 Connect export="named" tls=0 size=0x2000 write=1 ...',
    ...[1, 2].flatMap((connection) => [
      `2026-03-02 05:00:01.00000${connection} connection=${connection} Write id=1 offset=0x0 count=0x1000 fua=0 ...`,
      `2026-03-02 05:00:02.00000${connection} connection=${connection} ...Write id=1 return=0`,
    ]),
  ]);
  const sizes = await fileIn(folder, 'sizes.csv', ['volume,provisioned_bytes', '"b,""c""",1MiB', 'nobody,5']);
  const storePath = await ingest(folder, [trace, usage, kubelet, nbdkit], {sizesPath: sizes});
  const expected = {
    a: [16_384, 80_000],
    'b,"c"': [8192, 2 ** 20],
    u: [0, 90_000],
    disk: [4096, 0x400_0000],
    named: [4096, 0x2000],
    'shop/db-0': [0, 10_737_418_240],
    'shop/übung "1"': [0, null],
  };
  expect(await intervalsOf(storePath)).toEqual(expected);
  const more = await fileIn(folder, 'more.csv', [HEADER, rowAt(100, 'a')]);
  await ingest(folder, [more]);
  const later = {...expected, a: [24_576, 80_000]};
  expect(await intervalsOf(storePath)).toEqual(later);
  await writing(storePath, (writer) => writer.compact({smallerThanBytes: Infinity, keepOldSeconds: 0}));
  expect(await intervalsOf(storePath)).toEqual(later);
  const bound = {beforeUs: BEGIN_US + HOUR_US, granularities: [60, 3600] as const, keepOldSeconds: 0};
  await writing(storePath, (writer) => writer.prune(bound));
  expect(await intervalsOf(storePath)).toEqual(later);
  const shown = await renderStore(await describeStore(storePath, {batches: false, volumes: true}));
  expect(shown).toMatch(/^a .* 24\.0 KiB to 78\.1 KiB/m);
  expect(shown).toMatch(/^shop\/übung .* >= 0 B/m);
});

test('sums of intervals do not tell which blocks were written: what the volume uses is unknown, not 0', async () => {
  const folder = await temporaryFolder();
  const storePath = await ingest(folder, [path.join(FIXTURES, 'bitbrains/vm-7.csv')]);
  expect(await intervalsOf(storePath)).toEqual({'vm-7': [null, null]});
  const [used] = await reading(storePath, (store) => store.readSeries({stepSeconds: 3600}, 'used-bytes'));
  expect(used!.values.every(Number.isNaN)).toBe(true);
  const sample = await fileIn(folder, 'usage.csv', ['volume,time_s,used_bytes', 'vm-7,1400000200,4096']);
  await ingest(folder, [sample]);
  const [known] = await reading(storePath, (store) => store.readSeries({stepSeconds: 3600}, 'used-bytes'));
  expect(known!.values[0]).toBe(4096);
});

test('a table of sizes that cannot be used is told line by line, and nothing is written', async () => {
  const folder = await temporaryFolder();
  const trace = await fileIn(folder, 'trace.csv', [HEADER, rowAt(0, 'a')]);
  const sizesPath = await fileIn(folder, 'sizes.csv', ['volume,size', 'a,1', 'a,2', 'b,many', 'c']);
  await expect(ingest(folder, [trace], {sizesPath})).rejects.toMatchObject({
    code: 'bad-sizes',
    diagnostics: [
      {at: `${sizesPath}:1`, message: 'the header is not volume,provisioned_bytes'},
      {at: `${sizesPath}:3`, message: 'volume "a" is there already'},
      {at: `${sizesPath}:4`, message: 'provisioned_bytes is no size: "many"'},
      {at: `${sizesPath}:5`, message: '1 fields instead of 2'},
    ],
  });
});

test('a series of used bytes has the provisioned size as its ceiling, others have none', async () => {
  const folder = await temporaryFolder();
  const usage = await fileIn(folder, 'usage.csv', [
    'volume,time_us,used_bytes',
    `a,${BEGIN_US},4096`,
    `b,${BEGIN_US},4096`,
  ]);
  const sizes = await fileIn(folder, 'sizes.csv', ['volume,provisioned_bytes', 'a,70000']);
  const storePath = await ingest(folder, [usage], {sizesPath: sizes});
  const ceilings = await reading(storePath, async (store) => {
    const query = {fromUs: BEGIN_US, toUs: BEGIN_US + HOUR_US, stepSeconds: 3600};
    const [levels, sums] = [
      await store.readSeries(query, 'used-bytes'),
      await store.readSeries(query, 'write-bytes'),
    ];
    return [levels, sums].map((series) => series.map(({ceiling}) => ceiling));
  });
  expect(ceilings).toEqual([
    [70_000, undefined],
    [undefined, undefined],
  ]);
});
