import type {KnownPlan} from './apply-plan.js';
import {sumAccount} from './account.js';
import type {JournalRecord} from './journal.js';
import type {SettingBytes, StorageTarget} from './target.js';

/** What a target must hold for a plan, as a file that another tool brings about. The same plan gives the same bytes. */
export interface DesiredState {
  readonly kind: 'foreshadow.desired-state';
  readonly version: 1;
  readonly target: string;
  readonly planSha256: string;
  readonly expiresAt: string;
  /** By name; bytes null: no limit. */
  readonly settings: readonly {
    readonly setting: string;
    readonly holds: StorageTarget['holds'];
    readonly bytes: SettingBytes;
    readonly hosts: readonly string[];
  }[];
  /** What the plan's buffer loses on this target, in words. */
  readonly losses: readonly string[];
}

/** Tells the desired state; reads the target where the plan has to be put into its words, changes nothing. */
export async function renderState(
  {plan, sha256}: KnownPlan,
  target: StorageTarget,
  records: readonly JournalRecord[],
): Promise<DesiredState> {
  const {wanted, losses} = await target.express(plan);
  const {entries} = sumAccount(records);
  const settings = wanted.map(({setting, bytes, hosts}) => {
    const known = entries.get(setting)?.change;
    return {setting, holds: target.holds, bytes: known === undefined ? bytes : known.toBytes, hosts};
  });
  return {
    ...{kind: 'foreshadow.desired-state', version: 1, target: target.name, planSha256: sha256},
    expiresAt: plan.expiresAt,
    settings: settings.sort((left, right) => (left.setting < right.setting ? -1 : 1)),
    losses: [...target.cannotExpress, ...losses],
  };
}
