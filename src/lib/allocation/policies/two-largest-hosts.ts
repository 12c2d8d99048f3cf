/**
 * One pool as large as the raw capacity of the two largest hosts: what Nutanix keeps out of its resilient capacity at
 * replication factor 3, total less the two largest nodes (allocation-maths section 4). Spread over all hosts in
 * proportion to capacity, on none beyond its room. It looks neither at racks and feeds nor at what lies on the hosts.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {holdPool} from '../policy-input.js';
import {wholeHosts} from '../whole-hosts.js';

/** Holds one pool of the two largest hosts' capacity. */
export const twoLargestHosts: AllocationPolicy = {
  name: 'two-largest-hosts',
  summary: 'one pool as large as the two largest hosts together',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const largest = wholeHosts(input.topology).slice(0, 2);
  const poolBytes = largest.reduce((sum, {capacityBytes}) => sum + capacityBytes, 0);
  const names = largest.map(({id}) => id).join(' and ');
  return holdPool(input, poolBytes, `capacity of the largest hosts ${names}, ${formatBytes(poolBytes)}`);
}
