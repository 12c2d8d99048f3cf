import {decodeLeniently, type RowCursor} from './row-cursor.js';

/** The text of the line at the cursor, without its end; the cursor moves to the next line. For formats of people's size. */
export function takeLine(cursor: RowCursor): string {
  const start = cursor.at;
  const end = cursor.lineEnd(start);
  cursor.at = cursor.bytes.indexOf(10, end) + 1;
  return decodeLeniently(cursor.bytes.subarray(start, end));
}

/** A text of decimal digits as a number; NaN when it is anything else, or more than 2^53 - 1. */
export function wholeOf(text = ''): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

/** Seconds with a fraction as us, digits beyond them being dropped; NaN when the text is none. */
export function secondsAsUs(text = ''): number {
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return wholeOf(seconds) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** What can be the name of a volume; else why not. */
export function faultOfName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes('\uFFFD')) return 'is not UTF-8';
  if (name.includes('\0')) return 'holds a NUL byte';
  return Buffer.byteLength(name) > 4096 ? 'is longer than 4096 bytes' : undefined;
}
