/**
 * Zstandard (RFC 8878): any number of frames, one behind the other. A frame is a magic number, a header of 2 to 14
 * bytes, blocks of at most 128 KiB that each begin with 3 bytes (last one, type, size), and, if the header says so, the
 * lowest 4 bytes of the XXH64 of its content. The blocks are decompressed by fzstd, which does not look at that checksum.
 */
import {Decompress} from 'fzstd';
import xxhash, {type XXHash, type XXHashAPI} from 'xxhash-wasm';

import {errorText, formatBytes, InputError} from '../../core/index.js';

const FRAME_MAGIC = 0xfd2f_b528;
/** 0x184D2A50 to 0x184D2A5F. */
const SKIPPABLE_MAGIC = 0x0184_d2a5;
/** What `zstd -d` takes without being told to take more. */
const MOST_WINDOW_BYTES = 128 * 2 ** 20;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const BLOCK_OF_ONE_BYTE = 1;
const NOTHING = new Uint8Array(0);
/** Compiled once. */
let hashing: Promise<XXHashAPI> | undefined;

/** The content, piece by piece. Throws InputError when the data are cut short, damaged, or need what is not there. */
export async function* unpackZstd(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const packed = new PackedBytes(name, pieces);
  const hashes = await (hashing ??= xxhash());
  while (!(await packed.isAtEnd())) {
    const magic = await packed.take(4);
    const number = viewOf(magic).getUint32(0, true);
    if (number === FRAME_MAGIC) yield* unpackFrame(name, packed, magic, hashes.create64());
    else if (number >>> 4 === SKIPPABLE_MAGIC)
      await packed.skip(viewOf(await packed.take(4)).getUint32(0, true));
    else throw damaged(name, 'something else follows a frame');
  }
}

async function* unpackFrame(
  name: string,
  packed: PackedBytes,
  magic: Uint8Array,
  hash: XXHash<bigint>,
): AsyncGenerator<Uint8Array> {
  const {header, hasChecksum} = await takeHeader(name, packed);
  const frame = new FrameUnpacker(name, hash);
  yield* frame.push(Buffer.concat([magic, header]));
  for (let isLast = false; !isLast;) {
    const head = await packed.take(3);
    const [low = 0, middle = 0, high = 0] = head;
    isLast = (low & 1) === 1;
    const type = (low >>> 1) & 3;
    const sizeBytes = (low >>> 3) | (middle << 5) | (high << 13);
    const body = await packed.take(type === BLOCK_OF_ONE_BYTE ? 1 : sizeBytes);
    yield* frame.push(Buffer.concat([head, body]));
  }
  const checksum = hasChecksum ? await packed.take(4) : NOTHING;
  yield* frame.push(checksum, true);
  if (hasChecksum && viewOf(checksum).getUint32(0, true) !== frame.checksum()) {
    throw damaged(name, 'the checksum of a frame does not agree');
  }
}

/** The header of a frame, from its descriptor on (RFC 8878, 3.1.1.1). */
async function takeHeader(
  name: string,
  packed: PackedBytes,
): Promise<{readonly header: Uint8Array; readonly hasChecksum: boolean}> {
  const first = await packed.take(1);
  const [descriptor = 0] = first;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >>> 6;
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & 3] ?? 0;
  const contentSizeBytes = sizeCode === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeCode] ?? 0);
  const rest = await packed.take((isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes);
  if (!isSingleSegment) refuseWindow(name, rest[0] ?? 0);
  const dictionary = rest.subarray(isSingleSegment ? 0 : 1).subarray(0, dictionaryBytes);
  if (dictionary.some((byte) => byte !== 0)) {
    throw new InputError(
      'zstd-dictionary',
      `${name} is compressed with zstd and a dictionary, which is not read`,
      {
        hints: ['zstd -d -D DICTIONARY FILE, then ingest what comes out'],
      },
    );
  }
  return {header: Buffer.concat([first, rest]), hasChecksum: (descriptor & 4) !== 0};
}

function refuseWindow(name: string, descriptor: number): void {
  const baseBytes = 2 ** (10 + (descriptor >>> 3));
  const windowBytes = baseBytes + (baseBytes / 8) * (descriptor & 7);
  if (windowBytes <= MOST_WINDOW_BYTES) return;
  throw new InputError(
    'zstd-window',
    `${name} is compressed with zstd and a window of ${formatBytes(windowBytes)}: more than ${formatBytes(MOST_WINDOW_BYTES)} is not read`,
    {hints: ['zstd -dc --long=31 FILE | foreshadow ingest -']},
  );
}

/** Unpacks one frame and sums its content up. */
class FrameUnpacker {
  private readonly name: string;
  private readonly hash: XXHash<bigint>;
  private unpacked: Uint8Array[] = [];
  private readonly decoder = new Decompress((piece) => this.unpacked.push(piece));

  constructor(name: string, hash: XXHash<bigint>) {
    this.name = name;
    this.hash = hash;
  }

  /** The content that comes of the next bytes. */
  push(bytes: Uint8Array, isLast = false): readonly Uint8Array[] {
    try {
      this.decoder.push(bytes, isLast);
    } catch (error) {
      throw damaged(this.name, errorText(error));
    }
    const pieces = this.unpacked.filter(({length}) => length > 0);
    for (const piece of pieces) this.hash.update(piece);
    this.unpacked = [];
    return pieces;
  }

  /** As it stands at the end of a frame. */
  checksum(): number {
    return Number(BigInt.asUintN(32, this.hash.digest()));
  }
}

/** Bytes that come in pieces, to be taken in lengths that are known. */
class PackedBytes {
  private readonly name: string;
  private readonly pieces: AsyncIterator<Uint8Array>;
  private piece: Uint8Array = NOTHING;

  constructor(name: string, pieces: AsyncIterable<Uint8Array>) {
    this.name = name;
    this.pieces = pieces[Symbol.asyncIterator]();
  }

  async isAtEnd(): Promise<boolean> {
    while (this.piece.length === 0) {
      const next = await this.pieces.next();
      if (next.done === true) return true;
      this.piece = next.value;
    }
    return false;
  }

  /** A copy of the next bytes. Throws InputError when there are not so many. */
  async take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    let filled = 0;
    await this.pass(length, (part) => {
      taken.set(part, filled);
      filled += part.length;
    });
    return taken;
  }

  async skip(length: number): Promise<void> {
    await this.pass(length, () => undefined);
  }

  private async pass(length: number, visit: (part: Uint8Array) => void): Promise<void> {
    for (let left = length; left > 0;) {
      if (await this.isAtEnd()) throw cutShort(this.name);
      const part = this.piece.subarray(0, left);
      visit(part);
      left -= part.length;
      this.piece = this.piece.subarray(part.length);
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cutShort(name: string): InputError {
  return new InputError(
    'truncated-zstd',
    `${name}: the zstd data end too early: the file was cut; nothing was written`,
    {hints: ['copy it again from where it came; zstd -t FILE checks it']},
  );
}

function damaged(name: string, why: string): InputError {
  return new InputError('damaged-zstd', `${name}: the zstd data are damaged (${why}); nothing was written`, {
    hints: ['copy it again from where it came; zstd -t FILE checks it'],
  });
}
