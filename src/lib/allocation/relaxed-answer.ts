import type {Topology} from '../topology/index.js';
import {compileTopology} from './compile-topology.js';
import {leastWholeReserve} from './least-whole-reserve.js';
import type {PredictedUse} from './predicted-use.js';
import {scenarioDemand} from './scenario-demand.js';

/** What a reserve could do if copies were healed against the anti-affinity of their volumes. */
export interface RelaxedAnswer {
  readonly totalBytes: number;
  /** Scenarios that cannot be repaired even so. */
  readonly uncovered: readonly string[];
}

const relaxedBefore = new WeakMap<Topology, Topology>();

/**
 * The least reserve when a lost copy may go to any surviving host of its tier that holds no copy of its volume, whatever
 * boundaries they share: the rule broken to heal.
 */
export async function answerRelaxed(topology: Topology, use: PredictedUse): Promise<RelaxedAnswer> {
  const compiled = compileTopology(relax(topology));
  const demands = compiled.nets.map((net, scenario) =>
    scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]),
  );
  const {totalBytes, placements} = await leastWholeReserve(compiled, demands, use.roomBytes);
  const uncovered = topology.scenarios.filter(
    (_, scenario) =>
      (compiled.nets[scenario]?.lostVolumes.length ?? 0) > 0 ||
      (placements[scenario]?.hosts.includes(-1) ?? false),
  );
  return {totalBytes, uncovered: uncovered.map(({id}) => id)};
}

function relax(topology: Topology): Topology {
  const known = relaxedBefore.get(topology);
  if (known !== undefined) return known;
  const relaxed = {...topology, volumes: topology.volumes.map((volume) => ({...volume, antiAffinity: []}))};
  relaxedBefore.set(topology, relaxed);
  return relaxed;
}
