import {closeSync, openSync, readSync} from 'node:fs';
import path from 'node:path';

import {errorText, InputError} from '../../core/index.js';
import {decodeFootprint, type FootprintBitmap, type FootprintImage} from '../../traces/index.js';
import type {FootprintPack} from './batch-manifest.js';
import type {DurableFiles} from './durable-files.js';
import {footprintsPath} from './layout.js';

/**
 * The footprints of a batch lie in one file, so that a batch of many volumes costs one flush. A record is: length of
 * the name in bytes (uint32, little endian), the name in UTF-8, the bitmap as FootprintImage.encode gives it. Where
 * each begins stands in the manifest; the name is there twice so that a mix-up cannot pass.
 */
const NAME_LENGTH_BYTES = 4;

/** A pack of which less than this share is still the newest of its volumes is not kept for their sake. */
const WORTH_KEEPING = 0.5;

/** Where the newest footprint of a volume is. */
export interface FootprintPlace {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** What earlier batches saved: the newest footprint of each volume, and all packs. */
export interface SavedFootprints {
  readonly newest: ReadonlyMap<string, FootprintPlace>;
  readonly packs: readonly FootprintPack[];
}

interface PackTarget {
  readonly storePath: string;
  readonly batchId: string;
  readonly files: DurableFiles;
}

/** A fresh copy of a saved footprint. Throws InputError when the file is not what was written. */
export function loadFootprint(storePath: string, volume: string, place: FootprintPlace): FootprintBitmap {
  const file = path.join(storePath, place.path);
  try {
    const record = readRecord(file, place);
    const nameEnd = NAME_LENGTH_BYTES + record.readUInt32LE(0);
    const name = record.toString('utf8', NAME_LENGTH_BYTES, nameEnd);
    if (name !== volume) throw new Error(`it is of volume ${JSON.stringify(name)}`);
    return decodeFootprint(record.subarray(nameEnd));
  } catch (error) {
    throw new InputError(
      'store-damaged',
      `footprint of volume ${JSON.stringify(volume)} in ${file} cannot be read: ${errorText(error)}`,
      {hints: ['restore the store from a copy, or ingest the traces into a new one'], cause: error},
    );
  }
}

/**
 * Writes the footprints that a batch changed, and with them those of sparse old packs, so that these can go: the space
 * for state stays within about twice what is needed. Undefined when there are none.
 */
export async function writeFootprints(
  target: PackTarget,
  changed: ReadonlyMap<string, FootprintImage>,
  saved: SavedFootprints,
): Promise<FootprintPack | undefined> {
  const fresh = [...changed].map(([volume, image]): PackRecord => [volume, () => record(volume, image)]);
  return writePack(target, [...recordsAt(target.storePath, sparsePlaces(saved, changed)), ...fresh]);
}

/** Writes saved footprints again, into the pack of another batch. Undefined when there are none. */
export async function carryFootprints(
  target: PackTarget,
  places: readonly (readonly [volume: string, place: FootprintPlace])[],
): Promise<FootprintPack | undefined> {
  return writePack(target, recordsAt(target.storePath, places));
}

/** A volume and what makes its record. */
type PackRecord = readonly [volume: string, make: () => Uint8Array];

function recordsAt(
  storePath: string,
  places: readonly (readonly [volume: string, place: FootprintPlace])[],
): readonly PackRecord[] {
  return places.map(([volume, place]) => [volume, () => readRecord(path.join(storePath, place.path), place)]);
}

async function writePack(
  target: PackTarget,
  unordered: readonly PackRecord[],
): Promise<FootprintPack | undefined> {
  if (unordered.length === 0) return undefined;
  const records = [...unordered].sort(([left], [right]) => (left < right ? -1 : 1));
  const entries: FootprintPack['entries'] = [];
  const relativePath = footprintsPath(target.batchId);
  const file = path.join(target.storePath, relativePath);
  await target.files.makeFolder(path.dirname(file));
  const digest = await target.files.write(file, parts(records, entries));
  return {path: relativePath, ...digest, entries};
}

/** One record at a time is in memory; where it lies is noted in `entries`. */
function* parts(records: readonly PackRecord[], entries: FootprintPack['entries']): Generator<Uint8Array> {
  let offset = 0;
  for (const [volume, make] of records) {
    const bytes = make();
    entries.push({volume, offset, length: bytes.length});
    offset += bytes.length;
    yield bytes;
  }
}

function record(volume: string, image: FootprintImage): Uint8Array {
  const name = Buffer.from(volume, 'utf8');
  const nameLength = Buffer.alloc(NAME_LENGTH_BYTES);
  nameLength.writeUInt32LE(name.length);
  return Buffer.concat([nameLength, name, image.encode()]);
}

/** Footprints that are still the newest but lie in packs that are mostly superseded once `changed` is written. */
function sparsePlaces(
  {newest, packs}: SavedFootprints,
  changed: ReadonlyMap<string, FootprintImage>,
): readonly (readonly [string, FootprintPlace])[] {
  const alive = [...newest].filter(([volume]) => !changed.has(volume));
  const aliveBytes = new Map<string, number>();
  for (const [, place] of alive) aliveBytes.set(place.path, (aliveBytes.get(place.path) ?? 0) + place.length);
  const dense = new Set(
    packs
      .filter((pack) => (aliveBytes.get(pack.path) ?? 0) >= pack.sizeBytes * WORTH_KEEPING)
      .map((pack) => pack.path),
  );
  return alive.filter(([, place]) => !dense.has(place.path));
}

function readRecord(file: string, place: FootprintPlace): Buffer {
  const bytes = Buffer.alloc(place.length);
  const descriptor = openSync(file, 'r');
  try {
    for (let read = 0; read < place.length;) {
      const more = readSync(descriptor, bytes, read, place.length - read, place.offset + read);
      if (more === 0) throw new Error('it ends too early');
      read += more;
    }
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}
