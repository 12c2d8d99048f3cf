import {InputError} from '../core/index.js';
import {type ContentChunk, withRoom} from './reading/feed-lines.js';
import {BYTE, decodeLeniently} from './reading/row-cursor.js';

/** How much of an input is looked at to tell its format, whatever comes first. */
const SAMPLE_LINES = 50;
const SAMPLE_BYTES = 65_536;

const NEVER = new Promise<never>(() => undefined);

/** The beginning of an input. */
export interface Sample {
  /** Its first lines, whole unless the first alone is longer than the sample. */
  readonly text: Uint8Array;
  /** The same without line ends; at least one. */
  readonly lines: readonly string[];
  /** Its first bytes: of a binary input SAMPLE_BYTES, or all there are; of a text at least its first lines. */
  readonly bytes: Uint8Array;
  /** Whether `bytes` are all there are. */
  readonly isWhole: boolean;
}

/**
 * Takes a sample; the chunks that are returned are the whole input again. Once `hurry` is over one whole line is enough,
 * so that a stream that comes slowly is not waited for. Throws InputError when there is nothing in
 * it, or when it is UTF-16.
 */
export async function takeSample(
  chunks: AsyncGenerator<ContentChunk>,
  source: string,
  hurry: Promise<unknown> = NEVER,
): Promise<{readonly sample: Sample; readonly chunks: AsyncGenerator<ContentChunk>}> {
  let taken: Uint8Array = new Uint8Array(0);
  let isWhole = false;
  let coming: Promise<IteratorResult<ContentChunk>> | undefined;
  while (taken.length < SAMPLE_BYTES && !isEnoughText(taken)) {
    coming = chunks.next();
    if (taken.includes(BYTE.newline) && (await isLater(coming, hurry))) break;
    const next = await coming;
    coming = undefined;
    if (next.done === true) {
      isWhole = true;
      break;
    }
    const {bytes, start, end} = next.value;
    taken = joined(taken, bytes.subarray(start, end));
  }
  refuseUnreadable(taken, source);
  const sample = cutSample(taken.subarray(0, SAMPLE_BYTES), isWhole && taken.length <= SAMPLE_BYTES);
  return {sample, chunks: chained(withRoom(taken), coming, chunks)};
}

/** Whether the hurry is on before a chunk is there. */
async function isLater(chunk: Promise<unknown>, hurry: Promise<unknown>): Promise<boolean> {
  const there = chunk.then(
    () => false,
    () => false,
  );
  return Promise.race([there, hurry.then(() => true)]);
}

async function* chained(
  first: ContentChunk,
  second: Promise<IteratorResult<ContentChunk>> | undefined,
  rest: AsyncGenerator<ContentChunk>,
): AsyncGenerator<ContentChunk> {
  try {
    yield first;
    const next = await second;
    if (next?.done === true) return;
    if (next !== undefined) yield next.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** Not a Buffer: the parser is faster when it only ever sees one kind of array. */
function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** Whether there are lines enough; a NUL byte among them means that the input is no text. */
function isEnoughText(bytes: Uint8Array): boolean {
  const end = endOfLines(bytes);
  return end >= 0 && !bytes.subarray(0, end).includes(0);
}

/** Where the last line of a full sample ends; -1 when there are not so many lines. */
function endOfLines(bytes: Uint8Array): number {
  let end = 0;
  for (let lines = 0; lines < SAMPLE_LINES; lines += 1) {
    end = bytes.indexOf(BYTE.newline, end) + 1;
    if (end === 0) return -1;
  }
  return end;
}

function cutSample(bytes: Uint8Array, isWhole: boolean): Sample {
  const full = endOfLines(bytes);
  const lastLine = bytes.lastIndexOf(BYTE.newline) + 1;
  const whole = full >= 0 ? full : isWhole || lastLine === 0 ? bytes.length : lastLine;
  const cut = bytes.subarray(0, whole);
  const text = decodeLeniently(cut)
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
  return {text: cut, lines: text.split(/\r?\n/), bytes, isWhole};
}

function refuseUnreadable(bytes: Uint8Array, source: string): void {
  if (bytes.length === 0) {
    throw new InputError('empty-input', `${source} is empty; nothing was written`, {
      hints: ['see whether the interceptor ran, and whether the copy is complete'],
    });
  }
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new InputError('utf-16', `${source} is UTF-16, which is not read`, {
      hints: [`iconv -f UTF-16 -t UTF-8 FILE | foreshadow ingest -`],
    });
  }
}
