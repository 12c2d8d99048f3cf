import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {type JournalRecord, openJournal, readJournal} from '../../src/lib/storage-apis/index.js';
import {containing, temporaryFolder} from './builders.js';

const at = '2026-06-01T00:00:00Z';
const change = {setting: 'hëte', fromBytes: null, toBytes: 5};
const RECORDS: readonly JournalRecord[] = [
  {event: 'before', at, ...change, lineage: '', serial: 0},
  {event: 'after', at, ...change, lineage: 'l', serial: 1},
  {event: 'done', at, lineage: 'l', serial: 1},
];
const TEXT = RECORDS.map((record) => `${JSON.stringify(record)}\n`);

test('cut at any byte, the whole lines are read and the journal can be continued', async () => {
  const file = path.join(await temporaryFolder(), 'j.jsonl');
  const bytes = Buffer.from(TEXT.slice(0, 2).join(''));
  for (let length = 0; length <= bytes.length; length += 3) {
    const cut = bytes.subarray(0, length);
    const whole = cut.toString('utf8').split('\n').length - 1;
    await writeFile(file, cut);
    expect(await readJournal(file)).toEqual(RECORDS.slice(0, whole));
    expect((await readFile(file)).length).toBe(length);
    const journal = await openJournal(file);
    for (const record of RECORDS.slice(whole)) await journal.append(record);
    expect(await readFile(file, 'utf8')).toBe(TEXT.join(''));
    expect(journal.records).toEqual(RECORDS);
  }
});

test('a damaged line that is not the cut end is refused with file, line and field, and left as it is', async () => {
  const file = path.join(await temporaryFolder(), 'j.jsonl');
  const cases = [
    [`{"event":"bef\n${TEXT[1]}`, `${file}:1: not a journal record`],
    [`${TEXT[0]}{"event":"after"}\n`, `${file}:2: at`],
    [`${TEXT[0]}${TEXT[1]?.replace('"toBytes":5', '"toBytes":-5')}`, `${file}:2: toBytes`],
  ];
  for (const [text = '', message] of cases) {
    await writeFile(file, text);
    await expect(openJournal(file)).rejects.toMatchObject({
      exitCode: 3,
      message: containing(message ?? ''),
    });
    expect(await readFile(file, 'utf8')).toBe(text);
  }
});

test('a journal that is not there is empty, and made by the first record', async () => {
  const file = path.join(await temporaryFolder(), 'deep', 'j.jsonl');
  expect(await readJournal(file)).toEqual([]);
  await (await openJournal(file)).append(RECORDS[0]!);
  expect(await readJournal(file)).toEqual(RECORDS.slice(0, 1));
});
