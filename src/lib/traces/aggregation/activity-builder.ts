import type {ActivityRows, InputCoverage, PlaceUnit} from '../activity.js';
import type {FootprintBitmap} from '../footprint.js';
import type {RejectRow} from '../reading/check-row.js';
import {
  createRequestBatch,
  intervalOf,
  OP,
  putInterval,
  type RequestBatch,
} from '../reading/request-batch.js';
import {toActivityRows} from './activity-rows.js';
import {CoverageTally, DEFAULT_GAP_US} from './log-coverage.js';
import {CELL, MINUTE_US, MinuteCells} from './minute-cells.js';
import {VolumeFootprints} from './volume-footprints.js';
import {type HeldRow, type Verdict, VolumeClocks} from './volume-clocks.js';

/** What of the store matters while rows are added up. */
export interface ActivityBase {
  /** A private copy of the saved footprint. */
  loadFootprint(volume: string): FootprintBitmap | undefined;
  /** Start of the newest minute stored, epoch us. */
  newestUs(volume: string): number | undefined;
}

/** What was counted of one input. Times are Infinity and -Infinity when no row was. */
export interface InputActivity {
  rows: number;
  /** Rows of a minute before the newest one that their volume had by then, in the store or in the inputs so far. */
  lateRows: number;
  firstUs: number;
  lastUs: number;
  coverage: readonly InputCoverage[];
}

/** Rows added up, and the footprints after them. */
export interface Summed {
  readonly rows: ActivityRows;
  readonly footprints: ReadonlyMap<string, FootprintBitmap>;
}

/** Adds up batches of rows per (volume, minute) and keeps the footprints. */
export class ActivityBuilder {
  private readonly base: ActivityBase;
  private readonly skewUs: number;
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  private cells = new MinuteCells();
  private readonly footprints: VolumeFootprints;
  /** By volume: the cell that rows go to while they are in order, and the end of its minute; -Infinity for none. */
  private currentCell = new Int32Array(0);
  private currentEndUs = new Float64Array(0);
  /** By volume: start of the newest minute in the store or counted here. */
  private readonly newestMinuteUs: number[] = [];
  private clocks: VolumeClocks;
  private input: InputActivity = emptyInput();
  private readonly gapUs: number;
  private requests = new CoverageTally();
  private usage = new CoverageTally();
  /** A row that was held back, as a batch. */
  private readonly single = createRequestBatch(1);

  /** `gapUs`: an input without any row for longer than this has a gap (see CoverageTally). */
  constructor(base: ActivityBase, skewUs: number, gapUs = DEFAULT_GAP_US) {
    this.base = base;
    this.skewUs = skewUs;
    this.gapUs = gapUs;
    this.footprints = new VolumeFootprints((volume) => base.loadFootprint(this.names[volume] ?? ''));
    this.clocks = new VolumeClocks(skewUs, 'line');
  }

  /** The number of a volume in batches. */
  readonly indexOfVolume = (name: string): number => {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = this.names.push(name) - 1;
    this.numbers.set(name, number);
    return number;
  };

  /** Begins an input, whose rows errors count by `unit`: its clocks are its own. */
  beginInput(unit: PlaceUnit): void {
    this.clocks = new VolumeClocks(this.skewUs, unit);
    this.currentEndUs.fill(Number.NEGATIVE_INFINITY);
    this.beginCounts();
  }

  /** Counts the rows of a batch; `textOf` gives the text of one for the rejects. */
  add(batch: RequestBatch, reject: RejectRow, textOf: (row: number) => string): void {
    this.reserve();
    this.footprints.lookAhead(batch);
    const {volume, atUs, count} = batch;
    const {skewUs, currentEndUs, currentCell} = this;
    const {clocks} = this;
    const {newestUs} = clocks;
    let inOrder = 0;
    for (let row = 0; row < count; row += 1) {
      const number = volume[row] ?? 0;
      const at = atUs[row] ?? 0;
      const ahead = at - (newestUs[number] ?? 0);
      if (ahead >= 0 && ahead <= skewUs && at < (currentEndUs[number] ?? 0)) {
        newestUs[number] = at;
        clocks.lastUs = at;
        inOrder += 1;
        this.count(number, currentCell[number] ?? 0, batch, row);
      } else this.addOutOfLine(batch, row, reject, textOf);
    }
    this.input.rows += inOrder;
  }

