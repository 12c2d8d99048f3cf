import {type Plan, PLAN_KIND} from '../allocation/index.js';
import {CheckError, readArtifact, UsageError} from '../core/index.js';
import {
  type Actor,
  applyPlan,
  type ApplyResult,
  journalPath,
  knowPlan,
  type KnownPlan,
  openJournal,
  openTarget,
  previewPlan,
  readJournal,
  type StorageTarget,
} from '../storage-apis/index.js';

export interface ApplyPlanFileOptions {
  readonly planPath: string;
  /** `kind:place`; the one that the plan was made for when absent. */
  readonly target: string | undefined;
  /** What time the plan's expiry is compared with. */
  readonly nowUs: number;
  readonly actor: Actor;
  readonly dryRun: boolean;
  readonly allowInfeasible: boolean;
  /** Asked before anything is changed; false ends it with CheckError. */
  readonly confirm: (preview: ApplyResult) => Promise<boolean>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What became of a plan file, and remarks for people. */
export interface ApplyReport extends ApplyResult {
  readonly plan: string;
  readonly dryRun: boolean;
  readonly remarks: readonly string[];
}

/**
 * Applies a plan file to a target, or says with `dryRun` what that would change.
 * Throws UsageError (no such target), InputError (plan, ledger or journal unreadable), StaleError (expired, moved,
 * locked), CheckError (infeasible, not confirmed) and TargetError (what was made and what was not).
 */
export async function applyPlanFile(options: ApplyPlanFileOptions): Promise<ApplyReport> {
  const known = knowPlan(await readArtifact<Plan>(options.planPath, PLAN_KIND), options.planPath);
  const target = openTarget(targetName(options.target, known.plan));
  const journal = journalPath(target.journalFolder, known.sha256);
  const preview = previewPlan(known, await target.readInventory(), await readJournal(journal), options);
  const remarks = target.cannotExpress.map((loss) => `${target.name} cannot express ${loss}`);
  const report = {plan: options.planPath, dryRun: options.dryRun, remarks};
  if (options.dryRun) return {...report, ...preview};
  if (preview.pending.length > 0 && !(await options.confirm(preview)))
    throw new CheckError('not-confirmed', 'nothing was changed: the answer was not yes');
  return {...report, ...(await applyLocked(known, target, journal, options, remarks))};
}

async function applyLocked(
  known: KnownPlan,
  target: StorageTarget,
  journal: string,
  options: ApplyPlanFileOptions,
  remarks: string[],
): Promise<ApplyResult> {
  const lock = await target.lock(options.actor);
  if (lock.tookOverFrom !== undefined)
    remarks.push(`took over the lock of ${lock.tookOverFrom}, which is gone`);
  try {
    return await applyPlan(known, target, await openJournal(journal), options);
  } finally {
    await lock.release();
  }
}

function targetName(given: string | undefined, plan: Plan): string {
  const name = given ?? plan.basis?.target;
  if (name !== undefined) return name;
  throw new UsageError('no-target', 'neither --target nor the plan says where to apply it', {
    hints: ['write it like --target file:buffers.json'],
  });
}
