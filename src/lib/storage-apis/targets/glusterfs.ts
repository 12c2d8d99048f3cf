import {acquireLock, groupBy, StaleError, TargetError, UsageError} from '../../core/index.js';
import {statePaths, type TargetAccess} from '../access.js';
import {expressReserve, fileSystemsByHost, type HostOfBrick} from '../gluster/express-reserve.js';
import {type GlusterCli, glusterCli, type RunGluster, spawnGluster} from '../gluster/gluster-cli.js';
import {reserveText} from '../gluster/gluster-reserve.js';
import {
  findTroubles,
  type GlusterBrick,
  type GlusterVolume,
  readBricks,
  readReserve,
  readVolumes,
} from '../gluster/gluster-volumes.js';
import {keepPercent, keptPercent} from '../gluster/percent-before.js';
import {
  type Inventory,
  type SettingChange,
  settingText,
  type StorageTarget,
  type TargetVersion,
} from '../target.js';

const EXAMPLE = 'glusterfs:vol0,vol1';

/**
 * Volumes of the GlusterFS cluster that this host belongs to, by the `gluster` command: `storage.reserve`, in bytes for
 * each brick. `VOL[,VOL...]`, and `?hosts=bricks` where each brick is a host of the topology (`HOST/path`) and not its
 * server (`HOST`).
 */
export const glusterfsTarget = {
  summary: 'storage.reserve of GlusterFS volumes, by the gluster command on a host of the cluster',
  example: EXAMPLE,
  open: (place: string, access: TargetAccess): StorageTarget =>
    openGlusterfs(place, access, spawnGluster(access)),
};

/** The same by way of any runner of the command. */
export function openGlusterfs(place: string, access: TargetAccess, run: RunGluster): StorageTarget {
  const {names, hostOf, canonical} = parsePlace(place);
  const name = `glusterfs:${canonical}`;
  const {journalFolder, lockPath} = statePaths(access, name);
  const cli = glusterCli(run, access);
  return {
    ...{name, holds: 'reserve', counts: false, blocksRepair: true, journalFolder},
    cannotExpress: [
      'space that is for repairs only: a brick with no more free than its reserve takes none either, until apply --release',
      'the moment that it is reached: a brick looks every 5 s, and takes what is written until then',
    ],
    readInventory: async () => inventoryOf(name, cli, await readVolumes(cli, names), hostOf),
    express: async (plan) => expressReserve(plan, await readVolumes(cli, names), hostOf),
    lock: async (owner) => acquireLock(lockPath, owner),
    set: async (change) => setReserve(cli, journalFolder, change),
    read: async (volume) => reserveBytes(cli, volume),
  };
}

/** Throws UsageError for names that no volume can have. */
function parsePlace(place: string): {names: readonly string[]; hostOf: HostOfBrick; canonical: string} {
  const [, list = '', bricks] = /^([^?]*)(\?hosts=bricks)?$/.exec(place) ?? [];
  const names = [...new Set(list.split(','))].sort();
  const bad = names.find((name) => !/^\w[\w-]*$/.test(name) || name === 'all');
  if (bad !== undefined)
    throw new UsageError('bad-volumes', `"${place}" does not name volumes of GlusterFS`, {
      hints: [
        `name each of them: --target ${EXAMPLE}`,
        'add ?hosts=bricks where hosts of the topology are bricks',
      ],
    });
  return {
    names,
    hostOf: bricks === undefined ? ({host}) => host : ({host, path}) => `${host}${path}`,
    canonical: `${names.join(',')}${bricks ?? ''}`,
  };
}

