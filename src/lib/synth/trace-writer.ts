import type {RequestBatch} from './request-batch.js';
import type {TextBuffer} from './text-buffer.js';

/** The most bytes that one call of a RowWriter may append. */
export const MOST_ROW_BYTES = 4096;

/** Writes one file. */
export interface RowWriter {
  /** What stands before the first request. */
  begin(buffer: TextBuffer): void;
  /** One request of a batch. */
  row(buffer: TextBuffer, batch: RequestBatch, row: number): void;
  /** What stands after the last; called again until it says that nothing is left. */
  end(buffer: TextBuffer): 'more' | 'done';
}

/** What a writer needs to know of a volume. */
export interface WrittenVolume {
  readonly id: string;
  readonly provisionedBytes: number;
}

/** How requests are written in one trace format: an entry of the registry. */
export interface TraceWriter {
  readonly name: string;
  /** Whether each volume has a file of its own, because the format cannot name volumes. */
  readonly perVolume: boolean;
  readonly trims: boolean;
  /** A file for these volumes; the batch's volume numbers are indices into the list. */
  readonly open: (volumes: readonly WrittenVolume[]) => RowWriter;
}

/** For formats without an end. */
export const nothingAtTheEnd = (): 'done' => 'done';
