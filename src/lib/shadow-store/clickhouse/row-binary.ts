/**
 * ClickHouse's RowBinary (clickhouse.com/docs/en/interfaces/formats#rowbinary): the values of a row one after the other,
 * little-endian; a String is its length as LEB128 and its bytes. Used for all answers and rows because names need no
 * escaping in it, and because it is the same in servers of any age.
 */
const CHUNK_BYTES = 2 ** 20;
const WORD = 2 ** 32;
const NUMBER_BYTES = 8;
/** The most that LEB128 takes for a length that fits into 32 bits. */
const MOST_LENGTH_BYTES = 5;

/** What a reader throws when a row is not here as a whole yet. */
const NOT_HERE_YET = new Error('the answer ends within a row');

/** Reads values one after the other, in the order of the columns of an answer. */
export class RowReader {
  private bytes = Buffer.alloc(0);
  private at = 0;

  add(part: Uint8Array): void {
    const left = this.bytes.subarray(this.at);
    this.bytes = left.length === 0 ? Buffer.from(part) : Buffer.concat([left, part]);
    this.at = 0;
  }

  /** The next row; undefined when it is not here as a whole. */
  next<T>(decode: (row: RowReader) => T): T | undefined {
    const from = this.at;
    if (from === this.bytes.length) return undefined;
    try {
      return decode(this);
    } catch (error) {
      if (error !== NOT_HERE_YET) throw error;
      this.at = from;
      return undefined;
    }
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** A String that need not be text: a copy. */
  blob(): Buffer {
    const length = this.length();
    const from = this.skip(length);
    return Buffer.from(this.bytes.subarray(from, from + length));
  }

  text(): string {
    const length = this.length();
    const from = this.skip(length);
    return this.bytes.toString('utf8', from, from + length);
  }

  /** A UInt64; exact up to 2^53. */
  unsigned(): number {
    const from = this.skip(NUMBER_BYTES);
    return this.bytes.readUInt32LE(from + 4) * WORD + this.bytes.readUInt32LE(from);
  }

  /** An Int64; exact up to 2^53. */
  signed(): number {
    const from = this.skip(NUMBER_BYTES);
    return this.bytes.readInt32LE(from + 4) * WORD + this.bytes.readUInt32LE(from);
  }

  /** A UInt64 of which every bit counts, in decimal. */
  id(): string {
    return String(this.bytes.readBigUInt64LE(this.skip(NUMBER_BYTES)));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.skip(NUMBER_BYTES));
  }

  flag(): boolean {
    return this.bytes[this.skip(1)] === 1;
  }

  private length(): number {
    let length = 0;
    for (let place = 0; place < MOST_LENGTH_BYTES; place += 1) {
      const byte = this.bytes[this.skip(1)] ?? 0;
      length += (byte & 127) * 2 ** (7 * place);
      if (byte < 128) return length;
    }
    throw new Error('the answer is no RowBinary');
  }

  private skip(bytes: number): number {
    const from = this.at;
    if (from + bytes > this.bytes.length) throw NOT_HERE_YET;
    this.at += bytes;
    return from;
  }
}

/** Rows of an answer, as they come. Throws when it ends within a row. */
export async function* readRows<T>(
  parts: AsyncIterable<Uint8Array>,
  decode: (row: RowReader) => T,
): AsyncGenerator<T> {
  const reader = new RowReader();
  for await (const part of parts) {
    reader.add(part);
    for (let row = reader.next(decode); row !== undefined; row = reader.next(decode)) yield row;
  }
  if (!reader.isAtEnd) throw NOT_HERE_YET;
}

/** Collects rows and gives them away in chunks of about a MiB. */
export class RowWriter {
  private buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  private at = 0;

  /** What is complete and large enough to be sent; the rest with `isLast`. */
  take(isLast = false): Uint8Array | undefined {
    if (this.at === 0 || (!isLast && this.at < CHUNK_BYTES / 2)) return undefined;
    const chunk = this.buffer.subarray(0, this.at);
    this.buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    this.at = 0;
    return chunk;
  }

  bytes(value: Uint8Array): void {
    this.reserve(MOST_LENGTH_BYTES + value.length);
    let length = value.length;
    for (; length >= 128; length = Math.floor(length / 128)) this.byte((length % 128) + 128);
    this.byte(length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, 'utf8'));
  }

  /** A whole number as UInt64, or as Int64 where it is negative; exact up to 2^53. */
  whole(value: number): void {
    this.reserve(NUMBER_BYTES);
    const high = Math.floor(value / WORD);
    this.buffer.writeUInt32LE(value - high * WORD, this.at);
    this.buffer.writeInt32LE(high | 0, this.at + 4);
    this.at += NUMBER_BYTES;
  }

  /** A UInt64 in decimal, of which every bit counts. */
  id(value: string): void {
    this.reserve(NUMBER_BYTES);
    this.buffer.writeBigUInt64LE(BigInt(value), this.at);
    this.at += NUMBER_BYTES;
  }

  flag(isSo: boolean): void {
    this.reserve(1);
    this.byte(isSo ? 1 : 0);
  }

  private byte(value: number): void {
    this.buffer[this.at] = value;
    this.at += 1;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}
