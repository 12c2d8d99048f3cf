import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {effort} from '../support/effort.js';
import {countLines, textDamage, toolErrorOnly} from './damage.js';
import {readPieces} from './support.js';

const FOLDER = path.join(import.meta.dirname, '../../fixtures/traces');

interface Answer {
  readonly data: {
    readonly result: readonly {readonly metric: unknown; readonly values?: readonly unknown[]}[];
  };
}

/** Samples in an answer of Prometheus that can be read at all. */
function countSamples(content: Uint8Array): number {
  const {data} = JSON.parse(Buffer.from(content).toString()) as Answer;
  return data.result.reduce((sum, {values = []}) => sum + values.length, 0);
}

/** Values of an answer replaced, dropped, doubled, and moved, so that it stays a document. */
function answerDamage(content: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat(7);
  const change = fc.record({
    series: place,
    sample: place,
    value: fc.oneof(
      fc.constantFrom('NaN', '+Inf', '-1', '1e400', '0x1', '', '9007199254740993', '-0'),
      fc.string(),
      fc.double().map(String),
      fc.nat().map(String),
    ),
    at: fc.oneof(fc.double(), fc.nat(2_000_000_000), fc.constant(1_790_000_000)),
    kind: fc.constantFrom('value', 'time', 'drop', 'double', 'odd', 'label', 'unlabel'),
  });
  return fc.array(change, {minLength: 1, maxLength: 6}).map((changes) => {
    const answer = JSON.parse(Buffer.from(content).toString()) as {
      data: {result: {metric: Record<string, string>; values: unknown[]}[]};
    };
    const {result} = answer.data;
    for (const {series, sample, value, at, kind} of changes) {
      const {metric, values} = result[series % result.length]!;
      const index = sample % Math.max(1, values.length);
      if (kind === 'value') values[index] = [1_790_000_000 + 60 * sample, value];
      if (kind === 'time') values[index] = [at, '4096'];
      if (kind === 'drop') values.splice(index, 1);
      if (kind === 'double') result.push({metric: {...metric, instance: value}, values: [...values]});
      if (kind === 'odd') values[index] = [value, at, null][sample % 3];
      if (kind === 'label') metric[['namespace', 'volume', 'pool_id', 'cluster'][sample % 4]!] = value;
      if (kind === 'unlabel') metric.__name__ = value;
    }
    return Uint8Array.from(Buffer.from(JSON.stringify(answer)));
  });
}

const CASES = [
  {format: 'usage-csv', damage: textDamage, count: countLines, atLeast: 0.25},
  {format: 'tencent-cvd', damage: textDamage, count: countLines, atLeast: 0.5},
  {format: 'bitbrains', damage: textDamage, count: countLines, atLeast: 0.1},
  {format: 'openmetrics', damage: textDamage, count: countLines, atLeast: 0.5},
  {format: 'prometheus', damage: textDamage, count: countSamples, atLeast: 0.01},
  {format: 'prometheus', damage: answerDamage, count: countSamples, atLeast: 0.9},
];

it.each(CASES)(
  'every row of a damaged $format is accounted for ($damage.name), or an error of our own is thrown',
  async ({format, damage, count, atLeast}) => {
    const runs = effort(150, 10_000);
    const files = readdirSync(path.join(FOLDER, format)).filter((file) => !file.endsWith('.expected.json'));
    let readable = 0;
    for (const file of files) {
      const content = readFileSync(path.join(FOLDER, format, file));
      await fc.assert(
        fc.asyncProperty(damage(content), fc.nat(content.length), async (damaged, cut) => {
          const cuts = [Math.min(cut, damaged.length)];
          const {read, rejects} = await readPieces(damaged, cuts, {format}).catch(toolErrorOnly);
          if (read === undefined) return;
          readable += 1;
          const {rows, rejectedRows, blankRows} = read.input;
          expect(rejects).toHaveLength(rejectedRows);
          expect(rows + rejectedRows + blankRows + read.remarkLines).toBe(count(damaged));
        }),
        {seed: 13, numRuns: Math.ceil(runs / files.length)},
      );
    }
    expect(readable).toBeGreaterThanOrEqual(atLeast * runs);
  },
);

describe('a document', () => {
  it('that is too long to be read as a whole is refused, with what to do', async () => {
    const answer = readFileSync(path.join(FOLDER, 'prometheus/kubelet.json'));
    const long = Buffer.concat([answer, Buffer.alloc(65 * 1024 * 1024, ' ')]);
    await expect(readPieces(Uint8Array.from(long), [])).rejects.toMatchObject({
      exitCode: 3,
      code: 'too-large',
      hints: ['ask for a shorter range, or a longer step, in several files'],
    });
  });
});
