/** Bytes that formats look for. */
export const BYTE = {
  tab: 9,
  newline: 10,
  return: 13,
  space: 32,
  quote: 34,
  plus: 43,
  comma: 44,
  point: 46,
  zero: 48,
  backslash: 92,
} as const;

/** Longer lines are rejected, so that memory stays bounded whatever the input is. */
export const MAX_LINE_BYTES = 65_536;
/** Longer volume names are refused. */
export const MAX_NAME_BYTES = 4096;

/** Numbers are read four bytes at a time: so many bytes behind the last line must be there to be looked at. */
export const READ_AHEAD_BYTES = 8;

/** The value of each byte as a digit of base 16 or less; 99 for others. */
const DIGITS = Uint8Array.from({length: 256}, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? 99 : digit;
});
const POWERS_OF_TEN = [1, 10, 100, 1000];
const SHOWN_CHARACTERS = 60;
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const lenientDecoder = new TextDecoder('utf-8', {ignoreBOM: true});

/**
 * A place in a stretch of whole lines, and the primitives that formats read fields with. Each reads up to and
 * including a delimiter, returns whether that went well, and otherwise says in `reason` which field is wrong and how.
 * Values are written straight into a column: returned they would be boxed, which costs more than the parsing.
 */
export class RowCursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes; at least READ_AHEAD_BYTES follow `end`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** The next byte to read. */
  at = 0;
  /** End of the whole lines: the byte before it is a newline, which is where every scan stops at the latest. */
  end = 0;
  /** Whether nothing follows `end`. */
  isLast = false;
  /** Set by a reader whose row went over more than one line: how many more. */
  extraLines = 0;
  /** Why the last read failed. */
  reason = '';

  /**
   * A whole decimal number up to 2^53 - 1, four digits at a time: `digits` are the next four bytes with the first one
   * lowest, each less "0"; `others` has the top bit of the first byte that is no digit, and maybe of later ones.
   */
  readWhole(field: string, delimiter: number, column: Float64Array, row: number): boolean {
    const view = this.view;
    const start = this.at;
    let at = start;
    let value = 0;
    let digits = view.getUint32(at, true) ^ 0x3030_3030;
    let others = ((digits + 0x7676_7676) | digits) & 0x8080_8080;
    while (others === 0) {
      value = value * 10_000 + fourDigits(digits);
      at += 4;
      digits = view.getUint32(at, true) ^ 0x3030_3030;
      others = ((digits + 0x7676_7676) | digits) & 0x8080_8080;
    }
    const count = (31 - Math.clz32(others & -others)) >>> 3;
    if (count > 0) {
      value = value * (POWERS_OF_TEN[count] ?? 0) + fourDigits(digits << (32 - 8 * count));
      at += count;
    }
    // A value that was rounded is at least 2^53, because both products and sums keep the order of exact values.
    if (at === start || value > Number.MAX_SAFE_INTEGER || !this.endsField(at, delimiter)) {
      return this.failField(field, start, delimiter, faultOfWhole);
    }
    column[row] = value;
    return true;
  }

  /** One of a few words; writes its code. */
  readWord(field: string, delimiter: number, words: Words, column: Uint8Array, row: number): boolean {
    const start = this.at;
    const four = this.view.getUint32(start, true);
    for (let index = 0; index < words.list.length; index += 1) {
      const word = words.list[index];
      if (word === undefined || ((four ^ word.first) & word.mask) !== 0) continue;
      if (!this.hasRest(word.text, start) || !this.endsField(start + word.text.length, delimiter)) continue;
      column[row] = word.code;
      return true;
    }
    return this.failField(field, start, delimiter, (text) =>
      words.names.includes(text) ? undefined : `is not ${words.expected}`,
    );
  }

  /** Moves behind a text when it stands here. */
  skip(text: Uint8Array): boolean {
    for (let index = 0; index < text.length; index += 1) {
      if (this.bytes[this.at + index] !== text[index]) return false;
    }
    this.at += text.length;
    return true;
  }

  /** Moves behind spaces and tabs. */
  skipBlanks(): void {
    while (isBlankByte(this.bytes[this.at])) this.at += 1;
  }

  /** A whole number after blanks, with a blank behind it; see readWhole. */
  readNext(field: string, column: Float64Array, row: number): boolean {
    this.skipBlanks();
    return this.readWhole(field, BYTE.space, column, row);
  }

  /** One of a few words after blanks, the last of the line, which may end in blanks; writes its code. */
  readLastWord(field: string, words: Words, column: Uint8Array, row: number): boolean {
    this.skipBlanks();
    if (!this.readWord(field, BYTE.newline, words, column, row)) {
      const newline = this.bytes.indexOf(BYTE.newline, this.at);
      let end = this.lineEnd(this.at);
      while (end > this.at && isBlankByte(this.bytes[end - 1])) end -= 1;
      const text = decodeLeniently(this.bytes.subarray(this.at, end));
      const code = newline > end ? words.codes.get(text) : undefined;
      if (code === undefined) return false;
      column[row] = code;
      this.at = newline + 1;
    }
    return true;
  }

  /** A number of decimal or hex digits, up to any delimiter; NaN when there is no digit here, or too many. */
  takeNumber(base: 10 | 16): number {
    const start = this.at;
    let value = 0;
    for (;;) {
      const digit = DIGITS[this.bytes[this.at] ?? 0] ?? base;
      if (digit >= base) break;
      value = value * base + digit;
      this.at += 1;
    }
    return this.at > start && value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
  }

  /** Moves behind the delimiter when it is at `at`; a newline may be written CR LF. */
  endsField(at: number, delimiter: number): boolean {
    const byte = this.bytes[at];
    if (byte === delimiter) {
      this.at = at + 1;
      return true;
    }
    if (delimiter !== BYTE.newline || byte !== BYTE.return || this.bytes[at + 1] !== BYTE.newline)
      return false;
    this.at = at + 2;
    return true;
  }

  /** Notes what is wrong; false, so that a reader can return it. */
  fail(reason: string): false {
    this.reason = reason;
    return false;
  }

  /** The same for the field at `start`, which is empty, wrong in itself, or followed by the wrong delimiter. */
  failField(
    field: string,
    start: number,
    delimiter: number,
    fault: (text: string) => string | undefined,
  ): false {
    const text = this.textOfField(start, delimiter);
    if (text === '') return this.fail(`${field} is empty`);
    const wrong = fault(text);
    if (wrong !== undefined) return this.fail(`${field} ${wrong}: ${shorten(text)}`);
    return this.fail(
      delimiter === BYTE.newline
        ? `the row goes on after ${field}: there are too many fields`
        : `the row ends after ${field}: fields are missing`,
    );
  }

  /** Where the line that holds `start` ends, without its CR LF or LF. */
  lineEnd(start: number): number {
    const newline = this.bytes.indexOf(BYTE.newline, start);
    return newline > start && this.bytes[newline - 1] === BYTE.return ? newline - 1 : newline;
  }

  private hasRest(text: Uint8Array, start: number): boolean {
    for (let index = 4; index < text.length; index += 1) {
      if (this.bytes[start + index] !== text[index]) return false;
    }
    return true;
  }

  private textOfField(start: number, delimiter: number): string {
    const line = this.bytes.subarray(start, this.lineEnd(start));
    const end = line.indexOf(delimiter === BYTE.newline ? BYTE.comma : delimiter);
    return decodeLeniently(end < 0 ? line : line.subarray(0, end));
  }
}

