/**
 * The prediction of `per-boundary` as one pool: `max over boundaries of predictedUsage x safetyFactor`, predictedUsage
 * being the median forecast peak of all replicas in the boundary (DESIGN section 5). One failure at a time is planned
 * for, so that the buffers of the boundaries need not add up; that the space must lie outside the boundary which fails
 * it does not see. Spread over all hosts in proportion to capacity, on none beyond its room.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {bytesInBoundary, holdPool, viewInput} from '../policy-input.js';

/** Holds one pool of the largest boundary's predicted usage x `settings.safetyFactor`. */
export const predictive: AllocationPolicy = {
  name: 'predictive',
  summary: 'one pool for what the largest boundary is predicted to use, times the safety factor',
  tunedBy: 'safetyFactor',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const {compiled, use} = viewInput(input);
  const {safetyFactor} = input.settings;
  const {boundaries} = input.topology;
  const predicted = boundaries.map((boundary) => bytesInBoundary(compiled, boundary, use.volumeBytes));
  const mostBytes = Math.max(0, ...predicted);
  const name = boundaries[predicted.indexOf(mostBytes)]?.id ?? 'none';
  const poolBytes = Math.ceil(mostBytes * safetyFactor);
  const product = `${formatBytes(mostBytes)} x ${safetyFactor} = ${formatBytes(poolBytes)}`;
  return holdPool(input, poolBytes, `predicted usage of the fullest boundary ${name}, ${product}`);
}
