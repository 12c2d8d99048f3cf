import {type Diagnostic, TargetError} from '../../core/index.js';
import type {GlusterCli} from './gluster-cli.js';
import {type GlusterReserve, parseReserve} from './gluster-reserve.js';
import {childOf, childrenOf, type XmlElement} from './read-xml.js';

/** A brick and the file system that it lies on. */
export interface GlusterBrick {
  /** As the volume was made: the `HOST` of `HOST:/path`. */
  readonly host: string;
  readonly path: string;
  /** Told with the host: two bricks of one host on one device share its free space. */
  readonly device: string;
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly isOnline: boolean;
  /** It holds names only, no data. */
  readonly isArbiter: boolean;
}

export interface GlusterVolume {
  readonly name: string;
  /** Given at its making, never again. */
  readonly id: string;
  /** It keeps copies (or parities), which are repaired. */
  readonly heals: boolean;
  readonly bricks: readonly GlusterBrick[];
  readonly reserve: GlusterReserve;
}

/** The named volumes, in this order. Throws TargetError that lists those that are not there or not started. */
export async function readVolumes(
  cli: GlusterCli,
  names: readonly string[],
): Promise<readonly GlusterVolume[]> {
  const info = await cli.ask(['volume', 'info']);
  const all = childrenOf(childOf(childOf(info, 'volInfo'), 'volumes'), 'volume');
  const byName = new Map(all.map((volume) => [textIn(volume, 'name'), volume]));
  refuseUnready(byName, names);
  const volumes: GlusterVolume[] = [];
  // One after the other: glusterd lets one command at a time have a volume.
  for (const name of names) {
    const bricks = await readBricks(cli, name, arbitersOf(byName.get(name)));
    volumes.push({
      ...{name, id: textIn(byName.get(name), 'id'), bricks},
      reserve: reserveSetOn(byName.get(name)) ?? (await readReserve(cli, name)),
      heals: ['replicaCount', 'disperseCount'].some((count) => numberIn(byName.get(name), count) > 1),
    });
  }
  return volumes;
}

/** Undefined where it was never set, or to something that is not known. */
function reserveSetOn(volume: XmlElement | undefined): GlusterReserve | undefined {
  const options = childrenOf(childOf(volume, 'options'), 'option');
  const found = options.find((option) => childOf(option, 'name')?.text === 'storage.reserve');
  return parseReserve(childOf(found, 'value')?.text ?? '');
}

/** What `storage.reserve` of a volume says. Throws TargetError for a text that is not known here. */
export async function readReserve(cli: GlusterCli, name: string): Promise<GlusterReserve> {
  const answer = await cli.ask(['volume', 'get', name, 'storage.reserve']);
  const text = textIn(childOf(childOf(answer, 'volGetopts'), 'Opt'), 'Value');
  const reserve = parseReserve(text);
  if (reserve !== undefined) return reserve;
  throw new TargetError(
    'unknown-reserve',
    `storage.reserve of ${name} says "${text}", which is not known here`,
    {
      hints: [`set it to a number of bytes: gluster volume set ${name} storage.reserve BYTES`],
    },
  );
}

/** Bricks of a started volume with their file systems, also those that are down. */
export async function readBricks(
  cli: GlusterCli,
  name: string,
  arbiters: ReadonlySet<string> = new Set(),
): Promise<readonly GlusterBrick[]> {
  const status = await cli.ask(['volume', 'status', name, 'detail']);
  const [volume] = childrenOf(childOf(childOf(status, 'volStatus'), 'volumes'), 'volume');
  return childrenOf(volume, 'node').map((node) => ({
    ...{host: textIn(node, 'hostname'), path: textIn(node, 'path'), device: textIn(node, 'device')},
    ...{sizeBytes: numberIn(node, 'sizeTotal'), freeBytes: numberIn(node, 'sizeFree')},
    isOnline: textIn(node, 'status') === '1',
    isArbiter: arbiters.has(`${textIn(node, 'hostname')}:${textIn(node, 'path')}`),
  }));
}

/** Why a volume may not lose space now, in words; empty when it is whole. */
export async function findTroubles(cli: GlusterCli, volume: GlusterVolume): Promise<readonly string[]> {
  const down = volume.bricks.filter(({isOnline}) => !isOnline);
  const troubles = down.map(({host, path}) => `brick ${host}:${path} of ${volume.name} is down`);
  if (!volume.heals) return troubles;
  const answer = await cli.ask(['volume', 'heal', volume.name, 'info', 'summary']);
  for (const brick of childrenOf(childOf(childOf(answer, 'healInfo'), 'bricks'), 'brick')) {
    // Of a brick that is down the number is missing: GlusterFS 10 writes it into the text beside it.
    const entries = childOf(brick, 'totalNumberOfEntries')?.text ?? '';
    const where = `${volume.name}, brick ${textIn(brick, 'name')}`;
    if (!/^\d+$/.test(entries)) troubles.push(`${where}: how much is to be repaired is not known`);
    else if (Number(entries) > 0) troubles.push(`${where}: ${entries} files are to be repaired`);
  }
  return troubles;
}

function refuseUnready(byName: ReadonlyMap<string, XmlElement>, names: readonly string[]): void {
  const diagnostics = names.flatMap((name): Diagnostic[] => {
    const volume = byName.get(name);
    if (volume !== undefined && textIn(volume, 'statusStr') === 'Started') return [];
    const message = volume === undefined ? 'there is no such volume' : 'the volume is not started';
    return [{severity: 'error', code: 'volume-not-ready', at: name, message}];
  });
  if (diagnostics.length === 0) return;
  throw new TargetError('volume-not-ready', 'some volumes of the target cannot hold a buffer', {
    diagnostics,
    hints: [`the cluster has ${[...byName.keys()].slice(0, 10).join(', ') || 'no volumes'}`],
  });
}

function arbitersOf(volume: XmlElement | undefined): ReadonlySet<string> {
  const bricks = childrenOf(childOf(volume, 'bricks'), 'brick');
  return new Set(
    bricks.filter((brick) => textIn(brick, 'isArbiter') === '1').map((brick) => textIn(brick, 'name')),
  );
}

function textIn(element: XmlElement | undefined, name: string): string {
  const text = childOf(element, name)?.text;
  if (text !== undefined && text !== '') return text;
  throw new TargetError('unknown-answer', `gluster told no <${name}> in <${element?.name ?? 'nothing'}>`, {
    hints: ['GlusterFS may be of a version that is not known here (10 and 11 are)'],
  });
}

function numberIn(element: XmlElement | undefined, name: string): number {
  const number = Number(textIn(element, name));
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TargetError('unknown-answer', `gluster told <${name}> that is no number of things`);
}
