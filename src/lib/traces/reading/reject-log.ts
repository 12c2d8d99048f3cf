import {InputError} from '../../core/index.js';
import {placeOf, type RejectedRow} from '../activity.js';

const TEXT_CHARACTERS = 500;
const SHOWN_REJECTS = 20;

/** Keeps the rejected rows of one ingest, up to a limit. */
export class RejectLog {
  private readonly limit: number;
  private kept: RejectedRow[] = [];
  /** Rows that were taken out, which count against the limit all the same. */
  private taken = 0;

  /** `limit` is how many bad rows are tolerated. */
  constructor(limit: number) {
    this.limit = limit;
  }

  get count(): number {
    return this.kept.length;
  }

  /** Throws InputError with the first ones when there are more than the limit. */
  add(row: RejectedRow): void {
    this.kept.push({...row, text: row.text.slice(0, TEXT_CHARACTERS)});
    if (this.taken + this.kept.length > this.limit) throw this.tooMany();
  }

  /** The rows since the last time, by line; they are not kept any more. */
  take(): readonly RejectedRow[] {
    const rows = this.kept.sort((left, right) => left.line - right.line);
    this.taken += rows.length;
    this.kept = [];
    return rows;
  }

  /** In the order of the inputs given, then by line. */
  sorted(sources: readonly string[]): readonly RejectedRow[] {
    const rank = new Map(sources.map((source, index) => [source, index]));
    const rankOf = ({source}: RejectedRow): number => rank.get(source) ?? 0;
    return [...this.kept].sort((left, right) => rankOf(left) - rankOf(right) || left.line - right.line);
  }

  private tooMany(): InputError {
    const shown = this.kept.slice(-SHOWN_REJECTS - 1).sort((left, right) => left.line - right.line);
    const [first] = this.kept;
    const where =
      first === undefined ? '' : `${placeOf(first.source, first.line, first.unit)}: ${first.reason}`;
    const allowed = this.limit === 0 ? '' : ` (more than ${this.limit} bad rows)`;
    return new InputError('bad-rows', `${where}${allowed}; nothing was written`, {
      diagnostics: shown.map(({source, line, unit, reason, text}) => ({
        severity: 'error',
        code: 'bad-row',
        at: placeOf(source, line, unit),
        message: `${reason}; the row is ${JSON.stringify(text.slice(0, 120))}`,
      })),
      hints: ['--max-bad-rows N sets up to N bad rows aside and keeps the rest'],
    });
  }
}
