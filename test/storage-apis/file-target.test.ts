import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import fc from 'fast-check';
import {expect, test} from 'vitest';

import {openTarget, type StorageTarget, type TargetVersion} from '../../src/lib/storage-apis/index.js';
import {
  ACCESS,
  ACTOR,
  apply,
  basisOf,
  buildPlan,
  type Bytes,
  containing,
  containingFields,
  temporaryFolder,
} from './builders.js';

const hostName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', '../h', "h'1", 'h\n1', 'ü'.repeat(300), ''),
  fc.string({maxLength: 8, unit: 'grapheme'}),
);
const buffers = fc.uniqueArray(fc.tuple(hostName, fc.nat({max: Number.MAX_SAFE_INTEGER})), {
  maxLength: 5,
  selector: ([host]) => host,
});

function nonZero(held: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...held].filter(([, bytes]) => bytes > 0).sort());
}

async function newTarget(): Promise<StorageTarget> {
  return openTarget(`file:${path.join(await temporaryFolder(), 'deep', 'buffers.json')}`, ACCESS);
}

function change(toBytes: number, expected: TargetVersion) {
  return {setting: 'h1', fromBytes: 0, toBytes, expected, planSha256: 'p', actor: ACTOR};
}

test('is empty before the first change, and reading it makes nothing', async () => {
  const target = await newTarget();
  const empty = {
    ...{target: target.name, lineage: '', serial: 0, lastPlanSha256: undefined},
    ...{settings: new Map(), reserveBytes: new Map()},
  };
  expect(await target.readInventory()).toEqual(empty);
  expect(await target.read('h1')).toBe(0);
  expect(await target.readInventory()).toEqual(empty);
});

test('holds what the plan says after apply, whatever the hosts are called, and takes a second plan', async () => {
  await fc.assert(
    fc.asyncProperty(buffers, buffers, async (first, second) => {
      const target = await newTarget();
      await apply(buildPlan([], first), target);
      const between = await target.readInventory();
      expect(nonZero(between.reserveBytes)).toEqual(nonZero(new Map(first)));
      const wanted: Bytes = [...new Map([...first.map(([host]) => [host, 0] as const), ...second])];
      await apply(buildPlan(first, wanted, {basis: basisOf(between)}), target);
      expect(nonZero((await target.readInventory()).reserveBytes)).toEqual(nonZero(new Map(second)));
      for (const [host, bytes] of second) expect(await target.read(host)).toBe(bytes);
    }),
    {numRuns: 15, seed: 7},
  );
});

test('counts its serial up by one a change and keeps its lineage', async () => {
  const target = await newTarget();
  const first = await target.set(change(5, {lineage: '', serial: 0}));
  expect(first).toEqual({lineage: ACTOR.newLineage, serial: 1});
  expect(await target.set(change(0, first))).toEqual({...first, serial: 2});
});

test('refuses a change made from another state than it is in', async () => {
  const target = await newTarget();
  await target.set(change(5, {lineage: '', serial: 0}));
  await expect(target.set(change(6, {lineage: '', serial: 0}))).rejects.toMatchObject({exitCode: 5});
  expect(await target.read('h1')).toBe(5);
});

test('the ledger is written as the golden file', async () => {
  const place = path.join(await temporaryFolder(), 'buffers.json');
  await apply(
    buildPlan(
      [],
      [
        ['h2', 1],
        ['__proto__', 2 ** 53 - 1],
        ['h1', 0],
        ['a"b\n', 3],
      ],
    ),
    openTarget(`file:${place}`, ACCESS),
  );
  await expect(await readFile(place, 'utf8')).toMatchFileSnapshot('fixtures/ledger.json');
});

test('a damaged ledger is refused with file and field, and never overwritten', async () => {
  const place = path.join(await temporaryFolder(), 'buffers.json');
  const golden = await readFile(new URL('fixtures/ledger.json', import.meta.url), 'utf8');
  const cases = [
    ['', 'is not JSON'],
    [golden.slice(0, 100), 'is not JSON'],
    [golden.replace('foreshadow.ledger', 'foreshadow.plan'), 'kind is "foreshadow.plan"'],
    [golden.replace('"version": 1', '"version": 2'), 'version is 2'],
    [golden.replace('"bytes": 3', '"bytes": -3'), 'buffers[1].bytes'],
    [golden.replace('"bytes": 3', '"bytes": 9007199254740993'), 'buffers[1].bytes'],
    [golden.replace('"h2"', '"__proto__"'), 'buffers[2].host: host is listed twice'],
    [golden.replace('"serial": 3', '"serial": "3"'), 'serial'],
  ];
  for (const [text = '', message = ''] of cases) {
    await writeFile(place, text);
    const target = openTarget(`file:${place}`, ACCESS);
    const expected = {exitCode: 3, message: containing(place)};
    await expect(target.readInventory()).rejects.toMatchObject(expected);
    await expect(target.readInventory()).rejects.toThrow(message);
    const refused = {
      setting: 'h',
      fromBytes: 0,
      toBytes: 1,
      expected: {lineage: 'l', serial: 3},
      planSha256: 'p',
      actor: ACTOR,
    };
    await expect(target.set(refused)).rejects.toMatchObject(expected);
    expect(await readFile(place, 'utf8')).toBe(text);
  }
});

test('an unknown kind of target is refused with the nearest, and a place is needed', () => {
  const usage = (message: string, hint: string) =>
    containingFields({exitCode: 2, message, hints: [containing(hint)]});
  expect(() => openTarget('fille:x', ACCESS)).toThrow(
    usage('unknown kind of target: "fille"', 'did you mean file:...?'),
  );
  expect(() => openTarget('constructor:x', ACCESS)).toThrow(
    usage('unknown kind of target: "constructor"', 'file'),
  );
  expect(() => openTarget('file:', ACCESS)).toThrow(
    usage('target "file:" does not say where', 'file:buffers.json'),
  );
});
