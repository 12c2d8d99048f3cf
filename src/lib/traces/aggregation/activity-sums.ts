import type {BatchRows} from '../activity.js';
import type {FootprintBitmap, FootprintImage} from '../footprint.js';
import {intervalOf, OP, type RowColumns} from '../reading/request-batch.js';
import {HeldWrites, type WriteRun} from './held-writes.js';
import {CELL, MINUTE_US, MinuteCells} from './minute-cells.js';
import {MinuteRuns} from './minute-runs.js';
import {ScratchFile} from './scratch-file.js';
import {VolumeFootprints} from './volume-footprints.js';
import {VolumeNumbers} from './volume-numbers.js';

/** What of the store matters while rows are added up. */
export interface ActivityBase {
  /** A private copy of the saved footprint. */
  loadFootprint(volume: string): FootprintBitmap | undefined;
  /** Start of the newest minute stored, epoch us. */
  newestUs(volume: string): number | undefined;
  /** See IngestSink. */
  readonly scratchFolder: string;
}

/** Rows added up; they can be asked for until others are taken. */
export interface Summed {
  readonly rows: BatchRows;
  /** Of the volumes that were written or trimmed, as they are after the rows. */
  readonly footprints: ReadonlyMap<string, FootprintImage>;
  readonly growthBytes: number;
  /** See IngestBatch. */
  readonly untold: ReadonlySet<string>;
}

/** What adding up may take where nothing is said. */
const DEFAULT_MEMORY_BYTES = 2 ** 30;
/** Of that: writes that wait for those before them, footprints, and minutes. The rest is for buffers. */
const SHARE = {held: 0.25, footprints: 0.5, minutes: 0.125} as const;

/** Writes that are looked at together, so that waiting for memory overlaps. */
const AHEAD_ROWS = 1024;

/** Adds up rows of any number of inputs per (volume, minute) and keeps the footprints. */
export class ActivitySums {
  readonly volumes = new VolumeNumbers();
  /** Rows before this will be late when they come: whoever adds rows says so. */
  openFromUs: () => number = () => Number.NEGATIVE_INFINITY;
  private readonly base: ActivityBase;
  private readonly memoryBytes: number;
  private readonly scratch: {readonly footprints: ScratchFile; readonly minutes: ScratchFile};
  private cells = new MinuteCells();
  private runs: MinuteRuns;
  private readonly footprints: VolumeFootprints;
  private readonly held: HeldWrites;
  /** Volumes that were written or trimmed, and by how much they grew. */
  private changed = new Set<number>();
  private growthBytes = 0;
  /** Volumes with sums of intervals, and those with rows that are none. */
  private readonly summed = new Set<number>();
  private readonly told = new Set<number>();
  /** By volume: the cell that rows went to last, and the start of its minute; NaN for none. */
  private currentCell = new Int32Array(0);
  private currentStartUs = new Float64Array(0);
  /** By volume: start of the newest minute of which growth was told, here or in the store. */
  private settledUs = new Float64Array(0);
  private reserved = 0;

  /** What exceeds the memory goes to the scratch folder of the base. */
  constructor(base: ActivityBase, memoryBytes = DEFAULT_MEMORY_BYTES) {
    this.base = base;
    this.memoryBytes = memoryBytes;
    this.scratch = {
      footprints: new ScratchFile(base.scratchFolder, 'footprints'),
      minutes: new ScratchFile(base.scratchFolder, 'minutes'),
    };
    this.runs = new MinuteRuns(this.scratch.minutes);
    this.held = new HeldWrites(SHARE.held * memoryBytes);
    this.footprints = new VolumeFootprints({
      load: (volume) => base.loadFootprint(this.volumes.names[volume] ?? ''),
      mostBytes: SHARE.footprints * memoryBytes,
      scratch: this.scratch.footprints,
    });
  }

  /**
   * Adds the rows `from` to `to` (exclusive) of a batch. Returns how many are late: of a minute before one of which
   * growth was told, so that what they wrote first may have counted as growth of the later minute.
   */
  add(batch: RowColumns, from: number, to: number): number {
    this.reserve();
    const {volume, atUs} = batch;
    const {currentStartUs, currentCell, held} = this;
    let late = 0;
    for (let row = from; row < to; row += 1) {
      // Before the row's cell is looked for, which may be another afterwards.
      if (held.isFull) this.makeRoom();
      const number = volume[row] ?? 0;
      const intoUs = (atUs[row] ?? 0) - (currentStartUs[number] ?? 0);
      if (intoUs >= 0 && intoUs < MINUTE_US) this.count(currentCell[number] ?? 0, batch, row);
      else if (this.isLateInNewMinute(number, batch, row)) late += 1;
    }
    return late;
  }

