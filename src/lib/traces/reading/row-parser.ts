import {invariant} from '../../core/index.js';
import {checkRow, type RejectRow, type TimeRule} from './check-row.js';
import type {RequestBatch} from './request-batch.js';
import {BYTE, decodeLeniently, MAX_LINE_BYTES, RowCursor} from './row-cursor.js';
import {OUTCOME, type RowReader} from './trace-format.js';

const TEXT_BYTES = 2000;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const TOO_LONG = `the line is longer than ${MAX_LINE_BYTES} bytes`;

/**
 * Goes through an input line by line: fills the batch with rows that can be used and accounts for every other line.
 * Every line is a row, rejected, blank, or a remark (header, protocol, the further lines of a row with newlines in it).
 */
export class RowParser {
  blankRows = 0;
  remarkLines = 0;
  private line = 1;
  private headerLines: number;
  private readonly cursor = new RowCursor();
  private readonly reader: RowReader;
  private readonly batch: RequestBatch;
  private readonly time: TimeRule;
  private readonly reject: RejectRow;

  constructor(reader: RowReader, batch: RequestBatch, time: TimeRule, reject: RejectRow) {
    this.reader = reader;
    this.batch = batch;
    this.time = time;
    this.reject = reject;
    this.headerLines = reader.headerLines;
  }

  /** Lines read so far. */
  get lines(): number {
    return this.line - 1;
  }

  /**
   * Parses the whole lines in [start, end) of `bytes`; returns where it stopped: at the end, where the batch was full,
   * or before a row that goes on beyond the end (never when `isLast`).
   */
  parse(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    invariant(end === start || bytes[end - 1] === BYTE.newline, 'whole lines only');
    const {cursor, batch, reader} = this;
    if (cursor.bytes !== bytes) {
      cursor.bytes = bytes;
      cursor.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    cursor.end = end;
    cursor.isLast = isLast;
    batch.bytes = bytes;
    batch.count = 0;
    let at = this.line === 1 ? this.skipTop(bytes, start, end) : start;
    while (at < end && batch.count < batch.capacity) {
      cursor.at = at;
      const outcome = reader.read(cursor, batch, batch.count);
      if (outcome === OUTCOME.row && cursor.at - at <= MAX_LINE_BYTES + 1 && this.isSound()) {
        batch.position[batch.count] = at;
        batch.line[batch.count] = this.line;
        batch.count += 1;
        this.line += 1;
        if (cursor.extraLines > 0) this.countExtraLines();
        at = cursor.at;
      } else if (outcome === OUTCOME.more) {
        invariant(!isLast, 'no row goes on beyond the end of the input');
        break;
      } else at = this.skipLine(at, outcome === OUTCOME.remark);
    }
    return at;
  }

  /** A line longer than allowed, of which only the beginning is at hand. */
  rejectLongLine(bytes: Uint8Array, start: number): void {
    this.reject(this.line, TOO_LONG, decodeLeniently(bytes.subarray(start, start + TEXT_BYTES)));
    this.line += 1;
  }

  /** The text of a row that is still in the batch. */
  textOf(row: number): string {
    return this.textAt(this.batch.position[row] ?? 0);
  }

  private skipTop(bytes: Uint8Array, start: number, end: number): number {
    const hasMark = BYTE_ORDER_MARK.every((byte, index) => bytes[start + index] === byte);
    let at = hasMark ? start + BYTE_ORDER_MARK.length : start;
    for (; this.headerLines > 0 && at < end; this.headerLines -= 1) {
      at = bytes.indexOf(BYTE.newline, at) + 1;
      this.remarkLines += 1;
      this.line += 1;
    }
    return at;
  }

  private isSound(): boolean {
    const {batch, cursor, time} = this;
    const fault = checkRow(batch, batch.count, time);
    return fault === undefined || cursor.fail(fault);
  }

  private countExtraLines(): void {
    this.line += this.cursor.extraLines;
    this.remarkLines += this.cursor.extraLines;
    this.cursor.extraLines = 0;
  }

  /** Accounts for a line that is not a row; returns where the next one begins. */
  private skipLine(start: number, isRemark: boolean): number {
    const {cursor} = this;
    const newline = cursor.bytes.indexOf(BYTE.newline, start);
    const isLong = newline - start > MAX_LINE_BYTES;
    if (isRemark && !isLong) {
      this.remarkLines += 1;
      this.line += 1;
      this.countExtraLines();
      return cursor.at;
    }
    if (!isLong && isBlank(cursor.bytes, start, newline)) this.blankRows += 1;
    else this.reject(this.line, isLong ? TOO_LONG : cursor.reason, this.textAt(start));
    cursor.extraLines = 0;
    this.line += 1;
    return newline + 1;
  }

  private textAt(start: number): string {
    const {bytes} = this.batch;
    const newline = bytes.indexOf(BYTE.newline, start);
    const end = newline > start && bytes[newline - 1] === BYTE.return ? newline - 1 : newline;
    return decodeLeniently(bytes.subarray(start, Math.min(end, start + TEXT_BYTES)));
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== BYTE.space && byte !== BYTE.tab && byte !== BYTE.return) return false;
  }
  return true;
}
