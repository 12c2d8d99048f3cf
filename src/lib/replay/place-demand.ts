import {routeDemand, type Routing, type ScenarioDemand, type ScenarioNet} from '../allocation/index.js';
import {createQuickPlacement, type Shares} from './quick-placement.js';

/** What found no place when a scenario happened. */
export interface Shortfall {
  readonly stuckBytes: number;
  /** Volumes that wait for space: of every group the share of its volumes that its unplaced bytes are of its demand. */
  readonly volumes: number;
}

/** Places the demands of one scenario, time after time. */
export interface Placer {
  /** Whether all of a demand lies where the last one lay: quick; false where that is not known. */
  stillFits(demand: ScenarioDemand, hostBytes: Float64Array): boolean;
  /** What of a demand finds no place when each host can take `hostBytes`; undefined when all of it does. */
  shortfall(demand: ScenarioDemand, hostBytes: Float64Array): Shortfall | undefined;
}

/** Groups whose demand must fit on the hosts that they may use. */
export interface Cut {
  readonly groups: readonly number[];
  readonly hosts: readonly number[];
}

/** How many of the minimum cuts found last are tried before a flow is computed. */
const MOST_CUTS = 4;

/**
 * Decides exactly what can be placed (as if volumes could be cut into bytes, and not keeping apart several copies of
 * one volume from each other). A maximum flow is computed only when neither of two quick placements fits all, nor
 * leaves as little as a cut found before proves to be unavoidable: from one step to the next little changes.
 */
export function createPlacer(net: ScenarioNet): Placer {
  const quick = createQuickPlacement(net);
  const {left} = quick;
  let shares = sharesOf(new Float64Array(0), []);
  let cuts: readonly Cut[] = [wholeCut(net)];

  /** As exact as whole bytes are; undefined when quick ways do not settle it. `left` then says what is left of whom. */
  const settleQuickly = (groupBytes: Float64Array, hostBytes: Float64Array): number | undefined => {
    const leftBytes = quick.place(groupBytes, hostBytes, shares);
    if (leftBytes < 1) return 0;
    const provenBytes = cuts.reduce((most, cut) => Math.max(most, missingIn(cut, groupBytes, hostBytes)), 0);
    return leftBytes - provenBytes < 1 ? provenBytes : undefined;
  };

  const settleByFlow = ({groupBytes, totalBytes}: ScenarioDemand, hostBytes: Float64Array): number => {
    const routing = routeDemand(net, groupBytes, hostBytes);
    shares = sharesOf(groupBytes, routing.sent);
    left.set(routing.unsentBytes);
    if (routing.shortGroups.length > 0) cuts = [cutOf(net, routing), ...cuts].slice(0, MOST_CUTS);
    return totalBytes - routing.placedBytes;
  };

  return {
    stillFits: () => false,
    shortfall: (demand, hostBytes) => {
      if (demand.totalBytes === 0) return undefined;
      const stuckBytes = settleQuickly(demand.groupBytes, hostBytes) ?? settleByFlow(demand, hostBytes);
      // Reserves may be fractions of bytes; demands are whole.
      return stuckBytes < 1 ? undefined : {stuckBytes, volumes: waitingVolumes(net, demand, left)};
    },
  };
}

/** The groups of a routing that are short, and the hosts that they may use. */
export function cutOf(net: ScenarioNet, {shortGroups, shortClasses}: Routing): Cut {
  return {groups: shortGroups, hosts: shortClasses.flatMap((index) => [...(net.classHosts[index] ?? [])])};
}

/** All groups on all hosts that any of them may use. */
export function wholeCut(net: ScenarioNet): Cut {
  return {groups: [...net.groupHosts.keys()], hosts: net.classHosts.flatMap((members) => [...members])};
}

/** Bytes by which the demand of a cut exceeds what its hosts can take; negative where it does not. */
export function missingIn({groups, hosts}: Cut, groupBytes: Float64Array, hostBytes: Float64Array): number {
  let missing = 0;
  for (let at = 0; at < groups.length; at += 1) missing += groupBytes[groups[at] ?? 0] ?? 0;
  for (let at = 0; at < hosts.length; at += 1) missing -= hostBytes[hosts[at] ?? 0] ?? 0;
  return missing;
}

function sharesOf(groupBytes: Float64Array, sent: Routing['sent']): Shares {
  return {
    groups: Int32Array.from(sent, ({group}) => group),
    classes: Int32Array.from(sent, ({hostClass}) => hostClass),
    parts: Float64Array.from(sent, ({group, bytes}) => bytes / (groupBytes[group] ?? 1)),
  };
}

function waitingVolumes(
  net: ScenarioNet,
  {sizes, groupBytes}: ScenarioDemand,
  leftBytes: Float64Array,
): number {
  let waiting = 0;
  for (let entry = 0; entry < sizes.length; entry += 1) {
    const group = net.groupOf[entry] ?? 0;
    const left = leftBytes[group] ?? 0;
    if (left > 0 && (sizes[entry] ?? 0) > 0) waiting += left / (groupBytes[group] ?? 1);
  }
  return waiting;
}
