/**
 * N+1: one pool as large as the raw capacity of the largest host: vSAN's host rebuild reserve (without the 5 % that it
 * adds for its own operations) and Nutanix's largest node at replication factor 2 (allocation-maths section 4). Spread
 * over all hosts in proportion to capacity, on none beyond its room. It looks neither at racks and feeds nor at what
 * lies on the hosts.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {holdPool} from '../policy-input.js';

/** Holds one pool of the largest host's capacity. */
export const largestHost: AllocationPolicy = {
  name: 'largest-host',
  summary: 'one pool as large as the largest host (N+1)',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const {hosts} = input.topology;
  const capacities = hosts.map(({capacityBytes}) => capacityBytes);
  const poolBytes = Math.max(0, ...capacities);
  const name = hosts[capacities.indexOf(poolBytes)]?.id ?? 'none';
  return holdPool(input, poolBytes, `capacity of the largest host ${name}, ${formatBytes(poolBytes)}`);
}
