import {nearestName, UsageError} from '../core/index.js';
import {bestConstant} from './policies/best-constant.js';
import {largestBoundary} from './policies/largest-boundary.js';
import {largestHost} from './policies/largest-host.js';
import {oneDevicePerHost} from './policies/one-device-per-host.js';
import {perBoundary} from './policies/per-boundary.js';
import {predictive} from './policies/predictive.js';
import {reactive} from './policies/reactive.js';
import {shared} from './policies/shared.js';
import {staticShare} from './policies/static.js';
import {twoLargestHosts} from './policies/two-largest-hosts.js';
import type {AllocationPolicy, HindsightPolicy} from './policy.js';

const POLICIES = {
  shared,
  static: staticShare,
  'largest-host': largestHost,
  'two-largest-hosts': twoLargestHosts,
  'one-device-per-host': oneDevicePerHost,
  'largest-boundary': largestBoundary,
  reactive,
  'per-boundary': perBoundary,
  predictive,
} as const satisfies Record<string, AllocationPolicy>;

const LOOKING_BACK = {'best-constant': bestConstant} as const satisfies Record<string, HindsightPolicy>;

/** How the one that knows the future is called, which replay has of itself. */
export const ORACLE = 'oracle';

/** The policies that need the history of what happened: for replay alone. */
export const HINDSIGHT_POLICIES: readonly HindsightPolicy[] = Object.values(LOOKING_BACK);

/** The policies that can be chosen. */
export const ALLOCATION_POLICIES: readonly AllocationPolicy[] = Object.values(POLICIES);

/** The policy of a name. Throws UsageError that lists the names, and the nearest, or says that only replay can ask it. */
export function allocationPolicy(name: string): AllocationPolicy {
  const found = ALLOCATION_POLICIES.find((policy) => policy.name === name);
  if (found) return found;
  const isYardstick = name === ORACLE || HINDSIGHT_POLICIES.some((policy) => policy.name === name);
  if (isYardstick) {
    const why = name === ORACLE ? 'knows the future' : 'looks back at what happened';
    throw new UsageError('replay-only', `policy "${name}" ${why}: only replay can ask it`, {
      hints: [`foreshadow replay --policies shared,${name}`],
    });
  }
  const names = ALLOCATION_POLICIES.map((policy) => policy.name);
  const near = nearestName(name, names);
  throw new UsageError('unknown-policy', `unknown policy "${name}"; there are ${names.join(', ')}`, {
    hints: near === undefined ? [] : [`did you mean ${near}?`],
  });
}