  /** Everything that was added up since the last time; the footprints stay. */
  take(): Summed {
    this.settle(Number.POSITIVE_INFINITY);
    const {names} = this.volumes;
    const rows = this.runs.rowsWith(this.cells, names);
    const changed = [...this.changed].map(
      (volume) => [names[volume] ?? '', this.footprints.imageOf(volume)] as const,
    );
    const {growthBytes, told} = this;
    const untold = [...this.summed]
      .filter((volume) => !told.has(volume))
      .map((volume) => names[volume] ?? '');
    this.beginAnew();
    return {rows, footprints: new Map(changed), growthBytes, untold: new Set(untold)};
  }

  /** Forgets what was added up, because the base has it: its footprints are the base's. */
  forget(): void {
    this.held.clear();
    this.footprints.forget();
    this.beginAnew();
  }

  /** Removes what was put aside. */
  close(): void {
    this.scratch.footprints.close();
    this.scratch.minutes.close();
  }

  private beginAnew(): void {
    this.cells = new MinuteCells();
    this.cells.reserve(this.reserved);
    this.runs = new MinuteRuns(this.scratch.minutes);
    this.scratch.minutes.rewind();
    this.currentStartUs.fill(Number.NaN);
    this.changed = new Set();
    this.summed.clear();
    this.told.clear();
    this.growthBytes = 0;
  }

  /** Counts a row of another minute than the one before. */
  private isLateInNewMinute(volume: number, batch: RowColumns, row: number): boolean {
    const minuteUs = Math.floor((batch.atUs[row] ?? 0) / MINUTE_US) * MINUTE_US;
    const isLate = minuteUs < (this.settledUs[volume] ?? 0);
    const op = batch.op[row] ?? 0;
    (op === OP.interval ? this.summed : this.told).add(volume);
    if (op === OP.flush) return isLate;
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
    this.held.add(batch, row, cell);
  }

  private countInterval(cell: number, batch: RowColumns, row: number): void {
    const {reads, writes, trims, readBytes, writeBytes, usedBytes} = intervalOf(batch, row);
    const numbers = this.cells.slabOf(cell);
    const base = this.cells.baseOf(cell);
    addTo(numbers, base + CELL.reads, reads);
    addTo(numbers, base + CELL.writes, writes);
    addTo(numbers, base + CELL.trims, trims);
    addTo(numbers, base + CELL.readBytes, readBytes);
    addTo(numbers, base + CELL.writeBytes, writeBytes);
    if (!Number.isNaN(usedBytes)) this.cells.keepSample(cell, batch.atUs[row] ?? 0, usedBytes);
  }

  /** Settles what can be; where that is little more is held, and where that is too much, rows may be late. */
  private makeRoom(): void {
    const {held} = this;
    const mayGrow = 2 * held.usedBytes <= SHARE.held * this.memoryBytes;
    if (mayGrow && held.isSmall) {
      held.grow();
      return;
    }
    this.settle(this.openFromUs());
    if (this.cells.memoryBytes > SHARE.minutes * this.memoryBytes) this.putMinutesAside();
    // Where footprints go to and fro between memory and disk, they should not do so often.
    if (mayGrow && (held.isCramped || this.footprints.areSpilled)) held.grow();
    else if (held.isFull) this.settle(Number.POSITIVE_INFINITY);
  }

  private putMinutesAside(): void {
    this.runs.add(this.cells, this.volumes.names.length);
    this.cells = new MinuteCells();
    this.cells.reserve(this.reserved);
    this.currentStartUs.fill(Number.NaN);
    this.held.moveTo((volume, atUs) => this.cells.find(volume, Math.floor(atUs / MINUTE_US) * MINUTE_US));
  }

  private settle(untilUs: number): void {
    this.footprints.beginRound();
    this.held.settle(untilUs, this.volumes.names.length, (volume, run) => {
      this.settleRun(volume, run);
      this.footprints.makeRoom(volume);
    });
  }

  private settleRun(volume: number, run: WriteRun): void {
    const {offsetBytes, atUs, from, to} = run;
    const footprint = this.footprints.of(volume);
    this.changed.add(volume);
    this.told.add(volume);
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
      this.growthBytes += growthBytes;
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
