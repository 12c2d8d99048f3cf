import {existsSync} from 'node:fs';
import path from 'node:path';

import {allocationPolicy} from '../src/lib/allocation/index.js';
import {createRandom, type Random} from '../src/lib/core/index.js';
import {forecastModel, SEASON_STEPS} from '../src/lib/forecasting/index.js';
import {type PolicyScore, replayHistory} from '../src/lib/replay/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {REPLAY_SCENES, type Scene} from './replay-scenes.js';

const DAY_HOURS = 24;
/** Each volume is foreseen by itself here: thousands that come and go are foreseen as sums, where the term is not for. */
const MOST_VOLUMES = 2000;

/**
 * `shared` over capacity histories, reviewed daily, each volume foreseen by itself: with sudden growth as a term of its own
 * and without. What the term buys in stuck bytes, and what it costs in reserve.
 */
export async function bench({
  data = path.join(import.meta.dirname, '..', '..', 'shared', 'data'),
  models = 'seasonal-naive',
  sets,
}: BenchOptions): Promise<BenchResult> {
  const table: Record<string, string | number>[] = [];
  const figures: Record<string, number> = {};
  for (const {name, file = '', load} of REPLAY_SCENES) {
    if (sets !== undefined && !sets.split(',').includes(name)) continue;
    const place = path.join(data, file);
    if (!existsSync(place)) {
      process.stderr.write(`skipped: ${file} is not in ${data} (--data)\n`);
      continue;
    }
    const random = createRandom('bench sudden-growth');
    const scene = await load(place, random);
    if (scene.topology.volumes.length > MOST_VOLUMES) {
      process.stderr.write(`skipped: ${name} has ${scene.topology.volumes.length} volumes\n`);
      continue;
    }
    const [without, withTerm] = [
      await replayShared(scene, random, {models, withSuddenGrowth: false}),
      await replayShared(scene, random, {models, withSuddenGrowth: true}),
    ];
    table.push(rowOf(name, 'without', without), rowOf(name, 'with', withTerm));
    figures[`${name}.reserve_with_vs_without`] = withTerm.heldByteHours / without.heldByteHours;
    // Of nothing stuck there is no share.
    if (without.stuckBytes > 0)
      figures[`${name}.stuck_with_vs_without`] = withTerm.stuckBytes / without.stuckBytes;
  }
  return {name: 'sudden-growth', figures, table};
}

async function replayShared(
  {histories, topology, warmUpDays}: Scene,
  random: Random,
  {models, withSuddenGrowth}: {readonly models: string; readonly withSuddenGrowth: boolean},
): Promise<PolicyScore> {
  const {scores} = await replayHistory({
    ...{histories, topology, random, withSuddenGrowth},
    model: forecastModel(models),
    policies: [allocationPolicy('shared')],
    settings: {level: 0.99, safetyFactor: 1.2, staticShare: 0.2},
    seasonSteps: SEASON_STEPS.hourly,
    warmUpSteps: warmUpDays * DAY_HOURS,
    reviewSteps: DAY_HOURS,
    leadSteps: 0,
    horizonSteps: DAY_HOURS,
    refitReviews: 7,
    originCount: 40,
  });
  const [score] = scores;
  if (score === undefined) throw new Error('no score of shared');
  return score;
}

function rowOf(scene: string, term: string, score: PolicyScore): Record<string, string | number> {
  return {
    case: scene,
    term,
    mean_held_tb: (score.meanHeldBytes / 1e12).toPrecision(4),
    reserve_vs_oracle: (score.reserveVsOracle ?? 0).toFixed(4),
    kept_share: score.repairedShare.toFixed(5),
    stuck_tb: (score.stuckBytes / 1e12).toPrecision(4),
    scenario_steps: score.scenarioSteps,
  };
}
