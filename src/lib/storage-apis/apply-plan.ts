import type {Plan} from '../allocation/index.js';
import {canonicalJson, type Diagnostic, InputError, sha256Hex, StaleError} from '../core/index.js';
import {type Account, sumAccount} from './account.js';
import type {Journal, JournalRecord} from './journal.js';
import {type ChangeJob, makeChanges, type MakeOptions} from './make-changes.js';
import {type FitRules, refuseUnfit} from './refuse-unfit.js';
import {judgeStanding, movedSince, settingsMoved} from './standing.js';
import {
  type Expression,
  holdsMore,
  type Inventory,
  isSameVersion,
  settingIn,
  settingText,
  type StorageTarget,
  type WantedSetting,
} from './target.js';
import type {TargetChange, WithheldChange} from './target-change.js';
import {withhold, type WithholdRules} from './withhold.js';

/** What apply did or, in a preview, would do. Every change of the plan is in exactly one of the four lists. */
export interface ApplyResult {
  readonly planSha256: string;
  readonly target: string;
  /** Made by this run, in the order in which they were made. */
  readonly applied: readonly TargetChange[];
  /** Made by an earlier run of the same plan. */
  readonly resumed: readonly TargetChange[];
  /** Not made yet: empty unless it is a preview. */
  readonly pending: readonly TargetChange[];
  /** Left out by a boundary's mode, or because giving back is not safe now. */
  readonly withheld: readonly WithheldChange[];
  /** Settings that say already what they must. */
  readonly unchanged: readonly string[];
  /** This very plan was applied wholly before. */
  readonly alreadyApplied: boolean;
  /** What the plan's buffer loses on this target, in words. */
  readonly losses: readonly string[];
  readonly lineage: string;
  readonly serial: number;
}

/** What makes a plan fit, and which of its changes are left out. */
export type ApplyRules = FitRules & WithholdRules;

/** A plan and how it is told from every other: SHA-256 of its canonical JSON. */
export interface KnownPlan {
  readonly plan: Plan;
  readonly sha256: string;
}

/** Fingerprints a plan. Throws InputError when its changes contradict themselves. */
export function knowPlan(plan: Plan, source: string): KnownPlan {
  const seen = new Set<string>();
  const diagnostics = plan.changes.flatMap((change, index): Diagnostic[] => {
    const at = `${source}: changes[${index}]`;
    const twice = seen.has(change.host);
    seen.add(change.host);
    if (twice)
      return [{severity: 'error', code: 'twice', at, message: `host ${change.host} is changed twice`}];
    const action = change.toBytes > change.fromBytes ? 'allocate' : 'deallocate';
    if (change.toBytes !== change.fromBytes && change.action === action) return [];
    const message = `${change.action} goes from ${change.fromBytes} to ${change.toBytes} bytes`;
    return [{severity: 'error', code: 'wrong-action', at, message}];
  });
  if (diagnostics.length > 0)
    throw new InputError('contradictory-plan', `${source}: the changes contradict themselves`, {diagnostics});
  return {plan, sha256: sha256Hex(canonicalJson(plan))};
}

/**
 * What applying would do to a target. Changes nothing.
 * Throws StaleError for a plan that has expired or a target that moved, CheckError for an infeasible plan.
 */
export async function previewPlan(
  known: KnownPlan,
  target: StorageTarget,
  records: readonly JournalRecord[],
  rules: ApplyRules,
): Promise<ApplyResult> {
  return (await prepare(known, target, records, rules)).preview;
}

/**
 * Makes the plan's changes that are not made yet, each journalled before and after and read back. Hold the target's
 * lock meanwhile. Throws as previewPlan does, and TargetError that lists what was made and what was not when the target
 * fails; the same call then goes on where it stopped.
 */
export async function applyPlan(
  known: KnownPlan,
  target: StorageTarget,
  journal: Journal,
  options: ApplyRules & MakeOptions,
): Promise<ApplyResult> {
  const {preview, job, isWhole} = await prepare(known, target, journal.records, options);
  if (isWhole) return preview;
  const {applied, now} = await makeChanges(job, target, journal, options);
  return {...preview, applied, pending: [], ...now};
}

interface Prepared {
  readonly preview: ApplyResult;
  readonly job: ChangeJob;
  /** Nothing is left to do or to record. */
  readonly isWhole: boolean;
}

