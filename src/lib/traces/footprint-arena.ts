import {invariant} from '../core/index.js';
import {PAGE_WORDS} from './footprint-codec.js';

/** Memory that grows in place, by units of 64 KiB; a view of `buffer` is of no use any more after growing. */
interface GrowingMemory {
  readonly buffer: ArrayBuffer;
  grow(units: number): number;
}

/** The part of the standard that is used here: Node's types leave it out. */
declare const WebAssembly: {
  readonly Memory: new (size: {readonly initial: number; readonly maximum: number}) => GrowingMemory;
};

const UNIT_BYTES = 65_536;
const WORD_BYTES = 4;
/** All that 32-bit addresses reach: 4 GiB. */
const MOST_UNITS = 65_536;
const GROWTH_UNITS = 1024;
/** A small arena is an array that is copied to grow; a memory of the system would cost it gigabytes of addresses. */
const SMALL_WORDS = 262_144;

/**
 * Memory for the tables and the pages of footprints, in one flat array of words: whatever a row of any volume has to
 * look at is then one index, found without waiting for anything else. It grows in place, as only a WebAssembly memory
 * can (no code in WebAssembly is involved), and what was not used yet costs no memory. Volumes that are written in
 * turn share one. Word 0 to 15 stay zero: the place that nobody has.
 */
export class FootprintArena {
  words = new Int32Array(1024);
  private memory: GrowingMemory | undefined;
  private filled = PAGE_WORDS;
  /** Released stretches by their length in words. */
  private readonly released = new Map<number, number[]>();

  /** What `look` saw: only so that reading is not left out because nobody wants the result. */
  seen = 0;

  /** Bytes that were asked for and not released. */
  usedBytes = 0;

  /** Where so many new words of zeros begin: a multiple of PAGE_WORDS words, at a multiple of it. */
  add(words: number): number {
    this.usedBytes += words * WORD_BYTES;
    const again = this.released.size === 0 ? undefined : this.released.get(words)?.pop();
    if (again !== undefined) {
      this.words.fill(0, again, again + words);
      return again;
    }
    const at = this.filled;
    this.filled += words;
    if (this.filled > this.words.length) this.grow();
    // Memory that is read before it is written costs two page faults instead of one.
    this.words[at] = 0;
    return at;
  }

  /** Gives words back that nobody uses any more. */
  release(at: number, words: number): void {
    this.usedBytes -= words * WORD_BYTES;
    const same = this.released.get(words);
    if (same === undefined) this.released.set(words, [at]);
    else same.push(at);
  }

  /**
   * Reads the words at the first `count` places, so that what lies there is in the processor's cache. As little as can
   * be is done here, so that as many reads as can be are under way at a time.
   */
  look(places: Int32Array, count: number): void {
    const {words} = this;
    let seen = 0;
    for (let index = 0; index < count; index += 1) seen |= words[places[index] ?? 0] ?? 0;
    this.seen = seen;
  }

  private grow(): void {
    const old = this.words;
    if (this.memory === undefined && this.filled <= SMALL_WORDS) {
      this.words = new Int32Array(Math.max(2 * old.length, this.filled));
      this.words.set(old);
      return;
    }
    const memory = (this.memory ??= new WebAssembly.Memory({initial: 0, maximum: MOST_UNITS}));
    const has = memory.buffer.byteLength / UNIT_BYTES;
    const needs = Math.ceil((this.filled * WORD_BYTES) / UNIT_BYTES);
    invariant(needs <= MOST_UNITS, 'footprints fit into 4 GiB');
    memory.grow(Math.min(MOST_UNITS, needs + GROWTH_UNITS) - has);
    this.words = new Int32Array(memory.buffer);
    if (has === 0) this.words.set(old);
  }
}
