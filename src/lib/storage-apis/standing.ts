import type {Plan} from '../allocation/index.js';
import {type Diagnostic, StaleError} from '../core/index.js';
import type {JournalRecord} from './journal.js';
import {type Inventory, isSameVersion, type TargetVersion} from './target.js';

/** How far a plan has come on a target. */
export interface Standing {
  /** Indices of the plan's changes that were made by an earlier run. */
  readonly made: ReadonlySet<number>;
  /** Those of them whose `after` record is missing from the journal: a crash came between, or the journal is lost. */
  readonly unrecorded: ReadonlySet<number>;
  /** An earlier run began with this plan. */
  readonly begun: boolean;
  /** The journal holds the record of a whole application. */
  readonly done: boolean;
}

const FRESH: Standing = {made: new Set(), unrecorded: new Set(), begun: false, done: false};

/**
 * Decides from the journal and from what the target holds how far a plan has come.
 * Throws StaleError that says what moved when the target is neither where the plan was made nor where an earlier run of
 * this plan left it.
 */
export function judgeStanding(
  plan: Plan,
  planSha256: string,
  inventory: Inventory,
  records: readonly JournalRecord[],
): Standing {
  const left = records.at(-1);
  if (left !== undefined) return continueFrom(left, records, inventory);
  if (inventory.lastPlanSha256 === planSha256) return withoutJournal(plan, inventory);
  if (plan.basis !== undefined && !isSameVersion(plan.basis, inventory))
    throw stale(inventory, plan.basis, 'the plan was made');
  refuseOtherBuffers(plan, inventory);
  return FRESH;
}

function continueFrom(
  left: JournalRecord,
  records: readonly JournalRecord[],
  inventory: Inventory,
): Standing {
  const made = new Set(records.flatMap((record) => (record.event === 'after' ? [record.index] : [])));
  const standing = {made, unrecorded: new Set<number>(), begun: true, done: left.event === 'done'};
  if (isSameVersion(left, inventory)) return standing;
  if (left.event === 'before' && isOneChangeAfter(left, inventory)) {
    if (inventory.reserveBytes.get(left.host) === left.toBytes)
      return {...standing, made: new Set([...made, left.index]), unrecorded: new Set([left.index])};
  }
  throw stale(inventory, left, left.event === 'done' ? 'the plan was applied' : 'the plan was interrupted');
}

function isOneChangeAfter(earlier: TargetVersion, later: TargetVersion): boolean {
  const sameLineage = earlier.lineage === '' || earlier.lineage === later.lineage;
  return sameLineage && later.serial === earlier.serial + 1;
}

/** The journal is lost, but the target says that this plan made its last change: the values tell which were made. */
function withoutJournal(plan: Plan, inventory: Inventory): Standing {
  const held = (host: string): number => inventory.reserveBytes.get(host) ?? 0;
  const made = new Set(
    plan.changes.flatMap(({host, toBytes}, index) => (held(host) === toBytes ? [index] : [])),
  );
  refuseOtherBuffers({...plan, changes: plan.changes.filter((_, index) => !made.has(index))}, inventory);
  return {made, unrecorded: made, begun: true, done: made.size === plan.changes.length};
}

function refuseOtherBuffers({changes}: Pick<Plan, 'changes'>, inventory: Inventory): void {
  const diagnostics = changes.flatMap(({host, fromBytes}): Diagnostic[] => {
    const bytes = inventory.reserveBytes.get(host) ?? 0;
    if (bytes === fromBytes) return [];
    const message = `the target holds ${bytes} bytes, the plan expects ${fromBytes}`;
    return [{severity: 'error', code: 'buffer-moved', at: `host ${host}`, message}];
  });
  if (diagnostics.length === 0) return;
  throw new StaleError(
    'buffers-moved',
    `${inventory.target} does not hold the buffers that the plan starts from`,
    {
      diagnostics,
      hints: ['make a new plan with --target, so that it starts from what is held'],
    },
  );
}

function stale(inventory: Inventory, expected: TargetVersion, when: string): StaleError {
  const hints = ['make a new plan from what the target holds now'];
  if (inventory.lineage === expected.lineage) {
    const message = `${inventory.target} is at serial ${inventory.serial}, ${when} at ${expected.serial}`;
    return new StaleError('stale-plan', message, {hints});
  }
  const now = inventory.lineage === '' ? 'does not exist' : `is of lineage ${inventory.lineage}`;
  const then = expected.lineage === '' ? 'before it existed' : `at lineage ${expected.lineage}`;
  return new StaleError('stale-plan', `${inventory.target} ${now}, ${when} ${then}`, {hints});
}
