/** What a row says was done, as stored in a batch. A usage sample is a row like the others. */
export const OP = {read: 0, write: 1, trim: 2, flush: 3, sample: 4} as const;

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
  /** 1-based. */
  readonly line: Float64Array;
  /** Where in `bytes` the row begins. */
  readonly position: Int32Array;
}

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
    line: new Float64Array(capacity),
    position: new Int32Array(capacity),
  };
}