async function prepare(
  {plan, sha256}: KnownPlan,
  target: StorageTarget,
  records: readonly JournalRecord[],
  rules: ApplyRules,
): Promise<Prepared> {
  const inventory = await target.readInventory();
  const account = sumAccount(records);
  refuseHalfRolledBack(account);
  const standing = judgeStanding(account, inventory);
  const isLost = account.direction === undefined && inventory.lastPlanSha256 === sha256;
  if (account.direction === undefined && !isLost) refuseOtherBasis(plan, inventory);
  const expression = await target.express(plan);
  const rest = compare(expression, account, inventory, target, isLost);
  const {allowed, withheld} = withhold(rest.changes, plan, inventory, rules);
  const begin = [...rest.madeBefore, ...allowed];
  const todo = inSafeOrder([...standing.missing, ...allowed]);
  const isBegun = account.entries.size > 0 || isLost;
  const alreadyApplied = isBegun && todo.length + withheld.length === 0;
  if (!alreadyApplied) refuseUnfit(plan, inventory, rules);
  const {lineage, serial} = inventory;
  return {
    preview: {
      ...{planSha256: sha256, target: inventory.target, applied: [], pending: todo, withheld},
      resumed: [...standing.made, ...rest.madeBefore],
      ...{unchanged: rest.unchanged, alreadyApplied, lineage, serial},
      losses: [...target.cannotExpress, ...expression.losses],
    },
    job: {
      ...{planSha256: sha256, direction: 'apply', todo, unrecorded: standing.unrecorded},
      begin: begin.length === 0 ? undefined : begin,
      madeBefore: rest.madeBefore,
      from: {lineage, serial},
    },
    isWhole: isWhole(todo.length + standing.unrecorded.length, account, isBegun),
  };
}

/** Nothing is to be done nor to be recorded; a plan that never began and changes nothing needs no journal. */
function isWhole(rest: number, {isDone}: Account, isBegun: boolean): boolean {
  return rest === 0 && (isDone || !isBegun);
}

function refuseHalfRolledBack({direction, isDone}: Account): void {
  if (direction !== 'rollback' || isDone) return;
  throw new StaleError('half-rolled-back', 'a rollback of this plan was interrupted', {
    hints: ['end it first: foreshadow apply --rollback JOURNAL'],
  });
}

function refuseOtherBasis({basis}: Plan, inventory: Inventory): void {
  if (basis === undefined) return;
  if (!isSameVersion(basis, inventory)) throw movedSince(inventory, basis, 'the plan was made');
  const diagnostics = (basis.settings ?? []).flatMap(({setting, bytes}): Diagnostic[] => {
    const now = settingIn(inventory, setting);
    return now === bytes ? [] : [movedTo(setting, now, bytes)];
  });
  if (diagnostics.length > 0) throw settingsMoved(inventory, diagnostics);
}

function movedTo(setting: string, now: number | null, expected: number | null): Diagnostic {
  const message = `the target says ${settingText(now)}, the plan expects ${settingText(expected)}`;
  return {severity: 'error', code: 'buffer-moved', at: setting, message};
}

interface Compared {
  readonly changes: readonly TargetChange[];
  /** The journal is lost, but the target says that this plan made its last change, and holds these. */
  readonly madeBefore: readonly TargetChange[];
  readonly unchanged: readonly string[];
}

/** What the plan wants of settings that the journal does not know, beside what they say now. */
function compare(
  {wanted}: Expression,
  {entries}: Account,
  inventory: Inventory,
  target: StorageTarget,
  lost: boolean,
): Compared {
  const changes: TargetChange[] = [];
  const madeBefore: TargetChange[] = [];
  const unchanged: string[] = [];
  const moved: Diagnostic[] = [];
  for (const one of wanted.filter(({setting}) => !entries.has(setting))) {
    const now = settingIn(inventory, one.setting);
    const expected = one.expectedBytes === undefined ? now : one.expectedBytes;
    if (lost && now === one.bytes && expected !== now) madeBefore.push(changeOf(one, expected, target));
    else if (now !== expected) moved.push(movedTo(one.setting, now, expected));
    else if (now === one.bytes) unchanged.push(one.setting);
    else changes.push(changeOf(one, now, target));
  }
  if (moved.length > 0) throw settingsMoved(inventory, moved);
  return {changes, madeBefore, unchanged};
}

function changeOf(
  {setting, hosts, bytes, reason}: WantedSetting,
  fromBytes: number | null,
  target: StorageTarget,
): TargetChange {
  const action = holdsMore(target, fromBytes, bytes) ? 'allocate' : 'deallocate';
  return {setting, hosts, action, fromBytes, toBytes: bytes, reason};
}

/** Growing first: at no moment is less held on a host than before and after both hold. */
export function inSafeOrder(changes: readonly TargetChange[]): readonly TargetChange[] {
  return [
    ...changes.filter(({action}) => action === 'allocate'),
    ...changes.filter(({action}) => action === 'deallocate'),
  ];
}
