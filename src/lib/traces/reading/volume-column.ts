import {
  BYTE,
  decodeLeniently,
  decodeStrictly,
  MAX_NAME_BYTES,
  type RowCursor,
  shorten,
} from './row-cursor.js';

/** Of FNV-1a; any odd number that mixes would do. */
export const HASH_FACTOR = 0x0100_0193;

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
 * were seen before. Open addressing with linear probing; the bytes of all names lie in one arena.
 */
export class VolumeColumn {
  private readonly indexOfVolume: (name: string) => number;
  private readonly naming: Naming;
  private slots = new Int32Array(64).fill(-1);
  private entries = 0;
  private hashes = new Int32Array(32);
  private starts = new Int32Array(33);
  private volumes = new Int32Array(32);
  private arena = new Uint8Array(1024);

  constructor(indexOfVolume: (name: string) => number, naming: Naming = PLAIN) {
    this.indexOfVolume = indexOfVolume;
    this.naming = naming;
  }

  /** Reads up to and including the comma behind the name: the volume's number, or -1 with the cursor's reason set. */
  read(cursor: RowCursor, field: string): number {
    const bytes = cursor.bytes;
    const start = cursor.at;
    let at = start;
    let hash = 0;
    for (let left = this.naming.fields; left > 0; left -= 1) {
      let byte = bytes[at] ?? 0;
      while (byte !== BYTE.comma && byte !== BYTE.newline) {
        hash = Math.imul(hash ^ byte, HASH_FACTOR);
        at += 1;
        byte = bytes[at] ?? 0;
      }
      if (byte === BYTE.newline || at === start) {
        cursor.failField(field, start, BYTE.comma, () => undefined);
        return -1;
      }
      at += 1;
    }
    return this.readSlice(cursor, field, at - 1, hash);
  }

  /** The same for a name that ends at `end`, where a comma follows; `hash` is of its bytes, whatever the function. */
  readSlice(cursor: RowCursor, field: string, end: number, hash: number): number {
    const start = cursor.at;
    cursor.at = end + 1;
    return this.lookUp(cursor, field, start, hash);
  }

  private lookUp(cursor: RowCursor, field: string, start: number, hash: number): number {
    const length = cursor.at - 1 - start;
    const mask = this.slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let entry = this.slots[slot] ?? -1; entry >= 0; entry = this.slots[slot] ?? -1) {
      if (this.hashes[entry] === hash && this.sameBytes(entry, cursor.bytes, start, length)) {
        return this.volumes[entry] ?? -1;
      }
      slot = (slot + 1) & mask;
    }
    return this.add(cursor, field, cursor.bytes.subarray(start, start + length), hash);
  }

  private sameBytes(entry: number, bytes: Uint8Array, start: number, length: number): boolean {
    const from = this.starts[entry] ?? 0;
    if ((this.starts[entry + 1] ?? 0) - from !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.arena[from + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  private add(cursor: RowCursor, field: string, raw: Uint8Array, hash: number): number {
    const name = this.readName(cursor, field, raw);
    if (name === undefined) return -1;
    const volume = this.indexOfVolume(name);
    this.grow(raw.length);
    const entry = this.entries;
    const from = this.starts[entry] ?? 0;
    this.arena.set(raw, from);
    this.starts[entry + 1] = from + raw.length;
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
    const hash = this.hashes[entry] ?? 0;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while ((this.slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = entry;
  }

  private grow(more: number): void {
    const used = this.starts[this.entries] ?? 0;
    if (used + more > this.arena.length)
      this.arena = longer(this.arena, new Uint8Array(2 * (used + more)), used);
    if (this.entries < this.hashes.length) return;
    const room = 2 * this.hashes.length;
    this.hashes = longer(this.hashes, new Int32Array(room), this.entries);
    this.volumes = longer(this.volumes, new Int32Array(room), this.entries);
    this.starts = longer(this.starts, new Int32Array(room + 1), this.entries + 1);
    this.slots = new Int32Array(2 * room).fill(-1);
    for (let entry = 0; entry < this.entries; entry += 1) this.place(entry);
  }
}

/** The text of a volume's name, or why it cannot be one. */
export function decodeName(raw: Uint8Array): {readonly name?: string; readonly fault?: string} {
  if (raw.length > MAX_NAME_BYTES) return {fault: `is longer than ${MAX_NAME_BYTES} bytes`};
  const name = decodeStrictly(raw);
  if (name === undefined) return {fault: 'is not UTF-8'};
  return name.includes('\0') ? {fault: 'holds a NUL byte'} : {name};
}

function longer<T extends {set(values: T): void; subarray(start: number, end: number): T}>(
  old: T,
  room: T,
  used: number,
): T {
  room.set(old.subarray(0, used));
  return room;
}
