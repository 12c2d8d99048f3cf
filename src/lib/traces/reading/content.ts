import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';

import {errorText, InputError} from '../../core/index.js';
import {type ContentChunk, HEADROOM_BYTES} from './feed-lines.js';
import {READ_AHEAD_BYTES} from './row-cursor.js';
import {unpackGzip} from './unpack-gzip.js';

/** Where an input comes from; a stream can be read once only. */
export type InputSource =
  | {readonly kind: 'file'; readonly name: string; readonly path: string}
  | {readonly kind: 'stream'; readonly name: string; readonly stream: AsyncIterable<Uint8Array>};

/** What was read, told while or after it is. */
export interface ContentTally {
  /** Bytes as they are on disk. */
  readonly sizeBytes: number;
  /** Bytes after decompression. */
  readonly contentBytes: number;
  /** Whether it is compressed. */
  readonly isPacked: boolean;
  /** Of the bytes as they are on disk. To be asked once, at the end. */
  sha256(): string;
  /** Of the bytes after decompression. To be asked once, at the end. */
  contentSha256(): string;
}

const CHUNK_BYTES = 512 * 1024;
const GZIP = [0x1f, 0x8b];
const ZSTANDARD = [0x28, 0xb5, 0x2f, 0xfd];
const MAGIC_BYTES = 4;

/**
 * The content of an input after decompression (gzip and zstd by their magic numbers), in chunks that are
 * valid until the next is asked for. Throws InputError when it cannot be read, or is damaged or cut short.
 */
export async function openContent(
  source: InputSource,
): Promise<{readonly chunks: AsyncGenerator<ContentChunk>; readonly tally: ContentTally}> {
  const tally = new Tally();
  if (source.kind === 'stream') return {chunks: streamChunks(source, tally), tally};
  const handle = await openFile(source);
  return {chunks: fileChunks(handle, source.name, tally), tally};
}

/** SHA-256 of a file as it is on disk, in hex. */
export async function hashFile(filePath: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    const pieces: AsyncIterable<Buffer> = createReadStream(filePath, {highWaterMark: CHUNK_BYTES});
    for await (const piece of pieces) hash.update(piece);
  } catch (error) {
    throw cannotRead(filePath, error);
  }
  return hash.digest('hex');
}

class Tally implements ContentTally {
  sizeBytes = 0;
  private readonly raw = createHash('sha256');
  private content: ReturnType<typeof createHash> | undefined;
  private rawSha256: string | undefined;
  private unpackedBytes = 0;

  get isPacked(): boolean {
    return this.content !== undefined;
  }

  get contentBytes(): number {
    return this.isPacked ? this.unpackedBytes : this.sizeBytes;
  }

  addRaw(piece: Uint8Array): void {
    this.sizeBytes += piece.length;
    this.raw.update(piece);
  }

  /** Only of compressed inputs: of others the two are the same. */
  addContent(piece: Uint8Array): void {
    this.content ??= createHash('sha256');
    this.content.update(piece);
    this.unpackedBytes += piece.length;
  }

  sha256(): string {
    this.rawSha256 ??= this.raw.digest('hex');
    return this.rawSha256;
  }

  contentSha256(): string {
    return this.content === undefined ? this.sha256() : this.content.digest('hex');
  }
}

async function openFile({name, path}: {readonly name: string; readonly path: string}): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (error) {
    throw cannotRead(name, error);
  }
  if (!(await handle.stat()).isDirectory()) return handle;
  await handle.close();
  throw new InputError('is-directory', `${name} is a directory`, {
    hints: [`name the files in it: ${name.replace(/\/$/, '')}/*`],
  });
}

