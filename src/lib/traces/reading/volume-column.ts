import {
  BYTE,
  decodeLeniently,
  decodeStrictly,
  MAX_NAME_BYTES,
  type RowCursor,
  shorten,
} from './row-cursor.js';

/** 2^32 divided by the golden ratio (Knuth, volume 3, 6.4). */
const HASH_FACTOR = 0x9e37_79b1;
const FOUR_COMMAS = 0x2c2c_2c2c;
const TOO_LONG = `is longer than ${MAX_NAME_BYTES} bytes`;

interface Naming {
  /** How many comma-separated fields name a volume together. */
  readonly fields: number;
  /** The name that their text gives; undefined when it gives none. */
  toName(text: string): string | undefined;
  /** What they should be, for a reason. */
  readonly expected: string;
}

const PLAIN: Naming = {fields: 1, toName: (text) => text, expected: 'a name'};

/**
 * The column that names the volume: finds the number of a name by its bytes, without making a string of names that
 * were seen before. Open addressing with linear probing; names are kept, and compared, four bytes at a time, the last
 * ones filled up with zeros.
 */
export class VolumeColumn {
  private readonly indexOfVolume: (name: string) => number;
  private readonly naming: Naming;
  private slots = new Int32Array(64).fill(-1);
  private entries = 0;
  private hashes = new Int32Array(32);
  private lengths = new Int32Array(32);
  private volumes = new Int32Array(32);
  /** Where the words of an entry begin. */
  private starts = new Int32Array(33);
  private words = new Int32Array(256);

  constructor(indexOfVolume: (name: string) => number, naming: Naming = PLAIN) {
    this.indexOfVolume = indexOfVolume;
    this.naming = naming;
  }

  /** Reads up to and including the comma behind the name: the volume's number, or -1 with the cursor's reason set. */
  read(cursor: RowCursor, field: string): number {
    const {view, at: start} = cursor;
    const limit = Math.min(cursor.end, start + MAX_NAME_BYTES + 4);
    let at = start - 1;
    let hash = 0;
    for (let left = this.naming.fields; left > 0; left -= 1) {
      at += 1;
      let word = view.getInt32(at, true);
      let commas = bytesEqual(word, FOUR_COMMAS);
      while (commas === 0 && at < limit) {
        hash = mix(hash, word);
        at += 4;
        word = view.getInt32(at, true);
        commas = bytesEqual(word, FOUR_COMMAS);
      }
      // Where there is no comma this is very large, and no name ends there.
      const before = (31 - Math.clz32(commas & -commas)) >>> 3;
      hash = mix(hash, word & ((1 << (8 * before)) - 1));
      at += before;
      if (commas === 0) break;
    }
    const known = this.find(cursor, at, hash);
    if (known >= 0) return known;
    if (at > start && cursor.lineEnd(start) >= at) return this.add(cursor, field, at, hash);
    cursor.failField(field, start, BYTE.comma, (text) =>
      text.length > MAX_NAME_BYTES ? TOO_LONG : undefined,
    );
    return -1;
  }

  /** The same for a name that ends the line. */
  readLast(cursor: RowCursor, field: string): number {
    const {at: start} = cursor;
    const end = cursor.lineEnd(start);
    if (end === start) {
      cursor.fail(`${field} is empty`);
      return -1;
    }
    const volume = this.readQuoted(cursor, field, end);
    if (volume >= 0 && end < cursor.end && cursor.bytes[end] === BYTE.return) cursor.at += 1;
    return volume;
  }

  /** The same for a name in quotes that ends at `end`, where a comma follows. */
  readQuoted(cursor: RowCursor, field: string, end: number): number {
    const {view, at: start} = cursor;
    let hash = 0;
    for (let at = start; at < end; at += 4) hash = mix(hash, view.getInt32(at, true) & maskOf(end - at));
    const known = this.find(cursor, end, hash);
    return known >= 0 ? known : this.add(cursor, field, end, hash);
  }

