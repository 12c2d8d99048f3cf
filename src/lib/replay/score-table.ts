import {formatInstantUs} from '../core/index.js';
import type {PolicyScore} from './score.js';

/** The scores in the order to read them, and the same as CSV. */
export interface ScoreTable {
  /** The fewest bytes stuck first, among equals the fewest byte-hours held. */
  readonly scores: readonly PolicyScore[];
  /** With a header; bytes, hours and shares as numbers, times in ISO 8601. */
  readonly csv: string;
}

/** Sorts the scores of a replay and writes them as a table. */
export async function tabulateScores(scores: readonly PolicyScore[]): Promise<ScoreTable> {
  const {from, not} = await import('arquero');
  const rows = from(scores.map((score, index) => ({index, ...rowOf(score)})));
  const sorted = rows.orderby('stuck_bytes', 'held_byte_hours', 'index');
  return {
    scores: Array.from(sorted.indices(), (row) => scores[row]).filter((score) => score !== undefined),
    csv: `${sorted.select(not('index')).toCSV()}\n`,
  };
}

function rowOf(score: PolicyScore): Readonly<Record<string, string | number>> {
  return {
    policy: score.policy,
    scenario_steps: score.scenarioSteps,
    repaired_share: score.repairedShare,
    stuck_bytes: score.stuckBytes,
    worst_stuck_bytes: score.worst?.stuckBytes ?? 0,
    worst_scenario: score.worst?.scenario ?? '',
    worst_at: score.worst === undefined ? '' : formatInstantUs(score.worst.atUs),
    volume_hours_at_risk: score.volumeHoursAtRisk,
    held_byte_hours: score.heldByteHours,
    mean_held_bytes: score.meanHeldBytes,
    reserve_vs_oracle: score.reserveVsOracle ?? '',
    changes: score.changes,
    moved_bytes: score.movedBytes,
    infeasible_reviews: score.infeasibleReviews,
  };
}
