import type {RejectRow, TimeRule} from './check-row.js';
import {type ContentChunk, LineFeeder} from './feed-lines.js';
import {RecordFeeder} from './feed-records.js';
import type {RequestBatch} from './request-batch.js';
import {RowParser} from './row-parser.js';
import type {FormatOptions, TraceFormat} from './trace-format.js';

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
  /** What became of the lines, or records, so far; those that are neither blank nor remarks are rows or rejected. */
  counts(): FeedCounts;
  /** What people should know about the input, asked after its last row. */
  remarks(): readonly string[];
}

interface FeedCounts {
  readonly lines: number;
  readonly blankRows: number;
  readonly remarkLines: number;
}

interface Feeding {
  readonly batch: RequestBatch;
  readonly time: TimeRule;
  readonly reject: RejectRow;
  /** The batch is filled, and will be reused. */
  readonly onBatch: () => void;
}

/** Opens a format for one input. Throws InputError when the first lines or bytes rule it out. */
export function createFeeder(format: TraceFormat, options: FormatOptions, feeding: Feeding): Feeder {
  const {batch, time, reject, onBatch} = feeding;
  if (format.framing === 'records') {
    const reader = format.open(options);
    const feeder = new RecordFeeder(reader, batch, time, reject, onBatch);
    return {
      feed: (chunk) => {
        feeder.feed(chunk);
      },
      pendingBytes: () => feeder.pendingBytes(),
      drain: () => {
        feeder.drain();
      },
      finish: () => {
        feeder.finish();
      },
      textOf: (row) => feeder.textOf(row),
      counts: () => ({lines: feeder.records, blankRows: 0, remarkLines: feeder.remarkRecords}),
      remarks: () => reader.remarks?.() ?? [],
    };
  }
  const reader = format.open(options);
  const parser = new RowParser(reader, batch, time, reject);
  const feeder = new LineFeeder(parser, batch, onBatch);
  return {
    feed: (chunk) => {
      feeder.feed(chunk);
    },
    pendingBytes: () => feeder.pendingBytes(),
    drain: () => undefined,
    finish: () => {
      feeder.finish();
    },
    textOf: (row) => parser.textOf(row),
    counts: () => parser,
    remarks: () => reader.remarks?.() ?? [],
  };
}
