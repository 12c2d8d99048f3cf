const SHOWN_BYTES = 64;

/** One whole binary record. */
export class RecordCursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** The record is [start, end) of the bytes. */
  start = 0;
  end = 0;
  /** So far the bytes are of the input; at least the length of a mark less one are there, if there are so many. */
  limit = 0;
  /** Why the last read failed. */
  reason = '';

  /** Notes what is wrong; false, so that a reader can return it. */
  fail(reason: string): false {
    this.reason = reason;
    return false;
  }
}

/** A whole number of 64 bits; from 2^53 on it may be rounded, and is refused as a time or place by that. */
export function uint64At(view: DataView, at: number, isLittleEndian: boolean): number {
  const low = view.getUint32(isLittleEndian ? at : at + 4, isLittleEndian);
  const high = view.getUint32(isLittleEndian ? at + 4 : at, isLittleEndian);
  return high * 2 ** 32 + low;
}

/** Bytes as people can look at them, cut to a length that fits a message: `2a0000010500`. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex');
}