function isBlankByte(byte: number | undefined): boolean {
  return byte === BYTE.space || byte === BYTE.tab;
}

/** The number that four digits make, the first one in the lowest byte. */
function fourDigits(digits: number): number {
  const pairs = Math.imul(digits & 0x00ff_00ff, 10) + ((digits >>> 8) & 0x00ff_00ff);
  return Math.imul(pairs & 0xffff, 100) + (pairs >>> 16);
}

function faultOfWhole(text: string): string | undefined {
  if (/^-\d+$/.test(text)) return 'is negative';
  if (!/^\d+$/.test(text)) return 'is not a whole number';
  return Number(text) > Number.MAX_SAFE_INTEGER ? 'is larger than 2^53 - 1' : undefined;
}

/** A text in quotes, with control characters escaped, cut to a length that fits a message. */
export function shorten(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text);
}

interface Word {
  readonly text: Uint8Array;
  readonly code: number;
  /** The first four bytes, or all when it is shorter, and which bits of them count. */
  readonly first: number;
  readonly mask: number;
}

/** The words that a field may be, with the code of each. */
export interface Words {
  readonly list: readonly Word[];
  readonly names: readonly string[];
  readonly codes: ReadonlyMap<string, number>;
  /** For a reason: `R or W`. */
  readonly expected: string;
}

/** Prepares words for `readWord`; put the frequent ones first. `expected` says what they are when they are too many. */
export function wordsOf(codes: Readonly<Record<string, number>>, expected?: string): Words {
  const names = Object.keys(codes);
  return {
    list: Object.entries(codes).map(([word, code]) => prepareWord(word, code)),
    names,
    codes: new Map(Object.entries(codes)),
    expected: expected ?? `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`,
  };
}

function prepareWord(word: string, code: number): Word {
  const text = new TextEncoder().encode(word);
  const four = new DataView(new ArrayBuffer(4));
  text.subarray(0, 4).forEach((byte, index) => {
    four.setUint8(index, byte);
  });
  return {
    text,
    code,
    first: four.getUint32(0, true),
    mask: text.length >= 4 ? -1 : (1 << (8 * text.length)) - 1,
  };
}

/** The text of UTF-8 bytes; undefined when they are not UTF-8. */
export function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text of bytes for people to look at: what is not UTF-8 becomes U+FFFD. */
export function decodeLeniently(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes);
}
