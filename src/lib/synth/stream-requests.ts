import type {Random} from '../core/index.js';
import {changeToTell, type Cluster, sourceOf} from './create-cluster.js';
import {createLevelTrack, createRequestWriter} from './follow-levels.js';
import {BATCH_ROWS, type ClusterEvent, emptyBatch} from './request-batch.js';
import {HOUR_US, type LevelWalk, walkLevels} from './walk-levels.js';
import {createWeightedChoice} from './weighted-choice.js';

const MINUTES = 60;
const MINUTE_US = HOUR_US / MINUTES;

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
