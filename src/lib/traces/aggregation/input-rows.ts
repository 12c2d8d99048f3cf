import type {InputCoverage, PlaceUnit} from '../activity.js';
import type {RejectRow} from '../reading/check-row.js';
import {
  createRequestBatch,
  intervalOf,
  OP,
  putInterval,
  type RequestBatch,
  type RowColumns,
} from '../reading/request-batch.js';
import {CoverageTally} from './log-coverage.js';
import {MINUTE_US} from './minute-cells.js';
import {type HeldRow, type Verdict, VolumeClocks} from './volume-clocks.js';

/** What was counted of one input. Times are Infinity and -Infinity when no row was. */
export interface InputActivity {
  rows: number;
  firstUs: number;
  lastUs: number;
  coverage: readonly InputCoverage[];
}

/** Takes the rows `from` to `to` (exclusive) of a batch, which will be reused. */
export type TakeRows = (batch: RowColumns, from: number, to: number) => void;

interface InputRowsOptions {
  /** How much older than the newest row of its volume a row may be. */
  readonly skewUs: number;
  /** See CoverageTally. */
  readonly gapUs: number;
  readonly unit: PlaceUnit;
  readonly names: readonly string[];
  readonly take: TakeRows;
  readonly reject: RejectRow;
}

/** Judges the times of an input's rows, and hands on those that count. */
export class InputRows {
  private readonly options: InputRowsOptions;
  private readonly clocks: VolumeClocks;
  /** By volume: the end of the minute of its newest row; -Infinity for none. */
  private currentEndUs = new Float64Array(0);
  private counted = emptyActivity();
  private requests = new CoverageTally();
  private usage = new CoverageTally();
  /** A row that was held back, as a batch. */
  private readonly single = createRequestBatch(1);

  constructor(options: InputRowsOptions) {
    this.options = options;
    this.clocks = new VolumeClocks(options.skewUs, options.unit);
  }

  /** Judges the rows of a batch; `textOf` gives the text of one for the rejects. */
  add(batch: RequestBatch, textOf: (row: number) => string): void {
    this.reserve();
    const {volume, atUs, count} = batch;
    const {clocks, currentEndUs} = this;
    const {skewUs, take} = this.options;
    const {newestUs} = clocks;
    let from = 0;
    for (let row = 0; row < count; row += 1) {
      const number = volume[row] ?? 0;
      const at = atUs[row] ?? 0;
      const ahead = at - (newestUs[number] ?? 0);
      if (ahead >= 0 && ahead <= skewUs && at < (currentEndUs[number] ?? 0)) {
        newestUs[number] = at;
        clocks.lastUs = at;
      } else if (!clocks.isHolding(number) && clocks.believe(number, at)) {
        this.note(batch, row);
      } else {
        take(batch, from, row);
        this.counted.rows += row - from;
        from = row + 1;
        this.apply(number, clocks.judge(number, heldRow(batch, row, textOf(row))));
        if (clocks.isHolding(number)) currentEndUs[number] = Number.NEGATIVE_INFINITY;
      }
    }
    take(batch, from, count);
    this.counted.rows += count - from;
  }

  /** Ends the input: what was held back is decided. */
  end(): InputActivity {
    for (const [volume, verdict] of this.clocks.settle()) this.apply(volume, verdict);
    return this.soFar();
  }

  /** What was counted since the beginning, or since `beginPart`; what is held back is not among it. */
  soFar(): InputActivity {
    const {counted} = this;
    const {gapUs, names} = this.options;
    for (const newestUs of this.clocks.newestUs) counted.lastUs = Math.max(counted.lastUs, newestUs);
    counted.coverage = [
      this.requests.toCoverage('requests', gapUs, names),
      this.usage.toCoverage('usage', gapUs, names),
    ].filter((entry) => entry !== undefined);
    return counted;
  }

  /** Counts anew, in the middle of an input that goes on: its clocks and what they hold back stay. */
  beginPart(): void {
    this.currentEndUs.fill(Number.NEGATIVE_INFINITY);
    this.counted = emptyActivity();
    this.requests = new CoverageTally();
    this.usage = new CoverageTally();
  }

  private apply(volume: number, verdict: Verdict): void {
    const {single} = this;
    for (const {atUs, op, offsetBytes, lengthBytes, sums} of verdict.accepted) {
      single.volume[0] = volume;
      single.atUs[0] = atUs;
      single.op[0] = op;
      single.offsetBytes[0] = offsetBytes;
      single.lengthBytes[0] = lengthBytes;
      if (sums !== undefined) putInterval(single, 0, sums);
      this.note(single, 0);
      this.counted.rows += 1;
      this.options.take(single, 0, 1);
    }
    for (const {row, reason} of verdict.rejected) this.options.reject(row.line, reason, row.text);
  }

  /** Notes a row of another minute than the one before. */
  private note(batch: RowColumns, row: number): void {
    const volume = batch.volume[row] ?? 0;
    const atUs = batch.atUs[row] ?? 0;
    const op = batch.op[row] ?? 0;
    const minuteUs = Math.floor(atUs / MINUTE_US) * MINUTE_US;
    this.counted.firstUs = Math.min(this.counted.firstUs, atUs);
    if (op !== OP.sample) this.requests.note(volume, minuteUs);
    if (op === OP.sample || (op === OP.interval && !Number.isNaN(intervalOf(batch, row).usedBytes))) {
      this.usage.note(volume, minuteUs);
    }
    // After samples the next request must come here too, and the other way round.
    this.currentEndUs[volume] = op > OP.flush ? Number.NEGATIVE_INFINITY : minuteUs + MINUTE_US;
  }

  private reserve(): void {
    const {length} = this.options.names;
    this.clocks.reserve(length);
    if (length <= this.currentEndUs.length) return;
    const longer = new Float64Array(Math.max(64, 2 * length)).fill(Number.NEGATIVE_INFINITY);
    longer.set(this.currentEndUs);
    this.currentEndUs = longer;
  }
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

function emptyActivity(): InputActivity {
  return {
    ...{rows: 0, coverage: []},
    ...{firstUs: Number.POSITIVE_INFINITY, lastUs: Number.NEGATIVE_INFINITY},
  };
}
