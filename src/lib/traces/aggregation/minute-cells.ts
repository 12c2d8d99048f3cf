import {US_PER_SECOND} from '../../core/index.js';

/** Granularity of what is stored, in us. */
export const MINUTE_US = 60 * US_PER_SECOND;

/** What a cell holds, by place; the first six are indexed by op and 3 + op. 64 bytes: one cache line. */
export const CELL = {
  reads: 0,
  writes: 1,
  trims: 2,
  readBytes: 3,
  writeBytes: 4,
  growthBytes: 6,
  usedBytes: 7,
} as const;
export const CELL_NUMBERS = 8;
/** Cells of a volume that are found again when its rows go back and forth, by minute modulo this. */
const RECENT = 16;

/**
 * The sums per (volume, minute) while they are being made: one cell each, in the order of first appearance. A minute
 * that comes back after many others may get a second cell; `toActivityRows` adds them up.
 */
export class MinuteCells {
  count = 0;
  numbers = new Float64Array(1024 * CELL_NUMBERS);
  volume = new Int32Array(1024);
  startUs = new Float64Array(1024);
  usedAtUs = new Float64Array(1024);
  private recent = new Int32Array(0);

  /** The cell of a volume's minute, made when there is none. */
  find(volume: number, startUs: number): number {
    const place = volume * RECENT + ((startUs / MINUTE_US) % RECENT);
    if (place >= this.recent.length) this.makeRecent(volume);
    const known = this.recent[place] ?? -1;
    if (known >= 0 && this.startUs[known] === startUs) return known;
    this.recent[place] = this.add(volume, startUs);
    return this.count - 1;
  }

  /** Keeps a usage sample if none in the minute is younger. */
  keepSample(cell: number, atUs: number, usedBytes: number): void {
    if (atUs < (this.usedAtUs[cell] ?? 0)) return;
    this.usedAtUs[cell] = atUs;
    this.numbers[cell * CELL_NUMBERS + CELL.usedBytes] = usedBytes;
  }

  private add(volume: number, startUs: number): number {
    if (this.count === this.volume.length) this.makeRoom();
    const cell = this.count;
    this.volume[cell] = volume;
    this.startUs[cell] = startUs;
    this.usedAtUs[cell] = Number.NaN;
    this.numbers[cell * CELL_NUMBERS + CELL.usedBytes] = Number.NaN;
    this.count += 1;
    return cell;
  }

  private makeRecent(volume: number): void {
    const recent = new Int32Array(RECENT * Math.max(2 * volume, 64)).fill(-1);
    recent.set(this.recent);
    this.recent = recent;
  }

  private makeRoom(): void {
    const room = 2 * this.count;
    this.numbers = longer(this.numbers, room * CELL_NUMBERS);
    this.startUs = longer(this.startUs, room);
    this.usedAtUs = longer(this.usedAtUs, room);
    const volume = new Int32Array(room);
    volume.set(this.volume);
    this.volume = volume;
  }
}

function longer(old: Float64Array, room: number): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(room);
  numbers.set(old);
  return numbers;
}
