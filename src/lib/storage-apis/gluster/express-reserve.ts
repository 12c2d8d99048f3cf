import type {Plan} from '../../allocation/index.js';
import {groupBy} from '../../core/index.js';
import type {Expression, WantedSetting} from '../target.js';
import {LEAST_RESERVE_BYTES} from './gluster-reserve.js';
import type {GlusterBrick, GlusterVolume} from './gluster-volumes.js';

/** The host of the topology that a brick is on. */
export type HostOfBrick = (brick: GlusterBrick) => string;

/** Bricks with data by host, one for each file system: those on one file system hold its free space together. */
export function fileSystemsByHost(
  {bricks}: GlusterVolume,
  hostOf: HostOfBrick,
): ReadonlyMap<string, readonly GlusterBrick[]> {
  const withData = bricks.filter(({isArbiter}) => !isArbiter);
  const one = new Map(withData.map((brick) => [`${hostOf(brick)} ${brick.device}`, brick]));
  return groupBy([...one.values()], hostOf);
}

/**
 * The reserve of each volume that holds a plan's buffer: one number goes for all bricks of a volume, so it is the
 * largest that a host needs of each of its file systems: R = max over hosts h of ceil(R_h / file systems of h).
 */
export function expressReserve(
  plan: Plan,
  volumes: readonly GlusterVolume[],
  hostOf: HostOfBrick,
): Expression {
  const reserves = new Map(plan.hosts.map(({host, reserveBytes}) => [host, reserveBytes]));
  const told = volumes.map((volume) => expressVolume(volume, reserves, hostOf));
  return {
    wanted: told.flatMap(({wanted}) => wanted ?? []),
    losses: [
      ...told.flatMap(({losses}) => losses),
      ...lossesOfHosts(reserves, volumes, hostOf),
      ...lossesOfSharing(volumes, hostOf),
    ],
  };
}

interface Told {
  readonly wanted?: WantedSetting;
  readonly losses: readonly string[];
}

function expressVolume(
  volume: GlusterVolume,
  reserves: ReadonlyMap<string, number>,
  hostOf: HostOfBrick,
): Told {
  const {name} = volume;
  const needs = [...fileSystemsByHost(volume, hostOf)].map(([host, {length}]) => {
    const bytes = reserves.get(host);
    return {host, fileSystems: length, bytes, each: Math.ceil((bytes ?? 0) / length)};
  });
  const known = needs.filter(({bytes}) => bytes !== undefined);
  const largest = known.reduce((most, need) => (need.each > most.each ? need : most), known[0] ?? NOTHING);
  if (known.length === 0) return {losses: [`anything on ${name}: the plan knows none of its hosts`]};
  // Fewer bytes would be taken for a percentage.
  const bytes = largest.each === 0 ? 0 : Math.max(largest.each, LEAST_RESERVE_BYTES);
  const small = volume.bricks.find(({sizeBytes}) => sizeBytes <= bytes);
  if (small !== undefined)
    return {
      losses: [
        `${bytes} bytes a brick on ${name}, which stays as it is: ${brickName(small)} has ${small.sizeBytes} bytes in all, and nothing could be written any more`,
      ],
    };
  const {host, fileSystems} = largest;
  const reason = `${host} wants ${largest.bytes ?? 0} bytes on ${fileSystems} file system${fileSystems === 1 ? '' : 's'}`;
  const wanted = {setting: name, hosts: known.map((need) => need.host), bytes, reason};
  return {wanted, losses: [...lossesOfVolume(volume, bytes, needs), ...lossesOfBricks(volume, bytes)]};
}

const NOTHING = {host: '', fileSystems: 1, bytes: 0, each: 0};

function lossesOfVolume(
  {name}: GlusterVolume,
  bytes: number,
  needs: readonly {host: string; fileSystems: number; bytes: number | undefined}[],
): string[] {
  const excess = needs.map((need) => ({
    ...need,
    more: bytes * need.fileSystems - (need.bytes ?? 0),
  }));
  const more = excess.reduce((sum, need) => sum + need.more, 0);
  const unknown = excess.filter((need) => need.bytes === undefined && need.more > 0).map(({host}) => host);
  return [
    ...(more === 0
      ? []
      : [
          `a reserve for each brick of ${name}: with one for all, ${more} bytes more are held than the plan wants`,
        ]),
    ...(unknown.length === 0
      ? []
      : [
          `that ${name} has bricks on ${unknown.join(', ')}, which the plan does not know: they hold as much`,
        ]),
  ];
}

function lossesOfBricks({name, bricks}: GlusterVolume, bytes: number): string[] {
  return bricks
    .filter(({freeBytes}) => bytes > 0 && freeBytes <= bytes)
    .map(
      (brick) =>
        `${bytes} bytes on ${brickName(brick)}: it has ${brick.freeBytes} bytes free, and ${name} takes no writes there`,
    );
}

/** Hosts that no brick is on, and hosts of several volumes. */
function lossesOfHosts(
  reserves: ReadonlyMap<string, number>,
  volumes: readonly GlusterVolume[],
  hostOf: HostOfBrick,
): string[] {
  return [...reserves].flatMap(([host, bytes]) => {
    if (bytes === 0) return [];
    const on = volumes.filter((volume) => fileSystemsByHost(volume, hostOf).has(host)).map(({name}) => name);
    if (on.length === 0) return [`${bytes} bytes on ${host}: no brick of the target is there`];
    if (on.length === 1) return [];
    return [
      `a reserve for several volumes together: on ${host} each of ${on.join(', ')} holds ${bytes} bytes, as either may need them`,
    ];
  });
}

/** Where each brick is a host of its own, two of them may still share a file system. */
function lossesOfSharing(volumes: readonly GlusterVolume[], hostOf: HostOfBrick): string[] {
  const bricks = volumes.flatMap((volume) => volume.bricks.filter(({isArbiter}) => !isArbiter));
  return [...groupBy(bricks, ({host, device}) => `${host} ${device}`)].flatMap(([, shared]) => {
    const hosts = [...new Set(shared.map(hostOf))];
    if (hosts.length === 1) return [];
    return [
      `a reserve each for ${hosts.join(', ')}: they share a file system, and what they hold is the same`,
    ];
  });
}

function brickName({host, path}: GlusterBrick): string {
  return `${host}:${path}`;
}
