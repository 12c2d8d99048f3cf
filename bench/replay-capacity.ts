import {existsSync} from 'node:fs';
import path from 'node:path';

import {
  ALLOCATION_POLICIES,
  HINDSIGHT_POLICIES,
  compileTopology,
  sumSeries,
} from '../src/lib/allocation/index.js';
import {createRandom, type Random} from '../src/lib/core/index.js';
import {forecastModel, SEASON_STEPS} from '../src/lib/forecasting/index.js';
import {alignPanel, replayHistory, type ReplayResult} from '../src/lib/replay/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {chooseModel} from './choose-model.js';
import {REPLAY_SCENES, type Scene} from './replay-scenes.js';

const DAY_HOURS = 24;

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
  for (const {name, file = '', load} of REPLAY_SCENES) {
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
