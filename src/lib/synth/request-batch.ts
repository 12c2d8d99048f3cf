/** What a request does; the numbers are those in `RequestBatch.op`. */
export const OPS = ['read', 'write', 'trim'] as const;
export const READ = 0;
export const WRITE = 1;
export const TRIM = 2;

/** Requests in order of time, struct of arrays; overwritten by the next batch. */
export interface RequestBatch {
  readonly count: number;
  /** Indices into the cluster's volumes. */
  readonly volume: Uint32Array;
  readonly op: Uint8Array;
  readonly offsetBytes: Float64Array;
  readonly lengthBytes: Uint32Array;
  /** Epoch us, never falling. */
  readonly atUs: Float64Array;
}

/** What a cluster tells, in order of time. */
export type ClusterEvent =
  | {readonly kind: 'requests'; readonly batch: RequestBatch}
  /** Bytes in use by each volume at the end of an hour, all requests up to and including `atUs` done. */
  | {readonly kind: 'usage'; readonly atUs: number; readonly usedBytes: Float64Array};

/** How many requests a batch holds at most. */
export const BATCH_ROWS = 8192;

/** A batch that is being filled. */
export type GrowingBatch = {-readonly [Field in keyof RequestBatch]: RequestBatch[Field]};

/** Room for `BATCH_ROWS` requests. */
export function emptyBatch(): GrowingBatch {
  return {
    count: 0,
    volume: new Uint32Array(BATCH_ROWS),
    op: new Uint8Array(BATCH_ROWS),
    offsetBytes: new Float64Array(BATCH_ROWS),
    lengthBytes: new Uint32Array(BATCH_ROWS),
    atUs: new Float64Array(BATCH_ROWS),
  };
}
