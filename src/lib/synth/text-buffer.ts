/** ASCII text being made, in a buffer that is used again. */
export interface TextBuffer {
  readonly bytes: Buffer;
  length: number;
}

const ZERO = 48;
const BILLION = 1_000_000_000;

/** An empty buffer for `capacity` bytes; the writers below do not check its end. */
export function createTextBuffer(capacity: number): TextBuffer {
  return {bytes: Buffer.alloc(capacity), length: 0};
}

/** Appends bytes as they are. */
export function putBytes(buffer: TextBuffer, text: Uint8Array): void {
  const {bytes} = buffer;
  let at = buffer.length;
  // Longer copies are faster by `set`, these short ones by hand.
  for (let index = 0; index < text.length; index += 1) bytes[at++] = text[index] ?? 0;
  buffer.length = at;
}

/** Appends an ASCII text. */
export function putText(buffer: TextBuffer, text: string): void {
  buffer.length += buffer.bytes.write(text, buffer.length, 'latin1');
}

/** Appends one character by its code. */
export function putCode(buffer: TextBuffer, code: number): void {
  buffer.bytes[buffer.length++] = code;
}

/** Appends a whole number from 0 to 2^53 in decimal. */
export function putNumber(buffer: TextBuffer, value: number): void {
  if (value < BILLION) {
    putDigits(buffer, value | 0, digitsOf(value | 0));
    return;
  }
  const high = Math.floor(value / BILLION);
  putNumber(buffer, high);
  putDigits(buffer, value - high * BILLION, 9);
}

/** Appends the lowest `digits` (at most 9) decimal digits of a whole number below 10^9, with zeros before. */
export function putDigits(buffer: TextBuffer, value: number, digits: number): void {
  const {bytes} = buffer;
  let rest = value | 0;
  for (let at = buffer.length + digits - 1; at >= buffer.length; at -= 1) {
    const next = (rest / 10) | 0;
    bytes[at] = ZERO + rest - next * 10;
    rest = next;
  }
  buffer.length += digits;
}

/** The bytes of an ASCII text. */
export function asciiBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function digitsOf(value: number): number {
  if (value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3;
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6;
  return value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9;
}
