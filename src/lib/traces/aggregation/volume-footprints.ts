import {
  type ArenaFootprint,
  createFootprint,
  type FootprintBitmap,
  type FootprintImage,
  moveFootprint,
  restoreFootprint,
} from '../footprint.js';
import {FootprintArena} from '../footprint-arena.js';
import {PAGE_WORDS} from '../footprint-codec.js';
import type {ScratchFile, ScratchPlace} from './scratch-file.js';

interface FootprintsOptions {
  /** Gives a private copy of what the store has of a volume. */
  readonly load: (volume: number) => FootprintBitmap | undefined;
  /** What footprints may take in memory, but that the largest one must fit. */
  readonly mostBytes: number;
  /** Where the others are. */
  readonly scratch: ScratchFile;
}

/** A footprint that is not in memory. */
interface Spilled {
  readonly place: ScratchPlace;
  readonly footprintBytes: number;
}

/** The footprints of the volumes that are written or trimmed, by the volumes' numbers. */
export class VolumeFootprints {
  private readonly options: FootprintsOptions;
  private readonly arena = new FootprintArena();
  private readonly loaded: (ArenaFootprint | undefined)[] = [];
  private readonly spilled = new Map<number, Spilled>();
  /** By volume: the round in which it was asked for last. */
  private readonly rounds: number[] = [];
  private round = 0;
  /** The last round in which idle ones were put aside. */
  private idleRound = 0;
  /** By write: where in the arena it will look. */
  private places = new Int32Array(0);

  constructor(options: FootprintsOptions) {
    this.options = options;
  }

  /** Whether not all fit into memory. */
  get areSpilled(): boolean {
    return this.spilled.size > 0;
  }

  /** The footprint of a volume, to be changed until the next one is asked for. */
  of(volume: number): ArenaFootprint {
    this.rounds[volume] = this.round;
    return this.loaded[volume] ?? this.add(volume);
  }

  /** Begins a round, in which each volume is asked for once at most. */
  beginRound(): void {
    this.round += 1;
  }

  /**
   * Puts footprints aside when there are too many in memory: those that were not asked for lately, else the one of this
   * volume, which comes last again in the next round.
   */
  makeRoom(volume: number): void {
    if (this.isFull && this.idleRound !== this.round) this.spillIdle();
    if (this.isFull) this.spill(volume);
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
    this.spilled.clear();
  }

  /** How the footprint of a volume is now, to be kept. */
  imageOf(volume: number): FootprintImage {
    const away = this.spilled.get(volume);
    const footprint = this.loaded[volume];
    if (away === undefined || footprint !== undefined) return footprint ?? this.of(volume);
    return {footprintBytes: away.footprintBytes, encode: () => this.encodeSpilled(away)};
  }

  private get isFull(): boolean {
    return this.arena.usedBytes > this.options.mostBytes;
  }

  private add(volume: number): ArenaFootprint {
    while (this.loaded.length <= volume) this.loaded.push(undefined);
    const footprint = this.restore(volume);
    this.loaded[volume] = footprint;
    return footprint;
  }

  private restore(volume: number): ArenaFootprint {
    const {scratch, load} = this.options;
    const away = this.spilled.get(volume);
    if (away !== undefined) return restoreFootprint(scratch.read(away.place), this.arena);
    const saved = load(volume);
    return saved ? moveFootprint(saved, this.arena) : createFootprint(this.arena);
  }

  private encodeSpilled({place}: Spilled): Uint8Array {
    const footprint = restoreFootprint(this.options.scratch.read(place), this.arena);
    const encoded = footprint.encode();
    footprint.release();
    return encoded;
  }

  private spillIdle(): void {
    this.idleRound = this.round;
    this.loaded.forEach((footprint, volume) => {
      if (footprint !== undefined && (this.rounds[volume] ?? 0) < this.round - 1) this.spill(volume);
    });
  }

  private spill(volume: number): void {
    const footprint = this.loaded[volume];
    if (footprint === undefined) return;
    const place = this.options.scratch.write(footprint.dump(), this.spilled.get(volume)?.place);
    this.spilled.set(volume, {place, footprintBytes: footprint.footprintBytes});
    footprint.release();
    this.loaded[volume] = undefined;
  }
}
