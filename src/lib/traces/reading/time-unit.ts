import {BYTE, type RowCursor} from './row-cursor.js';

/** Units in which logs tell time: since 1970 in UTC or since a start; FILETIME is units of 100 ns since 1601-01-01. */
export const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'filetime'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** How people call them. */
export const TIME_UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  filetime: 'FILETIME (100 ns since 1601)',
};

/** Reads a time up to and including a delimiter into a column, as us; see RowCursor. */
export type ReadTime = (
  cursor: RowCursor,
  field: string,
  delimiter: number,
  column: Float64Array,
  row: number,
) => boolean;

/** How many decimal places a number in the unit moves to become us. */
const PLACES: Readonly<Record<Exclude<TimeUnit, 'us' | 'filetime'>, number>> = {s: 6, ms: 3, ns: -3};
/** 1970-01-01 is FILETIME 116444736 * 10^9, so the first nine digits alone tell the distance to it. */
const EPOCH_HIGH = 116_444_736;

/** The reader of times in a unit: whole ones in us, exactly 18 digits of FILETIME, else with or without a fraction. */
export function timeReader(unit: TimeUnit): ReadTime {
  if (unit === 'us') {
    return (cursor, field, delimiter, column, row) => cursor.readWhole(field, delimiter, column, row);
  }
  if (unit === 'filetime') return readFiletime;
  return decimalReader(PLACES[unit]);
}

/** Reads decimal numbers, their point moved by so many places; digits beyond us are dropped. */
function decimalReader(places: number): ReadTime {
  return (cursor, field, delimiter, column, row) => {
    const {bytes, at: start} = cursor;
    const wholeEnd = endOfDigits(bytes, start);
    const hasPoint = bytes[wholeEnd] === BYTE.point;
    const end = hasPoint ? endOfDigits(bytes, wholeEnd + 1) : wholeEnd;
    const isNumber = wholeEnd > start && !(hasPoint && end === wholeEnd + 1);
    const value = isNumber ? movedPoint(bytes, start, wholeEnd, end, places) : Number.NaN;
    if (value <= Number.MAX_SAFE_INTEGER && cursor.endsField(end, delimiter)) {
      column[row] = value;
      return true;
    }
    return cursor.failField(field, start, delimiter, (text) => {
      if (!/^\d+(?:\.\d+)?$/.test(text)) return 'is not a time';
      return value <= Number.MAX_SAFE_INTEGER ? undefined : 'is after the year 2255: is its unit right?';
    });
  };
}

/** The number in [start, end) with its point at `wholeEnd` moved to the right, cut to a whole number. */
function movedPoint(bytes: Uint8Array, start: number, wholeEnd: number, end: number, places: number): number {
  let value = 0;
  for (let at = start; at < Math.min(wholeEnd, wholeEnd + places); at += 1) {
    value = value * 10 + (bytes[at] ?? 0) - BYTE.zero;
  }
  for (let place = 1; place <= places; place += 1) {
    const at = wholeEnd + place;
    value = value * 10 + (at < end ? (bytes[at] ?? 0) - BYTE.zero : 0);
  }
  return value;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at += 1;
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= BYTE.zero && byte <= BYTE.zero + 9;
}

/** Exactly 18 digits (the years 1917 to 4769), more than a double holds exactly: as two halves of nine. */
function readFiletime(
  cursor: RowCursor,
  field: string,
  delimiter: number,
  column: Float64Array,
  row: number,
): boolean {
  const {bytes} = cursor;
  const start = cursor.at;
  let high = 0;
  let low = 0;
  for (let place = 0; place < 18; place += 1) {
    const digit = (bytes[start + place] ?? 0) - BYTE.zero;
    if (digit < 0 || digit > 9) return failFiletime(cursor, field, delimiter, start);
    if (place < 9) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  if (!cursor.endsField(start + 18, delimiter)) return failFiletime(cursor, field, delimiter, start);
  column[row] = (high - EPOCH_HIGH) * 100_000_000 + Math.floor(low / 10);
  return true;
}

function failFiletime(cursor: RowCursor, field: string, delimiter: number, start: number): boolean {
  return cursor.failField(field, start, delimiter, (text) =>
    /^\d{18}$/.test(text) ? undefined : 'is not a FILETIME of 18 digits',
  );
}
