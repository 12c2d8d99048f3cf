import {type Diagnostic, StaleError} from '../core/index.js';
import type {Account, AccountEntry} from './account.js';
import {type Inventory, isSameVersion, settingIn, settingText, type TargetVersion} from './target.js';
import type {TargetChange} from './target-change.js';

/** How far the changes that a journal tells of have come on a target. */
export interface Standing {
  /** They hold on the target. */
  readonly made: readonly TargetChange[];
  /** Those of them whose `after` record is missing: a crash came between. */
  readonly unrecorded: readonly TargetChange[];
  readonly missing: readonly TargetChange[];
}

/**
 * Decides from a journal's account and from what the target holds how far it has come.
 * Throws StaleError that says what moved when the target is not where the journal left it.
 */
export function judgeStanding(account: Account, inventory: Inventory): Standing {
  refuseOtherVersion(account, inventory);
  const moved: Diagnostic[] = [];
  const made: TargetChange[] = [];
  const unrecorded: TargetChange[] = [];
  const missing: TargetChange[] = [];
  for (const entry of account.entries.values()) {
    const {change, state} = entry;
    const bytes = settingIn(inventory, change.setting);
    if (bytes === change.toBytes) {
      made.push(change);
      if (state !== 'made') unrecorded.push(change);
    } else if (state !== 'made' && bytes === change.fromBytes) missing.push(change);
    else moved.push(movedSetting(entry, settingText(bytes)));
  }
  if (moved.length > 0) throw settingsMoved(inventory, moved);
  return {made, unrecorded, missing};
}

/** The target is where the last record says, or one change later when a crash came between that and its record. */
function refuseOtherVersion({last, isDone}: Account, inventory: Inventory): void {
  if (last === undefined || isSameVersion(last, inventory)) return;
  const isLate = last.event === 'before' && isOneChangeAfter(last, inventory);
  if (isLate && settingIn(inventory, last.setting) === last.toBytes) return;
  throw movedSince(inventory, last, isDone ? 'the plan was applied' : 'the plan was interrupted');
}

function isOneChangeAfter(earlier: TargetVersion, later: TargetVersion): boolean {
  const sameLineage = earlier.lineage === '' || earlier.lineage === later.lineage;
  return sameLineage && later.serial === earlier.serial + 1;
}

function movedSetting({change, state}: AccountEntry, now: string): Diagnostic {
  const then = state === 'made' ? `was set to ${settingText(change.toBytes)}` : expectation(change);
  return {
    severity: 'error',
    code: 'buffer-moved',
    at: change.setting,
    message: `the target says ${now}; it ${then}`,
  };
}

function expectation({fromBytes, toBytes}: TargetChange): string {
  return `was to go from ${settingText(fromBytes)} to ${settingText(toBytes)}`;
}

/** Somebody else changed what a plan set or starts from. */
export function settingsMoved({target}: Inventory, diagnostics: readonly Diagnostic[]): StaleError {
  return new StaleError('buffers-moved', `${target} does not hold the buffers that the plan starts from`, {
    diagnostics,
    hints: ['make a new plan with --target, so that it starts from what is held'],
  });
}

/** The target is not where it was when something happened. */
export function movedSince(inventory: Inventory, expected: TargetVersion, when: string): StaleError {
  const hints = ['make a new plan from what the target holds now'];
  if (inventory.lineage === expected.lineage) {
    const message = `${inventory.target} is at serial ${inventory.serial}, ${when} at ${expected.serial}`;
    return new StaleError('stale-plan', message, {hints});
  }
  const now = inventory.lineage === '' ? 'does not exist' : `is of lineage ${inventory.lineage}`;
  const then = expected.lineage === '' ? 'before it existed' : `at lineage ${expected.lineage}`;
  return new StaleError('stale-plan', `${inventory.target} ${now}, ${when} ${then}`, {hints});
}
