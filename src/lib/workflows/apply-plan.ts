import {type Plan, PLAN_KIND} from '../allocation/index.js';
import {artifactText, CheckError, readArtifact, UsageError, writeFileAtomically} from '../core/index.js';
import {
  applyPlan,
  type ApplyResult,
  type BoundaryMode,
  checkDrift,
  type DesiredState,
  type DriftReport,
  type Journal,
  journalPath,
  type JournalRecord,
  knowPlan,
  type KnownPlan,
  type MakeOptions,
  openJournal,
  openTarget,
  previewPlan,
  previewRelease,
  previewRollBack,
  readJournal,
  releaseBuffer,
  releaseId,
  renderState,
  rollBack,
  type StorageTarget,
  type TargetAccess,
} from '../storage-apis/index.js';
import {readTopology} from '../topology/index.js';

/** Where a plan goes. */
export interface PlanOnTarget {
  readonly planPath: string;
  /** `kind:place`; the one that the plan was made for when absent. */
  readonly target: string | undefined;
  readonly access: TargetAccess;
}

/** How changes are made, whichever they are. */
interface ChangeOptions extends Omit<MakeOptions, 'retry'> {
  readonly dryRun: boolean;
  /** Asked before anything is changed; false ends it with CheckError. */
  readonly confirm: (preview: ApplyResult) => Promise<boolean>;
  /** Give space back even where the live state speaks against it. */
  readonly allowUnsafeShrink: boolean;
}

export interface ApplyPlanFileOptions extends PlanOnTarget, ChangeOptions {
  /** What time the plan's expiry is compared with. */
  readonly nowUs: number;
  readonly allowInfeasible: boolean;
  readonly useToleranceShare: number;
  /** The plan is refused when its serial is not the plan's; absent: not looked at. */
  readonly topologyPath?: string | undefined;
  readonly modes: ReadonlyMap<string, BoundaryMode>;
}

export interface RollBackOptions extends ChangeOptions {
  readonly journalPath: string;
  /** The one of the journal when absent. */
  readonly target: string | undefined;
  readonly access: TargetAccess;
}

export interface ReleaseOptions extends PlanOnTarget, ChangeOptions {
  readonly boundary: string;
}

/** What became of a plan file, and remarks for people. */
export interface ApplyReport extends ApplyResult {
  /** The plan's path, or the journal's that was rolled back. */
  readonly plan: string;
  /** What takes these changes back: `apply --rollback` takes it. */
  readonly journal: string;
  readonly dryRun: boolean;
  readonly did: 'applied' | 'rolled back' | 'released';
  readonly remarks: readonly string[];
}

/**
 * Applies a plan file to a target, or says with `dryRun` what that would change.
 * Throws UsageError (no such target), InputError (plan, ledger or journal unreadable), StaleError (expired, moved,
 * locked), CheckError (infeasible, not confirmed) and TargetError (what was made and what was not).
 */
export async function applyPlanFile(options: ApplyPlanFileOptions): Promise<ApplyReport> {
  const {known, target, journal} = await open(options);
  const topologySerial =
    options.topologyPath === undefined ? undefined : (await readTopology(options.topologyPath)).serial;
  const rules = {...options, topologySerial};
  return change(options.planPath, target, journal, options, {
    did: 'applied',
    preview: async (records) => previewPlan(known, target, records, rules),
    make: async (opened, made) => applyPlan(known, target, opened, {...rules, ...made}),
  });
}

/** Takes back what a journal tells as made. Throws as rollBack and applyPlanFile do. */
export async function rollBackJournal(options: RollBackOptions): Promise<ApplyReport> {
  const records = await readJournal(options.journalPath);
  const begin = records.find((record) => record.event === 'begin');
  const name = options.target ?? begin?.target;
  const target = openTarget(name ?? needTarget(), options.access);
  return change(options.journalPath, target, options.journalPath, options, {
    did: 'rolled back',
    preview: async (known) => previewRollBack(target, known, options),
    make: async (opened, made) => rollBack(target, opened, {...options, ...made}),
  });
}

/** Gives a plan's buffer to the repair of a lost boundary. Throws as releaseBuffer and applyPlanFile do. */
export async function releasePlanBuffer(options: ReleaseOptions): Promise<ApplyReport> {
  const {known, target} = await open(options);
  const journal = journalPath(target.journalFolder, releaseId(known, options.boundary));
  return change(options.planPath, target, journal, options, {
    did: 'released',
    preview: async (records) => previewRelease(known, options.boundary, target, records),
    make: async (opened, made) => releaseBuffer(known, options.boundary, target, opened, made),
  });
}

/** What the target holds beside what the plan set there, or would set. Changes nothing. */
export async function checkPlanOnTarget(options: PlanOnTarget): Promise<DriftReport> {
  const {known, target, journal} = await open(options);
  return checkDrift(known, target, await readJournal(journal));
}

/** What the target must hold, for another tool to bring about; written to `out` if that is named. Changes nothing else. */
export async function renderPlanFor(
  options: PlanOnTarget & {readonly out: string | undefined},
): Promise<DesiredState> {
  const {known, target, journal} = await open(options);
  const state = await renderState(known, target, await readJournal(journal));
  if (options.out !== undefined) await writeFileAtomically(options.out, artifactText(state));
  return state;
}

interface Opened {
  readonly known: KnownPlan;
  readonly target: StorageTarget;
  readonly journal: string;
}

async function open({planPath, target: name, access}: PlanOnTarget): Promise<Opened> {
  const known = knowPlan(await readArtifact<Plan>(planPath, PLAN_KIND), planPath);
  const target = openTarget(name ?? known.plan.basis?.target ?? needTarget(), access);
  return {known, target, journal: journalPath(target.journalFolder, known.sha256)};
}

interface Work {
  readonly did: ApplyReport['did'];
  preview(records: readonly JournalRecord[]): Promise<ApplyResult>;
  make(journal: Journal, options: MakeOptions): Promise<ApplyResult>;
}

/** Shows what would be done, asks, and does it under the target's lock. */
async function change(
  plan: string,
  target: StorageTarget,
  journal: string,
  options: ChangeOptions & {readonly access: TargetAccess},
  work: Work,
): Promise<ApplyReport> {
  const preview = await work.preview(await readJournal(journal));
  const remarks = preview.losses.map((loss) => `${target.name} cannot express ${loss}`);
  const report = {plan, journal, dryRun: options.dryRun, did: work.did, remarks};
  if (options.dryRun) return {...report, ...preview};
  if (preview.pending.length > 0 && !(await options.confirm(preview)))
    throw new CheckError('not-confirmed', 'nothing was changed: the answer was not yes');
  const lock = await target.lock(options.actor);
  if (lock.tookOverFrom !== undefined)
    remarks.push(`took over the lock of ${lock.tookOverFrom}, which is gone`);
  try {
    const made = {...options, retry: options.access.retry};
    return {...report, ...(await work.make(await openJournal(journal), made))};
  } finally {
    await lock.release();
  }
}

function needTarget(): never {
  throw new UsageError('no-target', 'neither --target nor the plan says where to apply it', {
    hints: ['write it like --target file:buffers.json'],
  });
}
