import {nearestName, UsageError} from '../core/index.js';
import {largestBoundary} from './policies/largest-boundary.js';
import {largestHost} from './policies/largest-host.js';
import {perBoundary} from './policies/per-boundary.js';
import {reactive} from './policies/reactive.js';
import {shared} from './policies/shared.js';
import {staticShare} from './policies/static.js';
import type {AllocationPolicy} from './policy.js';

const POLICIES = {
  shared,
  static: staticShare,
  'largest-host': largestHost,
  'largest-boundary': largestBoundary,
  reactive,
  'per-boundary': perBoundary,
} as const satisfies Record<string, AllocationPolicy>;

/** The policies that can be chosen. */
export const ALLOCATION_POLICIES: readonly AllocationPolicy[] = Object.values(POLICIES);

/** The policy of a name. Throws UsageError that lists the names, and the nearest. */
export function allocationPolicy(name: string): AllocationPolicy {
  const found = ALLOCATION_POLICIES.find((policy) => policy.name === name);
  if (found) return found;
  const names = ALLOCATION_POLICIES.map((policy) => policy.name);
  const near = nearestName(name, names);
  throw new UsageError('unknown-policy', `unknown policy "${name}"; there are ${names.join(', ')}`, {
    hints: near === undefined ? [] : [`did you mean ${near}?`],
  });
}
