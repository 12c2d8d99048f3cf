import {intervalOf, OP, type RequestBatch} from './request-batch.js';

/** Larger than any one request of a block device; a damaged length must not fill memory with blocks. */
const MAX_REQUEST_BYTES = 2 ** 32;

export type RejectRow = (line: number, reason: string, text: string) => void;

/** How the times of a file become epoch us: shifted, then checked. */
export interface TimeRule {
  readonly shiftUs: number;
  readonly minUs: number;
  readonly maxUs: number;
  /** Why a time outside of [minUs, maxUs] is refused. */
  reason(atUs: number): string;
}

/**
 * Makes the time of a row that was just read epoch us, and checks what no format can let through: the reason why the
 * row cannot be used, or undefined.
 */
export function checkRow(batch: RequestBatch, row: number, time: TimeRule): string | undefined {
  const atUs = (batch.atUs[row] ?? 0) + time.shiftUs;
  if (!(atUs >= time.minUs && atUs <= time.maxUs)) return time.reason(atUs);
  batch.atUs[row] = atUs;
  const op = batch.op[row] ?? OP.read;
  if (op > OP.flush) return op === OP.interval ? checkInterval(batch, row) : undefined;
  const length = batch.lengthBytes[row] ?? 0;
  if (length > MAX_REQUEST_BYTES && op !== OP.trim) {
    return `length is ${length} bytes: no request is longer than ${MAX_REQUEST_BYTES} (4 GiB)`;
  }
  const end = (batch.offsetBytes[row] ?? 0) + length;
  return end <= Number.MAX_SAFE_INTEGER ? undefined : `offset + length is larger than 2^53 - 1: ${end}`;
}

function checkInterval(batch: RequestBatch, row: number): string | undefined {
  const {usedBytes, ...sums} = intervalOf(batch, row);
  const values = Number.isNaN(usedBytes) ? sums : {...sums, usedBytes};
  const wrong = Object.entries(values).find(([, value]) => !(Number.isSafeInteger(value) && value >= 0));
  return wrong && `${wrong[0]} of the interval is ${wrong[1]}: not a whole number up to 2^53 - 1`;
}
