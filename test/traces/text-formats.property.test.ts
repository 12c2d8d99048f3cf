import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {z} from 'zod';

import {type InputOptions, TIME_UNITS, TRACE_FORMATS, type TraceFormat} from '../../src/lib/traces/index.js';
import {effort} from '../support/effort.js';
import {countLines, textDamage, toolErrorOnly} from './damage.js';
import {BEGIN_US, readPieces} from './support.js';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/traces');
/** Small files make many cases; what matters to a parser stands in a few lines. */
const SMALL_BYTES = 1500;
const TEXT = Object.entries(TRACE_FORMATS)
  .filter(([, {framing}]) => framing === 'lines')
  .map(([name]) => name);

const optionsSchema = z.object({
  options: z
    .object({
      readings: z
        .object({timeUnit: z.enum(TIME_UNITS).optional(), offsetUnit: z.string().optional()})
        .optional(),
    })
    .optional(),
});

interface Case {
  readonly content: Uint8Array;
  readonly options: Partial<InputOptions>;
}

/** The small fixtures of a format, with what has to be told of them. */
function casesOf(format: string): readonly Case[] {
  const {time, heeds = []}: TraceFormat = TRACE_FORMATS[format as keyof typeof TRACE_FORMATS];
  const folder = path.join(FOLDER, format);
  const files = readdirSync(folder).filter((file) => !file.endsWith('.json'));
  return files.flatMap((file) => {
    const content = readFileSync(path.join(folder, file));
    if (content.length >= SMALL_BYTES) return [];
    const golden = readFileSync(path.join(folder, `${path.parse(file).name}.expected.json`), 'utf8');
    const {timeUnit} = optionsSchema.parse(JSON.parse(golden)).options?.readings ?? {};
    const readings = {
      ...(heeds.includes('offsetUnit') ? {offsetUnit: 'sectors' as const} : {}),
      ...(timeUnit === undefined ? {} : {timeUnit}),
    };
    return [{content, options: {format, ...(time === 'relative' ? {startUs: BEGIN_US} : {}), readings}}];
  });
}

describe.each(TEXT)('text format %s', (format) => {
  const cases = casesOf(format);

  it('accounts for every line of damaged input, and fails with an error of its own if it fails', async () => {
    let readable = 0;
    for (const {content, options} of cases) {
      await fc.assert(
        fc.asyncProperty(textDamage(content), fc.nat(content.length), async (damaged, cut) => {
          const cuts = [Math.min(cut, damaged.length)];
          const {read, rejects} = await readPieces(damaged, cuts, options).catch(toolErrorOnly);
          if (read === undefined) return;
          readable += 1;
          const {rows, rejectedRows, blankRows} = read.input;
          expect(rejects).toHaveLength(rejectedRows);
          expect(rows + rejectedRows + blankRows + read.remarkLines).toBe(countLines(damaged));
        }),
        {seed: 7, numRuns: Math.ceil(effort(60, 10_000) / cases.length)},
      );
    }
    expect(readable).toBeGreaterThan(effort(6, 1000));
  });
});
