/**
 * N+1: one pool as large as the raw capacity of the largest host (vSAN host rebuild reserve; Nutanix "largest node"
 * for RF2), spread over all hosts in proportion to capacity, on none beyond its room. It looks neither at racks and
 * feeds nor at what lies on the hosts.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {heldOnly, poolNeeds, viewInput} from '../policy-input.js';
import {spreadPool} from '../spread-pool.js';

/** Holds one pool of the largest host's capacity. */
export const largestHost: AllocationPolicy = {
  name: 'largest-host',
  summary: 'one pool as large as the largest host (N+1)',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const view = viewInput(input);
  const {hosts} = input.topology;
  const capacities = hosts.map(({capacityBytes}) => capacityBytes);
  const poolBytes = Math.max(0, ...capacities);
  const name = hosts[capacities.indexOf(poolBytes)]?.id ?? 'none';
  const reserveBytes = spreadPool(poolBytes, capacities, view.use.roomBytes);
  const reason = `capacity of the largest host ${name}, ${formatBytes(poolBytes)}${heldOnly(poolBytes, reserveBytes)}`;
  return {reserveBytes, needs: poolNeeds(view, poolBytes, reason), shortCuts: []};
}
