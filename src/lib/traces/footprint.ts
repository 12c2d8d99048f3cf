import {InputError} from '../core/index.js';
import {decodePages, PAGE_WORDS, PageEncoder} from './footprint-codec.js';

/** Which 4 KiB blocks of a volume were ever written and not trimmed since. */
export interface FootprintBitmap {
  /** Bytes of the blocks marked. */
  readonly footprintBytes: number;
  /** Marks the blocks that a write touches; returns the bytes of blocks that were not marked before. */
  mark(offsetBytes: number, lengthBytes: number): number;
  /** Clears the blocks that a trim covers wholly; returns the bytes of blocks that were marked before. */
  clear(offsetBytes: number, lengthBytes: number): number;
  /** A compact, versioned, checksummed form that `decodeFootprint` reads back. */
  encode(): Uint8Array;
}

/** Size of a block, the unit in which a footprint is counted. */
export const BLOCK_BYTES = 4096;
/**
 * One page of bits covers 8 MiB of the volume. Smaller pages waste less memory, and so fewer page faults, on scattered
 * writes; larger ones need a shorter table.
 */
const PAGE_BYTES = BLOCK_BYTES * PAGE_WORDS * 32;
/** Pages beyond this (64 TiB) are found through a Map: a wild offset must not make the flat table huge. */
const FLAT_PAGES = 8_388_608;
const NO_WORDS = new Int32Array(0);

/** An empty footprint. Offsets and lengths must be whole numbers with a sum up to 2^53 - 1. */
export function createFootprint(): FootprintBitmap {
  return new PagedBitmap();
}

/** What `encode` wrote; `source` is how the InputError calls it when it is damaged or of another version. */
export function decodeFootprint(encoded: Uint8Array, source = 'footprint'): FootprintBitmap {
  const bitmap = new PagedBitmap();
  const fault = decodePages(encoded, (index, words) => {
    bitmap.addPage(index, words);
  });
  if (fault === undefined) return bitmap;
  throw new InputError('bad-footprint', `${source}: ${fault}`, {
    hints: ['ingest the traces of this volume again into a new store'],
  });
}

/**
 * One bit a block; pages are made on first write and numbered from 1 in that order. Page n lies in slab
 * floor(log2 n), which holds 2^slab pages: slabs double without ever being copied, and what a slab has not used
 * yet costs no memory, because the system hands out zero pages lazily.
 */
class PagedBitmap implements FootprintBitmap {
  private blocks = 0;
  private pages = 0;
  /** Page number by position in the volume, 0 where there is none. */
  private table = new Int32Array(16);
  private readonly farTable = new Map<number, number>();
  private readonly slabs: Int32Array[] = [];

  get footprintBytes(): number {
    return this.blocks * BLOCK_BYTES;
  }

  mark(offsetBytes: number, lengthBytes: number): number {
    if (lengthBytes <= 0) return 0;
    const end = offsetBytes + lengthBytes - 1;
    const firstPage = (offsetBytes / PAGE_BYTES) | 0;
    const lastPage = (end / PAGE_BYTES) | 0;
    const first = (offsetBytes - firstPage * PAGE_BYTES) >>> 12;
    const last = (end - lastPage * PAGE_BYTES) >>> 12;
    let added: number;
    if (firstPage === lastPage) added = this.markInPage(firstPage, first, last);
    else {
      added = this.markInPage(firstPage, first, PAGE_WORDS * 32 - 1);
      for (let page = firstPage + 1; page < lastPage; page += 1) {
        added += this.markInPage(page, 0, PAGE_WORDS * 32 - 1);
      }
      added += this.markInPage(lastPage, 0, last);
    }
    this.blocks += added;
    return added * BLOCK_BYTES;
  }

  clear(offsetBytes: number, lengthBytes: number): number {
    const firstBlock = Math.ceil(offsetBytes / BLOCK_BYTES);
    const lastBlock = Math.floor((offsetBytes + lengthBytes) / BLOCK_BYTES) - 1;
    if (lastBlock < firstBlock) return 0;
    const blocksPerPage = PAGE_WORDS * 32;
    const firstPage = Math.floor(firstBlock / blocksPerPage);
    const lastPage = Math.floor(lastBlock / blocksPerPage);
    let removed = 0;
    for (const page of this.pagesBetween(firstPage, lastPage)) {
      const first = page === firstPage ? firstBlock - page * blocksPerPage : 0;
      const last = page === lastPage ? lastBlock - page * blocksPerPage : blocksPerPage - 1;
      removed += this.clearInPage(page, first, last);
    }
    this.blocks -= removed;
    return removed * BLOCK_BYTES;
  }

