/**
 * One pool as large as the raw capacity of the largest boundary of any kind (the N+1 rule carried from hosts to racks
 * and feeds), spread over all hosts in proportion to capacity, on none beyond its room.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {holdPool} from '../policy-input.js';

/** Holds one pool of the largest boundary's capacity. */
export const largestBoundary: AllocationPolicy = {
  name: 'largest-boundary',
  summary: 'one pool as large as the largest boundary',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const {hosts, boundaries} = input.topology;
  const capacities = hosts.map(({capacityBytes}) => capacityBytes);
  const sizes = boundaries.map((boundary) =>
    boundary.hosts.reduce((sum, host) => sum + (capacities[host] ?? 0), 0),
  );
  const poolBytes = Math.max(0, ...sizes);
  const name = boundaries[sizes.indexOf(poolBytes)]?.id ?? 'none';
  return holdPool(input, poolBytes, `capacity of the largest boundary ${name}, ${formatBytes(poolBytes)}`);
}
