import {type AllocationPolicy, ORACLE, type PolicySettings} from '../allocation/index.js';
import type {PolicyScore} from './policy-score.js';

/** The settings that make a policy hold more or less. */
export type SafetySetting = NonNullable<AllocationPolicy['tunedBy']> | 'fixedFactor';

/** What is tried of each setting in a sweep. */
export type SweepValues = Readonly<Record<SafetySetting, readonly number[]>>;

/** A policy as it would be with another value of the setting that it is tuned by. */
export interface SweptPolicy {
  readonly policy: AllocationPolicy;
  readonly of: string;
  readonly setting: SafetySetting;
  readonly value: number;
}

/** How much a policy held and how well that protected. */
export interface ParetoPoint {
  /** What its score is called. */
  readonly name: string;
  readonly policy: string;
  /** Absent for a policy that nothing tunes. */
  readonly setting?: SafetySetting;
  readonly value?: number;
  readonly heldByteHours: number;
  readonly repairedShare: number;
  readonly stuckBytes: number;
  /** No other point holds as little and repairs as much, and more of either. */
  readonly isEfficient: boolean;
}

/** Each policy that is tuned by something once for every value but the one that it has already. */
export function sweepPolicies(
  policies: readonly AllocationPolicy[],
  values: SweepValues,
  settings: PolicySettings,
): readonly SweptPolicy[] {
  return policies.flatMap((policy): readonly SweptPolicy[] => {
    const setting = tunedBy(policy, settings);
    if (setting === undefined) return [];
    return values[setting]
      .filter((value) => value !== settings[setting])
      .map((value) => {
        const name = `${policy.name} ${setting}=${value}`;
        const decide: AllocationPolicy['decide'] = (input) =>
          policy.decide({...input, settings: {...input.settings, [setting]: value}});
        return {policy: {...policy, name, decide}, of: policy.name, setting, value};
      });
  });
}

/** The scores as points of reserve against protection, those that hold the least first; without the oracle. */
export function paretoPoints(
  scores: readonly PolicyScore[],
  policies: readonly AllocationPolicy[],
  swept: readonly SweptPolicy[],
  settings: PolicySettings,
): readonly ParetoPoint[] {
  const points = scores
    .filter(({policy}) => policy !== ORACLE)
    .map(({policy: name, heldByteHours, repairedShare, stuckBytes}) => {
      const variant = swept.find(({policy}) => policy.name === name);
      const policy = policies.find((one) => one.name === name);
      const setting = variant?.setting ?? (policy && tunedBy(policy, settings));
      const value = variant?.value ?? (setting && settings[setting]);
      const tuned = setting !== undefined && value !== undefined ? {setting, value} : {};
      return {name, policy: variant?.of ?? name, ...tuned, heldByteHours, repairedShare, stuckBytes};
    });
  return points
    .map((point) => ({...point, isEfficient: !points.some((other) => dominates(other, point))}))
    .sort((one, other) => one.heldByteHours - other.heldByteHours);
}

/** A fixed factor stands in place of any level. */
function tunedBy({tunedBy: setting}: AllocationPolicy, settings: PolicySettings): SafetySetting | undefined {
  return setting === 'level' && settings.fixedFactor !== undefined ? 'fixedFactor' : setting;
}

type Measured = Pick<ParetoPoint, 'heldByteHours' | 'repairedShare'>;

function dominates(one: Measured, other: Measured): boolean {
  const isAsGood = one.heldByteHours <= other.heldByteHours && one.repairedShare >= other.repairedShare;
  return isAsGood && (one.heldByteHours < other.heldByteHours || one.repairedShare > other.repairedShare);
}
