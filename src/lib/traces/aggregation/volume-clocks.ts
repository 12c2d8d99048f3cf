import type {PlaceUnit} from '../activity.js';
import type {IntervalSums} from '../reading/request-batch.js';
import {formatDurationSeconds, formatInstantUs, US_PER_SECOND} from '../../core/index.js';

/** A row whose time is not believed yet. */
export interface HeldRow {
  readonly atUs: number;
  readonly op: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Where op is `interval`. */
  readonly sums?: IntervalSums;
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
 * that is more than the skew ahead is believed at once only when the row believed last, of whatever volume, is as near
 * (as it is in a log of many volumes). Else it is held back until three rows agree that time has gone on (then they all
 * count), or one comes that fits the time before (then the held ones are rejected). The first three rows of a volume
 * are held likewise, and when one contradicts the other two it is rejected. What is still held at the end of the input
 * counts: nothing speaks against it.
 */
export class VolumeClocks {
  /** Time of the newest row believed, by volume; -Infinity before there is one. */
  newestUs = new Float64Array(0);
  /** Time of the row believed last, of any volume. */
  lastUs = Number.NEGATIVE_INFINITY;
  private readonly held = new Map<number, HeldRow[]>();
  private readonly skewUs: number;
  private readonly unit: PlaceUnit;

  constructor(skewUs: number, unit: PlaceUnit) {
    this.skewUs = skewUs;
    this.unit = unit;
  }

  /** Makes room for so many volumes. */
  reserve(volumes: number): void {
    if (volumes <= this.newestUs.length) return;
    const longer = new Float64Array(Math.max(64, 2 * volumes)).fill(Number.NEGATIVE_INFINITY);
    longer.set(this.newestUs);
    this.newestUs = longer;
  }

  /** Whether rows of the volume are held back. */
  isHolding(volume: number): boolean {
    return this.held.size > 0 && this.held.has(volume);
  }

  /** Believes a row of a volume that is not holding, when neither its volume's clock nor the last row speaks against it. */
  believe(volume: number, atUs: number): boolean {
    const newestUs = this.newestUs[volume] ?? 0;
    if (atUs < newestUs - this.skewUs) return false;
    if (atUs > newestUs + this.skewUs && Math.abs(atUs - this.lastUs) > this.skewUs) return false;
    if (atUs > newestUs) this.newestUs[volume] = atUs;
    this.lastUs = atUs;
    return true;
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
    const rejected = held.map((one) => ({row: one, reason: jumped(one, row, this.unit)}));
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
    return this.isUnknown(volume) ? this.releaseFirst(volume, held) : this.take(volume, held);
  }

  private releaseFirst(volume: number, held: readonly HeldRow[]): Verdict {
    const odd = this.contradicting(held);
    if (odd !== undefined) {
      const others = held.filter((row) => row !== odd);
      const {accepted, rejected} = this.take(volume, others);
      return {accepted, rejected: [{row: odd, reason: contradiction(odd, others, this.unit)}, ...rejected]};
    }
    const {accepted, rejected} = this.take(volume, held.slice(0, 2));
    const [third] = held.slice(2);
    if (third === undefined) return {accepted, rejected};
    // It may be the wild one.
    const next = this.judgeNext(volume, third);
    return {accepted: [...accepted, ...next.accepted], rejected: [...rejected, ...next.rejected]};
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
      else {
        accepted.push(row);
        this.lastUs = row.atUs;
      }
      if (row.atUs > newestUs) this.newestUs[volume] = row.atUs;
    }
    return {accepted, rejected};
  }
}

function contradiction(odd: HeldRow, others: readonly HeldRow[], unit: PlaceUnit): string {
  const before = others.filter(({line, atUs}) => line < odd.line && atUs > odd.atUs);
  if (before.length > 0) return ranBackwards(odd, Math.max(...before.map(({atUs}) => atUs)));
  return jumped(odd, others[0] ?? odd, unit);
}

function ranBackwards({atUs}: HeldRow, newestUs: number): string {
  const seconds = (newestUs - atUs) / US_PER_SECOND;
  return `clock ran backwards by ${formatDurationSeconds(seconds)} to ${formatInstantUs(atUs)}, after ${formatInstantUs(newestUs)}`;
}

function jumped({atUs}: HeldRow, witness: HeldRow, unit: PlaceUnit): string {
  const seconds = Math.abs(witness.atUs - atUs) / US_PER_SECOND;
  return `clock jumped to ${formatInstantUs(atUs)}, ${formatDurationSeconds(seconds)} away from ${unit} ${witness.line}`;
}
