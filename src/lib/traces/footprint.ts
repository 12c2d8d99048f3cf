import {InputError, invariant} from '../core/index.js';
import {FootprintArena} from './footprint-arena.js';
import {decodeGroups, GROUP_PAGES, PAGE_WORDS, PageEncoder} from './footprint-codec.js';

/** A footprint as it can be kept. */
export interface FootprintImage {
  /** Bytes of the blocks marked. */
  readonly footprintBytes: number;
  /** A compact, versioned, checksummed form that `decodeFootprint` reads back. */
  encode(): Uint8Array;
}

/** Which 4 KiB blocks of a volume were ever written and not trimmed since. */
export interface FootprintBitmap extends FootprintImage {
  /** Marks the blocks that a write touches; returns the bytes of blocks that were not marked before. */
  mark(offsetBytes: number, lengthBytes: number): number;
  /** Clears the blocks that a trim covers wholly; returns the bytes of blocks that were marked before. */
  clear(offsetBytes: number, lengthBytes: number): number;
}

/** Size of a block, the unit in which a footprint is counted. */
export const BLOCK_BYTES = 4096;
/**
 * One page of bits covers 2 MiB of the volume and is one line of the processor's cache. Larger pages waste memory, and
 * so page faults, on scattered writes; smaller ones need a longer table.
 */
const PAGE_BLOCKS = PAGE_WORDS * 32;
const PAGE_BYTES = BLOCK_BYTES * PAGE_BLOCKS;
const PAGE_BITS = 4;
/** Pages beyond this (16 TiB) are found through a Map: a wild offset must not make the flat table huge. */
const FLAT_PAGES = 8_388_608;
/** Pages that are looked at before they are encoded, so that waiting for memory overlaps. */
const AHEAD_PAGES = 4096;
/** The place in an arena that is always zero. */
const NOWHERE = 0;

/** A footprint of which others in the same arena can be looked at together. */
export interface ArenaFootprint extends FootprintBitmap {
  /** Where in the arena the number of the page that holds an offset stands; the place of a zero when there is none. */
  entryAt(offsetBytes: number): number;
  /** All its words as they are, for `restoreFootprint` of the same run of the program: much quicker than `encode`. */
  dump(): Uint8Array;
  /** Gives back what it has in the arena; it must not be used any more. */
  release(): void;
}

/** An empty footprint. Offsets and lengths must be whole numbers with a sum up to 2^53 - 1. */
export function createFootprint(arena = new FootprintArena()): ArenaFootprint {
  return new PagedBitmap(arena);
}

/** What `encode` wrote; `source` is how the InputError calls it when it is damaged or of another version. */
export function decodeFootprint(
  encoded: Uint8Array,
  source = 'footprint',
  arena = new FootprintArena(),
): ArenaFootprint {
  const bitmap = new PagedBitmap(arena);
  const fault = decodeGroups(encoded, (index, words) => {
    bitmap.addGroup(index, words);
  });
  if (fault === undefined) return bitmap;
  throw new InputError('bad-footprint', `${source}: ${fault}`, {
    hints: ['ingest the traces of this volume again into a new store'],
  });
}

/** The same footprint in another arena; the one that is given must not be used any more. */
export function moveFootprint(footprint: FootprintBitmap, arena: FootprintArena): ArenaFootprint {
  invariant(footprint instanceof PagedBitmap, 'there is one kind of footprint');
  return footprint.copyInto(arena);
}

/** What `dump` wrote. */
export function restoreFootprint(dumped: Uint8Array<ArrayBuffer>, arena: FootprintArena): ArenaFootprint {
  const bitmap = new PagedBitmap(arena);
  bitmap.addDumped(new Uint32Array(dumped.buffer));
  return bitmap;
}

interface FoundPages {
  readonly pages: Int32Array;
  /** Where the words of each begin. */
  readonly starts: Int32Array;
}

/** One bit a block, in pages that are made on first write. A page is known by its place in the arena, in pages. */
class PagedBitmap implements ArenaFootprint {
  private readonly arena: FootprintArena;
  private blocks = 0;
  private pages = 0;
  /** Page number by position in the volume, 0 where there is none: so many words in the arena. */
  private tableAt = NOWHERE;
  private tablePages = 0;
  private readonly farTable = new Map<number, number>();

  constructor(arena: FootprintArena) {
    this.arena = arena;
  }

  get footprintBytes(): number {
    return this.blocks * BLOCK_BYTES;
  }

