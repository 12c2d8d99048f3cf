import type {RequestBatch} from './request-batch.js';
import type {RowParser} from './row-parser.js';
import {BYTE, MAX_LINE_BYTES, MAX_NAME_BYTES, READ_AHEAD_BYTES} from './row-cursor.js';

/** What is carried over from one chunk to the next is at most this long; every chunk keeps as much room before it. */
export const HEADROOM_BYTES = MAX_LINE_BYTES + 2 * MAX_NAME_BYTES;

const NOTHING = new Uint8Array(0);

/** Bytes of an input, [start, end) of `bytes`; HEADROOM_BYTES before and READ_AHEAD_BYTES after
 * belong to it too. */
export interface ContentChunk {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A chunk with a copy of the content. */
export function withRoom(content: Uint8Array): ContentChunk {
  const bytes = new Uint8Array(HEADROOM_BYTES + content.length + READ_AHEAD_BYTES);
  bytes.set(content, HEADROOM_BYTES);
  return {bytes, start: HEADROOM_BYTES, end: HEADROOM_BYTES + content.length};
}

/**
 * Cuts chunks into whole lines for the parser, whatever the chunks' borders are, and hands over every batch that is
 * filled. The result does not depend on the borders.
 */
export class LineFeeder {
  private tail: Uint8Array = NOTHING;
  private isSkipping = false;
  private readonly parser: RowParser;
  private readonly batch: RequestBatch;
  private readonly onBatch: () => void;

  constructor(parser: RowParser, batch: RequestBatch, onBatch: () => void) {
    this.parser = parser;
    this.batch = batch;
    this.onBatch = onBatch;
  }

  /** Parses the lines that are complete now. */
  feed({bytes, start, end}: ContentChunk): void {
    const from = this.isSkipping ? this.afterLongLine(bytes, start, end) : start - this.tail.length;
    bytes.set(this.tail, from);
    this.tail = NOTHING;
    if (from === end) return;
    const wholeEnd = Math.max(from, bytes.lastIndexOf(BYTE.newline, end - 1) + 1);
    const stopped = this.parse(bytes, from, wholeEnd, false);
    if (end - wholeEnd <= MAX_LINE_BYTES) {
      this.tail = bytes.slice(stopped, end);
      return;
    }
    this.parse(bytes, stopped, wholeEnd, true);
    this.parser.rejectLongLine(bytes, wholeEnd);
    this.isSkipping = true;
  }

  /** How many bytes at the end of what was fed are not parsed yet; undefined within a line that is too long. */
  pendingBytes(): number | undefined {
    return this.isSkipping ? undefined : this.tail.length;
  }

  /** Parses what is left, which may lack its last newline. */
  finish(): void {
    if (this.tail.length === 0) return;
    const isWhole = this.tail[this.tail.length - 1] === BYTE.newline;
    const rest = new Uint8Array(this.tail.length + 1 + READ_AHEAD_BYTES);
    rest.set(this.tail);
    if (!isWhole) rest[this.tail.length] = BYTE.newline;
    this.parse(rest, 0, this.tail.length + (isWhole ? 0 : 1), true);
  }

  /** Where the rest of a line ends that was rejected for its length. */
  private afterLongLine(bytes: Uint8Array, start: number, end: number): number {
    const newline = bytes.indexOf(BYTE.newline, start);
    if (newline < 0 || newline >= end) return end;
    this.isSkipping = false;
    return newline + 1;
  }

  private parse(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    let at = start;
    while (at < end) {
      const stopped = this.parser.parse(bytes, at, end, isLast);
      if (this.batch.count > 0) this.onBatch();
      if (stopped === at) break;
      at = stopped;
    }
    return at;
  }
}
