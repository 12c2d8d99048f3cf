import type {TakeRows} from '../aggregation/input-rows.js';
import {createRowColumns, intervalOf, OP, putInterval, type RowColumns} from '../reading/request-batch.js';

/** So many rows go between threads at a time. */
const STRETCH_ROWS = 16_384;

/** Copies rows into columns that are handed over when they are full. */
export class RowOutbox {
  count = 0;
  /** Time of the row that was taken last, epoch us. */
  lastUs = Number.NEGATIVE_INFINITY;
  private columns: RowColumns;
  private readonly onFull: () => void;

  /** `onFull` must take the columns. */
  constructor(onFull: () => void) {
    this.columns = createRowColumns(STRETCH_ROWS, 0);
    this.onFull = onFull;
  }

  readonly take: TakeRows = (batch, from, to) => {
    for (let start = from; start < to;) {
      const end = Math.min(to, start + STRETCH_ROWS - this.count);
      this.copy(batch, start, end);
      start = end;
      if (this.count === STRETCH_ROWS) this.onFull();
    }
  };

  /** The columns that were filled; `next` are filled from now on. */
  exchange(next = createRowColumns(STRETCH_ROWS, 0)): RowColumns {
    const filled = this.columns;
    this.columns = next;
    this.count = 0;
    return filled;
  }

  private copy(batch: RowColumns, from: number, to: number): void {
    const {columns, count} = this;
    columns.volume.set(batch.volume.subarray(from, to), count);
    columns.atUs.set(batch.atUs.subarray(from, to), count);
    columns.op.set(batch.op.subarray(from, to), count);
    columns.offsetBytes.set(batch.offsetBytes.subarray(from, to), count);
    columns.lengthBytes.set(batch.lengthBytes.subarray(from, to), count);
    for (let row = from; row < to; row += 1) {
      if (batch.op[row] === OP.interval) this.copyInterval(batch, row, count + row - from);
    }
    this.count = count + to - from;
    this.lastUs = batch.atUs[to - 1] ?? this.lastUs;
  }

  private copyInterval(batch: RowColumns, row: number, place: number): void {
    if (this.columns.sums.reads.length === 0) {
      const {sums} = createRowColumns(0, STRETCH_ROWS);
      this.columns = {...this.columns, sums};
    }
    putInterval(this.columns, place, intervalOf(batch, row));
  }
}
