import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {z} from 'zod';

import {
  canonicalJson,
  InputError,
  parseWith,
  readArtifact,
  TargetError,
  writeArtifact,
  writeFileAtomically,
} from '../../src/lib/core/index.js';

const NOTE = {
  kind: 'test.note',
  version: 2,
  schema: z.object({
    kind: z.string(),
    version: z.number(),
    tool: z.string(),
    createdAt: z.string(),
    sizeBytes: z.number(),
  }),
};
const header = {kind: 'test.note', version: 2, tool: 'foreshadow/0', createdAt: '2026-01-01T00:00:00Z'};
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'artifact-'));
});
afterEach(async () => {
  await rm(folder, {recursive: true});
});

describe('artifacts', () => {
  it('come back as they were written', async () => {
    const file = path.join(folder, 'new', 'note.json');
    const note = {...header, sizeBytes: 7};
    await writeArtifact(file, note);
    expect(await readArtifact(file, NOTE)).toEqual(note);
    expect(await readFile(file, 'utf8')).toMatch(/\n$/);
  });

  it.each([
    ['kind', {...header, kind: 'test.other'}, 'kind is "test.other", not "test.note"'],
    ['version', {...header, version: 3}, 'version is 3, this program reads 2'],
    ['field', {...header, sizeBytes: 'big'}, 'sizeBytes: '],
    ['whole document', [], 'kind is undefined'],
  ])('of a wrong %s are refused by name', async (_, data, message) => {
    const file = path.join(folder, 'note.json');
    await writeFile(file, JSON.stringify(data));
    await expect(readArtifact(file, NOTE)).rejects.toThrow(message);
  });

  it('cut in the middle are refused as no JSON', async () => {
    const file = path.join(folder, 'note.json');
    await writeFile(file, '{"kind": "test.n');
    await expect(readArtifact(file, NOTE)).rejects.toThrow(`${file} is not JSON`);
  });

  it('never hold a number that JSON cannot', async () => {
    const note = {...header, sizeBytes: Number.NaN};
    await expect(writeArtifact(path.join(folder, 'note.json'), note)).rejects.toThrow('sizeBytes is NaN');
    expect(await readdir(folder)).toEqual([]);
  });

  it('leave the old file and nothing else when the new one cannot be written', async () => {
    const blocked = path.join(folder, 'file');
    await writeFile(blocked, 'old');
    await expect(writeFileAtomically(path.join(blocked, 'below'), 'new')).rejects.toThrow(TargetError);
    expect(await readdir(folder)).toEqual(['file']);
    expect(await readFile(blocked, 'utf8')).toBe('old');
  });
});

describe('data from outside', () => {
  it('are told every fault at once, with field and value', () => {
    const schema = z.object({hosts: z.array(z.object({capacityBytes: z.number().nonnegative()}))});
    const fault = catchError(() => parseWith(schema, {hosts: [{capacityBytes: -1}, {}]}, 'plan.json'));
    expect(fault).toBeInstanceOf(InputError);
    const found = fault instanceof InputError ? fault.diagnostics : [];
    expect(found.map(({at}) => at)).toEqual([
      'plan.json: hosts[0].capacityBytes',
      'plan.json: hosts[1].capacityBytes',
    ]);
    expect(found[0]?.message).toContain('got -1');
    expect(found[1]?.message).toContain('got nothing');
  });

  it('have one canonical form whatever the order of their keys', () => {
    expect(canonicalJson({b: [2, {d: 1, c: 2}], a: 1})).toBe(canonicalJson({a: 1, b: [2, {c: 2, d: 1}]}));
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
