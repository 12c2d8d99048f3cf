import type {Random} from '../core/index.js';
import {
  type AddressSpace,
  createAddressSpace,
  type Extent,
  touchUsed,
  trimOldest,
  writeNew,
} from './address-space.js';
import {BLOCK_BYTES, type Cluster, sourceOf} from './create-cluster.js';
import {type GrowingBatch, READ, TRIM, WRITE} from './request-batch.js';
import type {LevelWalk} from './walk-levels.js';

const FRESH_LENGTHS = [0.25, 0.25, 0.5, 0.5, 1, 1, 2, 2.5];
const TOUCH_SECTORS = [8, 8, 8, 16, 16, 32, 64, 128];
const MOST_USUALS = 4;

/** Where every volume's level is going within the hour, in blocks, and what its requests have made of it so far. */
export interface LevelTrack {
  readonly spaces: readonly AddressSpace[];
  /** Blocks too few (positive) or too many at that share of the hour. */
  lack(volume: number, shareOfHour: number): number;
  step(): void;
  readonly readUsage: (usedBytes: Float64Array) => void;
}

/** Follows a walk from its start. */
export function createLevelTrack(cluster: Cluster, walk: LevelWalk): LevelTrack {
  const {volumes, unitBytes, chunkBlocks, spec} = cluster;
  const from = new Float64Array(volumes.length);
  const to = new Float64Array(volumes.length);
  const random = sourceOf(spec, 'requests').fork('spaces');
  const spaces = volumes.map(({provisionedBytes}) =>
    createAddressSpace(provisionedBytes, chunkBlocks, random.next()),
  );
  return {
    spaces,
    step: () => {
      from.set(to);
      for (let index = 0; index < to.length; index += 1) {
        to[index] = Math.round(((walk.level[index] ?? 0) * unitBytes) / BLOCK_BYTES);
      }
    },
    lack: (volume, share) => {
      const start = from[volume] ?? 0;
      const space = spaces[volume];
      const used = space === undefined ? 0 : space.high - space.low;
      return start + ((to[volume] ?? 0) - start) * share - used;
    },
    readUsage: (usedBytes) => {
      volumes.forEach(({hasRequests}, index) => {
        const space = spaces[index];
        const traced = space === undefined ? 0 : space.high - space.low;
        usedBytes[index] = (hasRequests ? traced : (to[index] ?? 0)) * BLOCK_BYTES;
      });
    },
  };
}

/** Puts one request of a volume into the batch: growth first, then trims, else reads and writes of what is there. */
export function createRequestWriter(
  {volumes, usualBlocks, chunkBlocks}: Cluster,
  levels: LevelTrack,
  random: Random,
): (batch: GrowingBatch, volume: number, shareOfHour: number) => void {
  const extent: Extent = {offsetBytes: 0, lengthBytes: 0};
  const writeShares = Float64Array.from(volumes, ({profile}) => profile.role.writeShare);
  const canTrim = Uint8Array.from(volumes, (volume) => (volume.canTrim ? 1 : 0));
  const most = usualBlocks * MOST_USUALS;
  const decide = (space: AddressSpace, volume: number, lack: number): number => {
    const draw = random.next();
    const usual = Math.max(1, Math.floor(usualBlocks * (FRESH_LENGTHS[Math.floor(draw * 8)] ?? 1)));
    const wanted = lack > most ? most : usual;
    if (lack >= wanted) {
      writeNew(space, wanted, draw < 0.0625 ? 1 + Math.floor(draw * 112) : 0, extent);
      return WRITE;
    }
    if (lack <= -usual && canTrim[volume] === 1) {
      trimOldest(
        space,
        Math.min(Math.floor(-lack), chunkBlocks),
        draw < 0.25 ? Math.floor(draw * 32) : 0,
        extent,
      );
      return TRIM;
    }
    const sectors = TOUCH_SECTORS[Math.floor(draw * 8)] ?? 8;
    touchUsed(space, sectors, random.next(), random.next(), extent);
    return random.next() < (writeShares[volume] ?? 0) && space.high > space.low ? WRITE : READ;
  };
  return (batch, volume, shareOfHour) => {
    const space = levels.spaces[volume];
    if (space === undefined) return;
    const row = batch.count;
    batch.op[row] = decide(space, volume, levels.lack(volume, shareOfHour));
    batch.volume[row] = volume;
    batch.offsetBytes[row] = extent.offsetBytes;
    batch.lengthBytes[row] = extent.lengthBytes;
    batch.count = row + 1;
  };
}
