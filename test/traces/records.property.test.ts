import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {TRACE_FORMATS} from '../../src/lib/traces/index.js';
import {effort} from '../support/effort.js';
import {byteDamage, toolErrorOnly} from './damage.js';
import {BEGIN_US, readPieces} from './support.js';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/traces');

/** How many records there are in a file of each binary format, told without the program's help. */
const RECORDS: Readonly<Record<string, (content: Uint8Array, file: string) => number>> = {
  vscsi: (content, file) => Math.ceil(content.length / (file.startsWith('version-2') ? 40 : 32)),
  blktrace: (content, file) =>
    countStretches(content, file.startsWith('big') ? [0x65, 0x61, 0x74, 7] : [7, 0x74, 0x61, 0x65]),
};
const BINARY = Object.entries(TRACE_FORMATS)
  .filter(([, {framing}]) => framing === 'records')
  .map(([name]) => name);

describe.each(BINARY)('binary format %s', (format) => {
  const files = readdirSync(path.join(FOLDER, format)).filter((file) => !file.endsWith('.json'));
  const options = {format, startUs: BEGIN_US};

  it('accounts for every record of damaged input, and fails with an error of its own if it fails', async () => {
    let readable = 0;
    for (const file of files) {
      const content = readFileSync(path.join(FOLDER, format, file));
      await fc.assert(
        fc.asyncProperty(byteDamage(content), fc.nat(content.length), async (damaged, cut) => {
          const cuts = [Math.min(cut, damaged.length)];
          const {read, rejects} = await readPieces(damaged, cuts, options).catch(toolErrorOnly);
          if (read === undefined) return;
          readable += 1;
          const {rows, rejectedRows, blankRows} = read.input;
          expect(rejects).toHaveLength(rejectedRows);
          expect(rows + rejectedRows + blankRows + read.remarkLines).toBe(read.lines);
          expect(read.lines).toBe(RECORDS[format]!(damaged, file));
        }),
        {seed: 11, numRuns: Math.ceil(effort(150, 10_000) / files.length)},
      );
    }
    expect(readable).toBeGreaterThan(effort(50, 3000));
  });
});

/** Marks, each of which begins a record, and stretches of bytes that no record covers. */
function countStretches(content: Uint8Array, mark: readonly number[]): number {
  const starts = Array.from(content.keys()).filter((at) =>
    mark.every((byte, index) => content[at + index] === byte),
  );
  const lengthAt = (at: number): number => {
    const [high = 0, low = 0] = mark[0] === 7 ? [content[at + 47], content[at + 46]] : content.slice(at + 46);
    return 48 + 256 * high + low;
  };
  const gaps = starts.filter((at, index) => {
    const next = starts[index + 1] ?? content.length;
    const end = at + 48 <= content.length ? at + lengthAt(at) : content.length;
    return end < next;
  });
  return starts.length + gaps.length + (content.length > 0 && starts[0] !== 0 ? 1 : 0);
}
