import {nearestName, sum, UsageError} from '../core/index.js';
import type {Topology} from '../topology/index.js';
import type {ReserveRules} from './policy.js';
import type {PricedFloors} from './reserve-lp.js';

/** The rules by host: floors cut to the room of their boundaries, and the cost of a byte where any tier has one. */
export function priceFloors(
  {boundaries, hosts}: Topology,
  roomBytes: Float64Array,
  {floorBytes = {}, tierCost}: ReserveRules = {},
): PricedFloors {
  const floors = boundaries.flatMap(({id, hosts: inside}) => {
    const bytes = floorBytes[id];
    if (bytes === undefined) return [];
    return [
      {hosts: inside, bytes: Math.min(Math.ceil(bytes), sum(inside.map((host) => roomBytes[host] ?? 0)))},
    ];
  });
  const costs = tierCost && Float64Array.from(hosts, ({tier}) => tierCost[tier ?? ''] ?? 1);
  return {floors, costs};
}

/** What of the floors the hosts of their boundaries have no room for, in words. */
export function tellShortFloors(
  {boundaries}: Pick<Topology, 'boundaries'>,
  roomBytes: Float64Array,
  {floorBytes = {}}: ReserveRules = {},
): readonly {readonly boundary: string; readonly floorBytes: number; readonly roomBytes: number}[] {
  return boundaries.flatMap(({id, hosts}) => {
    const floor = floorBytes[id] ?? 0;
    const room = sum(hosts.map((host) => roomBytes[host] ?? 0));
    return floor > room ? [{boundary: id, floorBytes: floor, roomBytes: room}] : [];
  });
}

/** Throws UsageError when a rule names a boundary or a tier that the topology does not have, with the nearest. */
export function refuseUnknownRules({boundaries, hosts}: Topology, rules: ReserveRules = {}): void {
  refuseUnknown(
    '--floor',
    'boundary',
    Object.keys(rules.floorBytes ?? {}),
    boundaries.map(({id}) => id),
  );
  const tiers = [...new Set(hosts.flatMap(({tier}) => tier ?? []))];
  refuseUnknown('--tier-cost', 'tier', Object.keys(rules.tierCost ?? {}), tiers);
}

function refuseUnknown(flag: string, what: string, names: readonly string[], known: readonly string[]): void {
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const near = nearestName(wrong, known);
  throw new UsageError('unknown-rule', `${flag} names "${wrong}", which is no ${what}`, {
    hints: [near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`],
  });
}
