import {floorToStepUs} from '../../core/index.js';
import type {ActivityRows} from '../../traces/index.js';
import type {VolumeSlice} from '../writing/row-tally.js';
import {RowWriter} from './row-binary.js';

const HOUR_SECONDS = 3600;

/** The numbers of a row in the order of the tables' columns, from start_us on. */
type Numbers = Float64Array;
const AT = {growth: 6, used: 7, usedAt: 8} as const;
const COLUMNS = 9;

/** Encodes the rows of slices as they are, in parts. */
export function* encodeRows(
  rows: ActivityRows,
  slices: readonly VolumeSlice[],
  attempt: string,
): Generator<Uint8Array> {
  const writer = new RowWriter();
  const numbers = new Float64Array(COLUMNS);
  for (const {name, from, to} of slices) {
    const volume = Buffer.from(name, 'utf8');
    for (let row = from; row < to; row += 1) {
      numbersOf(rows, row, numbers);
      encodeRow(writer, volume, numbers, attempt);
      const chunk = writer.take();
      if (chunk !== undefined) yield chunk;
    }
  }
  const last = writer.take(true);
  if (last !== undefined) yield last;
}

/** Adds minutes up to hours, and encodes these. */
export function* encodeHours(
  rows: ActivityRows,
  slices: readonly VolumeSlice[],
  attempt: string,
): Generator<Uint8Array> {
  const writer = new RowWriter();
  const minute = new Float64Array(COLUMNS);
  for (const {name, from, to} of slices) {
    const volume = Buffer.from(name, 'utf8');
    let hour: Numbers | undefined;
    for (let row = from; row < to; row += 1) {
      numbersOf(rows, row, minute);
      const startUs = floorToStepUs(minute[0] ?? 0, HOUR_SECONDS);
      if (hour !== undefined && hour[0] === startUs) {
        addMinute(hour, minute);
        continue;
      }
      if (hour !== undefined) encodeRow(writer, volume, hour, attempt);
      hour = Float64Array.from(minute);
      hour[0] = startUs;
    }
    if (hour !== undefined) encodeRow(writer, volume, hour, attempt);
    const chunk = writer.take();
    if (chunk !== undefined) yield chunk;
  }
  const last = writer.take(true);
  if (last !== undefined) yield last;
}

/** Sums, and the later usage sample: minutes come in order. */
function addMinute(hour: Numbers, minute: Numbers): void {
  for (let column = 1; column <= AT.growth; column += 1)
    hour[column] = (hour[column] ?? 0) + (minute[column] ?? 0);
  if (Number.isNaN(minute[AT.usedAt] ?? Number.NaN)) return;
  hour[AT.used] = minute[AT.used] ?? 0;
  hour[AT.usedAt] = minute[AT.usedAt] ?? 0;
}

function numbersOf(rows: ActivityRows, row: number, numbers: Numbers): void {
  numbers[0] = rows.startUs[row] ?? 0;
  numbers[1] = rows.reads[row] ?? 0;
  numbers[2] = rows.writes[row] ?? 0;
  numbers[3] = rows.trims[row] ?? 0;
  numbers[4] = rows.readBytes[row] ?? 0;
  numbers[5] = rows.writeBytes[row] ?? 0;
  numbers[AT.growth] = rows.footprintGrowthBytes[row] ?? 0;
  numbers[AT.used] = rows.usedBytes[row] ?? Number.NaN;
  numbers[AT.usedAt] = rows.usedAtUs[row] ?? Number.NaN;
}

function encodeRow(writer: RowWriter, volume: Uint8Array, numbers: Numbers, attempt: string): void {
  const isSampled = !Number.isNaN(numbers[AT.usedAt] ?? Number.NaN);
  writer.bytes(volume);
  for (let column = 0; column <= AT.growth; column += 1) writer.whole(numbers[column] ?? 0);
  writer.whole(isSampled ? (numbers[AT.used] ?? 0) : 0);
  writer.whole(isSampled ? (numbers[AT.usedAt] ?? 0) : 0);
  writer.flag(isSampled);
  writer.id(attempt);
}