async function* fileChunks(handle: FileHandle, name: string, tally: Tally): AsyncGenerator<ContentChunk> {
  try {
    const isRegular = (await handle.stat()).isFile();
    const magic = new Uint8Array(MAGIC_BYTES);
    if (isRegular) await handle.read(magic, 0, MAGIC_BYTES, 0);
    if (isRegular && !isPacked(magic)) yield* plainChunks(handle, tally);
    else {
      const stream = handle.createReadStream({highWaterMark: CHUNK_BYTES, autoClose: false});
      yield* streamChunks({name, stream}, tally);
    }
  } catch (error) {
    throw error instanceof InputError ? error : cannotRead(name, error);
  } finally {
    await handle.close();
  }
}

/** Reads ahead into one of two buffers while the other is parsed. */
async function* plainChunks(handle: FileHandle, tally: Tally): AsyncGenerator<ContentChunk> {
  const room = HEADROOM_BYTES + CHUNK_BYTES + READ_AHEAD_BYTES;
  let [current, spare] = [new Uint8Array(room), new Uint8Array(room)];
  const read = async (bytes: Uint8Array): Promise<number> =>
    (await handle.read(bytes, HEADROOM_BYTES, CHUNK_BYTES, null)).bytesRead;
  let pending = read(current);
  try {
    for (;;) {
      const end = HEADROOM_BYTES + (await pending);
      if (end === HEADROOM_BYTES) return;
      pending = read(spare);
      pending.catch(() => undefined);
      tally.addRaw(current.subarray(HEADROOM_BYTES, end));
      yield {bytes: current, start: HEADROOM_BYTES, end};
      [current, spare] = [spare, current];
    }
  } finally {
    await pending.catch(() => undefined);
  }
}

async function* streamChunks(
  {name, stream}: {readonly name: string; readonly stream: AsyncIterable<Uint8Array>},
  tally: Tally,
): AsyncGenerator<ContentChunk> {
  const {first, rest} = await takeFirst(tapped(stream, tally));
  const pieces = joined(first, rest);
  yield* intoChunks(isPacked(first) ? unpacked(name, first, pieces, tally) : pieces);
}

async function* tapped(stream: AsyncIterable<Uint8Array>, tally: Tally): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    tally.addRaw(piece);
    yield piece;
  }
}

/** As many pieces as are needed to see a magic number, as one. */
async function takeFirst(
  rest: AsyncGenerator<Uint8Array>,
): Promise<{readonly first: Uint8Array; readonly rest: AsyncGenerator<Uint8Array>}> {
  let first = new Uint8Array(0);
  while (first.length < MAGIC_BYTES) {
    const next = await rest.next();
    if (next.done === true) break;
    first = new Uint8Array(Buffer.concat([first, next.value]));
  }
  return {first, rest};
}

async function* joined(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function* unpacked(
  name: string,
  first: Uint8Array,
  pieces: AsyncGenerator<Uint8Array>,
  tally: Tally,
): AsyncGenerator<Uint8Array> {
  const content = startsWith(first, GZIP)
    ? unpackGzip(name, pieces, CHUNK_BYTES)
    : (await import('./unpack-zstd.js')).unpackZstd(name, pieces);
  for await (const piece of content) {
    tally.addContent(piece);
    yield piece;
  }
}

/** Copies pieces of any size into a buffer with the room around them that parsing needs. */
async function* intoChunks(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<ContentChunk> {
  let bytes = new Uint8Array(0);
  for await (const piece of pieces) {
    const room = HEADROOM_BYTES + piece.length + READ_AHEAD_BYTES;
    if (bytes.length < room) bytes = new Uint8Array(room);
    bytes.set(piece, HEADROOM_BYTES);
    yield {bytes, start: HEADROOM_BYTES, end: HEADROOM_BYTES + piece.length};
  }
}

function isPacked(magic: Uint8Array): boolean {
  return startsWith(magic, GZIP) || startsWith(magic, ZSTANDARD);
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function cannotRead(name: string, error: unknown): InputError {
  return new InputError('cannot-read', `cannot read ${name}: ${errorText(error)}`, {cause: error});
}
