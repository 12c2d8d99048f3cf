/**
 * Encoded footprint, version 1, little-endian:
 *
 *   0   4 bytes  "FSFP"
 *   4   u32      version, 1
 *   8   u32      number of pages
 *   12  pages, ascending by index:
 *         u32        index: the page covers blocks [32768 * index, 32768 * (index + 1))
 *         256 bytes  two bits for each of the page's 1024 words, lowest first: 0 no bit set, 1 all set, 2 listed
 *         u32 each   the listed words
 *   end u32      CRC-32 of everything before it
 */
import {crc32} from 'node:zlib';

/** Words of 32 bits in a page. */
export const PAGE_WORDS = 1024;

/** The bits of 32,768 consecutive blocks. */
export interface FootprintPage {
  readonly index: number;
  readonly words: Int32Array;
}

const MAGIC = 0x50_46_53_46;
const VERSION = 1;
const HEADER_BYTES = 12;
const TAG_BYTES = PAGE_WORDS / 4;
const CRC_BYTES = 4;
const NONE = 0;
const ALL = 1;
const LISTED = 2;

/** Pages without any bit are left out. */
export function encodePages(pages: readonly FootprintPage[]): Uint8Array {
  const filled = pages.filter(({words}) => words.some((word) => word !== 0));
  const listed = filled.map(({words}) => countListed(words));
  const bytes = listed.reduce((total, words) => total + 4 + TAG_BYTES + 4 * words, HEADER_BYTES + CRC_BYTES);
  const encoded = new Uint8Array(bytes);
  const view = new DataView(encoded.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, filled.length, true);
  let at = HEADER_BYTES;
  for (const page of filled) at = encodePage(page, view, at);
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

function countListed(words: Int32Array): number {
  let listed = 0;
  for (const word of words) listed += word !== 0 && word !== -1 ? 1 : 0;
  return listed;
}

function encodePage({index, words}: FootprintPage, view: DataView, start: number): number {
  view.setUint32(start, index, true);
  const tags = start + 4;
  let at = tags + TAG_BYTES;
  for (let word = 0; word < PAGE_WORDS; word += 1) {
    const bits = words[word] ?? 0;
    const tag = bits === 0 ? NONE : bits === -1 ? ALL : LISTED;
    const place = tags + (word >>> 2);
    view.setUint8(place, view.getUint8(place) | (tag << (2 * (word & 3))));
    if (tag !== LISTED) continue;
    view.setInt32(at, bits, true);
    at += 4;
  }
  return at;
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
