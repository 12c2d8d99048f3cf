import {type ArenaFootprint, createFootprint, type FootprintBitmap, moveFootprint} from '../footprint.js';
import {FootprintArena} from '../footprint-arena.js';
import {PAGE_WORDS} from '../footprint-codec.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';

/** The footprints of the volumes that are written or trimmed, by the volumes' numbers. */
export class VolumeFootprints {
  private readonly load: (volume: number) => FootprintBitmap | undefined;
  private readonly arena = new FootprintArena();
  private readonly loaded: (ArenaFootprint | undefined)[] = [];
  /** By row of a batch that writes: where in the arena it will look. */
  private places = new Int32Array(0);

  /** `load` gives a private copy of what the store has of a volume. */
  constructor(load: (volume: number) => FootprintBitmap | undefined) {
    this.load = load;
  }

  /** The footprint of a volume, to be changed. */
  of(volume: number): ArenaFootprint {
    return this.loaded[volume] ?? this.add(volume);
  }

  /**
   * Brings the bits that the rows of a batch will mark into the processor's cache. Scattered writes wait for memory
   * twice, for the table and for the page; here the waiting of many rows overlaps.
   */
  lookAhead({volume, op, offsetBytes, count}: RequestBatch): void {
    const {loaded} = this;
    const {words} = this.arena;
    if (this.places.length < count) this.places = new Int32Array(count);
    const {places} = this;
    let writes = 0;
    for (let row = 0; row < count; row += 1) {
      if (op[row] !== OP.write) continue;
      places[writes] = loaded[volume[row] ?? 0]?.entryAt(offsetBytes[row] ?? 0) ?? 0;
      writes += 1;
    }
    for (let write = 0; write < writes; write += 1) {
      places[write] = (words[places[write] ?? 0] ?? 0) * PAGE_WORDS;
    }
    this.arena.look(places, writes);
  }

  /** Gives all back: they are loaded again when they are asked for. */
  forget(): void {
    for (const footprint of this.loaded) footprint?.release();
    this.loaded.length = 0;
  }

  /** Those that were asked for. */
  byName(names: readonly string[]): ReadonlyMap<string, FootprintBitmap> {
    const footprints = new Map<string, FootprintBitmap>();
    this.loaded.forEach((footprint, volume) => {
      if (footprint !== undefined) footprints.set(names[volume] ?? '', footprint);
    });
    return footprints;
  }

  private add(volume: number): ArenaFootprint {
    const saved = this.load(volume);
    const footprint = saved ? moveFootprint(saved, this.arena) : createFootprint(this.arena);
    while (this.loaded.length <= volume) this.loaded.push(undefined);
    this.loaded[volume] = footprint;
    return footprint;
  }
}
