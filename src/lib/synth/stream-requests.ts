import {type Random} from '../core/index.js';
import {
  type AddressSpace,
  createAddressSpace,
  type Extent,
  touchUsed,
  trimOldest,
  writeNew,
} from './address-space.js';
import {BLOCK_BYTES, changeToTell, type Cluster, sourceOf} from './create-cluster.js';
import {type ClusterEvent, READ, type RequestBatch, TRIM, WRITE} from './request-batch.js';
import {HOUR_US, type LevelWalk, walkLevels} from './walk-levels.js';
import {createWeightedChoice} from './weighted-choice.js';

const BATCH_ROWS = 8192;
const MINUTES = 60;
const MINUTE_US = HOUR_US / MINUTES;
const FRESH_LENGTHS = [0.25, 0.25, 0.5, 0.5, 1, 1, 2, 2.5];
const TOUCH_SECTORS = [8, 8, 8, 16, 16, 32, 64, 128];
const MOST_USUALS = 4;

/**
 * All requests of the cluster's volumes in order of time, and the bytes in use at the end of every hour, which are
 * exactly the distinct blocks that the requests wrote less those they trimmed. Volumes without requests follow their
 * level. Nothing but the current batch is kept, so that any number of requests fits in memory.
 */
export function* streamCluster(cluster: Cluster): Generator<ClusterEvent, void, undefined> {
  const {spec, volumes} = cluster;
  const walk = walkLevels(
    volumes.map(({profile}) => profile),
    spec,
    sourceOf(spec, 'levels'),
  );
  const maker = createRequestMaker(cluster, walk);
  const usedBytes = new Float64Array(volumes.length);
  const rowsUpTo = rowsOverTime(cluster);
  for (let hour = 0; hour < spec.days * 24; hour += 1) {
    const startUs = spec.startUs + hour * HOUR_US;
    walk.step();
    yield* maker.hour(startUs, rowsUpTo[hour] ?? 0);
    maker.readUsage(usedBytes);
    yield {kind: 'usage', atUs: startUs + HOUR_US - 1, usedBytes};
  }
}

/** How many requests each hour has; they sum to the spec's. */
function rowsOverTime(cluster: Cluster): readonly number[] {
  const {spec, volumes} = cluster;
  const walk = walkLevels(
    volumes.map(({profile}) => profile),
    spec,
    sourceOf(spec, 'levels'),
  );
  const weigh = createWeigher(cluster, walk);
  const upTo: number[] = [];
  let total = 0;
  for (let hour = 0; hour < spec.days * 24; hour += 1) {
    walk.step();
    total += weigh().total;
    upTo.push(total);
  }
  if (total === 0) return upTo.map(() => 0);
  const done = upTo.map((weight) => Math.round((weight / total) * spec.requests));
  return done.map((rows, hour) => rows - (done[hour - 1] ?? 0));
}

interface Weights {
  readonly weights: Float64Array;
  total: number;
}

/** After each step of the walk: how many requests each volume should have, on average. */
function createWeigher(cluster: Cluster, walk: LevelWalk): () => Weights {
  const {volumes, requestsPerRate, requestsPerUnit} = cluster;
  const before = new Float64Array(volumes.length);
  const result = {weights: new Float64Array(volumes.length), total: 0};
  return () => {
    result.total = 0;
    volumes.forEach(({hasRequests}, index) => {
      const level = walk.level[index] ?? 0;
      const change = changeToTell(level - (before[index] ?? 0));
      before[index] = level;
      const weight = hasRequests ? requestsPerRate * (walk.rate[index] ?? 0) + requestsPerUnit * change : 0;
      result.weights[index] = weight;
      result.total += weight;
    });
    return result;
  };
}

interface RequestMaker {
  /** The requests of one hour, after the walk went into it. */
  hour(startUs: number, rows: number): Generator<ClusterEvent, void, undefined>;
  readonly readUsage: (usedBytes: Float64Array) => void;
}

function createRequestMaker(cluster: Cluster, walk: LevelWalk): RequestMaker {
  const {volumes, spec} = cluster;
  const random = sourceOf(spec, 'requests');
  const weigh = createWeigher(cluster, walk);
  const choice = createWeightedChoice(volumes.length);
  const levels = createLevelTrack(cluster, walk);
  const put = createRequestWriter(cluster, levels, random);
  const batch = emptyBatch();
  const spread = createMinuteSpread(random);

  function* hour(startUs: number, rows: number): Generator<ClusterEvent, void, undefined> {
    const {weights, total} = weigh();
    levels.step();
    if (rows === 0 || total === 0) return;
    choice.load(weights);
    const rowsOfMinute = spread(rows);
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const minuteRows = rowsOfMinute[minute] ?? 0;
      const spacingUs = MINUTE_US / minuteRows;
      for (let row = 0; row < minuteRows; row += 1) {
        const inHourUs = minute * MINUTE_US + Math.floor((row + random.next()) * spacingUs);
        const index = batch.count;
        batch.atUs[index] = startUs + inHourUs;
        put(batch, choice.pick(random.next()), inHourUs / HOUR_US);
        if (batch.count < BATCH_ROWS) continue;
        yield {kind: 'requests', batch};
        batch.count = 0;
      }
    }
    if (batch.count > 0) yield {kind: 'requests', batch};
    batch.count = 0;
  }
  return {hour, readUsage: levels.readUsage};
}

type GrowingBatch = {-readonly [Field in keyof RequestBatch]: RequestBatch[Field]};

function emptyBatch(): GrowingBatch {
  return {
    count: 0,
    volume: new Uint32Array(BATCH_ROWS),
    op: new Uint8Array(BATCH_ROWS),
    offsetBytes: new Float64Array(BATCH_ROWS),
    lengthBytes: new Uint32Array(BATCH_ROWS),
    atUs: new Float64Array(BATCH_ROWS),
  };
}

/** Where every volume's level is going within the hour, in blocks, and what its requests have made of it so far. */
interface LevelTrack {
  readonly spaces: readonly AddressSpace[];
  /** Blocks too few (positive) or too many at that share of the hour. */
  lack(volume: number, shareOfHour: number): number;
  step(): void;
  readonly readUsage: (usedBytes: Float64Array) => void;
}

function createLevelTrack(cluster: Cluster, walk: LevelWalk): LevelTrack {
  const {volumes, unitBytes, usualBlocks, spec} = cluster;
  const from = new Float64Array(volumes.length);
  const to = new Float64Array(volumes.length);
  const random = sourceOf(spec, 'requests').fork('spaces');
  const spaces = volumes.map(({provisionedBytes}) =>
    createAddressSpace(provisionedBytes, usualBlocks * MOST_USUALS * MOST_USUALS, random.next()),
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
function createRequestWriter(
  {volumes, usualBlocks}: Cluster,
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
        Math.min(Math.floor(-lack), most * MOST_USUALS),
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

/** Deals the requests of an hour to its minutes, some of which are bursts. */
function createMinuteSpread(random: Random): (rows: number) => readonly number[] {
  return (rows) => {
    const weights = Array.from({length: MINUTES}, () => {
      const draw = random.next();
      return draw < 0.05 ? 5 : 0.5 + draw;
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let upTo = 0;
    let done = 0;
    return weights.map((weight) => {
      upTo += weight;
      const before = done;
      done = Math.round((upTo / total) * rows);
      return done - before;
    });
  };
}
