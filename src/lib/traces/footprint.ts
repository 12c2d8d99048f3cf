/** Which 4 KiB blocks of a volume were ever written and not trimmed since. */
export interface FootprintBitmap {
  /** Bytes of the blocks marked. */
  readonly footprintBytes: number;
  /** Marks the blocks that a write touches; returns the bytes of blocks that were not marked before. */
  mark(offsetBytes: number, lengthBytes: number): number;
  /** Clears the blocks that a trim covers wholly; returns the bytes of blocks that were marked before. */
  clear(offsetBytes: number, lengthBytes: number): number;
  /** A compact, versioned, checksummed form that `decodeFootprint` reads back. */
  encode(): Uint8Array;
}