  /** The number of a name seen before, or -1. */
  private find(cursor: RowCursor, end: number, hash: number): number {
    const {view, at: start} = cursor;
    const mask = this.slots.length - 1;
    let slot = slotOf(hash) & mask;
    for (let entry = this.slots[slot] ?? -1; entry >= 0; entry = this.slots[slot] ?? -1) {
      if (this.hashes[entry] === hash && this.isSame(entry, view, start, end)) {
        cursor.at = end + 1;
        return this.volumes[entry] ?? -1;
      }
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  private isSame(entry: number, view: DataView, start: number, end: number): boolean {
    if (this.lengths[entry] !== end - start) return false;
    let word = this.starts[entry] ?? 0;
    let at = start;
    for (; at <= end - 4; at += 4) {
      if (this.words[word] !== view.getInt32(at, true)) return false;
      word += 1;
    }
    return at >= end || this.words[word] === (view.getInt32(at, true) & maskOf(end - at));
  }

  private add(cursor: RowCursor, field: string, end: number, hash: number): number {
    const {view, at: start} = cursor;
    const name = this.readName(cursor, field, cursor.bytes.subarray(start, end));
    if (name === undefined) return -1;
    const volume = this.indexOfVolume(name);
    cursor.at = end + 1;
    const entry = this.entries;
    this.reserve(end - start);
    let word = this.starts[entry] ?? 0;
    for (let at = start; at < end; at += 4) {
      this.words[word] = view.getInt32(at, true) & maskOf(end - at);
      word += 1;
    }
    this.starts[entry + 1] = word;
    this.lengths[entry] = end - start;
    this.hashes[entry] = hash;
    this.volumes[entry] = volume;
    this.entries += 1;
    this.place(entry);
    return volume;
  }

  private readName(cursor: RowCursor, field: string, raw: Uint8Array): string | undefined {
    const text = decodeName(raw);
    const name = text.name === undefined ? undefined : this.naming.toName(text.name);
    if (name === undefined || name === '') {
      cursor.fail(
        `${field} ${text.fault ?? `is not ${this.naming.expected}`}: ${shorten(decodeLeniently(raw))}`,
      );
      return undefined;
    }
    return name;
  }

  private place(entry: number): void {
    const mask = this.slots.length - 1;
    let slot = slotOf(this.hashes[entry] ?? 0) & mask;
    while ((this.slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = entry;
  }

  /** Makes room for one more name of so many bytes. */
  private reserve(nameBytes: number): void {
    const used = this.starts[this.entries] ?? 0;
    const needed = used + Math.ceil(nameBytes / 4);
    if (needed > this.words.length) this.words = longer(this.words, 2 * needed);
    if (this.entries < this.hashes.length) return;
    const room = 2 * this.entries;
    this.hashes = longer(this.hashes, room);
    this.lengths = longer(this.lengths, room);
    this.volumes = longer(this.volumes, room);
    this.starts = longer(this.starts, room + 1);
    this.slots = new Int32Array(2 * room).fill(-1);
    for (let entry = 0; entry < this.entries; entry += 1) this.place(entry);
  }
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, HASH_FACTOR);
}

/** The upper bits are the better mixed ones. */
function slotOf(hash: number): number {
  return hash ^ (hash >>> 15);
}

/** Keeps the first `bytes` bytes of a word, all from four on. */
function maskOf(bytes: number): number {
  return bytes >= 4 ? -1 : (1 << (8 * bytes)) - 1;
}

/** Has the top bit of the first byte in which the words agree, and maybe of later ones; 0 when they agree in none. */
function bytesEqual(word: number, four: number): number {
  const differences = word ^ four;
  return (differences - 0x0101_0101) & ~differences & 0x8080_8080;
}

/** The text of a volume's name, or why it cannot be one. */
export function decodeName(raw: Uint8Array): {readonly name?: string; readonly fault?: string} {
  if (raw.length > MAX_NAME_BYTES) return {fault: TOO_LONG};
  const name = decodeStrictly(raw);
  if (name === undefined) return {fault: 'is not UTF-8'};
  return name.includes('\0') ? {fault: 'holds a NUL byte'} : {name};
}

function longer(old: Int32Array, room: number): Int32Array<ArrayBuffer> {
  const array = new Int32Array(room);
  array.set(old);
  return array;
}
