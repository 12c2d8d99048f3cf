import {formatBytes} from '../core/index.js';
import type {RiskBoundary} from '../topology/index.js';
import {compileTopology, type CompiledTopology} from './compile-topology.js';
import type {BoundaryNeed, BufferDecision, PolicyInput} from './policy.js';
import {predictUse, type PredictedUse} from './predicted-use.js';
import {scenarioDemand} from './scenario-demand.js';
import {spreadPool} from './spread-pool.js';

/** What every policy looks at first. */
export interface PolicyView {
  readonly compiled: CompiledTopology;
  readonly use: PredictedUse;
  /** Bytes predicted to be lost and to be re-created, a value a scenario. */
  readonly demandBytes: Float64Array;
}

/** The last view of a forecast, and what else it was made of. */
interface KnownView extends Pick<PolicyInput, 'topology' | 'settings'> {
  readonly sums: PolicyInput['sums'] | undefined;
  readonly view: PolicyView;
}

const viewsBefore = new WeakMap<PolicyInput['forecast'], KnownView>();

/**
 * The input with the topology prepared and the forecast taken at the level asked for: once for all policies that are asked
 * about the same. Its arrays are not to be changed.
 */
export function viewInput({topology, forecast, sums, settings}: PolicyInput): PolicyView {
  const known = viewsBefore.get(forecast);
  if (known?.topology === topology && known.sums === sums && known.settings === settings) return known.view;
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, forecast, settings, sums);
  const demandBytes = Float64Array.from(
    compiled.nets,
    (net, scenario) => scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]).totalBytes,
  );
  const view = {compiled, use, demandBytes};
  viewsBefore.set(forecast, {topology, sums, settings, view});
  return view;
}

/** One need a scenario, each with the same `requiredBytes` and reason: how a pool answers. */
export function poolNeeds(
  {compiled, demandBytes}: PolicyView,
  requiredBytes: number,
  reason: string,
): BoundaryNeed[] {
  return compiled.topology.scenarios.map(({id}, scenario) => ({
    scenario: id,
    demandBytes: demandBytes[scenario] ?? 0,
    requiredBytes: Math.ceil(requiredBytes),
    reason,
  }));
}

/**
 * The decision of a rule that holds one pool: spread over all hosts in proportion to capacity, on none beyond its room.
 * `reason` says where the number comes from.
 */
export function holdPool(input: PolicyInput, poolBytes: number, reason: string): BufferDecision {
  const view = viewInput(input);
  const capacities = input.topology.hosts.map(({capacityBytes}) => capacityBytes);
  const reserveBytes = spreadPool(poolBytes, capacities, view.use.roomBytes);
  const needs = poolNeeds(view, poolBytes, `${reason}${heldOnly(poolBytes, reserveBytes)}`);
  return {reserveBytes, needs, shortCuts: []};
}

/** Bytes of all replicas on the hosts of a boundary when one replica of volume v holds `volumeBytes[v]`. */
export function bytesInBoundary(
  {topology}: CompiledTopology,
  boundary: RiskBoundary,
  volumeBytes: ArrayLike<number>,
): number {
  const inside = new Set(boundary.hosts);
  let total = 0;
  topology.volumes.forEach(({replicas}, volume) => {
    for (const host of replicas) if (inside.has(host)) total += volumeBytes[volume] ?? 0;
  });
  return Math.ceil(total);
}

/** ` (the hosts have room for only 2.1 TiB of it)`, or nothing. */
export function heldOnly(wantedBytes: number, reserveBytes: Float64Array): string {
  const heldBytes = reserveBytes.reduce((sum, bytes) => sum + bytes, 0);
  return heldBytes >= wantedBytes ? '' : ` (the hosts have room for only ${formatBytes(heldBytes)} of it)`;
}
