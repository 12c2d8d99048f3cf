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
const PAGE_BLOCKS = PAGE_WORDS * 32;
const PAGE_BYTES = BLOCK_BYTES * PAGE_BLOCKS;
/** Pages beyond this (64 TiB) are found through a Map: a wild offset must not make the flat table huge. */
const FLAT_PAGES = 8_388_608;
const NO_WORDS = new Int32Array(0);

/** An empty footprint. Offsets and lengths must be whole numbers with a sum up to 2^53 - 1. */
export function createFootprint(pool = new PagePool()): FootprintBitmap {
  return new PagedBitmap(pool);
}

/** What `encode` wrote; `source` is how the InputError calls it when it is damaged or of another version. */
export function decodeFootprint(encoded: Uint8Array, source = 'footprint'): FootprintBitmap {
  const bitmap = new PagedBitmap(new PagePool());
  const fault = decodePages(encoded, (index, words) => {
    bitmap.addPage(index, words, 0);
  });
  if (fault === undefined) return bitmap;
  throw new InputError('bad-footprint', `${source}: ${fault}`, {
    hints: ['ingest the traces of this volume again into a new store'],
  });
}

/** The same footprint in another pool; the one that is given must not be used any more. */
export function moveFootprint(footprint: FootprintBitmap, pool: PagePool): FootprintBitmap {
  return footprint instanceof PagedBitmap ? footprint.copyInto(pool) : footprint;
}

/**
 * Where footprints keep their pages. Volumes that are written in turn share one: then what leads to their pages stays
 * in the processor's cache, which makes scattered writes twice as fast. Pages are numbered from 1 in the order in which
 * they are made. Page n lies in slab floor(log2 n), which holds 2^slab pages: slabs double without ever being copied,
 * and what a slab has not used yet costs no memory, because the system hands out zero pages lazily.
 */
export class PagePool {
  readonly slabs: Int32Array[] = [];
  private pages = 0;

  /** The number of a new page. */
  add(): number {
    this.pages += 1;
    const slab = slabOf(this.pages);
    const words = (this.slabs[slab] ??= new Int32Array(PAGE_WORDS << slab));
    // Memory that is read before it is written costs two page faults instead of one.
    words[startOf(this.pages)] = 0;
    return this.pages;
  }
}

function slabOf(number: number): number {
  return 31 - Math.clz32(number);
}

/** Where a page's words begin in its slab: its number without the leading bit. */
function startOf(number: number): number {
  return (number ^ (1 << (31 - Math.clz32(number)))) * PAGE_WORDS;
}

/** One bit a block, in pages that are made on first write. */
class PagedBitmap implements FootprintBitmap {
  private readonly pool: PagePool;
  private blocks = 0;
  private pages = 0;
  /** Page number by position in the volume, 0 where there is none. */
  private table = new Int32Array(16);
  private readonly farTable = new Map<number, number>();

  constructor(pool: PagePool) {
    this.pool = pool;
  }

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
      added = this.markInPage(firstPage, first, PAGE_BLOCKS - 1);
      for (let page = firstPage + 1; page < lastPage; page += 1) {
        added += this.markInPage(page, 0, PAGE_BLOCKS - 1);
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
    const firstPage = Math.floor(firstBlock / PAGE_BLOCKS);
    const lastPage = Math.floor(lastBlock / PAGE_BLOCKS);
    let removed = 0;
    for (const page of this.pagesBetween(firstPage, lastPage)) {
      const first = page === firstPage ? firstBlock - page * PAGE_BLOCKS : 0;
      const last = page === lastPage ? lastBlock - page * PAGE_BLOCKS : PAGE_BLOCKS - 1;
      removed += this.clearInPage(page, first, last);
    }
    this.blocks -= removed;
    return removed * BLOCK_BYTES;
  }

  encode(): Uint8Array {
    const encoder = new PageEncoder(this.pages);
    this.eachPage((page, words, start) => {
      encoder.add(page, words, start);
    });
    return encoder.finish();
  }

  /** Takes over a page of another footprint, whose words begin at `start`. */
  addPage(index: number, words: Int32Array, start: number): void {
    const number = this.makePage(index);
    const page = words.subarray(start, start + PAGE_WORDS);
    this.wordsOf(number).set(page, startOf(number));
    for (const word of page) this.blocks += popcount(word);
  }

  copyInto(pool: PagePool): PagedBitmap {
    const copy = new PagedBitmap(pool);
    this.eachPage((page, words, start) => {
      copy.addPage(page, words, start);
    });
    return copy;
  }

  private markInPage(page: number, first: number, last: number): number {
    let number = this.numberOf(page);
    if (number === 0) number = this.makePage(page);
    const words = this.wordsOf(number);
    const start = startOf(number);
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
    const number = this.numberOf(page);
    const words = this.wordsOf(number);
    const start = startOf(number);
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

  private wordsOf(number: number): Int32Array {
    return this.pool.slabs[slabOf(number)] ?? NO_WORDS;
  }

  private makePage(page: number): number {
    const number = this.pool.add();
    this.pages += 1;
    if (page >= FLAT_PAGES) {
      this.farTable.set(page, number);
      return number;
    }
    if (page >= this.table.length) {
      const longer = new Int32Array(Math.min(FLAT_PAGES, Math.max(page + 1, this.table.length * 2)));
      longer.set(this.table);
      this.table = longer;
    }
    this.table[page] = number;
    return number;
  }

  /** All pages, ascending; the words of each begin at `start`. */
  private eachPage(visit: (page: number, words: Int32Array, start: number) => void): void {
    for (let page = 0; page < this.table.length; page += 1) {
      const number = this.table[page] ?? 0;
      if (number !== 0) visit(page, this.wordsOf(number), startOf(number));
    }
    for (const page of [...this.farTable.keys()].sort((left, right) => left - right)) {
      const number = this.numberOf(page);
      visit(page, this.wordsOf(number), startOf(number));
    }
  }

  /** The pages that exist from `first` to `last`. */
  private *pagesBetween(first: number, last: number): Generator<number> {
    for (let page = first; page <= last && page < this.table.length; page += 1) {
      if (this.table[page] !== 0) yield page;
    }
    for (const page of this.farTable.keys()) if (page >= first && page <= last) yield page;
  }
}

/** Number of bits set in 32 (Warren, Hacker's Delight, 5-1). */
function popcount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  bits = (bits + (bits >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(bits, 0x0101_0101) >>> 24;
}