  mark(offsetBytes: number, lengthBytes: number): number {
    if (lengthBytes <= 0) return 0;
    const end = offsetBytes + lengthBytes - 1;
    const firstPage = (offsetBytes / PAGE_BYTES) >>> 0;
    const lastPage = (end / PAGE_BYTES) >>> 0;
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

  /** The number of pages, the page numbers, and then the words of each. */
  dump(): Uint8Array {
    const dumped = new Uint32Array(1 + this.pages * (1 + PAGE_WORDS));
    dumped[0] = this.pages;
    let place = 0;
    this.eachPage((page, words, start) => {
      dumped[1 + place] = page;
      const at = 1 + this.pages + place * PAGE_WORDS;
      for (let word = 0; word < PAGE_WORDS; word += 1) dumped[at + word] = words[start + word] ?? 0;
      place += 1;
    });
    return new Uint8Array(dumped.buffer);
  }

  addDumped(dumped: Uint32Array): void {
    const pages = dumped[0] ?? 0;
    if (pages > 0) this.lengthenTable(Math.min(FLAT_PAGES - 1, dumped[pages] ?? 0));
    for (let place = 0; place < pages; place += 1) {
      const start = this.makePage(dumped[1 + place] ?? 0) << PAGE_BITS;
      const {words} = this.arena;
      const at = 1 + pages + place * PAGE_WORDS;
      for (let word = 0; word < PAGE_WORDS; word += 1) {
        const bits = dumped[at + word] ?? 0;
        words[start + word] = bits;
        this.blocks += popcount(bits);
      }
    }
  }

  /** Takes over the pages of a decoded group. */
  addGroup(index: number, words: Int32Array): void {
    for (let place = 0; place < GROUP_PAGES; place += 1) {
      const page = words.subarray(place * PAGE_WORDS, (place + 1) * PAGE_WORDS);
      if (page.some((word) => word !== 0)) this.addPage(index * GROUP_PAGES + place, page);
    }
  }

  copyInto(arena: FootprintArena): PagedBitmap {
    const copy = new PagedBitmap(arena);
    this.eachPage((page, words, start) => {
      copy.addPage(page, words.subarray(start, start + PAGE_WORDS));
    });
    return copy;
  }

  entryAt(offsetBytes: number): number {
    const page = (offsetBytes / PAGE_BYTES) >>> 0;
    return page < this.tablePages ? this.tableAt + page : NOWHERE;
  }

  release(): void {
    this.eachPage((_page, _words, start) => {
      this.arena.release(start, PAGE_WORDS);
    });
    if (this.tablePages > 0) this.arena.release(this.tableAt, this.tablePages);
    this.tableAt = NOWHERE;
    this.tablePages = 0;
    this.farTable.clear();
  }

  private addPage(index: number, page: Int32Array): void {
    const start = this.makePage(index) << PAGE_BITS;
    this.arena.words.set(page, start);
    for (const word of page) this.blocks += popcount(word);
  }

  private markInPage(page: number, first: number, last: number): number {
    let number = this.numberOf(page);
    if (number === 0) number = this.makePage(page);
    const {words} = this.arena;
    const start = number << PAGE_BITS;
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
    const {words} = this.arena;
    const start = this.numberOf(page) << PAGE_BITS;
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
    if (page < this.tablePages) return this.arena.words[this.tableAt + page] ?? 0;
    return page < FLAT_PAGES ? 0 : (this.farTable.get(page) ?? 0);
  }

  private makePage(page: number): number {
    const number = this.arena.add(PAGE_WORDS) >>> PAGE_BITS;
    this.pages += 1;
    if (page >= FLAT_PAGES) {
      this.farTable.set(page, number);
      return number;
    }
    if (page >= this.tablePages) this.lengthenTable(page);
    this.arena.words[this.tableAt + page] = number;
    return number;
  }

  /** Tables are powers of two, so that what one gives up suits another. */
  private lengthenTable(page: number): void {
    const {arena, tableAt, tablePages} = this;
    const pages = Math.max(PAGE_WORDS, 2 ** (32 - Math.clz32(page)));
    this.tableAt = arena.add(pages);
    this.tablePages = pages;
    if (tablePages === 0) return;
    arena.words.copyWithin(this.tableAt, tableAt, tableAt + tablePages);
    arena.release(tableAt, tablePages);
  }

  /** All pages, ascending; the words of each begin at `start`. */
  private eachPage(visit: (page: number, words: Int32Array, start: number) => void): void {
    const {words} = this.arena;
    const found = {pages: new Int32Array(AHEAD_PAGES), starts: new Int32Array(AHEAD_PAGES)};
    for (let from = 0; from < this.tablePages; from += AHEAD_PAGES) {
      const count = this.findPages(from, found);
      for (let place = 0; place < count; place += 1) {
        visit(found.pages[place] ?? 0, words, found.starts[place] ?? 0);
      }
    }
    for (const page of [...this.farTable.keys()].sort((left, right) => left - right)) {
      visit(page, words, this.numberOf(page) << PAGE_BITS);
    }
  }

  /** The pages in a stretch of the table, which are then in the processor's cache; returns how many. */
  private findPages(from: number, {pages, starts}: FoundPages): number {
    const {tableAt} = this;
    const {words} = this.arena;
    const to = Math.min(this.tablePages, from + AHEAD_PAGES);
    let count = 0;
    for (let page = from; page < to; page += 1) {
      const number = words[tableAt + page] ?? 0;
      if (number === 0) continue;
      pages[count] = page;
      starts[count] = number << PAGE_BITS;
      count += 1;
    }
    this.arena.look(starts, count);
    return count;
  }

  /** The pages that exist from `first` to `last`. */
  private *pagesBetween(first: number, last: number): Generator<number> {
    for (let page = first; page <= last && page < this.tablePages; page += 1) {
      if (this.numberOf(page) !== 0) yield page;
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
