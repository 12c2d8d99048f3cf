import {hostsIn} from '../topology/index.js';
import {mayLieOn, type Packing, put, takeOff} from './packing.js';

const MOST_ITEMS = 300;
const MOST_STEPS = 20_000;

/**
 * Depth-first search for a placement of every item on an empty packing: the most restricted and largest items first,
 * each on every host in turn, hosts that are alike only once. False: there is none, or it was not found in the steps
 * allowed (scenarios of more than a few hundred items are not searched at all).
 */
export function searchPlacement(packing: Packing): Packing | false {
  if (packing.itemCount > MOST_ITEMS) return false;
  const targets = packing.net.groupHosts.map(hostsIn);
  const {groupOf, sizeOf} = packing;
  const targetsOf = (item: number): readonly number[] => targets[groupOf[item] ?? 0] ?? [];
  const order = [...groupOf.keys()].sort(
    (left, right) =>
      (sizeOf[right] ?? 0) - (sizeOf[left] ?? 0) ||
      targetsOf(left).length - targetsOf(right).length ||
      left - right,
  );
  let steps = 0;
  const placeFrom = (depth: number): boolean => {
    const item = order[depth];
    if (item === undefined) return true;
    for (const host of unlikeHosts(packing, item, targetsOf(item))) {
      steps += 1;
      if (steps > MOST_STEPS) return false;
      put(packing, item, host);
      if (placeFrom(depth + 1)) return true;
      takeOff(packing, item);
    }
    return false;
  };
  return placeFrom(0) ? packing : false;
}

/** Hosts that can take the item; of hosts of one class with the same space left only the first. */
function unlikeHosts(packing: Packing, item: number, targets: readonly number[]): number[] {
  const {free, sizeOf, net} = packing;
  const seen = new Set<string>();
  return targets.filter((host) => {
    const left = free[host] ?? 0;
    if (left < (sizeOf[item] ?? 0) || !mayLieOn(packing, item, host)) return false;
    // Copies of one volume must keep apart, and hosts of one class need not be alike in that.
    if (net.losesSeveral) return true;
    const alike = `${net.classOf[host] ?? 0} ${left}`;
    if (seen.has(alike)) return false;
    seen.add(alike);
    return true;
  });
}
