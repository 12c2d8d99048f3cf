import {StaleError} from '../core/index.js';
import {sumAccount} from './account.js';
import type {KnownPlan} from './apply-plan.js';
import type {JournalRecord} from './journal.js';
import {type SettingBytes, settingIn, type StorageTarget} from './target.js';

/** One setting that does not say what the plan wants. */
export interface Drift {
  readonly setting: string;
  readonly hosts: readonly string[];
  readonly wantedBytes: SettingBytes;
  readonly actualBytes: SettingBytes;
}

/** A target beside a plan. */
export interface DriftReport {
  readonly planSha256: string;
  readonly target: string;
  /** Whether the journal tells that this plan was applied; else the wanted values are what it would ask for now. */
  readonly wasApplied: boolean;
  readonly same: readonly string[];
  readonly drifted: readonly Drift[];
}

/**
 * Compares what a target holds with what a plan set there, or would set if it never was applied. Changes nothing.
 * Throws StaleError where a journal tells of another cluster.
 */
export async function checkDrift(
  {plan, sha256}: KnownPlan,
  target: StorageTarget,
  records: readonly JournalRecord[],
): Promise<DriftReport> {
  const inventory = await target.readInventory();
  const {entries, last} = sumAccount(records);
  if (last !== undefined && last.lineage !== '' && inventory.lineage !== last.lineage)
    throw new StaleError(
      'other-lineage',
      `${target.name} is of lineage ${inventory.lineage}, not ${last.lineage}`,
    );
  const {wanted} = await target.express(plan);
  const known = [...entries.values()].map(({change}) => change);
  const rest = wanted.filter(({setting}) => !entries.has(setting));
  const all = [
    ...known.map(({setting, hosts, toBytes}) => ({setting, hosts, wantedBytes: toBytes})),
    ...rest.map(({setting, hosts, bytes}) => ({setting, hosts, wantedBytes: bytes})),
  ].map((one) => ({...one, actualBytes: settingIn(inventory, one.setting)}));
  return {
    planSha256: sha256,
    target: target.name,
    wasApplied: entries.size > 0,
    same: all.filter(({wantedBytes, actualBytes}) => wantedBytes === actualBytes).map(({setting}) => setting),
    drifted: all.filter(({wantedBytes, actualBytes}) => wantedBytes !== actualBytes),
  };
}
