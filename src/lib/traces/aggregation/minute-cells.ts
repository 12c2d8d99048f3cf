import {US_PER_SECOND} from '../../core/index.js';

/** Granularity of what is stored, in us. */
export const MINUTE_US = 60 * US_PER_SECOND;

/** What a cell holds, by place; counts are indexed by op, bytes by 3 + op. 64 bytes: one cache line. */
export const CELL = {
  reads: 0,
  writes: 1,
  trims: 2,
  readBytes: 3,
  writeBytes: 4,
  growthBytes: 6,
  startUs: 7,
} as const;
export const CELL_NUMBERS = 8;

/** Cells of a volume lie together in groups of so many, so that going through one volume after another is cheap. */
const GROUP_CELLS = 8;
/** Slabs are never copied, unlike one array that grows. */
const SLAB_CELLS = 8192;
/** Cells of a volume that are found again when its rows go back and forth, by minute modulo this. */
const RECENT = 16;
const NONE = -1;
const NO_NUMBERS = new Float64Array(0);

/**
 * The sums per (volume, minute) while they are being made: one cell each. A minute that comes back after many others
 * may get a second cell; whoever reads them adds them up.
 */
export class MinuteCells {
  private readonly slabs: Float64Array[] = [];
  private groups = 0;
  /** The next group of the same volume, by group. */
  private nextGroup = new Int32Array(0);
  /** By volume. */
  private firstGroup = new Int32Array(0);
  private newestCell = new Int32Array(0);
  private counts = new Int32Array(0);
  private recent = new Int32Array(0);
  /** By cell; only when there are samples at all. */
  private usedBytes = new Float64Array(0);
  private usedAtUs = new Float64Array(0);

  /** Bytes of memory that the cells take. */
  get memoryBytes(): number {
    return this.slabs.length * SLAB_CELLS * CELL_NUMBERS * 8;
  }

  /** Makes room for so many volumes. */
  reserve(volumes: number): void {
    if (volumes <= this.counts.length) return;
    const room = Math.max(64, 2 * volumes);
    this.firstGroup = longer(this.firstGroup, room);
    this.newestCell = longer(this.newestCell, room);
    this.counts = longer(this.counts, room, 0);
    this.recent = longer(this.recent, room * RECENT);
  }

  /** Cells of a volume. */
  countOf(volume: number): number {
    return this.counts[volume] ?? 0;
  }

  /** Where the numbers of a cell are, from `baseOf` on. */
  slabOf(cell: number): Float64Array {
    return this.slabs[(cell / SLAB_CELLS) | 0] ?? NO_NUMBERS;
  }

  baseOf(cell: number): number {
    return (cell % SLAB_CELLS) * CELL_NUMBERS;
  }

  /** The cells of a volume in the order in which they were made: from this one by `nextOf`, until -1. */
  firstOf(volume: number): number {
    return this.countOf(volume) === 0 ? NONE : (this.firstGroup[volume] ?? 0) * GROUP_CELLS;
  }

  nextOf(volume: number, cell: number): number {
    if (cell === this.newestCell[volume]) return NONE;
    const group = (cell / GROUP_CELLS) | 0;
    return (cell + 1) % GROUP_CELLS === 0 ? (this.nextGroup[group] ?? 0) * GROUP_CELLS : cell + 1;
  }

  /** The cell of a volume's minute, made when there is none. */
  find(volume: number, startUs: number): number {
    const place = volume * RECENT + ((startUs / MINUTE_US) % RECENT);
    const known = this.recent[place] ?? NONE;
    if (known !== NONE && this.slabOf(known)[this.baseOf(known) + CELL.startUs] === startUs) return known;
    const cell = this.add(volume);
    this.slabOf(cell)[this.baseOf(cell) + CELL.startUs] = startUs;
    this.recent[place] = cell;
    return cell;
  }

  /** Keeps a usage sample if none in the minute is younger. */
  keepSample(cell: number, atUs: number, usedBytes: number): void {
    if (cell >= this.usedAtUs.length) {
      const room = this.slabs.length * SLAB_CELLS;
      this.usedAtUs = longerSamples(this.usedAtUs, room);
      this.usedBytes = longerSamples(this.usedBytes, room);
    }
    if (atUs < (this.usedAtUs[cell] ?? 0)) return;
    this.usedAtUs[cell] = atUs;
    this.usedBytes[cell] = usedBytes;
  }

  /** The last usage sample in a cell and its time; NaN for none. */
  sampleOf(cell: number): {readonly usedBytes: number; readonly usedAtUs: number} {
    return {usedBytes: this.usedBytes[cell] ?? Number.NaN, usedAtUs: this.usedAtUs[cell] ?? Number.NaN};
  }

  private add(volume: number): number {
    const count = this.countOf(volume);
    const newest = this.newestCell[volume] ?? NONE;
    let cell = newest + 1;
    if (count === 0) {
      cell = this.addGroup();
      this.firstGroup[volume] = cell / GROUP_CELLS;
    } else if (cell % GROUP_CELLS === 0) {
      cell = this.addGroup();
      this.nextGroup[(newest / GROUP_CELLS) | 0] = cell / GROUP_CELLS;
    }
    this.newestCell[volume] = cell;
    this.counts[volume] = count + 1;
    return cell;
  }

  /** The first cell of a new group. */
  private addGroup(): number {
    const cell = this.groups * GROUP_CELLS;
    if (cell % SLAB_CELLS === 0) this.slabs.push(new Float64Array(SLAB_CELLS * CELL_NUMBERS));
    if (this.groups === this.nextGroup.length) {
      this.nextGroup = longer(this.nextGroup, Math.max(1024, 2 * this.groups));
    }
    this.groups += 1;
    return cell;
  }
}

function longer(old: Int32Array, room: number, filler = NONE): Int32Array<ArrayBuffer> {
  const array = new Int32Array(room).fill(filler, old.length);
  array.set(old);
  return array;
}

function longerSamples(old: Float64Array, room: number): Float64Array<ArrayBuffer> {
  const array = new Float64Array(room).fill(Number.NaN, old.length);
  array.set(old);
  return array;
}
