import type {ActivityRows} from '../activity.js';
import type {FootprintBitmap} from '../footprint.js';
import {intervalOf, OP, type RowColumns} from '../reading/request-batch.js';
import {toActivityRows} from './activity-rows.js';
import {HeldWrites, type WriteRun} from './held-writes.js';
import {CELL, MINUTE_US, MinuteCells} from './minute-cells.js';
import {VolumeFootprints} from './volume-footprints.js';
import {VolumeNumbers} from './volume-numbers.js';

/** What of the store matters while rows are added up. */
export interface ActivityBase {
  /** A private copy of the saved footprint. */
  loadFootprint(volume: string): FootprintBitmap | undefined;
  /** Start of the newest minute stored, epoch us. */
  newestUs(volume: string): number | undefined;
}

/** Rows added up, and the footprints after them. */
export interface Summed {
  readonly rows: ActivityRows;
  readonly footprints: ReadonlyMap<string, FootprintBitmap>;
}

/** What adding up may take where nothing is said. */
const DEFAULT_MEMORY_BYTES = 2 ** 30;
/** Of that, writes that wait for those before them. */
const HELD_SHARE = 0.25;

/** Writes that are looked at together, so that waiting for memory overlaps. */
const AHEAD_ROWS = 1024;

/** Adds up rows of any number of inputs per (volume, minute) and keeps the footprints. */
export class ActivitySums {
  readonly volumes = new VolumeNumbers();
  /** Rows before this are late when they come: whoever adds rows says so. */
  openFromUs = Number.NEGATIVE_INFINITY;
  private readonly base: ActivityBase;
  private readonly mostHeldBytes: number;
  private cells = new MinuteCells();
  private readonly footprints: VolumeFootprints;
  private readonly held: HeldWrites;
  /** By volume: the cell that rows went to last, and the start of its minute; NaN for none. */
  private currentCell = new Int32Array(0);
  private currentStartUs = new Float64Array(0);
  /** By volume: start of the newest minute of which growth was told, here or in the store. */
  private settledUs = new Float64Array(0);
  private reserved = 0;

  constructor(base: ActivityBase, memoryBytes = DEFAULT_MEMORY_BYTES) {
    this.base = base;
    this.mostHeldBytes = HELD_SHARE * memoryBytes;
    this.footprints = new VolumeFootprints((volume) => base.loadFootprint(this.volumes.names[volume] ?? ''));
    this.held = new HeldWrites(this.mostHeldBytes);
  }

  /**
   * Adds the rows `from` to `to` (exclusive) of a batch. Returns how many are late: of a minute before one of which
   * growth was told, so that what they wrote first may have counted as growth of the later minute.
   */
  add(batch: RowColumns, from: number, to: number): number {
    this.reserve();
    const {volume, atUs} = batch;
    const {currentStartUs, currentCell} = this;
    let late = 0;
    for (let row = from; row < to; row += 1) {
      const number = volume[row] ?? 0;
      const intoUs = (atUs[row] ?? 0) - (currentStartUs[number] ?? 0);
      if (intoUs >= 0 && intoUs < MINUTE_US) this.count(currentCell[number] ?? 0, batch, row);
      else if (this.isLateInNewMinute(number, batch, row)) late += 1;
    }
    return late;
  }

  /**
   * Everything that was added up since the last time, in the middle of inputs that go on; the footprints stay. Only
   * footprints that were written or trimmed are told.
   */
  take(): Summed {
    const {rows, footprints} = this.finish();
    const changed = new Set<string>();
    for (let row = 0; row < rows.count; row += 1) {
      const isChange = (rows.writes[row] ?? 0) + (rows.trims[row] ?? 0) > 0;
      if (isChange) changed.add(rows.volumes[rows.volumeIndex[row] ?? 0] ?? '');
    }
    this.emptyCells();
    return {rows, footprints: new Map([...footprints].filter(([volume]) => changed.has(volume)))};
  }

  /** Forgets what was added up, because the base has it: its footprints are the base's. */
  forget(): void {
    this.held.clear();
    this.footprints.forget();
    this.emptyCells();
  }

  /** Everything that was added up. */
  finish(): Summed {
    this.settle(Number.POSITIVE_INFINITY);
    const {names} = this.volumes;
    return {rows: toActivityRows(this.cells, names), footprints: this.footprints.byName(names)};
  }

  private emptyCells(): void {
    this.cells = new MinuteCells();
    this.cells.reserve(this.reserved);
    this.currentStartUs.fill(Number.NaN);
  }

  /** Counts a row of another minute than the one before. */
  private isLateInNewMinute(volume: number, batch: RowColumns, row: number): boolean {
    const minuteUs = Math.floor((batch.atUs[row] ?? 0) / MINUTE_US) * MINUTE_US;
    const isLate = minuteUs < (this.settledUs[volume] ?? 0);
    if (batch.op[row] === OP.flush) return isLate;
    const cell = this.cells.find(volume, minuteUs);
    this.count(cell, batch, row);
    // Each late row must come here.
    if (isLate) return true;
    this.currentCell[volume] = cell;
    this.currentStartUs[volume] = minuteUs;
    return false;
  }

