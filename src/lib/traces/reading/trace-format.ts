import type {RequestBatch} from './request-batch.js';
import type {RowCursor} from './row-cursor.js';
import type {TimeZone} from './time-zone.js';

/** One line of input became a row; is none, rightly (header, protocol); is unusable; or goes on beyond the cursor. */
export const OUTCOME = {row: 0, remark: 1, bad: 2, more: 3} as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** Reads the rows of one input; keeps whatever it must remember between lines. */
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
}

export interface FormatOptions {
  /** The number by which a volume is known from here on, by its name. */
  readonly indexOfVolume: (name: string) => number;
  /** Volume of an input whose rows do not name one. Throws InputError when nothing gives it a name. */
  readonly inputVolume: () => string;
  readonly timeZone: TimeZone;
  /** The first lines of the input, without newlines; at least one. */
  readonly firstLines: readonly string[];
  /** How errors call the input. */
  readonly source: string;
}

/** A log that can be read. */
export interface TraceFormat {
  /** One line for help and errors. */
  readonly summary: string;
  /** What gives a row its volume: a column, or the input as a whole (--volume, else the file's name), or either. */
  readonly volumeFrom: 'row' | 'input' | 'row-or-input';
  /** Since 1970 in UTC; the same or relative to a --start; or local clock time of a --time-zone. */
  readonly time: 'epoch' | 'epoch-or-relative' | 'local';
  /** Whether the first lines look like this format; they may hold a few damaged ones. */
  fits(lines: readonly string[]): boolean;
  /** Throws InputError when the header rules the input out. */
  open(options: FormatOptions): RowReader;
}

/** Whether at least half of the lines that are not blank match; what `fits` of a format without a header means. */
export function mostMatch(lines: readonly string[], pattern: RegExp): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  return filled.length > 0 && 2 * filled.filter((line) => pattern.test(line)).length >= filled.length;
}
