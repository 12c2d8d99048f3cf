import {existsSync} from 'node:fs';
import path from 'node:path';

import {
  ALLOCATION_POLICIES,
  HINDSIGHT_POLICIES,
  compileTopology,
  sumSeries,
} from '../src/lib/allocation/index.js';
import {createRandom, type Random, type Series} from '../src/lib/core/index.js';
import {forecastModel, SEASON_STEPS} from '../src/lib/forecasting/index.js';
import {alignPanel, placeNewcomers, replayHistory, type ReplayResult} from '../src/lib/replay/index.js';
import type {Topology} from '../src/lib/topology/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {chooseModel} from './choose-model.js';
import {readInstanceLog} from './instance-log.js';
import {readSyntheticTruth} from './synthetic-truth.js';
import {unevenCluster} from './uneven-cluster.js';
import {readWriteFootprints} from './write-footprints.js';

const DAY_HOURS = 24;
/** The share of the raw capacity that all replicas take when they take the most. */
const PEAK_SHARE = 0.75;
const INSTANCE_LOG = 'capacity/dlrm-disk-allocations-odd.csv.gz';
const WRITE_WINDOWS = 'volumes/cloudphysics-30min-odd.csv.gz';

/** Histories on a cluster that has a place for all of them. */
interface Scene {
  readonly histories: readonly Series[];
  readonly topology: Topology;
  readonly warmUpDays: number;
  /** Days at the end of the warm-up on which models are compared. */
  readonly choiceDays: number;
}

/** What is replayed, one after another: a file that is not there is skipped. */
const SCENES: readonly {
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

/**
 * All policies over capacity histories, reviewed daily: real ones on a generated cluster of 40 uneven hosts, 8 racks and 6
 * feeds, and synthetic ones on the clusters that they were made with. The model is chosen on the warm-up (or by
 * --models); nothing is chosen on the days that are scored.
 */
export async function bench({
  data = path.join(import.meta.dirname, '..', '..', 'shared', 'data'),
  models,
}: BenchOptions): Promise<BenchResult> {
  const cases: Case[] = [];
  for (const {name, file = '', load} of SCENES) {
    const place = path.join(data, file);
    if (!existsSync(place)) {
      process.stderr.write(`skipped: ${file} is not in ${data} (--data)\n`);
      continue;
    }
    const random = createRandom('bench replay-capacity');
    cases.push({name, result: await replayScene(await load(place, random), random, models)});
  }
  return {name: 'replay-capacity', figures: figuresOf(cases), table: cases.flatMap(tableOf)};
}

interface Case {
  readonly name: string;
  readonly result: ReplayResult;
}

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

async function replayScene(
  {histories, topology, warmUpDays, choiceDays}: Scene,
  random: Random,
  models: string | undefined,
): Promise<ReplayResult> {
  const warmUpSteps = warmUpDays * DAY_HOURS;
  const sums = sumSeries(compileTopology(topology), alignPanel(topology, histories).series);
  const warmUp = sums.map((series) => ({...series, values: series.values.subarray(0, warmUpSteps)}));
  const model =
    models === undefined
      ? await chooseModel(warmUp, DAY_HOURS, choiceDays, random.fork('choice'))
      : forecastModel(models);
  return replayHistory({
    foresees: 'sums',
    ...{histories, topology, random, model},
    policies: ALLOCATION_POLICIES,
    hindsightPolicies: HINDSIGHT_POLICIES,
    settings: {level: 0.99, safetyFactor: 1.2, staticShare: 0.2},
    seasonSteps: SEASON_STEPS.hourly,
    warmUpSteps,
    reviewSteps: DAY_HOURS,
    leadSteps: 0,
    horizonSteps: DAY_HOURS,
    refitReviews: 7,
    originCount: 40,
  });
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

/** Of every case and policy; those of `shared` in its worst case without a prefix. */
function figuresOf(cases: readonly Case[]): Record<string, number> {
  const figures: Record<string, number> = {reserve_vs_oracle: 0, kept_share: 1};
  for (const {name, result} of cases) {
    for (const {policy, reserveVsOracle = 1, repairedShare} of result.scores) {
      figures[`${name}.${policy}.reserve_vs_oracle`] = reserveVsOracle;
      figures[`${name}.${policy}.kept_share`] = repairedShare;
      if (policy !== 'shared') continue;
      figures.reserve_vs_oracle = Math.max(figures.reserve_vs_oracle ?? 0, reserveVsOracle);
      figures.kept_share = Math.min(figures.kept_share ?? 1, repairedShare);
    }
  }
  return figures;
}

function tableOf({name, result}: Case): BenchResult['table'] {
  const ours = result.scores.find(({policy}) => policy === 'shared');
  return result.scores.map((score) => ({
    case: name,
    policy: score.policy,
    reserve_vs_oracle: (score.reserveVsOracle ?? 0).toFixed(4),
    kept_share: score.repairedShare.toFixed(5),
    shared_holds: percentOf(ours?.heldByteHours ?? 0, score.heldByteHours),
    mean_held_tb: (score.meanHeldBytes / 1e12).toPrecision(4),
    stuck_tb: (score.stuckBytes / 1e12).toPrecision(4),
    scenario_steps: score.scenarioSteps,
    infeasible_reviews: score.infeasibleReviews,
  }));
}

/** By how much `shared` holds more or less. */
function percentOf(ours: number, theirs: number): string {
  const percent = 100 * (ours / theirs - 1);
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}