  /** The hot path: a row is not made an object, which would cost more than all of this. */
  private count(cell: number, batch: RowColumns, row: number): void {
    const op = batch.op[row] ?? 0;
    const lengthBytes = batch.lengthBytes[row] ?? 0;
    if (op > OP.trim) {
      if (op === OP.sample) this.cells.keepSample(cell, batch.atUs[row] ?? 0, lengthBytes);
      else if (op === OP.interval) this.countInterval(cell, batch, row);
      return;
    }
    const numbers = this.cells.slabOf(cell);
    const base = this.cells.baseOf(cell);
    addTo(numbers, base + op, 1);
    addTo(numbers, base + CELL.readBytes + op, lengthBytes);
    if (op === OP.read) return;
    if (this.held.isFull) this.makeRoom();
    this.held.add(batch, row, cell);
  }

  private countInterval(cell: number, batch: RowColumns, row: number): void {
    const {reads, writes, readBytes, writeBytes, usedBytes} = intervalOf(batch, row);
    const numbers = this.cells.slabOf(cell);
    const base = this.cells.baseOf(cell);
    addTo(numbers, base + CELL.reads, reads);
    addTo(numbers, base + CELL.writes, writes);
    addTo(numbers, base + CELL.readBytes, readBytes);
    addTo(numbers, base + CELL.writeBytes, writeBytes);
    if (!Number.isNaN(usedBytes)) this.cells.keepSample(cell, batch.atUs[row] ?? 0, usedBytes);
  }

  /** Settles what can be; where that is little more is held, and where that is too much, rows may be late. */
  private makeRoom(): void {
    const {held} = this;
    this.settle(this.openFromUs);
    if (!held.isCramped) return;
    if (2 * held.usedBytes <= this.mostHeldBytes) held.grow();
    else if (held.isFull) this.settle(Number.POSITIVE_INFINITY);
  }

  private settle(untilUs: number): void {
    this.held.settle(untilUs, this.volumes.names.length, (volume, run) => {
      this.settleRun(volume, run);
    });
  }

  private settleRun(volume: number, run: WriteRun): void {
    const {offsetBytes, atUs, from, to} = run;
    const footprint = this.footprints.of(volume);
    for (let at = from; at < to; at += AHEAD_ROWS) {
      const end = Math.min(to, at + AHEAD_ROWS);
      this.footprints.lookAhead(footprint, offsetBytes.subarray(at, end));
      this.tellGrowth(footprint, {...run, from: at, to: end});
    }
    const minuteUs = Math.floor((atUs[to - 1] ?? 0) / MINUTE_US) * MINUTE_US;
    if (minuteUs <= (this.settledUs[volume] ?? 0)) return;
    this.settledUs[volume] = minuteUs;
    // What comes of a minute before is late.
    if (minuteUs > (this.currentStartUs[volume] ?? 0)) this.currentStartUs[volume] = Number.NaN;
  }

  private tellGrowth(footprint: FootprintBitmap, run: WriteRun): void {
    const {cell, offsetBytes, signedBytes, from, to} = run;
    for (let row = from; row < to; row += 1) {
      const offset = offsetBytes[row] ?? 0;
      const bytes = signedBytes[row] ?? 0;
      const growthBytes = bytes < 0 ? -footprint.clear(offset, -bytes) : footprint.mark(offset, bytes);
      if (growthBytes === 0) continue;
      const number = cell[row] ?? 0;
      addTo(this.cells.slabOf(number), this.cells.baseOf(number) + CELL.growthBytes, growthBytes);
    }
  }

  /** Makes room for the volumes named since the last batch. */
  private reserve(): void {
    const {names} = this.volumes;
    if (names.length === this.reserved) return;
    if (names.length > this.currentCell.length) this.lengthen(Math.max(64, 2 * names.length));
    for (let volume = this.reserved; volume < names.length; volume += 1) {
      this.settledUs[volume] = this.base.newestUs(names[volume] ?? '') ?? Number.NEGATIVE_INFINITY;
    }
    this.reserved = names.length;
    this.cells.reserve(names.length);
  }

  private lengthen(room: number): void {
    const {currentCell, currentStartUs, settledUs} = this;
    this.currentCell = new Int32Array(room);
    this.currentStartUs = new Float64Array(room).fill(Number.NaN);
    this.settledUs = new Float64Array(room);
    this.currentCell.set(currentCell);
    this.currentStartUs.set(currentStartUs);
    this.settledUs.set(settledUs);
  }
}

function addTo(numbers: Float64Array, place: number, value: number): void {
  numbers[place] = (numbers[place] ?? 0) + value;
}
