import fc from 'fast-check';

import {ToolError} from '../../src/lib/core/index.js';

/** Bytes changed, runs removed, doubled and replaced by the bytes that matter to parsers. */
export function textDamage(content: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(content.length),
    remove: fc.nat(6),
    insert: fc.oneof(
      fc.uint8Array({maxLength: 6}),
      fc
        .constantFrom('"', '\n', '\r\n', ',', '-', '\0', '99999999999999999999', ',,', '\n\n', ' ')
        .map((text) => new TextEncoder().encode(text)),
      fc
        .tuple(fc.nat(content.length), fc.nat(80))
        .map(([from, length]) => content.slice(from, from + length)),
    ),
  });
  return fc.array(change, {minLength: 1, maxLength: 8}).map((changes) => {
    let bytes: Uint8Array = content;
    for (const {at, remove, insert} of changes) {
      bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
    }
    return new Uint8Array(bytes);
  });
}

/** Bytes changed, runs of them removed, doubled, and cut off at the end. */
export function byteDamage(content: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(content.length),
    remove: fc.oneof(fc.nat(4), fc.nat(100)),
    insert: fc.oneof(
      fc.uint8Array({maxLength: 4}),
      fc
        .tuple(fc.nat(content.length), fc.nat(200))
        .map(([from, length]) => content.slice(from, from + length)),
    ),
  });
  const swap = fc.record({at: fc.nat(content.length - 1), byte: fc.nat(255)});
  return fc
    .tuple(fc.array(swap, {maxLength: 6}), fc.array(change, {maxLength: 3}), fc.nat(content.length * 4))
    .map(([swaps, changes, length]) => {
      const bytes = Uint8Array.from(content);
      for (const {at, byte} of swaps) bytes[at] = byte;
      let damaged: Uint8Array = bytes;
      for (const {at, remove, insert} of changes) {
        damaged = Buffer.concat([damaged.subarray(0, at), insert, damaged.subarray(at + remove)]);
      }
      return Uint8Array.from(damaged.subarray(0, length));
    });
}

/** Nothing was read, by an error of our own; all others are thrown on. */
export function toolErrorOnly(error: unknown): {readonly read?: undefined; readonly rejects?: undefined} {
  if (error instanceof ToolError) return {};
  throw error;
}

/** Lines as a text editor counts them. */
export function countLines(content: Uint8Array): number {
  const newlines = content.filter((byte) => byte === 10).length;
  return content.length > 0 && content.at(-1) !== 10 ? newlines + 1 : newlines;
}