  /** Ends the input: what was held back is decided. */
  endInput(reject: RejectRow): InputActivity {
    for (const [volume, verdict] of this.clocks.settle()) this.apply(volume, verdict, reject);
    return this.inputSoFar();
  }

  /** What was counted of the input since it began, or since `take` or `forget`; what is held back is not among it. */
  inputSoFar(): InputActivity {
    for (const newestUs of this.clocks.newestUs) this.input.lastUs = Math.max(this.input.lastUs, newestUs);
    this.input.coverage = [
      this.requests.toCoverage('requests', this.gapUs, this.names),
      this.usage.toCoverage('usage', this.gapUs, this.names),
    ].filter((entry) => entry !== undefined);
    return this.input;
  }

  /**
   * Everything that was added up since the last time, in the middle of an input that goes on: its clocks, what they
   * hold back, and the footprints stay. Only footprints that were written or trimmed are told.
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
    this.footprints.forget();
    this.emptyCells();
  }

  /** Everything that was added up. */
  finish(): Summed {
    return {rows: toActivityRows(this.cells, this.names), footprints: this.footprints.byName(this.names)};
  }

  private emptyCells(): void {
    this.cells = new MinuteCells();
    this.cells.reserve(this.names.length);
    this.currentEndUs.fill(Number.NEGATIVE_INFINITY);
    this.beginCounts();
  }

  private beginCounts(): void {
    this.input = emptyInput();
    this.requests = new CoverageTally();
    this.usage = new CoverageTally();
  }

  /** A row in another minute than the one before, or with a time that must be looked at. */
  private addOutOfLine(
    batch: RequestBatch,
    row: number,
    reject: RejectRow,
    textOf: (row: number) => string,
  ): void {
    const volume = batch.volume[row] ?? 0;
    const {clocks} = this;
    if (!clocks.isHolding(volume) && clocks.believe(volume, batch.atUs[row] ?? 0)) {
      this.accept(volume, batch, row);
      return;
    }
    this.apply(volume, clocks.judge(volume, heldRow(batch, row, textOf(row))), reject);
    if (clocks.isHolding(volume)) this.currentEndUs[volume] = Number.NEGATIVE_INFINITY;
  }

  private apply(volume: number, verdict: Verdict, reject: RejectRow): void {
    const {single} = this;
    for (const {atUs, op, offsetBytes, lengthBytes, sums} of verdict.accepted) {
      single.atUs[0] = atUs;
      single.op[0] = op;
      single.offsetBytes[0] = offsetBytes;
      single.lengthBytes[0] = lengthBytes;
      if (sums !== undefined) putInterval(single, 0, sums);
      this.accept(volume, single, 0);
    }
    for (const {row, reason} of verdict.rejected) reject(row.line, reason, row.text);
  }

  private accept(volume: number, batch: RequestBatch, row: number): void {
    const {input} = this;
    const atUs = batch.atUs[row] ?? 0;
    input.rows += 1;
    input.firstUs = Math.min(input.firstUs, atUs);
    const minuteUs = Math.floor(atUs / MINUTE_US) * MINUTE_US;
    const isLate = minuteUs < (this.newestMinuteUs[volume] ?? 0);
    if (isLate) input.lateRows += 1;
    else this.newestMinuteUs[volume] = minuteUs;
    const isSample = batch.op[row] === OP.sample;
    if (!isSample) this.requests.note(volume, minuteUs);
    if (batch.op[row] === OP.flush) return;
    const cell = this.cells.find(volume, minuteUs);
    this.count(volume, cell, batch, row);
    // After a sample the next request must come here too, to be noted.
    if (isLate || isSample) return;
    this.currentCell[volume] = cell;
    this.currentEndUs[volume] = minuteUs + MINUTE_US;
  }

