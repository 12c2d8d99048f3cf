import {OP, type RowColumns} from '../reading/request-batch.js';
import {MINUTE_US} from './minute-cells.js';

/** Room for so many rows at first: what comes in small pieces needs no more. */
const FIRST_ROWS = 1024;
/** Room is made for so many before any are settled: the rows of a volume then come in long runs, all in the cache. */
const WORTH_ROWS = 262_144;

/** Writes and trims of one volume: the rows `from` to `to` (exclusive) of some columns. */
export interface WriteRun {
  readonly from: number;
  readonly to: number;
  /** The cell that the growth goes to. */
  readonly cell: Int32Array;
  readonly atUs: Float64Array;
  readonly offsetBytes: Float64Array;
  /** The length, of trims less than 0. */
  readonly signedBytes: Float64Array;
}

/** Of all columns. */
const ROW_BYTES = 32;

type Columns = Omit<WriteRun, 'from' | 'to'> & {readonly volume: Int32Array};

/**
 * Writes and trims that wait for those before them. Growth is told in the minute in which a block was first written,
 * whatever the order of the rows, so rows are settled only when none before them can come any more. Settling many at a
 * time, volume by volume, also keeps one footprint after another in the processor's cache.
 */
export class HeldWrites {
  private count = 0;
  private rows: Columns;
  /** Where they go to be settled. */
  private ordered: Columns;

  /** It takes at most so many bytes, but has room for one row. */
  constructor(mostBytes: number) {
    const capacity = Math.max(1, Math.min(FIRST_ROWS, Math.floor(mostBytes / (2 * ROW_BYTES))));
    this.rows = createColumns(capacity);
    this.ordered = createColumns(0);
  }

  /** Bytes of memory that it takes. */
  get usedBytes(): number {
    return 2 * ROW_BYTES * this.rows.cell.length;
  }

  get isFull(): boolean {
    return this.count === this.rows.cell.length;
  }

  /** Whether there is so little room that more is better than settling. */
  get isSmall(): boolean {
    return this.rows.cell.length < WORTH_ROWS;
  }

  /** Whether settling made little room: the rows that wait are more than half of what there is room for. */
  get isCramped(): boolean {
    return 2 * this.count > this.rows.cell.length;
  }

  /** Holds a write or trim, whose growth goes to the cell; there must be room. */
  add(batch: RowColumns, row: number, cell: number): void {
    const {rows, count} = this;
    const lengthBytes = batch.lengthBytes[row] ?? 0;
    rows.cell[count] = cell;
    rows.volume[count] = batch.volume[row] ?? 0;
    rows.atUs[count] = batch.atUs[row] ?? 0;
    rows.offsetBytes[count] = batch.offsetBytes[row] ?? 0;
    rows.signedBytes[count] = batch.op[row] === OP.trim ? -lengthBytes : lengthBytes;
    this.count = count + 1;
  }

  /** Makes room for as many rows again. */
  grow(): void {
    const {rows, count} = this;
    this.rows = createColumns(2 * rows.cell.length);
    this.ordered = createColumns(0);
    for (let row = 0; row < count; row += 1) copyRow(rows, row, this.rows, row);
  }

  /** Gives the rows that wait other cells. */
  moveTo(cellOf: (volume: number, atUs: number) => number): void {
    const {cell, volume, atUs} = this.rows;
    for (let row = 0; row < this.count; row += 1) cell[row] = cellOf(volume[row] ?? 0, atUs[row] ?? 0);
  }

  clear(): void {
    this.count = 0;
  }

  /**
   * Hands over the rows before `untilUs`, the rows of one volume after another, and forgets them. Those of a volume are
   * in the order of their times where that makes a difference.
   */
  settle(untilUs: number, volumes: number, visit: (volume: number, run: WriteRun) => void): void {
    if (this.count === 0) return;
    if (this.ordered.cell.length === 0) this.ordered = createColumns(this.rows.cell.length);
    const ends = this.order(untilUs, volumes);
    let from = 0;
    for (let volume = 0; volume < volumes; volume += 1) {
      const to = ends[volume] ?? from;
      if (to === from) continue;
      const run = {...this.ordered, from, to};
      if (!isInOrder(run)) sortByTime(run);
      visit(volume, run);
      from = to;
    }
  }

  /** Moves the rows before `untilUs` to `ordered`, by volume; returns where those of each volume end. */
  private order(untilUs: number, volumes: number): Int32Array {
    const {rows, ordered, count} = this;
    const {volume, atUs} = rows;
    const counts = new Int32Array(volumes);
    for (let row = 0; row < count; row += 1) {
      if ((atUs[row] ?? 0) < untilUs) addTo(counts, volume[row] ?? 0, 1);
    }
    const next = startsOf(counts);
    let kept = 0;
    for (let row = 0; row < count; row += 1) {
      if ((atUs[row] ?? 0) >= untilUs) {
        copyRow(rows, row, rows, kept);
        kept += 1;
        continue;
      }
      const number = volume[row] ?? 0;
      copyRow(rows, row, ordered, next[number] ?? 0);
      addTo(next, number, 1);
    }
    this.count = kept;
    return next;
  }
}

function createColumns(capacity: number): Columns {
  return {
    cell: new Int32Array(capacity),
    volume: new Int32Array(capacity),
    atUs: new Float64Array(capacity),
    offsetBytes: new Float64Array(capacity),
    signedBytes: new Float64Array(capacity),
  };
}

function copyRow(from: Columns, row: number, to: Columns, place: number): void {
  to.cell[place] = from.cell[row] ?? 0;
  to.volume[place] = from.volume[row] ?? 0;
  to.atUs[place] = from.atUs[row] ?? 0;
  to.offsetBytes[place] = from.offsetBytes[row] ?? 0;
  to.signedBytes[place] = from.signedBytes[row] ?? 0;
}

/** Where each part begins when parts of these sizes lie one behind the other. */
function startsOf(counts: Int32Array): Int32Array {
  let start = 0;
  return counts.map((count) => {
    start += count;
    return start - count;
  });
}

/** Whether the order of the rows makes no difference: no minute comes before an earlier one, and nothing is trimmed. */
function isInOrder({atUs, signedBytes, from, to}: WriteRun): boolean {
  let endUs = Number.NEGATIVE_INFINITY;
  for (let row = from; row < to; row += 1) {
    const at = atUs[row] ?? 0;
    if ((signedBytes[row] ?? 0) < 0 || at < endUs - MINUTE_US) return false;
    if (at >= endUs) endUs = (Math.floor(at / MINUTE_US) + 1) * MINUTE_US;
  }
  return true;
}

/** Rows of the same time stay in the order in which they came. */
function sortByTime({cell, atUs, offsetBytes, signedBytes, from, to}: WriteRun): void {
  const times = atUs.slice(from, to);
  const order = Int32Array.from(times, (_, place) => place);
  order.sort((left, right) => (times[left] ?? 0) - (times[right] ?? 0) || left - right);
  for (const column of [cell, atUs, offsetBytes, signedBytes]) {
    const values = column.slice(from, to);
    order.forEach((place, index) => {
      column[from + index] = values[place] ?? 0;
    });
  }
}

function addTo(numbers: Int32Array, place: number, value: number): void {
  numbers[place] = (numbers[place] ?? 0) + value;
}
