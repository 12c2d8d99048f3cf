/**
 * One pool that meets the largest boundary's current usage, times the safety factor (US 9,582,377 B1, claims 1 and 3:
 * a threshold of at least the usage of the resources sharing a risk boundary, changed as the usage changes). It follows
 * what is used now and foresees nothing. Spread over all hosts in proportion to capacity, on none beyond its room.
 */
import {formatBytes} from '../../core/index.js';
import {compileTopology} from '../compile-topology.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {bytesInBoundary, holdPool} from '../policy-input.js';

/** Holds one pool of the largest boundary's current usage x `settings.safetyFactor`. */
export const reactive: AllocationPolicy = {
  name: 'reactive',
  summary: 'one pool for what the largest boundary uses now, times the safety factor',
  tunedBy: 'safetyFactor',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const {boundaries} = input.topology;
  const compiled = compileTopology(input.topology);
  const used = boundaries.map((boundary) => bytesInBoundary(compiled, boundary, input.usedBytes));
  const mostBytes = Math.max(0, ...used);
  const name = boundaries[used.indexOf(mostBytes)]?.id ?? 'none';
  const poolBytes = Math.ceil(mostBytes * input.settings.safetyFactor);
  const product = `${formatBytes(mostBytes)} x ${input.settings.safetyFactor} = ${formatBytes(poolBytes)}`;
  return holdPool(input, poolBytes, `current usage of the fullest boundary ${name}, ${product}`);
}
