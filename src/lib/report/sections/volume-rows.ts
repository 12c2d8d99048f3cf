import {visibleText} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';
import {sparkText} from '../charts/draw-spark.js';
import type {PatternsDocument, SubjectGrowth} from '../documents/patterns-document.js';

/** What the script of the page sorts by; it draws the row from it, and so do we. Bytes are whole, days have one digit. */
export type VolumeRow = readonly [
  name: string,
  days: number | null,
  earliestDays: number | null,
  perDay: number | null,
  lowPerDay: number | null,
  highPerDay: number | null,
  usedBytes: number | null,
  sizeBytes: number | null,
  course: string,
];

export const VOLUME_COLUMNS = [
  {title: 'volume', isNumber: false},
  {title: 'days to full', isNumber: true},
  {title: 'at the earliest', isNumber: true},
  {title: 'growth a day', isNumber: true},
  {title: 'at least', isNumber: true},
  {title: 'at most', isNumber: true},
  {title: 'used', isNumber: true},
  {title: 'size', isNumber: true},
  {title: 'course', isNumber: false},
] as const;

/** One a volume: those that are full first on top, then those that grow fastest. */
export function volumeRows({subjects}: PatternsDocument): readonly VolumeRow[] {
  return subjects
    .filter(({subject}) => subject === 'volume')
    .map(rowOf)
    .toSorted(
      (left, right) =>
        (left[1] ?? Infinity) - (right[1] ?? Infinity) ||
        (right[3] ?? -Infinity) - (left[3] ?? -Infinity) ||
        0,
    );
}

/** The cells of a row as text, without its course. */
export function cellsOf([name, days, earliest, perDay, low, high, used, size]: VolumeRow): readonly string[] {
  const bytes = (value: number | null): string => (value === null ? '-' : formatBytes(value));
  const growth = (value: number | null): string => `${(value ?? 0) > 0 ? '+' : ''}${bytes(value)}`;
  const told = (value: number | null): string => (value === null ? '-' : String(value));
  return [
    ...[name, told(days), told(earliest)],
    ...[growth(perDay), growth(low), growth(high), bytes(used), bytes(size)],
  ];
}

function rowOf({id, last, roomBytes, trend, full, course}: SubjectGrowth): VolumeRow {
  return [
    visibleText(id),
    rounded(full?.days, 1),
    rounded(full?.earliest, 1),
    rounded(trend?.perDay, 0),
    rounded(trend?.interval.low, 0),
    rounded(trend?.interval.high, 0),
    rounded(last, 0),
    rounded(roomBytes, 0),
    sparkText(course),
  ];
}

function rounded(value: number | null | undefined, digits: number): number | null {
  return value === null || value === undefined ? null : Number(value.toFixed(digits)) + 0;
}
