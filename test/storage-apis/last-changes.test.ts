import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';

import {readLastChanges} from '../../src/lib/storage-apis/index.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'last-changes-'));
});

afterAll(async () => {
  await rm(folder, {recursive: true});
});

function after(host: string, at: string): string {
  const change = {setting: `pool of ${host}`, fromBytes: 0, toBytes: 1};
  const version = {lineage: 'l', serial: 1};
  const planned = {...change, hosts: [host], action: 'allocate', reason: ''};
  const begin = {
    ...{event: 'begin', kind: 'foreshadow.journal', version: 2, tool: 't', at, target: 'x', planSha256: 'p'},
    ...{direction: 'apply', changes: [planned], ...version},
  };
  const record = {event: 'after', at, ...change, ...version};
  return `${JSON.stringify(begin)}\n${JSON.stringify(record)}\n${JSON.stringify({...record, event: 'before', at: '2027-01-01T00:00:00Z'})}\n`;
}

it('finds the last change of each host over the journals of all plans; changes only intended do not count', async () => {
  const journals = path.join(folder, 'buffers.json.journals');
  expect(await readLastChanges(journals)).toEqual(new Map());
  await mkdir(journals);
  await writeFile(
    path.join(journals, 'a.jsonl'),
    after('h1', '2026-11-20T00:00:00Z') + after('h2', '2026-11-20T00:00:01Z'),
  );
  await writeFile(path.join(journals, 'b.jsonl'), after('h1', '2026-11-19T00:00:00Z'));
  const us = (time: string): number => Date.parse(time) * 1000;
  expect(await readLastChanges(journals)).toEqual(
    new Map([
      ['h1', us('2026-11-20T00:00:00Z')],
      ['h2', us('2026-11-20T00:00:01Z')],
    ]),
  );
});

it('names the file and the line of a damaged journal', async () => {
  const journals = path.join(folder, 'damaged');
  await mkdir(journals);
  await writeFile(path.join(journals, 'c.jsonl'), 'no record\n');
  await expect(readLastChanges(journals)).rejects.toMatchObject({code: 'damaged-journal', exitCode: 3});
});
