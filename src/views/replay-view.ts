import {HINDSIGHT_POLICIES, ORACLE} from '../lib/allocation/index.js';
import {formatBytes, formatInstantUs, sum} from '../lib/core/index.js';
import type {ParetoPoint, PolicyScore} from '../lib/replay/index.js';
import type {ReplayReport} from '../lib/workflows/replay-policies.js';
import {paint} from './paint.js';
import {type Column, printable, renderTable} from './table.js';

/** What was replayed, and a row a policy: the fewest bytes stuck first. */
export async function renderReplay(report: ReplayReport): Promise<string> {
  const {volumes, hosts, reviews, granularity, model, scores} = report;
  const span = `${formatInstantUs(report.fromUs)} to ${formatInstantUs(report.toUs)}`;
  const columns = columnsOf(scores);
  return [
    `${span}, ${granularity}`,
    `${volumes} volumes, ${hosts} hosts, ${reviews} reviews, model ${model}`,
    ...failureLines(report),
    ...yardstickLines(report),
    '',
    await renderTable(
      columns,
      scores.map((score) => columns.map(({cell}) => cell(score))),
    ),
    ...worstLines(report),
    ...(await paretoLines(report.pareto)),
  ].join('\n');
}

function failureLines({scenarios, draws, scores}: ReplayReport): readonly string[] {
  if (draws === undefined) {
    return [
      `each of ${scenarios} scenarios happens at every step, alone`,
      'stuck: bytes without a place, summed over scenario-steps',
    ];
  }
  const failures = sum(scores.slice(0, 1).map(({scenarioSteps}) => scenarioSteps));
  return [
    `${failures} random failures in ${draws} draws, each alone`,
    'stuck: bytes without a place, mean of the draws, +- its standard error',
  ];
}

function yardstickLines({scores}: ReplayReport): readonly string[] {
  const isAny = scores.some(({policy}) => HINDSIGHT_POLICIES.some(({name}) => name === policy));
  return isAny ? ['to measure by, not to plan by: oracle and best-constant know what came'] : [];
}

interface ScoreColumn extends Column {
  readonly cell: (score: PolicyScore) => string;
}

/** As wide as 80 characters allow. */
function columnsOf(scores: readonly PolicyScore[]): readonly ScoreColumn[] {
  const isPriced = scores.some(({cost}) => cost !== undefined);
  const isRandom = scores.some(({standardErrors}) => standardErrors !== undefined);
  const right = (title: string, cell: ScoreColumn['cell']): ScoreColumn => ({title, align: 'right', cell});
  return [
    {title: 'policy', cell: ({policy}) => policy},
    right('repaired', ({repairedShare}) => percent(repairedShare)),
    right('stuck', ({stuckBytes}) => formatBytes(stuckBytes)),
    ...(isRandom
      ? [right('+-', ({standardErrors}) => formatBytes(standardErrors?.stuckBytes ?? Number.NaN))]
      : [right('vol h', ({volumeHoursAtRisk}) => compact(volumeHoursAtRisk))]),
    right('held, mean', ({meanHeldBytes}) => formatBytes(meanHeldBytes)),
    right('x oracle', ({reserveVsOracle: ratio}) => ratio?.toFixed(2) ?? '-'),
    ...(isPriced
      ? [right('cost', ({cost}) => compact(cost)), right('regret', ({regret}) => compact(regret.cost))]
      : [
          // The oracle does not mind how much it moves.
          right('moved', ({policy, movedBytes}) => (policy === ORACLE ? '-' : formatBytes(movedBytes))),
        ]),
  ];
}

/** A number in three digits, or all those before the point as long as they are five. */
function compact(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 99_999.5 || (size > 0 && size < 0.001)) return value.toExponential(1).replace('e+', 'e');
  return size >= 99.95 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
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
          `${paint.warn('worst:')} ${policy}: ${formatBytes(worst.stuckBytes)} stuck: ${printable(worst.scenario)} at ${formatInstantUs(worst.atUs)}`,
        ]),
    ...(infeasibleReviews === 0
      ? []
      : [`${policy} itself said at ${infeasibleReviews} reviews that no reserve is enough`]),
  ]);
  return lines.length === 0 ? [] : ['', ...lines];
}

/** The points that no other beats in both, the least held first. */
async function paretoLines(points: readonly ParetoPoint[] | undefined): Promise<readonly string[]> {
  if (points === undefined) return [];
  const rows = points
    .filter(({isEfficient}) => isEfficient)
    .map(({policy, setting, value, heldByteHours, repairedShare}) => [
      policy,
      setting === undefined ? '' : `${setting} ${value ?? ''}`,
      `${formatBytes(heldByteHours)} h`,
      percent(repairedShare),
    ]);
  const right = {align: 'right'} as const;
  const columns = [
    {title: 'policy'},
    {title: 'with'},
    {title: 'held', ...right},
    {title: 'repaired', ...right},
  ];
  return [
    '',
    `${rows.length} of ${points.length} policies and settings hold as little as any that repairs as much`,
    '',
    await renderTable(columns, rows),
  ];
}
