import {invariant} from '../../core/index.js';
import {checkRow} from './check-row.js';
import {type ContentChunk, HEADROOM_BYTES} from './feed-lines.js';
import type {Feeder, Feeding} from './feeder.js';
import {hexOf, RecordCursor} from './record-cursor.js';
import type {RequestBatch} from './request-batch.js';
import {OUTCOME, type RecordReader} from './trace-format.js';

const NOTHING = new Uint8Array(0);
const MORE_NEEDED = -1;

/**
 * Goes through a binary input record by record, whatever the chunks' borders are: fills the batch with rows that can
 * be used, hands over every batch that is filled, and accounts for every other record. Every record is a row, rejected,
 * or a remark. A stretch of bytes in which no record begins is one rejected record, and so is what is left of a record
 * that is cut by the end of the input.
 */
export class RecordFeeder implements Feeder {
  /** Records read so far. */
  private records = 0;
  private remarkRecords = 0;
  private tail: Uint8Array = NOTHING;
  /** Whether the bytes since the last record are none, and were rejected. */
  private isLost = false;
  private isLast = false;
  private isBorder = false;
  private readonly cursor = new RecordCursor();
  private readonly reader: RecordReader;
  private readonly batch: RequestBatch;
  private readonly feeding: Feeding;

  constructor(reader: RecordReader, feeding: Feeding) {
    this.reader = reader;
    this.batch = feeding.batch;
    this.feeding = feeding;
  }

  counts(): ReturnType<Feeder['counts']> {
    return {lines: this.records, blankRows: 0, remarkLines: this.remarkRecords};
  }

  remarks(): readonly string[] {
    return this.reader.remarks?.() ?? [];
  }

  /** Reads the records that are complete now. */
  feed({bytes, start, end}: ContentChunk): void {
    const from = start - this.tail.length;
    bytes.set(this.tail, from);
    this.tail = bytes.slice(this.parse(bytes, from, end), end);
    invariant(this.tail.length <= HEADROOM_BYTES, 'no record is longer than the room before a chunk');
  }

  /** How many bytes at the end of what was fed are not read yet; undefined where no record begins. */
  pendingBytes(): number | undefined {
    return this.isLost ? undefined : this.tail.length;
  }

  /** Reads the records that are whole without looking at what may follow: a record is known to end here. */
  drain(): void {
    this.isBorder = true;
    const stopped = this.parse(this.tail, 0, this.tail.length);
    this.isBorder = false;
    this.tail = this.tail.slice(stopped);
  }

  /** Reads what is left; a record that lacks its end is rejected. */
  finish(): void {
    this.isLast = true;
    this.parse(this.tail, 0, this.tail.length);
  }

  /** The first bytes of a row that is still in the batch, in hex. */
  textOf(row: number): string {
    const {bytes} = this.batch;
    const at = this.batch.position[row] ?? 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return hexOf(bytes.subarray(at, at + this.reader.sizeAt(view, at)));
  }

  /** Where it stopped: the record from there on is not whole. */
  private parse(bytes: Uint8Array, start: number, end: number): number {
    const {cursor, batch} = this;
    cursor.bytes = bytes;
    cursor.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    batch.bytes = bytes;
    batch.count = 0;
    let at = start;
    while (at < end) {
      if (this.isLost) at = this.findAgain(at, end);
      const next = this.isLost ? MORE_NEEDED : this.readAt(at, end);
      if (next === MORE_NEEDED) break;
      at = next;
      if (batch.count === batch.capacity) this.handOver();
    }
    this.handOver();
    return at;
  }

  private handOver(): void {
    if (this.batch.count > 0) this.feeding.onBatch();
    this.batch.count = 0;
  }

  /** Reads the record at `at`, and returns where the next one begins, or MORE_NEEDED. */
  private readAt(at: number, end: number): number {
    const {cursor, reader} = this;
    const size = end - at < reader.headerBytes ? reader.headerBytes : reader.sizeAt(cursor.view, at);
    if (size > end - at) return this.isLast ? this.rejectCut(at, end, size) : MORE_NEEDED;
    // A mark may begin in the record and end behind it.
    const isSeen = this.isLast || this.isBorder;
    if (!isSeen && size + (reader.resync?.markBytes ?? 1) - 1 > end - at) return MORE_NEEDED;
    if (size === 0) {
      this.isLost = true;
      this.rejectBytes('no record begins here', at, at + reader.headerBytes);
      return at + 1;
    }
    cursor.start = at;
    cursor.end = at + size;
    cursor.limit = end;
    this.count(at);
    return cursor.end;
  }

  private count(at: number): void {
    const {batch, cursor, reader} = this;
    const outcome = reader.read(cursor, batch, batch.count);
    const fault = outcome === OUTCOME.row ? checkRow(batch, batch.count, this.feeding.time) : cursor.reason;
    if (outcome === OUTCOME.remark) {
      this.records += 1;
      this.remarkRecords += 1;
    } else if (fault !== undefined) this.rejectBytes(fault, at, cursor.end);
    else {
      this.records += 1;
      batch.position[batch.count] = at;
      batch.line[batch.count] = this.records;
      batch.count += 1;
    }
  }

  /** Passes over bytes that were rejected: up to the next record, or to where the mark of one may have begun. */
  private findAgain(at: number, end: number): number {
    const {resync} = this.reader;
    invariant(resync !== undefined, 'only records that can be found again get lost');
    const next = resync.nextStart(this.cursor.bytes, at, end);
    if (next < 0) return this.isLast ? end : Math.max(at, end - resync.markBytes + 1);
    this.isLost = false;
    return next;
  }

  private rejectCut(at: number, end: number, size: number): number {
    this.rejectBytes(`the input was cut: ${end - at} of at least ${size} bytes of the last record`, at, end);
    const next = this.reader.resync?.nextStart(this.cursor.bytes, at + 1, end) ?? -1;
    return next < 0 ? end : next;
  }

  private rejectBytes(reason: string, at: number, end: number): void {
    this.records += 1;
    this.feeding.reject(this.records, reason, hexOf(this.cursor.bytes.subarray(at, end)));
  }
}
