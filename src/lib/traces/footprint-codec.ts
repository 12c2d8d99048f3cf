/**
 * Encoded footprint, version 1, little-endian:
 *
 *   0   4 bytes  "FSFP"
 *   4   u32      version, 1
 *   8   u32      number of groups
 *   12  groups of four pages, ascending by index:
 *         u32        index: the group covers blocks [2048 * index, 2048 * (index + 1))
 *         16 bytes   two bits for each of the group's 64 words, lowest first: 0 no bit set, 1 all set, 2 listed
 *         u32 each   the listed words
 *   end u32      CRC-32 of everything before it
 */
import {crc32} from 'node:zlib';

/** Words of 32 bits in a page. */
export const PAGE_WORDS = 16;
/** Pages in a group. */
export const GROUP_PAGES = 4;

const MAGIC = 0x50_46_53_46;
const VERSION = 1;
const HEADER_BYTES = 12;
const PAGE_TAG_BYTES = PAGE_WORDS / 4;
const GROUP_WORDS = GROUP_PAGES * PAGE_WORDS;
const GROUP_HEAD_BYTES = 4 + GROUP_PAGES * PAGE_TAG_BYTES;
const MOST_PAGE_BYTES = GROUP_HEAD_BYTES + 4 * PAGE_WORDS;
const CRC_BYTES = 4;
const ALL = 1;
const LISTED = 2;
const NO_GROUP = -1;

/** Encodes up to so many pages, which must come in ascending order. */
export class PageEncoder {
  private readonly view: DataView;
  private groups = 0;
  private group = NO_GROUP;
  /** Where the group that is being filled begins, and where what comes next goes. */
  private groupAt = HEADER_BYTES;
  private at = HEADER_BYTES;

  constructor(pages: number) {
    this.view = new DataView(new ArrayBuffer(HEADER_BYTES + pages * MOST_PAGE_BYTES + CRC_BYTES));
  }

  /** The words of the page begin at `start`. A page without any bit is left out. */
  add(index: number, words: Int32Array, start: number): void {
    const group = Math.floor(index / GROUP_PAGES);
    const isNew = group !== this.group;
    const first = isNew ? this.at + GROUP_HEAD_BYTES : this.at;
    const {view} = this;
    let at = first;
    let tags = 0;
    for (let word = 0; word < PAGE_WORDS; word += 1) {
      const value = words[start + word] ?? 0;
      if (value === 0) continue;
      tags |= (value === -1 ? ALL : LISTED) << (2 * word);
      if (value === -1) continue;
      view.setInt32(at, value, true);
      at += 4;
    }
    if (tags === 0) return;
    if (isNew) this.beginGroup(group);
    view.setInt32(this.groupAt + 4 + (index % GROUP_PAGES) * PAGE_TAG_BYTES, tags, true);
    this.at = at;
  }

  finish(): Uint8Array {
    const {view, at} = this;
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, VERSION, true);
    view.setUint32(8, this.groups, true);
    const encoded = new Uint8Array(view.buffer, 0, at + CRC_BYTES);
    view.setUint32(at, crc32(encoded.subarray(0, at)), true);
    return encoded;
  }

  private beginGroup(group: number): void {
    this.group = group;
    this.groups += 1;
    this.groupAt = this.at;
    this.view.setUint32(this.at, group, true);
  }
}

/**
 * Hands over the groups one by one; `words` is used again for the next. Returns a text that says what is wrong with the
 * encoding, if anything; then no group was handed over.
 */
export function decodeGroups(
  encoded: Uint8Array,
  addGroup: (index: number, words: Int32Array) => void,
): string | undefined {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const end = encoded.byteLength - CRC_BYTES;
  if (end < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) return 'is not an encoded footprint';
  const version = view.getUint32(4, true);
  if (version !== VERSION) return `has version ${version}, this program reads ${VERSION}`;
  if (view.getUint32(end, true) !== crc32(encoded.subarray(0, end)))
    return 'is damaged: the checksum does not agree';
  const words = new Int32Array(GROUP_WORDS);
  let at = HEADER_BYTES;
  for (let left = view.getUint32(8, true); left > 0; left -= 1) {
    const index = view.getUint32(at, true);
    at = decodeWords(view, at + 4, words);
    addGroup(index, words);
  }
  return undefined;
}

function decodeWords(view: DataView, tags: number, words: Int32Array): number {
  let at = tags + GROUP_PAGES * PAGE_TAG_BYTES;
  for (let word = 0; word < GROUP_WORDS; word += 1) {
    const tag = (view.getUint8(tags + (word >>> 2)) >>> (2 * (word & 3))) & 3;
    words[word] = tag === ALL ? -1 : 0;
    if (tag !== LISTED) continue;
    words[word] = view.getInt32(at, true);
    at += 4;
  }
  return at;
}
