/**
 * A buffer of its own for each risk boundary: `required = predictedUsage x safetyFactor`, the difference to what is
 * held allocated, or deallocated when negative; the buffers add up. predictedUsage is the median forecast peak of all
 * replicas in the boundary. Each buffer is spread over the hosts outside its boundary in proportion to the room that
 * the buffers before it have left there, the largest buffer first.
 *
 * The boundary that every host is by itself gets a buffer only where the host lies in no other boundary: the larger
 * one's serves it too.
 */
import {formatBytes} from '../../core/index.js';
import type {RiskBoundary} from '../../topology/index.js';
import type {AllocationPolicy, BoundaryNeed, BufferDecision, PolicyInput} from '../policy.js';
import {bytesInBoundary, heldOnly, type PolicyView, viewInput} from '../policy-input.js';
import {spreadPool} from '../spread-pool.js';

/** Holds the sum of the boundaries' own buffers. */
export const perBoundary: AllocationPolicy = {
  name: 'per-boundary',
  summary: 'a buffer for each boundary: predicted usage x safety factor',
  tunedBy: 'safetyFactor',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const view = viewInput(input);
  const {safetyFactor} = input.settings;
  const buffers = boundariesWithBuffer(input.topology.boundaries)
    .map((boundary) => {
      const predictedBytes = bytesInBoundary(view.compiled, boundary, view.use.volumeBytes);
      return {boundary, predictedBytes, requiredBytes: Math.ceil(predictedBytes * safetyFactor)};
    })
    .sort((left, right) => right.requiredBytes - left.requiredBytes);
  const left = view.use.roomBytes.slice();
  const reserveBytes = new Float64Array(left.length);
  const reasons = new Map<string, {requiredBytes: number; reason: string}>();
  for (const {boundary, predictedBytes, requiredBytes} of buffers) {
    const inside = new Set(boundary.hosts);
    const outside = left.map((bytes, host) => (inside.has(host) ? 0 : bytes));
    const buffer = spreadPool(requiredBytes, outside, outside);
    buffer.forEach((bytes, host) => {
      reserveBytes[host] = (reserveBytes[host] ?? 0) + bytes;
      left[host] = (left[host] ?? 0) - bytes;
    });
    const product = `${formatBytes(predictedBytes)} x ${safetyFactor} = ${formatBytes(requiredBytes)}`;
    const reason = `predicted usage ${product}, outside it${heldOnly(requiredBytes, buffer)}`;
    reasons.set(boundary.id, {requiredBytes, reason});
  }
  return {reserveBytes, needs: needsOf(view, reasons), shortCuts: []};
}

function boundariesWithBuffer(boundaries: readonly RiskBoundary[]): RiskBoundary[] {
  const covered = new Set(boundaries.filter(({kind}) => kind !== 'host').flatMap(({hosts}) => hosts));
  return boundaries.filter(({kind, hosts}) => kind !== 'host' || !hosts.every((host) => covered.has(host)));
}

function needsOf(
  {compiled, demandBytes}: PolicyView,
  reasons: ReadonlyMap<string, {readonly requiredBytes: number; readonly reason: string}>,
): BoundaryNeed[] {
  return compiled.topology.scenarios.map(({id}, scenario) => {
    const own = reasons.get(id) ?? {requiredBytes: 0, reason: 'no buffer of its own: others serve it'};
    return {scenario: id, demandBytes: demandBytes[scenario] ?? 0, ...own};
  });
}
