import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {openTarget} from '../../src/lib/storage-apis/index.js';
import {ACTOR, apply, buildPlan, containing, containingFields, temporaryFolder} from './builders.js';

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
    openTarget(`file:${place}`),
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
    const target = openTarget(`file:${place}`);
    const expected = {exitCode: 3, message: containing(place)};
    await expect(target.readInventory()).rejects.toMatchObject(expected);
    await expect(target.readInventory()).rejects.toThrow(message);
    const change = {
      host: 'h',
      toBytes: 1,
      expected: {lineage: 'l', serial: 3},
      planSha256: 'p',
      actor: ACTOR,
    };
    await expect(target.setReserve(change)).rejects.toMatchObject(expected);
    expect(await readFile(place, 'utf8')).toBe(text);
  }
});

test('an unknown kind of target is refused with the nearest, and a place is needed', () => {
  const usage = (message: string, hint: string) =>
    containingFields({exitCode: 2, message, hints: [containing(hint)]});
  expect(() => openTarget('fille:x')).toThrow(
    usage('unknown kind of target: "fille"', 'did you mean file:PATH?'),
  );
  expect(() => openTarget('constructor:x')).toThrow(usage('unknown kind of target: "constructor"', 'file'));
  expect(() => openTarget('file:')).toThrow(usage('target "file:" does not say where', 'file:buffers.json'));
});
