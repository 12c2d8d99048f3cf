import {placeScenario} from './certificate.js';
import type {CompiledTopology} from './compile-topology.js';
import {scenarioDemand} from './scenario-demand.js';

/** What would happen in one scenario with a given reserve. */
export interface ScenarioOutcome {
  /** Index into Topology.scenarios. */
  readonly scenario: number;
  /** Bytes of all lost copies of which another one survives. */
  readonly demandBytes: number;
  /** Bytes re-created within the reserve, whole volumes by their rules. */
  readonly placedBytes: number;
  /** demandBytes - placedBytes. */
  readonly stuckBytes: number;
  /** Volumes that lose every copy; no reserve helps them. */
  readonly lostVolumes: Int32Array;
}

/**
 * Fails every scenario in turn and places the lost copies within the reserve. `usedBytes` is one replica of each
 * volume; the reserve is taken as it is: a caller who wants no more than what is really free hands over the lesser.
 * Placing whole volumes is a packing problem: stuckBytes 0 is proven, a positive value is the best that was found.
 */
export function assessReserve(
  compiled: CompiledTopology,
  usedBytes: ArrayLike<number>,
  reserveBytes: Float64Array,
): readonly ScenarioOutcome[] {
  return compiled.nets.map((net, scenario) => {
    const demand = scenarioDemand(net, usedBytes);
    const {stuckBytes} = placeScenario(compiled, net, demand, reserveBytes);
    const placedBytes = demand.totalBytes - stuckBytes;
    return {scenario, demandBytes: demand.totalBytes, placedBytes, stuckBytes, lostVolumes: net.lostVolumes};
  });
}
