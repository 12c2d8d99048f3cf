import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import {ORACLE, type PolicyScore} from '../lib/replay/index.js';
import type {ReplayReport} from '../lib/workflows/replay-history.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

/** What was replayed, and a row a policy: the fewest bytes stuck first. */
export async function renderReplay(report: ReplayReport): Promise<string> {
  const right = {align: 'right'} as const;
  const table = await renderTable(
    [
      {title: 'policy'},
      {title: 'repaired', ...right},
      {title: 'stuck', ...right},
      {title: 'worst', ...right},
      {title: 'at risk', ...right},
      {title: 'held, mean', ...right},
      {title: 'vs oracle', ...right},
      {title: 'changes', ...right},
      {title: 'moved', ...right},
    ],
    report.scores.map(row),
  );
  const {volumes, hosts, scenarios, reviews, granularity, model} = report;
  const span = `${formatInstantUs(report.fromUs)} to ${formatInstantUs(report.toUs)}`;
  return [
    `${span}, ${granularity}: ${volumes} volumes, ${hosts} hosts, ${reviews} reviews, model ${model}`,
    `each of ${scenarios} scenarios happens at every step, alone; stuck: bytes without a place, summed over scenario-steps`,
    '',
    table,
    ...worstLines(report),
  ].join('\n');
}

function row(score: PolicyScore): readonly string[] {
  return [
    score.policy,
    percent(score.repairedShare),
    formatBytes(score.stuckBytes),
    formatBytes(score.worst?.stuckBytes ?? 0),
    `${score.volumeHoursAtRisk.toFixed(0)} vol h`,
    formatBytes(score.meanHeldBytes),
    score.reserveVsOracle === undefined ? '-' : `${score.reserveVsOracle.toFixed(2)} x`,
    // The oracle does not mind how much it moves.
    ...(score.policy === ORACLE ? ['-', '-'] : [String(score.changes), formatBytes(score.movedBytes)]),
  ];
}

/** Rounded down, so that only a full score reads 100 %. */
function percent(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

function worstLines({scores}: ReplayReport): readonly string[] {
  const lines = scores.flatMap(({policy, worst, infeasibleReviews}) => [
    ...(worst === undefined
      ? []
      : [
          `${paint.warn('worst:')} ${policy}: ${formatBytes(worst.stuckBytes)} stuck when ${printable(worst.scenario)} happens at ${formatInstantUs(worst.atUs)}`,
        ]),
    ...(infeasibleReviews === 0
      ? []
      : [`${policy} itself said at ${infeasibleReviews} reviews that no reserve covers every scenario`]),
  ]);
  return lines.length === 0 ? [] : ['', ...lines];
}
