import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

import {expect, test} from 'vitest';

import type {FileOperation} from '../../src/lib/shadow-store/index.js';
import {bucketOf} from '../../src/lib/shadow-store/files/layout.js';
import {batchOf, BEGIN_US, FIRST, footprintOf, HOUR_US, inputNamed, MINUTE_US, SECOND} from './batches.js';
import {
  type Act,
  actAndDie,
  commitAll,
  contentOf,
  newStorePath,
  openWriter,
  reading,
  temporaryFolder,
} from './stores.js';

test('the same inputs, in any order, are one batch: committing them again leaves every byte as it was', async () => {
  const storePath = await newStorePath();
  const inputs = ['x', 'y', 'z'].map((name) => inputNamed(name));
  await commitAll(storePath, [{...SECOND, inputs}]);
  const before = await contentOf(storePath);
  const writer = await openWriter(storePath, {nowUs: BEGIN_US + HOUR_US});
  expect([...writer.knownInputs().keys()]).toEqual(inputs.map(({identitySha256}) => identitySha256));
  expect([...writer.knownRawSha().keys()]).toEqual(inputs.map(({rawKeySha256}) => rawKeySha256));
  const {batchId} = await writer.commit({...SECOND, inputs: [...inputs].reverse()});
  expect([...writer.knownInputs().values()]).toEqual([batchId, batchId, batchId]);
  await writer.close();
  expect(await contentOf(storePath)).toEqual(before);
});

test('an input that another batch holds is refused, so that nothing is counted twice', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  const before = await contentOf(storePath);
  const repeated = {...SECOND, inputs: [...SECOND.inputs, ...FIRST.inputs]};
  await expect(commitAll(storePath, [repeated])).rejects.toMatchObject({
    exitCode: 3,
    code: 'duplicate-input',
  });
  expect(await contentOf(storePath)).toEqual(before);
});

test('two stores made of the same inputs are the same to the byte', async () => {
  const [one, other] = [await newStorePath(), await newStorePath()];
  await commitAll(one, [FIRST, SECOND]);
  await commitAll(other, [FIRST, SECOND], {threads: 2});
  expect(await contentOf(one)).toEqual(await contentOf(other));
});

test('the series of a batch are sorted by the bytes of the name and by time, whatever the threads', async () => {
  const storePath = await newStorePath();
  const minutes = 40_000;
  const bucket = bucketOf('\u{10000}', 16);
  const others = Array.from({length: 99}, (_, n) => `\u{FFFF}${n}`).filter(
    (name) => bucketOf(name, 16) === bucket,
  );
  // All in one bucket; by code unit they would sort the other way round.
  const volumes = ['\u{10000}', ...others.slice(0, 3)];
  const activities = volumes.flatMap((volume) =>
    Array.from({length: minutes}, (_, minute) => ({
      volume,
      startUs: BEGIN_US + minute * MINUTE_US,
      reads: 1,
    })),
  );
  await commitAll(storePath, [batchOf('long', activities)], {threads: 2});
  const {DuckDBInstance} = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create()).connect();
  const files = path.join(storePath.replace(/[[?*]/g, '[$&]'), 'series', '*', '*', '*.parquet');
  const answer = await connection.runAndReadAll(
    `SELECT count(*), count(DISTINCT filename), count(*) FILTER (volume < before OR (volume = before AND start_us <= start_before))
     FROM (SELECT *, lag(volume) OVER w AS before, lag(start_us) OVER w AS start_before
       FROM read_parquet($files, filename = true, file_row_number = true)
       WINDOW w AS (PARTITION BY filename ORDER BY file_row_number))`,
    {files},
  );
  expect(answer.getRows()).toEqual([[BigInt(volumes.length * (minutes + Math.ceil(minutes / 60))), 2n, 0n]]);
});

test('a footprint comes back as a copy, follows its volume through batches, and old ones do not pile up', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  const writer = await openWriter(storePath);
  expect(writer.loadFootprint('b')).toBeUndefined();
  expect(writer.newestUs('b')).toBeUndefined();
  expect(writer.newestUs('a')).toBe(BEGIN_US);
  expect(writer.loadFootprint('a')?.mark(0, 4096)).toBe(0);
  expect(writer.loadFootprint('a')?.mark(4096, 4096)).toBe(4096);
  expect(writer.loadFootprint('a')?.mark(4096, 4096)).toBe(4096);
  await writer.commit(SECOND);
  expect(writer.newestUs('a')).toBe(BEGIN_US + HOUR_US);
  expect(writer.loadFootprint('a')?.footprintBytes).toBe(8192);
  expect(await readdir(path.join(storePath, 'state'))).toHaveLength(1);
  await writer.close();
});

