import type {Random, Series} from '../src/lib/core/index.js';
import {placeNewcomers} from '../src/lib/replay/index.js';
import type {Topology} from '../src/lib/topology/index.js';
import {readInstanceLog} from './instance-log.js';
import {readSyntheticTruth} from './synthetic-truth.js';
import {unevenCluster} from './uneven-cluster.js';
import {readWriteFootprints} from './write-footprints.js';

/** The share of the raw capacity that all replicas take when they take the most. */
const PEAK_SHARE = 0.75;
const INSTANCE_LOG = 'capacity/dlrm-disk-allocations-odd.csv.gz';
const WRITE_WINDOWS = 'volumes/cloudphysics-30min-odd.csv.gz';

/** Histories on a cluster that has a place for all of them. */
export interface Scene {
  readonly histories: readonly Series[];
  readonly topology: Topology;
  readonly warmUpDays: number;
  /** Days at the end of the warm-up on which models are compared. */
  readonly choiceDays: number;
}

/** What is replayed, one after another, where its file is there. */
export const REPLAY_SCENES: readonly {
  readonly name: string;
  readonly file?: string;
  readonly load: (path: string, random: Random) => Promise<Scene>;
}[] = [
  ...[2, 3].map((replicas) => ({
    name: `dlrm-${replicas}`,
    file: INSTANCE_LOG,
    load: async (path: string, random: Random) => ({
      ...{warmUpDays: 10, choiceDays: 5},
      ...onUnevenCluster(await readInstanceLog(path), replicas, random),
    }),
  })),
  ...[2, 3].map((replicas) => ({
    name: `cloudphysics-${replicas}`,
    file: WRITE_WINDOWS,
    load: async (path: string, random: Random) => ({
      ...{warmUpDays: 5, choiceDays: 2},
      ...onUnevenCluster(await readWriteFootprints(path, random.fork('begins')), replicas, random),
    }),
  })),
  ...[1, 2].map((seed) => ({
    name: `synth-${seed}`,
    load: async () => ({...{warmUpDays: 28, choiceDays: 5}, ...(await readSyntheticTruth(seed))}),
  })),
];

function onUnevenCluster(
  histories: readonly Series[],
  replicas: number,
  random: Random,
): Pick<Scene, 'histories' | 'topology'> {
  const capacityBytes = (replicas * peakBytes(histories)) / PEAK_SHARE;
  const cluster = unevenCluster(
    {hosts: 40, racks: 8, feeds: 6, fillLimit: 0.95, capacityBytes},
    random.fork('cluster'),
  );
  const rule = {replicas, antiAffinity: ['rack', 'feed']};
  const {topology, homeless} = placeNewcomers(cluster, histories, rule);
  if (homeless.length > 0) throw new Error(`${homeless.length} volumes found no place`);
  return {histories, topology};
}

/** The most that all volumes together, one replica of each, ever hold. */
function peakBytes(histories: readonly Series[]): number {
  const steps = histories[0]?.values.length ?? 0;
  let peak = 0;
  for (let step = 0; step < steps; step += 1) {
    let total = 0;
    for (const {values} of histories) total += values[step] || 0;
    peak = Math.max(peak, total);
  }
  return peak;
}
