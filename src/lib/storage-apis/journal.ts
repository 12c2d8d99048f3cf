import {mkdir, open, readFile, truncate} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';

import {errorText, InputError, parseWith, TargetError} from '../core/index.js';
import {syncFolder} from './sync-folder.js';

const version = {lineage: z.string(), serial: z.number().int().nonnegative()};
const bytes = z.number().int().nonnegative().nullable();
const change = {setting: z.string(), fromBytes: bytes, toBytes: bytes};
const plannedChange = z.object({
  ...change,
  hosts: z.array(z.string()),
  action: z.enum(['allocate', 'deallocate']),
  reason: z.string(),
});

const recordSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('begin'),
    kind: z.literal('foreshadow.journal'),
    version: z.literal(2),
    tool: z.string(),
    at: z.string(),
    target: z.string(),
    planSha256: z.string(),
    /** `rollback` takes back what the records before it made. */
    direction: z.enum(['apply', 'rollback']),
    /** Everything that this run sets out to change. */
    changes: z.array(plannedChange),
    ...version,
  }),
  z.object({event: z.literal('before'), at: z.string(), ...change, ...version}),
  z.object({event: z.literal('after'), at: z.string(), ...change, ...version}),
  z.object({event: z.literal('done'), at: z.string(), ...version}),
]);

/**
 * One line of a journal. lineage and serial say where the target was: before the change in `begin` and `before`,
 * after it in `after` and `done`.
 */
export type JournalRecord = z.infer<typeof recordSchema>;

/** The account of one plan's application to one target. */
export interface Journal {
  readonly records: readonly JournalRecord[];
  /** Returns when the record is on the disk; records of changes made at once are written one after the other. Throws TargetError when the disk refuses. */
  append(record: JournalRecord): Promise<void>;
}

/** Where the journal of a plan lies. */
export function journalPath(folder: string, planSha256: string): string {
  return path.join(folder, `${planSha256}.jsonl`);
}

/**
 * The records of a journal; none when there is no such file. A last line without its end was cut by a crash and is
 * left out. Throws InputError that names file and line for anything else that cannot be read.
 */
export async function readJournal(filePath: string): Promise<readonly JournalRecord[]> {
  return parseJournal(await readOrEmpty(filePath), filePath);
}

/** The same, ready to be continued: a cut last line is removed from the file. */
export async function openJournal(filePath: string): Promise<Journal> {
  const text = await readOrEmpty(filePath);
  const records = [...parseJournal(text, filePath)];
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await truncate(filePath, Buffer.byteLength(whole));
  let last = Promise.resolve();
  return {
    records,
    append: async (record) => {
      const written = last.then(async () => {
        await appendLine(filePath, JSON.stringify(record));
        records.push(record);
      });
      last = written.catch(() => undefined);
      return written;
    },
  };
}

function parseJournal(text: string, filePath: string): readonly JournalRecord[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.slice(0, -1).map((line, index) => {
    const at = `${filePath}:${index + 1}`;
    return parseWith(recordSchema, parseLine(line, at), at);
  });
}

function parseLine(line: string, at: string): unknown {
  try {
    const data: unknown = JSON.parse(line);
    return data;
  } catch (error) {
    throw new InputError('damaged-journal', `${at}: not a journal record: ${errorText(error)}`, {
      cause: error,
      hints: ['look at what the target holds, then make a new plan'],
    });
  }
}

async function readOrEmpty(filePath: string): Promise<string> {
  try {
    return await readFile(filePath, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new InputError('cannot-read', `cannot read ${filePath}: ${errorText(error)}`, {cause: error});
  }
}

async function appendLine(filePath: string, line: string): Promise<void> {
  try {
    await mkdir(path.dirname(filePath), {recursive: true});
    const handle = await open(filePath, 'a');
    try {
      await handle.appendFile(`${line}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(path.dirname(filePath));
  } catch (error) {
    throw new TargetError('cannot-write', `cannot write ${filePath}: ${errorText(error)}`, {cause: error});
  }
}