async function inventoryOf(
  target: string,
  cli: GlusterCli,
  volumes: readonly GlusterVolume[],
  hostOf: HostOfBrick,
): Promise<Inventory> {
  const troubles: string[] = [];
  for (const volume of volumes) troubles.push(...(await findTroubles(cli, volume)));
  const bytesOf = new Map(volumes.map((volume) => [volume.name, bytesHeld(volume)]));
  const bricks = volumes.flatMap((volume) => [...fileSystemsByHost(volume, hostOf).values()].flat());
  const fileSystems = [
    ...new Map(bricks.map((brick) => [`${hostOf(brick)} ${brick.device}`, brick])).values(),
  ];
  const sum = (bytesIn: (brick: GlusterBrick) => number): ReadonlyMap<string, number> =>
    new Map(
      [...groupBy(fileSystems, hostOf)].map(([host, on]) => [
        host,
        on.reduce((total, brick) => total + bytesIn(brick), 0),
      ]),
    );
  return {
    ...{
      target,
      lineage: lineageOf(volumes),
      serial: 0,
      settings: bytesOf,
      lastPlanSha256: undefined,
      troubles,
    },
    reserveBytes: heldByHost(volumes, hostOf),
    usedBytes: sum(({sizeBytes, freeBytes}) => sizeBytes - freeBytes),
    capacityBytes: sum(({sizeBytes}) => sizeBytes),
  };
}

/** Of several volumes on a host the one that holds the least counts: a repair may need any of them. */
function heldByHost(volumes: readonly GlusterVolume[], hostOf: HostOfBrick): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const volume of volumes) {
    for (const [host, {length}] of fileSystemsByHost(volume, hostOf)) {
      const bytes = bytesHeld(volume) * length;
      held.set(host, Math.min(bytes, held.get(host) ?? bytes));
    }
  }
  return held;
}

function lineageOf(volumes: readonly GlusterVolume[]): string {
  return volumes.map(({id}) => id).join('+');
}

/** What every brick of a volume holds free: of a percentage, that of the smallest. */
function bytesHeld({reserve, bricks}: Pick<GlusterVolume, 'reserve' | 'bricks'>): number {
  if (reserve.kind === 'bytes') return reserve.bytes;
  const smallest = Math.min(...bricks.map(({sizeBytes}) => sizeBytes));
  return Math.floor((reserve.percent / 100) * smallest);
}

async function reserveBytes(cli: GlusterCli, name: string): Promise<number> {
  const reserve = await readReserve(cli, name);
  return reserve.kind === 'bytes' ? reserve.bytes : bytesHeld({reserve, bricks: await readBricks(cli, name)});
}

async function setReserve(
  cli: GlusterCli,
  journalFolder: string,
  {setting, fromBytes, toBytes, expected}: SettingChange,
): Promise<TargetVersion> {
  const text = toBytes === null ? undefined : reserveText(toBytes);
  const [volume] = await readVolumes(cli, [setting]);
  if (volume === undefined || !expected.lineage.split('+').includes(volume.id))
    throw new StaleError('other-lineage', `${setting} is another volume than the plan was made for`);
  const bytes = bytesHeld(volume);
  if (bytes !== fromBytes && bytes !== toBytes)
    throw new StaleError(
      'target-moved',
      `${setting} says ${settingText(bytes)}: somebody changed it meanwhile`,
    );
  const before = await keptPercent(journalFolder, volume);
  if (before !== undefined && before.bytes === toBytes) {
    const value = before.isDefault ? ['reset', setting, 'storage.reserve'] : setTo(setting, before.text);
    await cli.change(['volume', ...value]);
  } else if (text === undefined) throw notAsBytes(setting, toBytes);
  else {
    if (volume.reserve.kind === 'percent') await keepPercent(journalFolder, volume, volume.reserve, bytes);
    await cli.change(['volume', ...setTo(setting, text)]);
  }
  return {lineage: expected.lineage, serial: 0};
}

function setTo(volume: string, text: string): readonly string[] {
  return ['set', volume, 'storage.reserve', text];
}

function notAsBytes(setting: string, bytes: number | null): TargetError {
  return new TargetError(
    'not-as-bytes',
    `a reserve of ${settingText(bytes)} cannot be set on ${setting}: it takes 0 or at least 100`,
  );
}
