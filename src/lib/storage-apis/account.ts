import type {JournalRecord} from './journal.js';
import type {TargetChange} from './target-change.js';

/** How far one change has come, by the journal: set out, begun without an end, made and read back. */
export interface AccountEntry {
  readonly change: TargetChange;
  readonly state: 'planned' | 'open' | 'made';
}

/** What a journal says of a plan on a target. */
export interface Account {
  /** By setting: what stands of the plan. What was rolled back is not in it. */
  readonly entries: ReadonlyMap<string, AccountEntry>;
  /** What the last run did; undefined: there was none. */
  readonly direction: 'apply' | 'rollback' | undefined;
  /** The last run ended as it should. */
  readonly isDone: boolean;
  /** Where the last record says that the target was. */
  readonly last: JournalRecord | undefined;
}

/** The sum of a journal's records. */
export function sumAccount(records: readonly JournalRecord[]): Account {
  const entries = new Map<string, AccountEntry>();
  let direction: Account['direction'];
  for (const record of records) {
    if (record.event === 'begin') {
      direction = record.direction;
      if (direction === 'rollback') entries.clear();
      for (const change of record.changes) {
        entries.set(change.setting, {change, state: 'planned'});
      }
    } else if (record.event === 'before' || record.event === 'after') {
      const entry = entries.get(record.setting);
      if (entry === undefined) continue;
      if (record.event === 'after' && direction === 'rollback') entries.delete(record.setting);
      else entries.set(record.setting, {...entry, state: record.event === 'before' ? 'open' : 'made'});
    }
  }
  const last = records.at(-1);
  return {entries, direction, isDone: last?.event === 'done', last};
}
