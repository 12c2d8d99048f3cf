import {writeFile} from 'node:fs/promises';
import path from 'node:path';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {effort} from '../support/effort.js';
import {
  BEGIN_US,
  createMemorySink,
  ingest,
  type MemorySink,
  type Minute,
  MINUTE_US,
  minutesOf,
  temporaryFolder,
} from './support.js';

const SECOND_US = 1_000_000;
const FILES = 10;
const MOST_REQUESTS = 120;

interface Request {
  readonly volume: string;
  readonly atUs: number;
  readonly op: string;
  readonly firstBlock: number;
  readonly blocks: number;
}

/** Requests of a few volumes over two hours, no two at the same time, in the order of their times. */
const requests: fc.Arbitrary<readonly Request[]> = fc
  .array(
    fc.record({
      volume: fc.constantFrom('a', 'b', 'c"/../\n'),
      second: fc.nat(7200),
      op: fc.constantFrom('write', 'write', 'write', 'read', 'trim', 'flush'),
      firstBlock: fc.oneof({weight: 3, arbitrary: fc.nat(30)}, fc.nat(200_000)),
      blocks: fc.nat(12),
    }),
    {minLength: 1, maxLength: MOST_REQUESTS, size: 'max'},
  )
  .map((list) =>
    list
      .sort((left, right) => left.second - right.second)
      .map(({second, ...rest}, place) => ({...rest, atUs: BEGIN_US + second * SECOND_US + place})),
  );

/** A number up to `most` for each request. */
function manyOf(most: number): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.nat(most), {minLength: MOST_REQUESTS, maxLength: MOST_REQUESTS, size: 'max'});
}

function csv(list: readonly Request[]): string {
  const rows = list.map(({volume, atUs, op, firstBlock, blocks}) => {
    return `"${volume.replaceAll('"', '""')}",${atUs},${op},${firstBlock * 4096},${blocks * 4096}`;
  });
  return `volume,time_us,op,offset,length\n${rows.join('\n')}\n`;
}

/** Growth by volume and minute, block by block. */
function growthOf(list: readonly Request[]): ReadonlyMap<string, number> {
  const blocks = new Set<string>();
  const growth = new Map<string, number>();
  for (const {volume, atUs, op, firstBlock, blocks: count} of list) {
    const before = blocks.size;
    for (let block = firstBlock; block < firstBlock + count; block += 1) {
      if (op === 'write') blocks.add(`${volume} ${block}`);
      if (op === 'trim') blocks.delete(`${volume} ${block}`);
    }
    const key = `${volume} ${Math.floor(atUs / MINUTE_US) * MINUTE_US}`;
    if (blocks.size !== before) growth.set(key, (growth.get(key) ?? 0) + 4096 * (blocks.size - before));
  }
  return new Map([...growth].filter(([, bytes]) => bytes !== 0));
}

function growthIn(minutes: readonly Minute[]): ReadonlyMap<string, number> {
  const grown = minutes.filter(({growthBytes}) => growthBytes !== 0);
  return new Map(grown.map(({volume, startUs, growthBytes}) => [`${volume} ${startUs}`, growthBytes]));
}

async function ingestFiles(
  parts: readonly (readonly Request[])[],
  options: {readonly memoryBytes?: number} = {},
): Promise<MemorySink> {
  const folder = await temporaryFolder();
  const filled = parts.filter((part) => part.length > 0);
  const paths = filled.map((_, place) => path.join(folder, `part-${place}.csv`));
  await Promise.all(filled.map((part, place) => writeFile(paths[place]!, csv(part))));
  const store = createMemorySink();
  const {totals} = await ingest('', {paths, store, ...options});
  expect(totals).toMatchObject({rows: parts.flat().length, lateRows: 0});
  return store;
}

const whatIsIn = ({batches}: MemorySink): unknown => ({
  minutes: batches.flatMap(({rows}) => minutesOf(rows)),
  footprints: batches.flatMap(({footprints}) =>
    [...footprints].map(([volume, bitmap]) => [volume, Buffer.from(bitmap.encode()).toString('hex')]).sort(),
  ),
});

describe('a trace that is split into ten files', () => {
  const split = fc.tuple(requests, manyOf(FILES - 1), fc.constantFrom('any', 'time', 'volume'));

  it('is the same as whole, however it is split, in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(split, async ([list, random, how]) => {
        const parts: Request[][] = Array.from({length: FILES}, () => []);
        list.forEach((request, place) => {
          const chosen = how === 'any' ? random[place]! : Math.floor((place * FILES) / list.length);
          const index = how === 'volume' ? request.volume.charCodeAt(0) % FILES : chosen;
          parts[index]!.push(request);
        });
        const ranks = new Map(parts.map((part, place) => [part, random[place]!]));
        const shuffled = [...parts].sort((left, right) => ranks.get(left)! - ranks.get(right)!);
        const whole = await ingestFiles([list]);
        expect(whatIsIn(await ingestFiles(shuffled))).toEqual(whatIsIn(whole));
        expect(growthIn(whole.batches.flatMap(({rows}) => minutesOf(rows)))).toEqual(growthOf(list));
      }),
      {seed: 11, numRuns: effort(15, 3000)},
    );
  });
});

describe('rows out of order', () => {
  it('within the skew count as if they were in order', async () => {
    const disordered = fc.tuple(requests, manyOf(58 * SECOND_US));
    await fc.assert(
      fc.asyncProperty(disordered, async ([list, wobbles]) => {
        const loggedUs = new Map(list.map((request, place) => [request, request.atUs + wobbles[place]!]));
        const logged = [...list].sort((left, right) => loggedUs.get(left)! - loggedUs.get(right)!);
        const expected = whatIsIn(await ingestFiles([list]));
        expect(whatIsIn(await ingestFiles([logged]))).toEqual(expected);
      }),
      {seed: 12, numRuns: effort(15, 3000)},
    );
  });
});

describe('what does not fit into the memory', () => {
  /** Each of many volumes is written all over, in most minutes. */
  const list = ((): readonly Request[] => {
    const random = createRandom('memory');
    return Array.from({length: 24_000}, (_, place) => ({
      volume: `vol-${random.below(90)}`,
      atUs: BEGIN_US + place * SECOND_US,
      op: random.below(8) === 0 ? 'trim' : 'write',
      firstBlock: random.below(300_000),
      blocks: 1 + random.below(9000),
    }));
  })();

  it('is put aside without a difference', async () => {
    const whole = await ingestFiles([list]);
    const little = await ingestFiles([list], {memoryBytes: 2 * 2 ** 20});
    expect(whatIsIn(little)).toEqual(whatIsIn(whole));
    expect(growthIn(little.batches.flatMap(({rows}) => minutesOf(rows))).size).toBeGreaterThan(10_000);
  });
});
