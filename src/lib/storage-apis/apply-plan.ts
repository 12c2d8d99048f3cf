import type {Plan} from '../allocation/index.js';
import {
  canonicalJson,
  CheckError,
  type Diagnostic,
  errorText,
  formatInstantUs,
  InputError,
  parseInstantUs,
  sha256Hex,
  StaleError,
  TargetError,
  ToolError,
} from '../core/index.js';
import type {Journal, JournalRecord} from './journal.js';
import {judgeStanding, type Standing} from './standing.js';
import type {Actor, Inventory, StorageTarget, TargetVersion} from './target.js';

export type PlannedChange = Plan['changes'][number];

/** What apply did or, in a preview, would do. Every change of the plan is in exactly one of the three lists. */
export interface ApplyResult {
  readonly planSha256: string;
  readonly target: string;
  /** Made by this run, in the order in which they were made. */
  readonly applied: readonly PlannedChange[];
  /** Made by an earlier run of the same plan. */
  readonly resumed: readonly PlannedChange[];
  /** Not made yet: empty unless it is a preview. */
  readonly pending: readonly PlannedChange[];
  /** Hosts that keep the buffer they have. */
  readonly unchanged: readonly string[];
  /** This very plan was applied wholly before. */
  readonly alreadyApplied: boolean;
  readonly lineage: string;
  readonly serial: number;
}

export interface ApplyRules {
  /** Compared with the plan's expiry. */
  readonly nowUs: number;
  /** Apply a plan that does not cover every scenario. */
  readonly allowInfeasible: boolean;
}

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
 * What applying would do to a target that holds this inventory.
 * Throws StaleError for a plan that has expired or a target that moved, CheckError for an infeasible plan.
 */
export function previewPlan(
  {plan, sha256}: KnownPlan,
  inventory: Inventory,
  records: readonly JournalRecord[],
  rules: ApplyRules,
): ApplyResult {
  const standing = judgeStanding(plan, sha256, inventory, records);
  return describe({plan, sha256}, inventory, standing, rules);
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
  options: ApplyRules & {
    readonly actor: Actor;
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, total: number) => void;
  },
): Promise<ApplyResult> {
  const {plan, sha256} = known;
  const inventory = await target.readInventory();
  const standing = judgeStanding(plan, sha256, inventory, journal.records);
  const preview = describe(known, inventory, standing, options);
  if (plan.changes.length === 0 || (preview.alreadyApplied && standing.done)) return preview;

  const at = formatInstantUs(options.actor.atUs);
  let now: TargetVersion = {lineage: inventory.lineage, serial: inventory.serial};
  await catchUpJournal(plan, journal, standing, {
    event: 'begin',
    kind: 'foreshadow.journal',
    version: 1,
    tool: options.actor.tool,
    at,
    target: target.name,
    planSha256: sha256,
    ...now,
  });
  const todo = inSafeOrder(plan, standing);
  const applied: PlannedChange[] = [];
  try {
    for (const {index, change} of todo) {
      options.signal?.throwIfAborted();
      const line = {at, index, host: change.host, fromBytes: change.fromBytes, toBytes: change.toBytes};
      await journal.append({event: 'before', ...line, ...now});
      now = await changeAndVerify(target, change, {expected: now, planSha256: sha256, actor: options.actor});
      await journal.append({event: 'after', ...line, ...now});
      applied.push(change);
      options.onProgress?.(applied.length, todo.length);
    }
    await journal.append({event: 'done', at, ...now});
  } catch (error) {
    const missing = todo.slice(applied.length).map(({change}) => change);
    throw withAccount(error, applied, missing);
  }
  return {...preview, applied, pending: [], ...now};
}

