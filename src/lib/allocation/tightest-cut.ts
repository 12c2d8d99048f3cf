import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import type {ShortCut} from './policy.js';
import type {ScenarioDemand} from './scenario-demand.js';
import {measureCut, nameCut} from './short-cut.js';

/**
 * Where a scenario would first lack space if the demand of all its volumes grew alike: of all cuts the one with the
 * least `roomBytes` (what `heldBytes` has on the hosts that its volumes may use) for its `demandBytes`. Undefined without
 * demand. Discrete Newton (Radzik 1998): the growth at which a cut is short is tried until no other cut is short before.
 */
export function tightestCut(
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  heldBytes: ArrayLike<number>,
): ShortCut | undefined {
  if (demand.totalBytes === 0) return undefined;
  let cut = measureCut(net, demand, heldBytes, everything(net, demand));
  for (;;) {
    const factor = cut.roomBytes / cut.demandBytes;
    const grown = demand.groupBytes.map((bytes) => Math.floor(bytes * factor));
    const {shortGroups, shortClasses} = routeDemand(net, grown, heldBytes);
    if (shortGroups.length === 0) break;
    const next = measureCut(net, demand, heldBytes, {groups: shortGroups, classes: shortClasses});
    if (next.roomBytes / next.demandBytes >= factor) break;
    cut = next;
  }
  return nameCut(compiled, net, demand, cut);
}

/** All groups with demand, and all classes: what they may use together, or more. */
function everything(
  net: ScenarioNet,
  {groupBytes}: ScenarioDemand,
): {readonly groups: readonly number[]; readonly classes: readonly number[]} {
  return {
    groups: [...groupBytes.keys()].filter((group) => (groupBytes[group] ?? 0) > 0),
    classes: [...net.classHosts.keys()],
  };
}
