import type {Plan} from '../../allocation/index.js';
import {type Diagnostic, groupBy, UsageError} from '../../core/index.js';
import type {Expression, WantedSetting} from '../target.js';

export const GIB = 2 ** 30;

/** A volume type of Cinder and what a project has of it. */
export interface VolumeType {
  readonly name: string;
  /** Where its volumes may be, of the extra spec `RESKEY:availability_zones`; empty: it does not say. */
  readonly zones: readonly string[];
  /** GiB in volumes and in requests under way; undefined: the project has no quota for it. */
  readonly committedGib: number | undefined;
}

type Boundary = Plan['boundaries'][number];

/**
 * The quota of each volume type that belongs to a risk boundary b of a plan: what may be used there less what is held
 * free, in whole GiB: floor(sum over hosts h of b of (predicted use_h + room_h - reserve_h) / GiB), where predicted use
 * + room is fill limit x capacity. Never less than what is in use; what several types of a boundary do not use yet is
 * split equally. A type belongs to the boundary of its only availability zone, else to that of its own name: the
 * scenario (`rack/r1`) or what follows the slash. Throws UsageError where that is two, or no type belongs to any.
 */
export function expressQuota(plan: Plan, types: readonly VolumeType[]): Expression {
  const owners = types.map((type) => ({type, boundaries: boundariesOf(type, plan.boundaries)}));
  refuseUnclear(owners);
  const owned = owners.flatMap(({type, boundaries: [boundary]}) =>
    boundary === undefined || type.committedGib === undefined
      ? []
      : [{boundary, name: type.name, committedGib: type.committedGib}],
  );
  const byBoundary = groupBy(owned, ({boundary}) => boundary);
  const told = [...byBoundary].map(([boundary, group]) => expressBoundary(plan, boundary, group));
  const names = new Set(owned.map(({name}) => name));
  return {
    wanted: told.flatMap(({wanted}) => wanted),
    losses: [
      ...told.flatMap(({losses}) => losses),
      ...lossesOfTypes(types.filter(({name}) => !names.has(name))),
      ...lossesOfHosts(plan, [...byBoundary.keys()]),
    ],
  };
}

interface OwnedType {
  readonly name: string;
  readonly committedGib: number;
}

function expressBoundary(
  {hosts}: Plan,
  {scenario, hosts: inside}: Boundary,
  types: readonly OwnedType[],
): {readonly wanted: readonly WantedSetting[]; readonly losses: readonly string[]} {
  const known = hosts.filter(({host}) => inside.includes(host));
  const reserveBytes = sum(known.map((host) => host.reserveBytes));
  const usableBytes = sum(
    known.map((host) => Math.min(host.capacityBytes, host.predictedUsedBytes + host.roomBytes)),
  );
  const limitBytes = Math.max(0, usableBytes - reserveBytes);
  const committedGib = sum(types.map((type) => type.committedGib));
  const freeGib = Math.floor(limitBytes / GIB) - committedGib;
  const each = Math.floor(Math.max(0, freeGib) / types.length);
  const wanted = types.map((type) => ({
    ...{setting: type.name, hosts: inside, bytes: (type.committedGib + each) * GIB},
    reason: `${scenario}: ${usableBytes} bytes may be used, ${reserveBytes} of them are held free`,
  }));
  const setBytes = (committedGib + each * types.length) * GIB;
  return {wanted, losses: lossesOfBoundary(scenario, types, limitBytes, setBytes)};
}

function lossesOfBoundary(
  scenario: string,
  types: readonly OwnedType[],
  limitBytes: number,
  setBytes: number,
): string[] {
  const names = types.map(({name}) => name).join(', ');
  const split =
    types.length > 1
      ? [`one quota for ${scenario}: ${names} get what is free in equal parts, whichever grows`]
      : [];
  if (setBytes > limitBytes)
    return [
      ...split,
      `${setBytes - limitBytes} bytes of what is to be held free in ${scenario}: volumes of ${names} have them already`,
    ];
  if (setBytes === limitBytes) return split;
  return [
    ...split,
    `parts of a GiB: the quota of ${names} is ${limitBytes - setBytes} bytes below what may be used in ${scenario}`,
  ];
}

function lossesOfTypes(others: readonly VolumeType[]): string[] {
  if (others.length === 0) return [];
  const names = others.map(({name}) => name).sort();
  return [
    `a limit on volume types that belong to no boundary of the plan, wherever their volumes are: ${names.join(', ')}`,
  ];
}

/** Hosts that must hold space, and that no boundary with a type of its own has. */
function lossesOfHosts({hosts}: Plan, boundaries: readonly Boundary[]): string[] {
  const held = new Set(boundaries.flatMap((boundary) => boundary.hosts));
  const left = hosts.filter(({host, reserveBytes}) => reserveBytes > 0 && !held.has(host));
  if (left.length === 0) return [];
  const bytes = sum(left.map(({reserveBytes}) => reserveBytes));
  return [
    `${bytes} bytes on ${left.map(({host}) => host).join(', ')}: no volume type belongs to their boundaries`,
  ];
}

function boundariesOf({name, zones}: VolumeType, boundaries: readonly Boundary[]): readonly Boundary[] {
  const names = zones.length === 0 ? [name] : zones;
  return boundaries.filter(
    ({scenario}) => names.includes(scenario) || names.includes(scenario.slice(scenario.indexOf('/') + 1)),
  );
}

function refuseUnclear(
  owners: readonly {readonly type: VolumeType; readonly boundaries: readonly Boundary[]}[],
): void {
  const diagnostics = owners.flatMap(({type, boundaries}): Diagnostic[] => {
    if (boundaries.length < 2 && !(boundaries.length === 1 && type.zones.length > 1)) return [];
    const zones = type.zones.length > 1 ? ` (its zones are ${type.zones.join(', ')})` : '';
    const message = `it may belong to ${boundaries.map(({scenario}) => scenario).join(' and ')}${zones}`;
    return [{severity: 'error', code: 'unclear-type', at: type.name, message}];
  });
  if (diagnostics.length > 0)
    throw new UsageError('unclear-type', 'some volume types belong to no single boundary of the plan', {
      diagnostics,
      hints: ['give each the one zone of its boundary: RESKEY:availability_zones=rack/r1'],
    });
  if (owners.some(({boundaries}) => boundaries.length > 0)) return;
  throw new UsageError('no-type', 'no volume type belongs to a boundary of the plan', {
    hints: [
      'name the types as the boundaries are, or give them the extra spec RESKEY:availability_zones=BOUNDARY',
    ],
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
