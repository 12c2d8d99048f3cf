import {type ArenaFootprint, createFootprint, type FootprintBitmap, moveFootprint} from '../footprint.js';
import {FootprintArena} from '../footprint-arena.js';
import {PAGE_WORDS} from '../footprint-codec.js';

/** The footprints of the volumes that are written or trimmed, by the volumes' numbers. */
export class VolumeFootprints {
  private readonly load: (volume: number) => FootprintBitmap | undefined;
  private readonly arena = new FootprintArena();
  private readonly loaded: (ArenaFootprint | undefined)[] = [];
  /** By write: where in the arena it will look. */
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
   * Brings the bits that writes of a volume will mark into the processor's cache. Scattered writes wait for memory
   * twice, for the table and for the page; here the waiting of many overlaps.
   */
  lookAhead(footprint: ArenaFootprint, offsetsBytes: Float64Array): void {
    const {words} = this.arena;
    const {length} = offsetsBytes;
    if (this.places.length < length) this.places = new Int32Array(length);
    const {places} = this;
    for (let row = 0; row < length; row += 1) places[row] = footprint.entryAt(offsetsBytes[row] ?? 0);
    for (let row = 0; row < length; row += 1) places[row] = (words[places[row] ?? 0] ?? 0) * PAGE_WORDS;
    this.arena.look(places, length);
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