  /** The hot path: a row is not made an object, which would cost more than all of this. */
  private count(volume: number, cell: number, batch: RequestBatch, row: number): void {
    const op = batch.op[row] ?? 0;
    const lengthBytes = batch.lengthBytes[row] ?? 0;
    if (op > OP.trim) {
      if (op === OP.sample) this.keepSample(volume, cell, batch.atUs[row] ?? 0, lengthBytes);
      else if (op === OP.interval) this.countInterval(volume, cell, batch, row);
      return;
    }
    const numbers = this.cells.slabOf(cell);
    const base = this.cells.baseOf(cell);
    addTo(numbers, base + op, 1);
    addTo(numbers, base + CELL.readBytes + op, lengthBytes);
    if (op === OP.read) return;
    const footprint = this.footprints.of(volume);
    const offsetBytes = batch.offsetBytes[row] ?? 0;
    const growth =
      op === OP.write ? footprint.mark(offsetBytes, lengthBytes) : -footprint.clear(offsetBytes, lengthBytes);
    addTo(numbers, base + CELL.growthBytes, growth);
  }

  private keepSample(volume: number, cell: number, atUs: number, usedBytes: number): void {
    this.usage.note(volume, Math.floor(atUs / MINUTE_US) * MINUTE_US);
    this.cells.keepSample(cell, atUs, usedBytes);
  }

  private countInterval(volume: number, cell: number, batch: RequestBatch, row: number): void {
    const {reads, writes, readBytes, writeBytes, usedBytes} = intervalOf(batch, row);
    const numbers = this.cells.slabOf(cell);
    const base = this.cells.baseOf(cell);
    addTo(numbers, base + CELL.reads, reads);
    addTo(numbers, base + CELL.writes, writes);
    addTo(numbers, base + CELL.readBytes, readBytes);
    addTo(numbers, base + CELL.writeBytes, writeBytes);
    if (!Number.isNaN(usedBytes)) this.keepSample(volume, cell, batch.atUs[row] ?? 0, usedBytes);
  }

  /** Makes room for the volumes named since the last batch. */
  private reserve(): void {
    const {length} = this.names;
    this.clocks.reserve(length);
    this.cells.reserve(length);
    for (let volume = this.newestMinuteUs.length; volume < length; volume += 1) {
      this.newestMinuteUs.push(this.base.newestUs(this.names[volume] ?? '') ?? Number.NEGATIVE_INFINITY);
    }
    if (length <= this.currentCell.length) return;
    const room = Math.max(64, 2 * length);
    const cells = new Int32Array(room);
    const ends = new Float64Array(room).fill(Number.NEGATIVE_INFINITY);
    cells.set(this.currentCell);
    ends.set(this.currentEndUs);
    this.currentCell = cells;
    this.currentEndUs = ends;
  }
}

function addTo(numbers: Float64Array, place: number, value: number): void {
  numbers[place] = (numbers[place] ?? 0) + value;
}

function heldRow(batch: RequestBatch, row: number, text: string): HeldRow {
  return {
    atUs: batch.atUs[row] ?? 0,
    op: batch.op[row] ?? 0,
    offsetBytes: batch.offsetBytes[row] ?? 0,
    lengthBytes: batch.lengthBytes[row] ?? 0,
    ...(batch.op[row] === OP.interval ? {sums: intervalOf(batch, row)} : {}),
    line: batch.line[row] ?? 0,
    text,
  };
}

function emptyInput(): InputActivity {
  return {
    ...{rows: 0, lateRows: 0, coverage: []},
    ...{firstUs: Number.POSITIVE_INFINITY, lastUs: Number.NEGATIVE_INFINITY},
  };
}
