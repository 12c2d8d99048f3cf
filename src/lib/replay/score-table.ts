import {formatInstantUs} from '../core/index.js';
import type {ParetoPoint} from './pareto.js';
import type {PolicyScore} from './policy-score.js';

/** The scores in the order to read them, and the same as CSV. */
export interface ScoreTable {
  /** The fewest bytes stuck first, among equals the fewest byte-hours held. */
  readonly scores: readonly PolicyScore[];
  /** With a header; bytes, hours and shares as numbers, times in ISO 8601; empty where there is nothing to tell. */
  readonly csv: string;
}

/** Sorts the scores of a replay and writes them as a table, beside what is known of them as points of a sweep. */
export async function tabulateScores(
  scores: readonly PolicyScore[],
  points: readonly ParetoPoint[] = [],
): Promise<ScoreTable> {
  const {from, not} = await import('arquero');
  const byName = new Map(points.map((point) => [point.name, point]));
  const rows = from(scores.map((score, index) => ({index, ...rowOf(score, byName.get(score.policy))})));
  const sorted = rows.orderby('stuck_bytes', 'held_byte_hours', 'index');
  return {
    scores: Array.from(sorted.indices(), (row) => scores[row]).filter((score) => score !== undefined),
    csv: `${sorted.select(not('index')).toCSV()}\n`,
  };
}

function rowOf(
  score: PolicyScore,
  point: ParetoPoint | undefined,
): Readonly<Record<string, string | number>> {
  return {
    policy: point?.policy ?? score.policy,
    setting: point?.setting ?? '',
    value: point?.value ?? '',
    scenario_steps: score.scenarioSteps,
    repaired_share: score.repairedShare,
    stuck_bytes: score.stuckBytes,
    ...worstOf(score),
    volume_hours_at_risk: score.volumeHoursAtRisk,
    held_byte_hours: score.heldByteHours,
    mean_held_bytes: score.meanHeldBytes,
    reserve_vs_oracle: score.reserveVsOracle ?? '',
    changes: score.changes,
    moved_bytes: score.movedBytes,
    infeasible_reviews: score.infeasibleReviews,
    cost: score.cost ?? '',
    regret_byte_hours: score.regret.heldByteHours,
    regret_stuck_bytes: score.regret.stuckBytes,
    regret_cost: score.regret.cost ?? '',
    ...errorsOf(score),
    efficient: point === undefined ? '' : String(point.isEfficient),
  };
}

function errorsOf({standardErrors: errors}: PolicyScore): Readonly<Record<string, string | number>> {
  return {
    repaired_share_error: errors?.repairedShare ?? '',
    stuck_bytes_error: errors?.stuckBytes ?? '',
    volume_hours_at_risk_error: errors?.volumeHoursAtRisk ?? '',
    cost_error: errors?.cost ?? '',
  };
}

function worstOf({worst}: PolicyScore): Readonly<Record<string, string | number>> {
  return {
    worst_stuck_bytes: worst?.stuckBytes ?? 0,
    worst_scenario: worst?.scenario ?? '',
    worst_at: worst === undefined ? '' : formatInstantUs(worst.atUs),
  };
}
