import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import type {GroupVerdict, MonitorRow, PlanPromise} from '../lib/monitoring/index.js';
import type {MonitorCheck, MonitorReport} from '../lib/workflows/monitor-forecasts.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

const BROKEN_SHOWN = 10;
const ROWS_SHOWN = 40;

/** What was scored, a row a model and scope; what the tests say, how far promises were kept, and what to do. */
export async function renderMonitor(report: MonitorReport): Promise<string> {
  const {sinceUs, asOfUs, keptForecasts, newBlocks, waitingBlocks} = report;
  const head = [
    `${formatInstantUs(sinceUs)} to ${formatInstantUs(asOfUs)}`,
    `${keptForecasts} forecasts kept, ${newBlocks} days and steps of them scored now, ${waitingBlocks} yet to come`,
  ];
  if (keptForecasts === 0 && report.plans.length === 0)
    return [...head, '', 'nothing to look at yet: forecast --keep, plan --keep'].join('\n');
  return [
    ...head,
    ...(await scoreLines(report.rows)),
    ...report.groups.flatMap(groupLines),
    ...promiseLines(report.plans),
    '',
    ...report.checks.map(checkLine),
  ].join('\n');
}

async function scoreLines(rows: readonly MonitorRow[]): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const right = (title: string): {readonly title: string; readonly align: 'right'} => ({
    title,
    align: 'right',
  });
  const table = await renderTable(
    [
      {title: 'forecast'},
      {title: 'of'},
      ...['in 50 %', 'in 90 %', 'in 95 %', 'bias', 'width', 'x naive'].map(right),
    ],
    rows
      .slice(0, ROWS_SHOWN)
      .map((row) => [
        `${row.granularity} ${row.metric === 'used-bytes' ? '' : `${row.metric} `}${row.model}${row.role === 'challenger' ? ' (tried)' : ''}`,
        scopeOf(row),
        ...[0, 1, 2].map((index) => percent(row.coverage[index]?.share)),
        percent(row.bias),
        percent(row.sharpness[1]?.width),
        row.lossVsNaive?.toFixed(2) ?? '-',
      ]),
  );
  const more = rows.length - ROWS_SHOWN;
  return [
    '',
    table,
    ...(more > 0 ? [`and ${more} more rows (--json has all)`] : []),
    '',
    'in: share of outcomes inside the interval; bias: foreseen less what came; width: of the 90 %',
    'interval, both over what came; x naive: quantile loss over that of the seasonal naive.',
  ];
}

function scopeOf({scope, name, series}: MonitorRow): string {
  if (scope === 'boundary') return name;
  return scope === 'volumes' ? `${series} volumes` : `${series} ${name}`;
}

const ACTIONS: Readonly<Record<GroupVerdict['action'], string>> = {
  replace: 'replace the champion',
  retrain: 'train the model again: foreshadow train',
  recalibrate: 'recalibrate: foreshadow forecast --adapt, or train again',
  nothing: 'nothing to do',
};

function groupLines({granularity, metric, champion, action, ...verdict}: GroupVerdict): readonly string[] {
  const {challengers, replacements, levels} = verdict;
  const last = replacements.at(-1);
  const by =
    action === 'replace' && last ? ` by ${last.to.model}: it lost ${percent(1 - last.lossRatio)} less` : '';
  const asked = levels.levels.filter(({level}) => level === 0.05 || level === 0.95);
  return [
    '',
    `${granularity} ${metric}, champion ${champion?.model ?? 'none'}: ${paint.strong(`${ACTIONS[action]}${by}`)}`,
    ...challengers.map(
      ({model, pairedNights, wonNights, lossRatio, reason}) =>
        `  challenger ${model}: won ${wonNights} of ${pairedNights} nights, loss ${lossRatio?.toFixed(3) ?? '-'} x the champion's; ${reason}`,
    ),
    ...(levels.nights === 0
      ? []
      : [
          `  levels: ${asked.map(({level, share, ask}) => `${level} holds ${percent(share)}, ask for ${ask.toFixed(3)}`).join('; ')}`,
        ]),
  ];
}

function promiseLines(plans: readonly PlanPromise[]): readonly string[] {
  const broken = plans
    .flatMap(({createdAtUs, scenarios}) =>
      scenarios.flatMap(({scenario, steps, keptSteps, worst}) =>
        worst === undefined ? [] : [{createdAtUs, scenario, steps, keptSteps, ...worst}],
      ),
    )
    .sort((left, right) => right.stuckBytes - left.stuckBytes);
  if (plans.length === 0) return [];
  return [
    '',
    `${plans.length === 1 ? '1 plan' : `${plans.length} plans`} held against what happened, as if applied: every scenario at every step`,
    ...broken
      .slice(0, BROKEN_SHOWN)
      .map(
        ({createdAtUs, scenario, steps, keptSteps, atUs, stuckBytes}) =>
          `  ${paint.warn('short:')} plan of ${formatInstantUs(createdAtUs)}, ${printable(scenario)}: ${steps - keptSteps} of ${steps} steps, ${formatBytes(stuckBytes)} at ${formatInstantUs(atUs)}`,
      ),
    ...(broken.length > BROKEN_SHOWN ? [`  and ${broken.length - BROKEN_SHOWN} more (--json has all)`] : []),
  ];
}

function checkLine({about, passed, message}: MonitorCheck): string {
  return `${passed ? 'ok' : paint.warn('FAILED')}: ${about}: ${message}`;
}

function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
}
