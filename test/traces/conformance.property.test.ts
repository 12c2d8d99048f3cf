import {readdirSync, readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {gzipSync} from 'node:zlib';

import {describe, expect, it} from 'vitest';
import {z} from 'zod';

import {parseInstantUs} from '../../src/lib/core/index.js';
import {type InputOptions, TIME_UNITS, type TraceFormat, TRACE_FORMATS} from '../../src/lib/traces/index.js';
import {effort} from '../support/effort.js';
import {countLines, toolErrorOnly} from './damage.js';
import {createMemorySink, ingest, type Minute, minutesOf, readPieces, temporaryFolder} from './support.js';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/traces');
/** Larger ones are left out where every byte of a file makes a case. */
const SMALL_BYTES = 700;

const expectedSchema = z.object({
  options: z
    .object({
      start: z.string().optional(),
      volume: z.string().optional(),
      timeZone: z.string().optional(),
      readings: z
        .object({
          timeUnit: z.enum(TIME_UNITS),
          offsetUnit: z.enum(['bytes', 'sectors']),
          action: z.enum(['Q', 'D', 'C']),
        })
        .partial()
        .optional(),
    })
    .default({}),
  format: z.string(),
  lines: z.number(),
  rows: z.number(),
  blankRows: z.number(),
  remarkLines: z.number(),
  lateRows: z.number(),
  firstUs: z.number(),
  lastUs: z.number(),
  remarks: z.array(z.string()),
  rejects: z.array(z.tuple([z.number(), z.string()])),
  minuteColumns: z.array(z.string()),
  minutes: z.array(z.array(z.union([z.string(), z.number()]))),
});

interface Case {
  readonly name: string;
  readonly file: string;
  readonly content: Uint8Array;
  readonly expected: z.infer<typeof expectedSchema>;
  readonly options: Partial<InputOptions>;
}

const VOLUME_FROM_ROW = new Set(['row', 'row-or-told']);
const formatOf = (name: string): TraceFormat => TRACE_FORMATS[name as keyof typeof TRACE_FORMATS];

function casesOf(format: string): readonly Case[] {
  const folder = path.join(FOLDER, format);
  const files = readdirSync(folder).filter((file) => !file.endsWith('.expected.json'));
  return files.map((file) => {
    const name = path.parse(file).name;
    const expected = expectedSchema.parse(
      JSON.parse(readFileSync(path.join(folder, `${name}.expected.json`), 'utf8')),
    );
    const {start, ...options} = expected.options;
    return {
      name,
      file: path.join(folder, file),
      content: readFileSync(path.join(folder, file)),
      expected,
      options: {
        format,
        // What the file's name gives when it is read as a file.
        ...(VOLUME_FROM_ROW.has(formatOf(format).volumeFrom) ? {} : {volume: name}),
        ...(start === undefined ? {} : {startUs: parseInstantUs(start)!}),
        ...(options as Partial<InputOptions>),
      },
    };
  });
}

/** A row as in the golden file, without the columns at the end that are not known. */
function columnsOf(minute: Minute): readonly unknown[] {
  return Object.values(minute).filter((value) => value !== undefined);
}

describe.each(Object.keys(TRACE_FORMATS))('format %s', (format) => {
  const cases = casesOf(format);
  const isText = formatOf(format).framing === 'lines';

  it('has fixtures, one of them without a bad row', () => {
    expect(cases.some(({expected}) => expected.rejects.length === 0 && expected.rows > 1)).toBe(true);
  });

  it.each(cases)(
    'reads $name as its golden file says, also by sniffing',
    async ({file, expected, options}) => {
      const given = Object.entries(options).filter(([name]) => name !== 'format' && name !== 'volume');
      const {volume} = expected.options;
      const store = createMemorySink();
      const result = await ingest('', {
        paths: [file],
        store,
        maxBadRows: expected.rejects.length,
        options: {...Object.fromEntries(given), ...(volume === undefined ? {} : {volume})},
      });
      expect(result.inputs[0]).toMatchObject({
        format,
        lines: expected.lines,
        rows: expected.rows,
        rejectedRows: expected.rejects.length,
        blankRows: expected.blankRows,
        remarkLines: expected.remarkLines,
        lateRows: expected.lateRows,
        firstUs: expected.firstUs,
        lastUs: expected.lastUs,
        remarks: expected.remarks,
      });
      expect(result.rejects.map(({line, reason}) => [line, reason])).toEqual(expected.rejects);
      expect(minutesOf(store.batches[0]!.rows).map(columnsOf)).toEqual(expected.minutes);
    },
  );

  it.each(cases)('adds nothing when $name is read again, as it is, gzipped or renamed', async (one) => {
    const folder = await temporaryFolder();
    const copy = path.join(folder, 'copy.log');
    const packed = path.join(folder, 'copy.log.gz');
    await writeFile(copy, one.content);
    await writeFile(packed, gzipSync(one.content));
    const store = createMemorySink();
    const request = {store, maxBadRows: 100, options: one.options};
    await ingest('', {...request, paths: [one.file]});
    const again = await ingest('', {...request, paths: [one.file, packed, copy]});
    expect(again).toMatchObject({
      inputs: [],
      skipped: [{batchId: 'batch-1'}, {batchId: 'batch-1'}, {batchId: 'batch-1'}],
    });
    expect(store.batches).toHaveLength(1);
  });

  it.runIf(isText).each(cases)(
    'reads $name the same with CR LF and without the last newline',
    async (one) => {
      const text = Buffer.from(one.content).toString('latin1');
      const whole = await readPieces(one.content, [], one.options);
      if (one.name !== 'odd-names' && one.name !== 'named-exports') {
        const crLf = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
        expect((await readPieces(crLf, [], one.options)).minutes).toEqual(whole.minutes);
      }
      const cut = Buffer.from(text.replace(/\n$/, ''), 'latin1');
      expect(await withoutFile(readPieces(cut, [], one.options))).toEqual(
        await withoutFile(Promise.resolve(whole)),
      );
      const marked = Buffer.concat([Buffer.from('\uFEFF'), one.content]);
      expect((await readPieces(marked, [], one.options)).minutes).toEqual(whole.minutes);
    },
  );

  it.each(cases)('reads $name the same wherever it is cut into pieces', async ({content, options}) => {
    const whole = await withoutFile(readPieces(content, [], options));
    const step = Math.ceil(content.length / effort(8, 100));
    for (let cut = 1; cut < content.length; cut += step) {
      expect(await withoutFile(readPieces(content, [cut], options))).toEqual(whole);
    }
    if (content.length > 3000) return;
    const everywhere = Array.from({length: content.length - 1}, (_, index) => index + 1);
    expect(await withoutFile(readPieces(content, everywhere, options))).toEqual(whole);
  });

  it.each(cases)('puts a prefix before every volume of $name, whatever names it', async (one) => {
    const {minutes} = await readPieces(one.content, [], one.options);
    const prefixed = await readPieces(one.content, [], {...one.options, volumePrefix: 'host-a/'});
    expect(prefixed.minutes).toEqual(
      minutes.map((minute) => ({...minute, volume: `host-a/${minute.volume}`})),
    );
  });

  it.runIf(isText)(
    'never lets a row swallow the next line, wherever a newline is lost or put in',
    async () => {
      for (const {content, options} of cases.filter((one) => one.content.length < SMALL_BYTES)) {
        for (let at = 0; at < content.length; at += 1) {
          const isNewline = content[at] === 10;
          if (!isNewline && at % effort(17, 1) !== 0) continue;
          const [before, after] = [content.subarray(0, at), content.subarray(isNewline ? at + 1 : at)];
          const damaged = new Uint8Array(Buffer.concat([before, Buffer.from(isNewline ? '' : '\n'), after]));
          const {read} = await readPieces(damaged, [], options).catch(toolErrorOnly);
          const counted =
            read && read.input.rows + read.input.rejectedRows + read.input.blankRows + read.remarkLines;
          expect(counted ?? countLines(damaged)).toBe(countLines(damaged));
        }
      }
    },
  );
});

/** All but what tells one file from another with the same rows. */
async function withoutFile(result: ReturnType<typeof readPieces>): Promise<unknown> {
  const whole = await result;
  const ofFile = new Set(['sha256', 'identitySha256', 'rawKeySha256', 'sizeBytes', 'mark']);
  const input = Object.entries(whole.read.input).filter(([field]) => !ofFile.has(field));
  return {...whole, read: {...whole.read, input}};
}