function describe(
  {plan, sha256}: KnownPlan,
  inventory: Inventory,
  standing: Standing,
  rules: ApplyRules,
): ApplyResult {
  const alreadyApplied = standing.begun && standing.made.size === plan.changes.length;
  if (!alreadyApplied) refuseUnfit(plan, rules);
  const changed = new Set(plan.changes.map(({host}) => host));
  return {
    planSha256: sha256,
    target: inventory.target,
    applied: [],
    resumed: plan.changes.filter((_, index) => standing.made.has(index)),
    pending: inSafeOrder(plan, standing).map(({change}) => change),
    unchanged: plan.hosts.map(({host}) => host).filter((host) => !changed.has(host)),
    alreadyApplied,
    lineage: inventory.lineage,
    serial: inventory.serial,
  };
}

function refuseUnfit(plan: Plan, {nowUs, allowInfeasible}: ApplyRules): void {
  if (nowUs >= (parseInstantUs(plan.expiresAt) ?? Number.NEGATIVE_INFINITY)) {
    throw new StaleError(
      'expired-plan',
      `the plan expired at ${plan.expiresAt}; it is ${formatInstantUs(nowUs)}`,
      {
        hints: ['make a new plan'],
      },
    );
  }
  if (plan.feasible || allowInfeasible) return;
  throw new CheckError('infeasible-plan', 'the plan does not cover every scenario', {
    diagnostics: plan.uncovered.map(({scenario, message}) => ({
      severity: 'error',
      code: 'uncovered',
      at: scenario,
      message,
    })),
    hints: ['add --allow-infeasible to hold at least what it asks for'],
  });
}

interface IndexedChange {
  readonly index: number;
  readonly change: PlannedChange;
}

/** Growing first: at no moment is less held on a host than before and after both hold. */
function inSafeOrder(plan: Plan, {made}: Standing): readonly IndexedChange[] {
  const todo = plan.changes.map((change, index) => ({index, change})).filter(({index}) => !made.has(index));
  return [
    ...todo.filter(({change}) => change.action === 'allocate'),
    ...todo.filter(({change}) => change.action === 'deallocate'),
  ];
}

/** Begins a journal, or adds the records that a crash left out. */
async function catchUpJournal(
  plan: Plan,
  journal: Journal,
  {unrecorded}: Standing,
  begin: JournalRecord & {event: 'begin'},
): Promise<void> {
  if (journal.records.length === 0) await journal.append(begin);
  const {at, lineage, serial} = begin;
  for (const [index, {host, fromBytes, toBytes}] of plan.changes.entries()) {
    if (unrecorded.has(index))
      await journal.append({event: 'after', at, index, host, fromBytes, toBytes, lineage, serial});
  }
}

async function changeAndVerify(
  target: StorageTarget,
  {host, toBytes}: PlannedChange,
  options: {readonly expected: TargetVersion; readonly planSha256: string; readonly actor: Actor},
): Promise<TargetVersion> {
  const now = await target.setReserve({host, toBytes, ...options});
  const heldBytes = await target.readReserve(host);
  if (heldBytes === toBytes) return now;
  throw new TargetError(
    'not-as-set',
    `host ${host}: the buffer was set to ${toBytes} bytes, but ${target.name} says ${heldBytes}`,
  );
}

/** The same error with an exact account of what was made and what was not. Aborts and bugs pass as they are. */
function withAccount(
  error: unknown,
  made: readonly PlannedChange[],
  missing: readonly PlannedChange[],
): unknown {
  if (!(error instanceof ToolError)) return error;
  const total = made.length + missing.length;
  const account = (changes: readonly PlannedChange[], message: string): Diagnostic[] =>
    changes.map(({host}) => ({severity: 'warning', code: 'account', at: `host ${host}`, message}));
  return new ToolError(
    error.exitCode,
    error.code,
    `${errorText(error)}; ${made.length} of ${total} changes were made`,
    {
      diagnostics: [...error.diagnostics, ...account(made, 'made'), ...account(missing, 'not made')],
      hints: [...error.hints, 'run the same command again: it goes on where it stopped'],
      cause: error,
    },
  );
}
