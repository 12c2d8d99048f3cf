import type {TimeZone} from '../../core/index.js';
import type {PlaceUnit} from '../activity.js';
import type {RecordCursor} from './record-cursor.js';
import type {RequestBatch} from './request-batch.js';
import type {RowCursor} from './row-cursor.js';
import type {TimeUnit} from './time-unit.js';

/** One line or record of input became a row; is none, rightly (header, protocol); is unusable; or goes on beyond the cursor. */
export const OUTCOME = {row: 0, remark: 1, bad: 2, more: 3} as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** Reads the rows of one input of lines; keeps whatever it must remember between them. */
export interface RowReader {
  /** How many lines at the top are a header. */
  readonly headerLines: number;
  /**
   * Reads the row at `cursor.at` into place `row` of the batch (all columns but line and position; times as they are
   * in the file, in us) and leaves the cursor behind its newline. `bad` sets `cursor.reason`; the line is then
   * rejected whole. `more` is only for rows that may hold newlines, and never when `cursor.isLast`.
   */
  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome;
  /** What people should know about this input, asked after its last row. */
  remarks?(): readonly string[];
  /** How many events the interceptor says that it lost, so far. */
  lostEvents?(): number;
}

/** Reads the rows of one input of binary records; keeps whatever it must remember between them. */
export interface RecordReader {
  /** So many bytes tell how long a record is. */
  readonly headerBytes: number;
  /** Length of the record at `at` in bytes, at most MAX_RECORD_BYTES; 0 when no record begins there. */
  sizeAt(view: DataView, at: number): number;
  /**
   * Reads the record that the cursor holds whole into place `row` of the batch, as RowReader does; never `more`. One
   * that turns out to hold the beginning of another is `bad`, and `cursor.end` is set to where that one begins.
   */
  read(cursor: RecordCursor, batch: RequestBatch, row: number): Outcome;
  /**
   * Where the next record begins, in [from, end), or -1: for records that can be told from other bytes by their first
   * `markBytes`. Without it the records are all of one length.
   */
  readonly resync?: {
    readonly markBytes: number;
    nextStart(bytes: Uint8Array, from: number, end: number): number;
  };
  /** What people should know about this input, asked after its last row. */
  remarks?(): readonly string[];
}

/** A sample of a document, or one that is none, rightly or wrongly; `place` is which one it is, counted from 1. */
export type DocumentEntry = {readonly place: number; readonly text: () => string} & (
  | {readonly kind: 'sample'; readonly volume: number; readonly atUs: number; readonly usedBytes: number}
  | {readonly kind: 'remark'}
  | {readonly kind: 'bad'; readonly reason: string}
);

/** Reads an input that can only be read as a whole. */
export interface DocumentReader {
  /** Every sample of the document once, those of a volume by time. Throws InputError when it is no such document. */
  entries(content: Uint8Array): Iterable<DocumentEntry>;
  /** What people should know about this input, asked after its last sample. */
  remarks?(): readonly string[];
}

/** What a file may leave open about itself, and a flag says. */
export interface Readings {
  readonly lengthUnit?: 'bytes' | 'sectors';
  /** See block-events.ts. */
  readonly action?: 'Q' | 'D' | 'C';
  readonly timeUnit?: TimeUnit;
  readonly offsetUnit?: 'bytes' | 'sectors';
}

/** The flag of each reading. New ones come last: identities of inputs depend on the order. */
export const READING_FLAGS: readonly {readonly reading: keyof Readings; readonly flag: string}[] = [
  {reading: 'lengthUnit', flag: '--length-unit'},
  {reading: 'action', flag: '--action'},
  {reading: 'timeUnit', flag: '--time-unit'},
  {reading: 'offsetUnit', flag: '--offset-unit'},
];

export interface FormatOptions {
  /** The number by which a volume is known from here on, by its name. */
  readonly indexOfVolume: (name: string) => number;
  /** Told the size that a volume is provisioned with, where an input tells it; the last one counts. */
  readonly provisioned: (volume: number, bytes: number) => void;
  /** Volume of an input whose rows do not name one. Throws InputError when nothing gives it a name. */
  readonly inputVolume: () => string;
  /** What --volume says, for formats of `row-or-told`. */
  readonly toldVolume?: string;
  readonly timeZone: TimeZone;
  readonly readings: Readings;
  /** The first lines of the input, without newlines; at least one. */
  readonly firstLines: readonly string[];
  /** The first bytes of the input; see Sample. */
  readonly firstBytes: Uint8Array;
  /** How errors call the input. */
  readonly source: string;
}

interface Described {
  /** One line for help and errors. */
  readonly summary: string;
  /**
   * What gives a row its volume: a column, or the input as a whole (--volume, else the file's name), or either; or a
   * column, whose only value --volume may give another name.
   */
  readonly volumeFrom: 'row' | 'input' | 'row-or-input' | 'row-or-told';
  /** Since 1970 in UTC; relative to a --start; either, as the first rows tell; or local clock time of a --time-zone. */
  readonly time: 'epoch' | 'relative' | 'epoch-or-relative' | 'local';
  /** The readings that it can be told. */
  readonly heeds?: readonly (keyof Readings)[];
}

/** A log of one row a line. */
export interface LineFormat extends Described {
  readonly framing: 'lines';
  /** Whether the first lines look like this format; they may hold a few damaged ones. */
  fits(lines: readonly string[]): boolean;
  /** Throws InputError when the header rules the input out. */
  open(options: FormatOptions): RowReader;
}

/** A binary log of one row a record. */
export interface RecordFormat extends Described {
  readonly framing: 'records';
  /** Whether the first bytes look like this format; a few records of them may be damaged. */
  fits(firstBytes: Uint8Array): boolean;
  /** Throws InputError when the first bytes rule the input out. */
  open(options: FormatOptions): RecordReader;
}

/** Samples in one document that is read as a whole, and is therefore limited in size. */
export interface DocumentFormat extends Described {
  readonly framing: 'document';
  /** Whether the first lines look like this format. */
  fits(lines: readonly string[]): boolean;
  open(options: FormatOptions): DocumentReader;
}

/** A log that can be read. How it is cut into rows is decided in create-feeder.ts alone. */
export type TraceFormat = LineFormat | RecordFormat | DocumentFormat;

const UNIT_OF = {lines: 'line', records: 'record', document: 'sample'} as const;

/** What errors count its rows by. */
export function unitOf({framing}: TraceFormat): PlaceUnit {
  return UNIT_OF[framing];
}

/** Whether at least half of the lines that are not blank match; what `fits` of a format without a header means. */
export function mostMatch(lines: readonly string[], pattern: RegExp): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  return filled.length > 0 && 2 * filled.filter((line) => pattern.test(line)).length >= filled.length;
}
