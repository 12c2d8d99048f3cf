import {formatDurationSeconds, formatInstantUs, US_PER_SECOND} from '../../core/index.js';

/** A row whose time is not believed yet. */
export interface HeldRow {
  readonly atUs: number;
  readonly op: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly line: number;
  /** The row itself, for the rejects. */
  readonly text: string;
}

/** What was decided about rows; the accepted ones are to be counted in this order. */
export interface Verdict {
  readonly accepted: readonly HeldRow[];
  readonly rejected: readonly RejectedTime[];
}

interface RejectedTime {
  readonly row: HeldRow;
  readonly reason: string;
}

const BELIEVED_ROWS = 3;
const UNDECIDED: Verdict = {accepted: [], rejected: []};

/**
 * The clocks of one input, one a volume, so that interleaved volumes do not disturb each other. A row may be older
 * than the newest one believed by at most the skew. One wild time must not make everything after it look old, so a row
 * that is more than the skew ahead is held back until three rows agree that time has gone on (then they all count), or
 * one comes that fits the time before (then the held ones are rejected). The first three rows of a volume are held
 * likewise, and when one contradicts the other two it is rejected. What is still held at the end of the input counts:
 * nothing speaks against it.
 */
export class VolumeClocks {
  /** Time of the newest row believed, by volume; -Infinity before there is one. */
  newestUs = new Float64Array(0);
  private readonly held = new Map<number, HeldRow[]>();
  private readonly skewUs: number;

  constructor(skewUs: number) {
    this.skewUs = skewUs;
  }

  /** Makes room for so many volumes. */
  reserve(volumes: number): void {
    if (volumes <= this.newestUs.length) return;
    const longer = new Float64Array(Math.max(64, 2 * volumes)).fill(Number.NEGATIVE_INFINITY);
    longer.set(this.newestUs);
    this.newestUs = longer;
  }

  /** Whether rows of the volume are held back, so that every further one must be judged. */
  isHolding(volume: number): boolean {
    return this.held.has(volume);
  }

  /** Decides about a row and about those held before it. */
  judge(volume: number, row: HeldRow): Verdict {
    const held = this.held.get(volume);
    if (held === undefined) return this.judgeNext(volume, row);
    const lowestUs = this.isUnknown(volume) ? row.atUs : Math.min(...held.map(({atUs}) => atUs));
    if (row.atUs >= lowestUs - this.skewUs) {
      held.push(row);
      return held.length < BELIEVED_ROWS ? UNDECIDED : this.release(volume, held);
    }
    const newestUs = this.newestUs[volume] ?? 0;
    if (row.atUs < newestUs - this.skewUs) {
      return {accepted: [], rejected: [{row, reason: ranBackwards(row, newestUs)}]};
    }
    this.held.delete(volume);
    const rejected = held.map((one) => ({row: one, reason: jumped(one, row)}));
    const {accepted} = this.judgeNext(volume, row);
    return {accepted, rejected};
  }

  /** Decides about everything still held, volume by volume. */
  settle(): readonly (readonly [volume: number, verdict: Verdict])[] {
    return [...this.held].map(([volume, held]) => [volume, this.release(volume, held)]);
  }

  private isUnknown(volume: number): boolean {
    return this.newestUs[volume] === Number.NEGATIVE_INFINITY;
  }

  private judgeNext(volume: number, row: HeldRow): Verdict {
    const newestUs = this.newestUs[volume] ?? 0;
    if (row.atUs > newestUs + this.skewUs) {
      this.held.set(volume, [row]);
      return UNDECIDED;
    }
    return this.take(volume, [row]);
  }

  /** Ends holding: what does not contradict the rest counts. */
  private release(volume: number, held: readonly HeldRow[]): Verdict {
    this.held.delete(volume);
    const odd = this.isUnknown(volume) ? this.contradicting(held) : undefined;
    if (odd === undefined) return this.take(volume, held);
    const others = held.filter((row) => row !== odd);
    const {accepted, rejected} = this.take(volume, others);
    const [witness = odd] = others;
    return {accepted, rejected: [{row: odd, reason: jumped(odd, witness)}, ...rejected]};
  }

  /** The one of three rows without which the other two are in order, and as near to each other as can be. */
  private contradicting(rows: readonly HeldRow[]): HeldRow | undefined {
    const [first, second, third] = rows;
    if (first === undefined || second === undefined || third === undefined) return undefined;
    const gap = (left: HeldRow, right: HeldRow): number =>
      right.atUs >= left.atUs - this.skewUs ? Math.abs(right.atUs - left.atUs) : Number.POSITIVE_INFINITY;
    const withoutFirst = gap(second, third);
    const withoutSecond = gap(first, third);
    const withoutThird = gap(first, second);
    if (Math.max(withoutFirst, withoutSecond, withoutThird) < Number.POSITIVE_INFINITY) return undefined;
    const least = Math.min(withoutFirst, withoutSecond, withoutThird);
    if (least === Number.POSITIVE_INFINITY) return undefined;
    return least === withoutThird ? third : least === withoutSecond ? second : first;
  }

  /** The plain rule, row by row. */
  private take(volume: number, rows: readonly HeldRow[]): Verdict {
    const accepted: HeldRow[] = [];
    const rejected: RejectedTime[] = [];
    for (const row of rows) {
      const newestUs = this.newestUs[volume] ?? 0;
      if (row.atUs < newestUs - this.skewUs) rejected.push({row, reason: ranBackwards(row, newestUs)});
      else accepted.push(row);
      if (row.atUs > newestUs) this.newestUs[volume] = row.atUs;
    }
    return {accepted, rejected};
  }
}

function ranBackwards({atUs}: HeldRow, newestUs: number): string {
  const seconds = (newestUs - atUs) / US_PER_SECOND;
  return `clock ran backwards by ${formatDurationSeconds(seconds)} to ${formatInstantUs(atUs)}, after ${formatInstantUs(newestUs)}`;
}

function jumped({atUs}: HeldRow, witness: HeldRow): string {
  const seconds = Math.abs(witness.atUs - atUs) / US_PER_SECOND;
  return `clock jumped to ${formatInstantUs(atUs)}, ${formatDurationSeconds(seconds)} away from line ${witness.line}`;
}
