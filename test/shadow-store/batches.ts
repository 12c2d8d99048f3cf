import {sha256Hex} from '../../src/lib/core/index.js';
import {
  type ActivityRows,
  type BatchRows,
  createFootprint,
  type FootprintBitmap,
  type IngestBatch,
  type IngestedInput,
} from '../../src/lib/traces/index.js';

export const MINUTE_US = 60_000_000;
export const HOUR_US = 3_600_000_000;
/** A whole hour, not a whole day. */
export const BEGIN_US = Date.parse('2026-03-02T05:00:00Z') * 1000;
export const TOOL = 'foreshadow/test';

/** Names that would break a path, a statement, a CSV file or a terminal. */
export const WEIRD_NAMES = [
  '',
  ' ',
  '../../etc/passwd',
  `it's "quoted"; DROP TABLE stage; --`,
  'a,b\r\nc\td',
  'null',
  'NaN',
  '*?[x]{y}',
  'nul\0byte',
  '\u{FEFF}bom',
  'ünïcödé 🙂 \u{10000}\u{FFFF}',
  'x'.repeat(300),
] as const;

export interface Activity {
  readonly volume: string;
  readonly startUs: number;
  readonly reads?: number;
  readonly writes?: number;
  readonly trims?: number;
  readonly readBytes?: number;
  readonly writeBytes?: number;
  readonly growthBytes?: number;
  readonly used?: {readonly bytes: number; readonly atUs: number} | undefined;
}

/** The struct of arrays that an ingest hands over. `activities` may come in any order, unique in volume and minute. */
export function rowsOf(activities: readonly Activity[]): ActivityRows {
  const volumes = [...new Set(activities.map(({volume}) => volume))].sort();
  const sorted = [...activities].sort(
    (left, right) =>
      volumes.indexOf(left.volume) - volumes.indexOf(right.volume) || left.startUs - right.startUs,
  );
  const column = (value: (activity: Activity) => number | undefined): Float64Array =>
    Float64Array.from(sorted, (activity) => value(activity) ?? 0);
  return {
    count: sorted.length,
    volumes,
    volumeIndex: Int32Array.from(sorted, ({volume}) => volumes.indexOf(volume)),
    startUs: column(({startUs}) => startUs),
    reads: column(({reads}) => reads),
    writes: column(({writes}) => writes),
    trims: column(({trims}) => trims),
    readBytes: column(({readBytes}) => readBytes),
    writeBytes: column(({writeBytes}) => writeBytes),
    footprintGrowthBytes: column(({growthBytes}) => growthBytes),
    usedBytes: column(({used}) => used?.bytes ?? Number.NaN),
    usedAtUs: column(({used}) => used?.atUs ?? Number.NaN),
  };
}

/** The rows of activities, by volume. */
function batchRowsOf(activities: readonly Activity[]): BatchRows {
  return {
    volumes: rowsOf(activities).volumes,
    rowsOf: (names) => rowsOf(activities.filter(({volume}) => names.includes(volume))),
  };
}

/** Rows that are as they are given, whatever is asked for. */
export function asTheyAre(rows: ActivityRows): BatchRows {
  return {volumes: rows.volumes, rowsOf: () => rows};
}

export function inputNamed(name: string, rows = 1): IngestedInput {
  return {
    name,
    format: 'foreshadow-csv',
    sizeBytes: 10,
    identitySha256: sha256Hex(`identity ${name}`),
    sha256: sha256Hex(`bytes ${name}`),
    rawKeySha256: sha256Hex(`raw ${name}`),
    rows,
    rejectedRows: 0,
    blankRows: 0,
    lateRows: 0,
    firstUs: BEGIN_US,
    lastUs: BEGIN_US,
  };
}

export function batchOf(
  name: string,
  activities: readonly Activity[],
  rest: Partial<IngestBatch> = {},
): IngestBatch {
  return {
    inputs: [inputNamed(name, activities.length)],
    rows: batchRowsOf(activities),
    rejects: [],
    footprints: new Map(),
    ...rest,
  };
}

/** A footprint of the blocks with these numbers. */
export function footprintOf(...blocks: readonly number[]): FootprintBitmap {
  const footprint = createFootprint();
  for (const block of blocks) footprint.mark(block * 4096, 4096);
  return footprint;
}

/** Two batches that meet in a volume and a minute; the second has a bit of everything. */
export const FIRST = batchOf(
  'first',
  [{volume: 'a', startUs: BEGIN_US, writes: 1, writeBytes: 4096, growthBytes: 4096}],
  {
    footprints: new Map([['a', footprintOf(0)]]),
  },
);
export const SECOND = batchOf(
  'second',
  [
    {volume: 'a', startUs: BEGIN_US, writes: 2, writeBytes: 8192, growthBytes: 4096},
    {volume: 'a', startUs: BEGIN_US + HOUR_US, reads: 5, readBytes: 512},
  ],
  {
    rejects: [{source: 'second', line: 7, reason: 'length is not a number', text: 'a,1,W,0,4k'}],
    footprints: new Map([['a', footprintOf(0, 1)]]),
  },
);
