import {US_PER_SECOND} from '../../core/index.js';
import {BYTE, decodeLeniently, type RowCursor, shorten} from './row-cursor.js';

const DECIMAL = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Units of a time since 1970, and what the years 1980 to 2255 are in them: no value is of two units. */
const TIME_UNITS = [
  {name: 'seconds', usPerUnit: US_PER_SECOND, from: 315_532_800, to: 9e9},
  {name: 'milliseconds', usPerUnit: 1000, from: 315_532_800_000, to: 9e12},
  {name: 'microseconds', usPerUnit: 1, from: 315_532_800_000_000, to: 9e15},
] as const;

type TimeUnit = (typeof TIME_UNITS)[number];

/** The unit that a time since 1970 can only be in; undefined when it is of no year from 1980 to 2255. */
export function timeUnitOf(value: number): TimeUnit | undefined {
  return TIME_UNITS.find(({from, to}) => value >= from && value < to);
}

/**
 * The unit in which most of the lines begin with a time since 1970, told by magnitude. Seconds when none does: then
 * every time is refused for its year.
 */
export function leadingTimeUnit(lines: readonly string[]): TimeUnit {
  const values = lines.map((line) => Number(/^\d+/.exec(line)?.[0]));
  const counts = TIME_UNITS.map(({from, to}) => values.filter((value) => value >= from && value < to).length);
  return TIME_UNITS[counts.indexOf(Math.max(...counts))] ?? TIME_UNITS[0];
}

/** The fields of the line at the cursor, which moves behind it. */
export function takeFields(cursor: RowCursor, separator: string | RegExp): readonly string[] {
  const start = cursor.at;
  cursor.at = cursor.bytes.indexOf(BYTE.newline, start) + 1;
  return decodeLeniently(cursor.bytes.subarray(start, cursor.lineEnd(start))).split(separator);
}

/**
 * Fields as decimal numbers that are not negative, `6.7108864E7` too. Undefined, with the cursor's reason set, when
 * there are not as many as names, or one is no such number.
 */
export function decimalsOf(
  cursor: RowCursor,
  names: readonly string[],
  fields: readonly string[],
): readonly number[] | undefined {
  if (fields.length !== names.length) {
    cursor.fail(`there are ${fields.length} fields, not ${names.length}`);
    return undefined;
  }
  const wrong = fields.findIndex((text) => !DECIMAL.test(text));
  if (wrong < 0) return fields.map(Number);
  cursor.fail(`${names[wrong] ?? ''} is not a decimal number: ${shorten(fields[wrong] ?? '')}`);
  return undefined;
}
