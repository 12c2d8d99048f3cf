/**
 * Encoded footprint, version 1, little-endian:
 *
 *   0   4 bytes  "FSFP"
 *   4   u32      version, 1
 *   8   u32      number of pages
 *   12  pages, ascending by index:
 *         u32        index: the page covers blocks [4096 * index, 4096 * (index + 1))
 *         32 bytes  two bits for each of the page's 128 words, lowest first: 0 no bit set, 1 all set, 2 listed
 *         u32 each   the listed words
 *   end u32      CRC-32 of everything before it
 */
import {crc32} from 'node:zlib';

/** Words of 32 bits in a page. */
export const PAGE_WORDS = 128;

/** The bits of 4096 consecutive blocks. */
export interface FootprintPage {
  readonly index: number;
  readonly words: Int32Array;
}

const MAGIC = 0x50_46_53_46;
const VERSION = 1;
const HEADER_BYTES = 12;
const TAG_BYTES = PAGE_WORDS / 4;
const MOST_PAGE_BYTES = 4 + TAG_BYTES + 4 * PAGE_WORDS;
const CRC_BYTES = 4;
const ALL = 1;
const LISTED = 2;

/** Pages must come in ascending order, at most `count` of them; those without any bit are left out. */
export function encodePages(pages: Iterable<FootprintPage>, count: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + count * MOST_PAGE_BYTES + CRC_BYTES));
  let filled = 0;
  let at = HEADER_BYTES;
  for (const {index, words} of pages) {
    const end = encodeWords(words, view, at + 4);
    if (end === at + 4) continue;
    view.setUint32(at, index, true);
    filled += 1;
    at = end;
  }
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, filled, true);
  const encoded = new Uint8Array(view.buffer, 0, at + CRC_BYTES);
  view.setUint32(at, crc32(encoded.subarray(0, at)), true);
  return encoded;
}

/** The pages, or a text that says what is wrong. */
export function decodePages(encoded: Uint8Array): readonly FootprintPage[] | string {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const end = encoded.byteLength - CRC_BYTES;
  if (end < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) return 'is not an encoded footprint';
  const version = view.getUint32(4, true);
  if (version !== VERSION) return `has version ${version}, this program reads ${VERSION}`;
  if (view.getUint32(end, true) !== crc32(encoded.subarray(0, end)))
    return 'is damaged: the checksum does not agree';
  const pages: FootprintPage[] = [];
  let at = HEADER_BYTES;
  while (pages.length < view.getUint32(8, true)) {
    const words = new Int32Array(PAGE_WORDS);
    pages.push({index: view.getUint32(at, true), words});
    at = decodeWords(view, at + 4, words);
  }
  return pages;
}

/** Writes tags and listed words; returns where it ended, or `tags` itself when no bit is set. */
function encodeWords(words: Int32Array, view: DataView, tags: number): number {
  let at = tags + TAG_BYTES;
  let bits = 0;
  for (let first = 0; first < PAGE_WORDS; first += 16) {
    let sixteenTags = 0;
    for (let word = first; word < first + 16; word += 1) {
      const value = words[word] ?? 0;
      if (value === 0) continue;
      bits |= value;
      sixteenTags |= (value === -1 ? ALL : LISTED) << (2 * (word - first));
      if (value === -1) continue;
      view.setInt32(at, value, true);
      at += 4;
    }
    view.setInt32(tags + first / 4, sixteenTags, true);
  }
  return bits === 0 ? tags : at;
}

function decodeWords(view: DataView, tags: number, words: Int32Array): number {
  let at = tags + TAG_BYTES;
  for (let word = 0; word < PAGE_WORDS; word += 1) {
    const tag = (view.getUint8(tags + (word >>> 2)) >>> (2 * (word & 3))) & 3;
    if (tag === ALL) words[word] = -1;
    if (tag !== LISTED) continue;
    words[word] = view.getInt32(at, true);
    at += 4;
  }
  return at;
}
