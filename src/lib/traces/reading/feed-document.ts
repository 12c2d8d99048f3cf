import {formatBytes, InputError} from '../../core/index.js';
import {checkRow} from './check-row.js';
import type {ContentChunk} from './feed-lines.js';
import type {Feeder, Feeding} from './feeder.js';
import {OP, type RequestBatch} from './request-batch.js';
import type {DocumentEntry, DocumentReader} from './trace-format.js';

/** A document is held in memory as a whole, several times as large as it is. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * Collects an input that can only be read as a whole, and reads it at its end: fills the batch with its samples, hands
 * over every batch that is filled, and accounts for every other entry.
 */
export class DocumentFeeder implements Feeder {
  /** Entries read so far. */
  private entries = 0;
  private remarkEntries = 0;
  private readonly pieces: Uint8Array[] = [];
  private sizeBytes = 0;
  private readonly texts: (() => string)[] = [];
  private readonly reader: DocumentReader;
  private readonly source: string;
  private readonly batch: RequestBatch;
  private readonly feeding: Feeding;

  constructor(reader: DocumentReader, source: string, feeding: Feeding) {
    this.reader = reader;
    this.source = source;
    this.batch = feeding.batch;
    this.feeding = feeding;
  }

  counts(): ReturnType<Feeder['counts']> {
    return {lines: this.entries, blankRows: 0, remarkLines: this.remarkEntries};
  }

  remarks(): readonly string[] {
    return this.reader.remarks?.() ?? [];
  }

  /** Keeps a piece of the document. Throws InputError when it becomes too large. */
  feed({bytes, start, end}: ContentChunk): void {
    this.sizeBytes += end - start;
    if (this.sizeBytes > MAX_DOCUMENT_BYTES) {
      const limit = formatBytes(MAX_DOCUMENT_BYTES);
      throw new InputError(
        'too-large',
        `${this.source} is longer than ${limit}, and has to be read as a whole`,
        {
          hints: ['ask for a shorter range, or a longer step, in several files'],
        },
      );
    }
    this.pieces.push(bytes.slice(start, end));
  }

  /** Nothing of a document can be read before its end. */
  pendingBytes(): undefined {
    return undefined;
  }

  drain(): void {
    return;
  }

  /** Reads the document. Throws InputError when it cannot be read as a whole. */
  finish(): void {
    const content = Buffer.concat(this.pieces);
    this.pieces.length = 0;
    this.batch.count = 0;
    for (const entry of this.reader.entries(content)) {
      this.entries += 1;
      this.count(entry);
      if (this.batch.count === this.batch.capacity) this.handOver();
    }
    this.handOver();
  }

  textOf(row: number): string {
    return this.texts[row]?.() ?? '';
  }

  private handOver(): void {
    if (this.batch.count > 0) this.feeding.onBatch();
    this.batch.count = 0;
  }

  private count(entry: DocumentEntry): void {
    const {batch} = this;
    if (entry.kind === 'remark') {
      this.remarkEntries += 1;
      return;
    }
    const row = batch.count;
    if (entry.kind === 'sample') {
      batch.volume[row] = entry.volume;
      batch.op[row] = OP.sample;
      batch.atUs[row] = entry.atUs;
      batch.offsetBytes[row] = 0;
      batch.lengthBytes[row] = entry.usedBytes;
      batch.line[row] = entry.place;
    }
    const fault = entry.kind === 'sample' ? checkRow(batch, row, this.feeding.time) : entry.reason;
    if (fault !== undefined) {
      this.feeding.reject(entry.place, fault, entry.text());
      return;
    }
    this.texts[row] = entry.text;
    batch.count += 1;
  }
}
