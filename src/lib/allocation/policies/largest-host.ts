/**
 * N+1: one pool as large as the raw capacity of the largest host: vSAN's host rebuild reserve (without the 5 % that it
 * adds for its own operations) and Nutanix's largest node at replication factor 2 (allocation-maths section 4). Spread
 * over all hosts in proportion to capacity, on none beyond its room. It looks neither at racks and feeds nor at what
 * lies on the hosts.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {holdPool} from '../policy-input.js';
import {wholeHosts} from '../whole-hosts.js';

/** Holds one pool of the largest host's capacity. */
export const largestHost: AllocationPolicy = {
  name: 'largest-host',
  summary: 'one pool as large as the largest host (N+1)',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const [largest] = wholeHosts(input.topology);
  const poolBytes = largest?.capacityBytes ?? 0;
  const reason = `capacity of the largest host ${largest?.id ?? 'none'}, ${formatBytes(poolBytes)}`;
  return holdPool(input, poolBytes, reason);
}
