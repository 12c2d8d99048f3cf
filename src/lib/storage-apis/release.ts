import {sha256Hex, UsageError} from '../core/index.js';
import {sumAccount} from './account.js';
import type {ApplyResult, KnownPlan} from './apply-plan.js';
import type {Journal, JournalRecord} from './journal.js';
import {type ChangeJob, makeChanges, type MakeOptions} from './make-changes.js';
import {judgeStanding} from './standing.js';
import {holdsMore, settingIn, type StorageTarget} from './target.js';
import type {TargetChange} from './target-change.js';

/** How the releasing of a plan's buffer for one failure is told from everything else. */
export function releaseId({sha256}: KnownPlan, boundary: string): string {
  return sha256Hex(JSON.stringify([sha256, 'release', boundary]));
}

/** What releasing would do. Changes nothing. Throws as releaseBuffer does. */
export async function previewRelease(
  known: KnownPlan,
  boundary: string,
  target: StorageTarget,
  records: readonly JournalRecord[],
): Promise<ApplyResult> {
  return (await prepare(known, boundary, target, records)).preview;
}

/**
 * Gives the buffer to the repair after a boundary was lost, where the target keeps space from repairs, too: every
 * setting on a surviving host goes to what it says without a buffer. The journal, which is not the plan's, takes it
 * back. Hold the target's lock.
 * Throws UsageError for a boundary that the plan does not know or a target that keeps nothing from repairs, else as
 * applyPlan.
 */
export async function releaseBuffer(
  known: KnownPlan,
  boundary: string,
  target: StorageTarget,
  journal: Journal,
  options: MakeOptions,
): Promise<ApplyResult> {
  const {preview, job} = await prepare(known, boundary, target, journal.records);
  if (preview.alreadyApplied) return preview;
  const {applied, now} = await makeChanges(job, target, journal, options);
  return {...preview, applied, pending: [], ...now};
}

async function prepare(
  known: KnownPlan,
  boundary: string,
  target: StorageTarget,
  records: readonly JournalRecord[],
): Promise<{readonly preview: ApplyResult; readonly job: ChangeJob}> {
  const lost = hostsOf(known, boundary, target);
  const inventory = await target.readInventory();
  const account = sumAccount(records);
  const standing = judgeStanding(account, inventory);
  const {wanted} = await target.express(known.plan);
  const surviving = wanted.filter(({hosts}) => hosts.some((host) => !lost.has(host)));
  const fresh = surviving.flatMap(({setting, hosts, baseBytes: toBytes = 0}): TargetChange[] => {
    const fromBytes = settingIn(inventory, setting);
    if (account.entries.has(setting) || !holdsMore(target, toBytes, fromBytes)) return [];
    const reason = `released for the repair of ${boundary}`;
    return [{setting, hosts, action: 'deallocate', fromBytes, toBytes, reason}];
  });
  const todo = [...standing.missing, ...fresh];
  const id = releaseId(known, boundary);
  const {lineage, serial} = inventory;
  const isWhole = todo.length === 0 && standing.unrecorded.length === 0;
  return {
    preview: {
      ...{planSha256: id, target: target.name, applied: [], resumed: standing.made, pending: todo},
      ...{withheld: [], unchanged: [], losses: [], lineage, serial},
      alreadyApplied: isWhole,
    },
    job: {
      ...{planSha256: id, direction: 'apply', unrecorded: standing.unrecorded, todo, madeBefore: []},
      begin: fresh.length > 0 ? fresh : undefined,
      from: {lineage, serial},
    },
  };
}

function hostsOf({plan}: KnownPlan, boundary: string, target: StorageTarget): ReadonlySet<string> {
  if (!target.blocksRepair) {
    throw new UsageError('nothing-to-release', `${target.name} keeps no space from repairs`, {
      hints: ['a failure needs nothing to be released there'],
    });
  }
  const found = plan.boundaries.find(({scenario}) => scenario === boundary);
  if (found !== undefined) return new Set(found.hosts);
  const known = plan.boundaries.map(({scenario}) => scenario);
  throw new UsageError('unknown-boundary', `the plan does not know the boundary "${boundary}"`, {
    hints: [`it knows ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', ...' : ''}`],
  });
}
