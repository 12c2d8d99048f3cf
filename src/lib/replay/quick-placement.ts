import type {ScenarioNet} from '../allocation/index.js';
import {countHosts, hostsIn} from '../topology/index.js';

/** Which part of a group's demand goes to which class of hosts. Parallel arrays: they are walked through all the time. */
export interface Shares {
  readonly groups: Int32Array;
  readonly classes: Int32Array;
  /** 0 to 1. */
  readonly parts: Float64Array;
}

/** Places demands fast, not always as well as possible. */
export interface QuickPlacement {
  /** Bytes of each group that the last placement left over. */
  readonly left: Float64Array;
  /** Follows the shares first, as far as there is space, then places what is left greedily; returns the bytes left. */
  place(groupBytes: Float64Array, hostBytes: Float64Array, shares: Shares): number;
}

/**
 * Greedy: the groups with the fewest hosts choose first, each the classes that the fewest groups want. Plain loops over
 * arrays that are kept: this runs once a policy, scenario and step.
 */
export function createQuickPlacement(net: ScenarioNet): QuickPlacement {
  const free = new Float64Array(net.classHosts.length);
  const left = new Float64Array(net.groupHosts.length);
  const {choices, order} = preferencesOf(net);
  return {
    left,
    place: (groupBytes, hostBytes, shares) => {
      left.set(groupBytes);
      let freeBytes = 0;
      for (let index = 0; index < free.length; index += 1) {
        const bytes = sumAt(hostBytes, net.classHosts[index]);
        free[index] = bytes;
        freeBytes += bytes;
      }
      freeBytes -= followShares(free, left, groupBytes, shares);
      let leftBytes = 0;
      for (let rank = 0; rank < order.length; rank += 1) {
        const group = order[rank] ?? 0;
        freeBytes -= placeRest(free, left, group, {classes: choices[group], freeBytes});
        leftBytes += left[group] ?? 0;
      }
      return leftBytes;
    },
  };
}

/** The classes of each group in the order of its choice, and the order in which groups choose. */
interface Preferences {
  readonly choices: readonly Int32Array[];
  readonly order: Int32Array;
}

const preferencesBefore = new WeakMap<ScenarioNet, Preferences>();

function preferencesOf(net: ScenarioNet): Preferences {
  const known = preferencesBefore.get(net);
  if (known !== undefined) return known;
  const hostCounts = net.groupHosts.map(countHosts);
  const order = Int32Array.from(hostCounts.keys()).sort(
    (one, other) => (hostCounts[one] ?? 0) - (hostCounts[other] ?? 0) || one - other,
  );
  const preferences = {choices: chooseClasses(net), order};
  preferencesBefore.set(net, preferences);
  return preferences;
}

/** Returns the bytes that found a place. */
function followShares(
  free: Float64Array,
  left: Float64Array,
  groupBytes: Float64Array,
  {groups, classes, parts}: Shares,
): number {
  let taken = 0;
  for (let at = 0; at < groups.length; at += 1) {
    const group = groups[at] ?? 0;
    taken += take(free, left, group, classes[at] ?? 0, (parts[at] ?? 0) * (groupBytes[group] ?? 0));
  }
  return taken;
}

const NO_CLASSES = new Int32Array(0);

/** Places what a group has left; where nothing is free any more nobody looks for it. Returns the bytes that found a place. */
function placeRest(
  free: Float64Array,
  left: Float64Array,
  group: number,
  {classes = NO_CLASSES, freeBytes}: {readonly classes: Int32Array | undefined; readonly freeBytes: number},
): number {
  let rest = left[group] ?? 0;
  let taken = 0;
  for (let at = 0; at < classes.length && rest > 0 && taken < freeBytes; at += 1) {
    taken += take(free, left, group, classes[at] ?? 0, rest);
    rest = left[group] ?? 0;
  }
  return taken;
}

/** The classes that each group may use, the least wanted first. */
function chooseClasses(net: ScenarioNet): readonly Int32Array[] {
  const choices = net.groupClasses.map(hostsIn);
  const wanted = new Int32Array(net.classHosts.length);
  for (const index of choices.flat()) wanted[index] = (wanted[index] ?? 0) + 1;
  for (const classes of choices) classes.sort((one, other) => (wanted[one] ?? 0) - (wanted[other] ?? 0));
  return choices.map((classes) => Int32Array.from(classes));
}

/** Moves up to `bytes` of a group's demand to a class; returns how many. */
function take(free: Float64Array, left: Float64Array, group: number, index: number, bytes: number): number {
  const space = free[index] ?? 0;
  const demand = left[group] ?? 0;
  const taken = Math.min(bytes, space, demand);
  free[index] = space - taken;
  left[group] = demand - taken;
  return taken;
}

function sumAt(values: Float64Array, indices: Int32Array | undefined): number {
  let total = 0;
  if (indices === undefined) return total;
  for (let at = 0; at < indices.length; at += 1) total += values[indices[at] ?? 0] ?? 0;
  return total;
}
