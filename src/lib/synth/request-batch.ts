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
