import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {BLOCK_BYTES, createFootprint, decodeFootprint} from '../../src/lib/traces/index.js';

interface Change {
  readonly op: 'mark' | 'clear';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const MIB = 1024 * 1024;
/** Near page borders, near the end of the flat table, and near the largest offset. */
const bases = [0, 128 * MIB, 256 * MIB - 8192, 2 ** 48 - 65_536, 2 ** 53 - 2 * MIB];
const change = fc.record({
  op: fc.constantFrom<Change['op']>('mark', 'mark', 'clear'),
  offsetBytes: fc
    .tuple(fc.constantFrom(...bases), fc.integer({min: 0, max: 300_000}))
    .map(([base, more]) => base + more),
  lengthBytes: fc.oneof(fc.integer({min: 0, max: 20_000}), fc.integer({min: 0, max: 600_000})),
});

/** The same rule over a set of block numbers. */
function applyToSet(blocks: Set<number>, {op, offsetBytes, lengthBytes}: Change): number {
  const before = blocks.size;
  if (op === 'mark' && lengthBytes > 0) {
    const last = Math.floor((offsetBytes + lengthBytes - 1) / BLOCK_BYTES);
    for (let block = Math.floor(offsetBytes / BLOCK_BYTES); block <= last; block += 1) blocks.add(block);
  }
  if (op === 'clear') {
    const end = Math.floor((offsetBytes + lengthBytes) / BLOCK_BYTES);
    for (let block = Math.ceil(offsetBytes / BLOCK_BYTES); block < end; block += 1) blocks.delete(block);
  }
  return Math.abs(blocks.size - before) * BLOCK_BYTES;
}

describe('footprint', () => {
  it('agrees with a set of block numbers after every write and trim, and after being saved at any point', () => {
    fc.assert(
      fc.property(fc.array(change, {maxLength: 40}), fc.nat(40), (changes, savedAfter) => {
        let bitmap = createFootprint();
        const blocks = new Set<number>();
        changes.forEach((one, index) => {
          if (index === savedAfter) bitmap = decodeFootprint(bitmap.encode());
          expect(bitmap[one.op](one.offsetBytes, one.lengthBytes)).toBe(applyToSet(blocks, one));
          expect(bitmap.footprintBytes).toBe(blocks.size * BLOCK_BYTES);
        });
      }),
      {seed: 1, numRuns: 300},
    );
  });

  it('counts a block that a write only touches, and keeps a block that a trim only touches', () => {
    const bitmap = createFootprint();
    expect(bitmap.mark(4095, 2)).toBe(8192);
    expect(bitmap.clear(1, 8190)).toBe(0);
    expect(bitmap.clear(1, 8191)).toBe(4096);
    expect(bitmap.footprintBytes).toBe(4096);
  });

  it('marks many pages at once and frees them with one trim', () => {
    const bitmap = createFootprint();
    expect(bitmap.mark(4096, 1024 * MIB)).toBe(1024 * MIB);
    expect(bitmap.clear(0, 2 ** 53 - 1)).toBe(1024 * MIB);
    expect(bitmap.footprintBytes).toBe(0);
  });

  it('gives equal bytes for equal footprints, whatever the order of writes', () => {
    const forward = createFootprint();
    const backward = createFootprint();
    const offsets = [0, 5 * MIB, 300 * MIB, 2 ** 52];
    for (const offset of offsets) forward.mark(offset, 10_000);
    for (const offset of offsets.reverse()) backward.mark(offset, 10_000);
    backward.mark(900 * MIB, 4096);
    backward.clear(900 * MIB, 4096);
    expect(backward.encode()).toEqual(forward.encode());
  });

  it('keeps an encoded footprint small where blocks are dense or few', () => {
    const bitmap = createFootprint();
    bitmap.mark(0, 1024 * MIB);
    bitmap.mark(4096 * MIB, 4096);
    expect(bitmap.encode().length).toBeLessThan(3000);
  });

  it('refuses a damaged, cut or foreign encoding, naming the source', () => {
    const bitmap = createFootprint();
    bitmap.mark(0, 123_456);
    const encoded = bitmap.encode();
    for (let at = 0; at < encoded.length; at += 7) {
      const damaged = encoded.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      expect(() => decodeFootprint(damaged, 'vol-1')).toThrow(/^vol-1: /);
    }
    expect(() => decodeFootprint(encoded.subarray(0, 20))).toThrow('damaged');
    expect(() => decodeFootprint(new Uint8Array(0))).toThrow('not an encoded footprint');
  });
});
