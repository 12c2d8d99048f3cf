/**
 * One pool of one capacity device a host, four at most: the reserve that Microsoft advises for Storage Spaces Direct
 * ("Plan volumes", reserve capacity; allocation-maths section 4). Where devices differ the largest of each host counts,
 * and of the hosts those with the largest. A host whose devices are not told apart counts as one device. Spread over
 * all hosts in proportion to capacity, on none beyond its room. It is meant for lost devices, not for lost hosts.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {holdPool} from '../policy-input.js';
import {wholeHosts} from '../whole-hosts.js';

const MOST_DEVICES = 4;

/** Holds one pool of the largest device of each host, four at most. */
export const oneDevicePerHost: AllocationPolicy = {
  name: 'one-device-per-host',
  summary: 'one pool of one device a host, of four at most',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const devices = wholeHosts(input.topology)
    .map(({largestDeviceBytes}) => largestDeviceBytes)
    .sort((left, right) => right - left)
    .slice(0, MOST_DEVICES);
  const poolBytes = devices.reduce((sum, bytes) => sum + bytes, 0);
  const what =
    devices.length === 1 ? 'the device of the one host' : `the largest device of ${devices.length} hosts`;
  return holdPool(input, poolBytes, `${what}, ${formatBytes(poolBytes)}`);
}