  encode(): Uint8Array {
    const encoder = new PageEncoder(this.pages);
    for (const page of this.pagesBetween(0, Number.MAX_SAFE_INTEGER)) {
      encoder.add(page, this.slabOf(page), this.startOf(page));
    }
    return encoder.finish();
  }

  /** Takes over a page of an encoded footprint. */
  addPage(index: number, words: Int32Array): void {
    this.makePage(index);
    this.slabOf(index).set(words, this.startOf(index));
    for (const word of words) this.blocks += popcount(word);
  }

  private markInPage(page: number, first: number, last: number): number {
    if (this.numberOf(page) === 0) this.makePage(page);
    const words = this.slabOf(page);
    const start = this.startOf(page);
    const lastWord = start + (last >>> 5);
    let word = start + (first >>> 5);
    let mask = -1 << (first & 31);
    let added = 0;
    for (; word < lastWord; word += 1) {
      const missing = mask & ~(words[word] ?? 0);
      if (missing !== 0) {
        words[word] = (words[word] ?? 0) | mask;
        added += missing === -1 ? 32 : popcount(missing);
      }
      mask = -1;
    }
    mask &= -1 >>> (31 - (last & 31));
    const old = words[word] ?? 0;
    words[word] = old | mask;
    return added + popcount(mask & ~old);
  }

  private clearInPage(page: number, first: number, last: number): number {
    const words = this.slabOf(page);
    const start = this.startOf(page);
    const firstWord = first >>> 5;
    const lastWord = last >>> 5;
    let removed = 0;
    for (let word = firstWord; word <= lastWord; word += 1) {
      let mask = -1;
      if (word === firstWord) mask &= -1 << (first & 31);
      if (word === lastWord) mask &= -1 >>> (31 - (last & 31));
      const old = words[start + word] ?? 0;
      words[start + word] = old & ~mask;
      removed += popcount(old & mask);
    }
    return removed;
  }

  private numberOf(page: number): number {
    return page < FLAT_PAGES ? (this.table[page] ?? 0) : (this.farTable.get(page) ?? 0);
  }

  private slabOf(page: number): Int32Array {
    return this.slabs[31 - Math.clz32(this.numberOf(page))] ?? NO_WORDS;
  }

  /** Where a page's words begin in its slab: its number without the leading bit. */
  private startOf(page: number): number {
    const number = this.numberOf(page);
    return (number ^ (1 << (31 - Math.clz32(number)))) * PAGE_WORDS;
  }

  private makePage(page: number): void {
    this.pages += 1;
    const slab = 31 - Math.clz32(this.pages);
    const words = (this.slabs[slab] ??= new Int32Array(PAGE_WORDS << slab));
    // Memory that is read before it is written costs two page faults instead of one.
    words[(this.pages ^ (1 << slab)) * PAGE_WORDS] = 0;
    if (page >= FLAT_PAGES) {
      this.farTable.set(page, this.pages);
      return;
    }
    if (page >= this.table.length) {
      const longer = new Int32Array(Math.min(FLAT_PAGES, Math.max(page + 1, this.table.length * 2)));
      longer.set(this.table);
      this.table = longer;
    }
    this.table[page] = this.pages;
  }

  /** The pages that exist from `first` to `last`, ascending. */
  private *pagesBetween(first: number, last: number): Generator<number> {
    for (let page = first; page <= last && page < this.table.length; page += 1) {
      if (this.table[page] !== 0) yield page;
    }
    const far = [...this.farTable.keys()].filter((page) => page >= first && page <= last);
    yield* far.sort((left, right) => left - right);
  }
}

/** Number of bits set in 32 (Warren, Hacker's Delight, 5-1). */
function popcount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  bits = (bits + (bits >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(bits, 0x0101_0101) >>> 24;
}
