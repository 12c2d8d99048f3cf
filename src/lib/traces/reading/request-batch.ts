/**
 * What a row says was done, as stored in a batch. A usage sample is a row like the others, and so is the sum of what was
 * done in an interval, of which only the sums are known.
 */
export const OP = {read: 0, write: 1, trim: 2, flush: 3, sample: 4, interval: 5} as const;

/** What was done in an interval: whole numbers. */
export interface IntervalSums {
  readonly reads: number;
  readonly writes: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  /** As a usage sample at the row's time; NaN when there is none. */
  readonly usedBytes: number;
}

/** Rows of one stretch of input as columns; the arrays are reused, `count` says how many rows are valid. */
export interface RequestBatch {
  count: number;
  /** Where the rows were read from: valid until the batch is filled again. */
  bytes: Uint8Array;
  readonly capacity: number;
  readonly volume: Int32Array;
  readonly atUs: Float64Array;
  readonly op: Uint8Array;
  readonly offsetBytes: Float64Array;
  /** The used bytes where op is `sample`. */
  readonly lengthBytes: Float64Array;
  /** Where op is `interval`. */
  readonly sums: IntervalColumns;
  /** 1-based. */
  readonly line: Float64Array;
  /** Where in `bytes` the row begins. */
  readonly position: Int32Array;
}

type IntervalColumns = {readonly [Column in keyof IntervalSums]: Float64Array};

/** 2048 rows are 82 KB: they stay in the processor's second-level cache between parser and aggregation. */
export function createRequestBatch(capacity = 2048): RequestBatch {
  return {
    count: 0,
    bytes: new Uint8Array(0),
    capacity,
    volume: new Int32Array(capacity),
    atUs: new Float64Array(capacity),
    op: new Uint8Array(capacity),
    offsetBytes: new Float64Array(capacity),
    lengthBytes: new Float64Array(capacity),
    sums: {
      reads: new Float64Array(capacity),
      writes: new Float64Array(capacity),
      readBytes: new Float64Array(capacity),
      writeBytes: new Float64Array(capacity),
      usedBytes: new Float64Array(capacity),
    },
    line: new Float64Array(capacity),
    position: new Int32Array(capacity),
  };
}

/** Makes a row the sums of an interval; they are booked in the minute of the row's time. */
export function putInterval(batch: RequestBatch, row: number, sums: IntervalSums): void {
  batch.op[row] = OP.interval;
  batch.offsetBytes[row] = 0;
  batch.lengthBytes[row] = 0;
  batch.sums.reads[row] = sums.reads;
  batch.sums.writes[row] = sums.writes;
  batch.sums.readBytes[row] = sums.readBytes;
  batch.sums.writeBytes[row] = sums.writeBytes;
  batch.sums.usedBytes[row] = sums.usedBytes;
}

/** The sums of a row whose op is `interval`. */
export function intervalOf({sums}: RequestBatch, row: number): IntervalSums {
  return {
    reads: sums.reads[row] ?? 0,
    writes: sums.writes[row] ?? 0,
    readBytes: sums.readBytes[row] ?? 0,
    writeBytes: sums.writeBytes[row] ?? 0,
    usedBytes: sums.usedBytes[row] ?? Number.NaN,
  };
}
