import type {RejectRow, TimeRule} from './check-row.js';
import type {ContentChunk} from './feed-lines.js';
import type {RequestBatch} from './request-batch.js';

/** Cuts the content of one input into rows and hands over every batch of them. */
export interface Feeder {
  /** Reads what is complete now. */
  feed(chunk: ContentChunk): void;
  /** How many bytes at the end of what was fed are not read yet; undefined where that cannot be told. */
  pendingBytes(): number | undefined;
  /** Reads what does not depend on what follows, where a row is known to end. */
  drain(): void;
  /** Reads what is left at the end of the input. */
  finish(): void;
  /** The text of a row that is still in the batch. */
  textOf(row: number): string;
  /** What became of the lines, records or samples so far; those neither blank nor remarks are rows or rejected. */
  counts(): FeedCounts;
  /** What people should know about the input, asked after its last row. */
  remarks(): readonly string[];
  /** How many events the input itself says were lost, so far, where it can tell. */
  lostEvents?(): number;
}

interface FeedCounts {
  readonly lines: number;
  readonly blankRows: number;
  readonly remarkLines: number;
}

/** Where rows go. */
export interface Feeding {
  readonly batch: RequestBatch;
  readonly time: TimeRule;
  readonly reject: RejectRow;
  /** The batch is filled, and will be reused. */
  readonly onBatch: () => void;
}