test('a footprint that nothing touches any more does not keep the space of the batch it came with', async () => {
  const storePath = await newStorePath();
  const names = ['idle', 'b', 'c', 'd'];
  const round = (blocks: number, volumes: readonly string[]): Parameters<typeof batchOf> => [
    `round ${blocks}`,
    volumes.map((volume) => ({volume, startUs: BEGIN_US, writes: 1})),
    {
      footprints: new Map(
        volumes.map((volume) => [volume, footprintOf(...Array.from({length: blocks}, (_, n) => 9 * n))]),
      ),
    },
  ];
  await commitAll(storePath, [
    batchOf(...round(5, names)),
    batchOf(...round(6, names.slice(1))),
    batchOf(...round(7, names.slice(1))),
  ]);
  expect(await readdir(path.join(storePath, 'state'))).toHaveLength(1);
  const writer = await openWriter(storePath);
  expect(names.map((name) => writer.loadFootprint(name)?.footprintBytes)).toEqual(
    [5, 7, 7, 7].map((blocks) => blocks * 4096),
  );
  await writer.close();
});

test('rejected rows are kept with source, line, reason and text', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [SECOND]);
  const {batches} = await reading(storePath, (store) => Promise.resolve(store.info()));
  const text = await readFile(path.join(storePath, batches[0]?.rejectsFile ?? ''), 'utf8');
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual(SECOND.rejects);
});

const commitSecond: Act = (storePath, options) => commitAll(storePath, [SECOND], options);

test('killed while it makes a new store, a writer leaves nothing that stops the next', async () => {
  const whole = await newStorePath();
  const actions: FileOperation['action'][] = [];
  await commitSecond(whole, {onFileOperation: ({action}) => actions.push(action)});
  const content = await contentOf(whole);
  for (let at = 0; at <= actions.indexOf('copy'); at += 1) {
    const storePath = await newStorePath();
    await actAndDie(storePath, commitSecond, at);
    await commitAll(storePath, [SECOND]);
    expect(await contentOf(storePath)).toEqual(content);
  }
});

test('kill -9 in the middle: the lock of the dead is taken over with a remark, and the batch goes in', async () => {
  const storePath = await newStorePath();
  const script = fileURLToPath(new URL('killed-writer.ts', import.meta.url));
  const died = spawnSync(process.execPath, ['--import', 'tsx', script, storePath, 'copy'], {
    encoding: 'utf8',
  });
  expect(died).toMatchObject({signal: 'SIGKILL', stderr: ''});
  const remarks: string[] = [];
  await commitAll(storePath, [SECOND], {onRemark: (text) => remarks.push(text)});
  expect(remarks).toEqual([expect.stringMatching(/took over the lock of process \d+ on .* which is gone/)]);
  const whole = await newStorePath();
  await commitAll(whole, [SECOND]);
  expect(await contentOf(storePath)).toEqual(await contentOf(whole));
});

test('a disk that refuses is a TargetError, leaves the store as it was, and can be tried again', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  const before = await contentOf(storePath);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {syscall: 'write'});
  let isFull = true;
  const writer = await openWriter(storePath, {
    onFileOperation: ({action, path: file}) => {
      if (isFull && action === 'write' && file.endsWith('.json.tmp')) throw full;
    },
  });
  await expect(writer.commit(SECOND)).rejects.toMatchObject({
    exitCode: 6,
    message: expect.stringContaining('no space left on device') as string,
  });
  expect({...(await contentOf(storePath)), lock: undefined}).toEqual({...before, lock: undefined});
  isFull = false;
  await writer.commit(SECOND);
  await writer.close();
  expect(await reading(storePath, (store) => Promise.resolve(store.info().batchCount))).toBe(2);
});

test('a file that the engine cannot write is a TargetError too', async () => {
  const storePath = await newStorePath();
  await expect(
    commitAll(storePath, [SECOND], {
      onFileOperation: ({action, path: file}) => {
        if (action === 'copy') mkdirSync(file);
      },
    }),
  ).rejects.toMatchObject({exitCode: 6, code: 'store-refused'});
  expect(await readdir(path.dirname(storePath))).toEqual([]);
});

test('an aborted commit stops with the reason and changes nothing', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, [FIRST]);
  const before = await contentOf(storePath);
  const abort = new AbortController();
  const options = {
    signal: abort.signal,
    onFileOperation: ({action}: FileOperation): void => {
      if (action === 'copy') abort.abort(new Error('stop'));
    },
  };
  await expect(commitAll(storePath, [SECOND], options)).rejects.toThrow('stop');
  expect(await contentOf(storePath)).toEqual(before);
});

test('half a surrogate pair in a name is refused: UTF-8 could not give it back', async () => {
  const storePath = await newStorePath();
  const half = batchOf('half', [{volume: 'vol\ud800', startUs: BEGIN_US}]);
  await expect(commitAll(storePath, [half])).rejects.toMatchObject({exitCode: 3, code: 'bad-volume-name'});
});

test('a store that was made for a writer and got nothing is gone when it closes; a folder that was there stays', async () => {
  const storePath = await newStorePath();
  await commitAll(storePath, []);
  expect(await readdir(path.dirname(storePath))).toEqual([]);
  const folder = await temporaryFolder();
  await commitAll(folder, []);
  expect(await readdir(folder)).toEqual([]);
});
