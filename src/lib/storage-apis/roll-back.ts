import {CheckError, InputError} from '../core/index.js';
import {sumAccount} from './account.js';
import {type ApplyResult, inSafeOrder} from './apply-plan.js';
import type {Journal, JournalRecord} from './journal.js';
import {type ChangeJob, makeChanges, type MakeOptions} from './make-changes.js';
import {judgeStanding} from './standing.js';
import {holdsMore, type Inventory, type StorageTarget} from './target.js';
import type {TargetChange} from './target-change.js';

/** Whether space may be given back where the target is in trouble. */
export interface RollBackRules {
  readonly allowUnsafeShrink: boolean;
}

/** What rolling a journal back would do. Changes nothing. Throws as rollBack does. */
export async function previewRollBack(
  target: StorageTarget,
  records: readonly JournalRecord[],
  rules: RollBackRules,
): Promise<ApplyResult> {
  return (await prepare(target, records, rules)).preview;
}

/**
 * Takes back what a journal tells as made, each setting to what it said before, journalled in the same journal; hold the
 * target's lock. Interrupted, the same call goes on. Afterwards the plan counts as never applied.
 * Throws InputError for a journal of another target or without any change, StaleError when a setting was changed by
 * somebody else since, CheckError when the target is in no state to
 * give space back, TargetError with an account when the target fails.
 */
export async function rollBack(
  target: StorageTarget,
  journal: Journal,
  options: RollBackRules & MakeOptions,
): Promise<ApplyResult> {
  const {preview, job} = await prepare(target, journal.records, options);
  if (preview.alreadyApplied) return preview;
  const {applied, now} = await makeChanges(job, target, journal, options);
  return {...preview, applied, pending: [], ...now};
}

interface Prepared {
  readonly preview: ApplyResult;
  readonly job: ChangeJob;
}

async function prepare(
  target: StorageTarget,
  records: readonly JournalRecord[],
  rules: RollBackRules,
): Promise<Prepared> {
  const planSha256 = planOf(target, records);
  const inventory = await target.readInventory();
  const account = sumAccount(records);
  const standing = judgeStanding(account, inventory);
  const isBegun = account.direction === 'rollback' && !account.isDone;
  const inverse = [...standing.made].reverse().map((change) => invert(change, target));
  const todo = inSafeOrder(isBegun ? standing.missing : inverse);
  if (!rules.allowUnsafeShrink) refuseUnsafe(todo, inventory);
  const {lineage, serial} = inventory;
  const preview: ApplyResult = {
    ...{planSha256, target: inventory.target, applied: [], pending: todo, withheld: [], unchanged: []},
    resumed: isBegun ? standing.made : [],
    alreadyApplied: account.direction === 'rollback' && account.isDone,
    ...{losses: [], lineage, serial},
  };
  const begin = isBegun ? undefined : todo;
  const rest = {unrecorded: standing.unrecorded, madeBefore: [], from: {lineage, serial}};
  return {preview, job: {planSha256, direction: 'rollback', todo, begin, ...rest}};
}

function planOf(target: StorageTarget, records: readonly JournalRecord[]): string {
  const begin = records.find((record) => record.event === 'begin');
  if (begin === undefined)
    throw new InputError('empty-journal', 'the journal tells of no change: nothing can be taken back');
  if (begin.target === target.name) return begin.planSha256;
  throw new InputError('other-target', `the journal is of ${begin.target}, not of ${target.name}`);
}

function invert({fromBytes, toBytes, ...change}: TargetChange, target: StorageTarget): TargetChange {
  const action = holdsMore(target, toBytes, fromBytes) ? 'allocate' : 'deallocate';
  return {...change, action, fromBytes: toBytes, toBytes: fromBytes, reason: 'as it was before the plan'};
}

function refuseUnsafe(changes: readonly TargetChange[], {troubles = [], target}: Inventory): void {
  const [trouble] = troubles;
  if (trouble === undefined || changes.every(({action}) => action === 'allocate')) return;
  throw new CheckError('unsafe-shrink', `${target} is in no state to give space back: ${trouble}`, {
    hints: ['wait until it is well, or add --allow-unsafe-shrink'],
  });
}
