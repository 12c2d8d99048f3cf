import {visibleText} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';
import {sparkText} from '../charts/draw-spark.js';
import type {PatternsDocument, SubjectGrowth} from '../documents/patterns-document.js';

/** What the script of the page sorts by; it draws the row from it, and so do we. Bytes are whole, days have one digit. */
export type VolumeRow = readonly [
  name: string,
  usedBytes: number | null,
  sizeBytes: number | null,
  perDay: number | null,
  lowPerDay: number | null,
  highPerDay: number | null,
  days: number | null,
  earliestDays: number | null,
  course: string,
];

export const VOLUME_COLUMNS = [
  {title: 'volume', isNumber: false},
  {title: 'used', isNumber: true},
  {title: 'size', isNumber: true},
  {title: 'growth a day', isNumber: true},
  {title: 'at least', isNumber: true},
  {title: 'at most', isNumber: true},
  {title: 'days to full', isNumber: true},
  {title: 'at the earliest', isNumber: true},
  {title: 'course', isNumber: false},
] as const;

/** One a volume: those that are full first on top, then those that grow fastest. */
export function volumeRows({subjects}: PatternsDocument): readonly VolumeRow[] {
  return subjects
    .filter(({subject}) => subject === 'volume')
    .map(rowOf)
    .toSorted(
      (left, right) =>
        (left[6] ?? Infinity) - (right[6] ?? Infinity) ||
        (right[3] ?? -Infinity) - (left[3] ?? -Infinity) ||
        0,
    );
}

/** The cells of a row as text, without its course. */
export function cellsOf([name, used, size, perDay, low, high, days, earliest]: VolumeRow): readonly string[] {
  const bytes = (value: number | null): string => (value === null ? '-' : formatBytes(value));
  const growth = (value: number | null): string => `${(value ?? 0) > 0 ? '+' : ''}${bytes(value)}`;
  const told = (value: number | null): string => (value === null ? '-' : String(value));
  return [
    name,
    ...[bytes(used), bytes(size), growth(perDay), growth(low), growth(high)],
    ...[told(days), told(earliest)],
  ];
}

function rowOf({id, last, roomBytes, trend, full, course}: SubjectGrowth): VolumeRow {
  return [
    visibleText(id),
    ...([last, roomBytes, trend?.perDay, trend?.interval.low, trend?.interval.high].map((value) =>
      whole(value, 0),
    ) as [Cell, Cell, Cell, Cell, Cell]),
    whole(full?.days, 1),
    whole(full?.earliest, 1),
    sparkText(course),
  ];
}

type Cell = number | null;

function whole(value: number | null | undefined, digits: number): Cell {
  return value === null || value === undefined ? null : Number(value.toFixed(digits));
}
