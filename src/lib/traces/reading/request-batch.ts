/**
 * What a row says was done, as stored in a batch. A usage sample is a row like the others, and so is the sum of what was
 * done in an interval, of which only the sums are known.
 */
export const OP = {read: 0, write: 1, trim: 2, flush: 3, sample: 4, interval: 5} as const;

/** What was done in an interval: whole numbers. */
export interface IntervalSums {
  readonly reads: number;
  readonly writes: number;
  readonly trims: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  /** As a usage sample at the row's time; NaN when there is none. */
  readonly usedBytes: number;
}

/** Rows as columns. */
export interface RowColumns {
  readonly volume: Int32Array;
  readonly atUs: Float64Array;
  readonly op: Uint8Array;
  readonly offsetBytes: Float64Array;
  /** The used bytes where op is `sample`. */
  readonly lengthBytes: Float64Array;
  /** Where op is `interval`. */
  readonly sums: IntervalColumns;
}

/** Rows of one stretch of input; the arrays are reused, `count` says how many rows are valid. */
export interface RequestBatch extends RowColumns {
  count: number;
  readonly capacity: number;
  /** Where the rows were read from: valid until the batch is filled again. */
  bytes: Uint8Array;
  /** 1-based. */
  readonly line: Float64Array;
  /** Where in `bytes` the row begins. */
  readonly position: Int32Array;
}

/** The arrays may be shorter than the rows where none of them is an interval. */
type IntervalColumns = {readonly [Column in keyof IntervalSums]: Float64Array};

/** 2048 rows are 82 KB: they stay in the processor's second-level cache between parser and aggregation. */
export function createRequestBatch(capacity = 2048): RequestBatch {
  return {
    ...createRowColumns(capacity, capacity),
    count: 0,
    capacity,
    bytes: new Uint8Array(0),
    line: new Float64Array(capacity),
    position: new Int32Array(capacity),
  };
}

/** Room for so many rows, of which so many at the beginning may be intervals. */
export function createRowColumns(capacity: number, intervals: number): RowColumns {
  return {
    volume: new Int32Array(capacity),
    atUs: new Float64Array(capacity),
    op: new Uint8Array(capacity),
    offsetBytes: new Float64Array(capacity),
    lengthBytes: new Float64Array(capacity),
    sums: {
      reads: new Float64Array(intervals),
      writes: new Float64Array(intervals),
      trims: new Float64Array(intervals),
      readBytes: new Float64Array(intervals),
      writeBytes: new Float64Array(intervals),
      usedBytes: new Float64Array(intervals),
    },
  };
}

/** Makes a row the sums of an interval; they are booked in the minute of the row's time. */
export function putInterval(batch: RowColumns, row: number, sums: IntervalSums): void {
  batch.op[row] = OP.interval;
  batch.offsetBytes[row] = 0;
  batch.lengthBytes[row] = 0;
  batch.sums.reads[row] = sums.reads;
  batch.sums.writes[row] = sums.writes;
  batch.sums.trims[row] = sums.trims;
  batch.sums.readBytes[row] = sums.readBytes;
  batch.sums.writeBytes[row] = sums.writeBytes;
  batch.sums.usedBytes[row] = sums.usedBytes;
}

/** The sums of a row whose op is `interval`. */
export function intervalOf({sums}: RowColumns, row: number): IntervalSums {
  return {
    reads: sums.reads[row] ?? 0,
    writes: sums.writes[row] ?? 0,
    trims: sums.trims[row] ?? 0,
    readBytes: sums.readBytes[row] ?? 0,
    writeBytes: sums.writeBytes[row] ?? 0,
    usedBytes: sums.usedBytes[row] ?? Number.NaN,
  };
}
