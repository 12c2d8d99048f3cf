import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import type {GroupVerdict, MonitorRow, PlanPromise} from '../lib/monitoring/index.js';
import type {MonitorCheck, MonitorReport} from '../lib/workflows/monitor-forecasts.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

const BROKEN_SHOWN = 10;
const ROWS_SHOWN = 40;

/** For each group a row a model and scope, what the tests say and what to do; how far promises were kept; what failed. */
export async function renderMonitor(report: MonitorReport): Promise<string> {
  const {sinceUs, asOfUs, keptForecasts, newBlocks, waitingBlocks, plans} = report;
  const head = [
    `${formatInstantUs(sinceUs)} to ${formatInstantUs(asOfUs)}`,
    `${keptForecasts} forecasts kept, ${newBlocks} blocks of their steps scored now, ${waitingBlocks} yet to come`,
  ];
  if (keptForecasts === 0 && plans.length === 0)
    return [...head, '', 'nothing to look at yet: forecast --keep, plan --keep'].join('\n');
  const groups = await Promise.all(report.groups.map((group) => groupLines(group, report.rows)));
  return [
    ...head,
    ...groups.flat(),
    ...(report.rows.length === 0 ? [] : LEGEND),
    ...promiseLines(plans),
    ...(report.checks.length === 0 ? [] : ['', ...report.checks.map(checkLine)]),
  ].join('\n');
}

const LEGEND = [
  '',
  'in: share of outcomes inside the interval; bias: foreseen less what came; width:',
  'of the 90 % interval, both over what came; x naive: quantile loss over that of',
  'the seasonal naive; * tried beside the champion.',
];

async function groupLines(group: GroupVerdict, all: readonly MonitorRow[]): Promise<readonly string[]> {
  const {granularity, metric, champion} = group;
  const own = all.filter((row) => row.granularity === granularity && row.metric === metric);
  const rows = own.filter(({role, scope}) => role !== 'reference' || scope === 'volumes');
  const more = rows.length - ROWS_SHOWN;
  return [
    '',
    `${granularity} ${metric}, champion ${champion?.model ?? 'none'}: ${paint.strong(actionOf(group))}`,
    ...(rows.length === 0 ? [] : ['', await scoreTable(rows.slice(0, ROWS_SHOWN)), '']),
    ...(more > 0 ? [`and ${more} more rows (--json has all)`] : []),
    ...challengerLines(group),
    ...levelLines(group),
  ];
}

function scoreTable(rows: readonly MonitorRow[]): Promise<string> {
  const right = (title: string): {readonly title: string; readonly align: 'right'} => ({
    title,
    align: 'right',
  });
  return renderTable(
    [
      {title: 'model'},
      {title: 'of'},
      ...['in 50 %', 'in 90 %', 'in 95 %', 'bias', 'width', 'x naive'].map(right),
    ],
    rows.map((row) => [
      `${row.model}${row.role === 'challenger' ? ' *' : ''}`,
      scopeOf(row),
      ...[0, 1, 2].map((index) => percent(row.coverage[index]?.share)),
      percent(row.bias),
      percent(row.sharpness[1]?.width),
      row.lossVsNaive?.toFixed(2) ?? '-',
    ]),
  );
}

function scopeOf({scope, name, series}: MonitorRow): string {
  if (scope === 'boundary') return name;
  return scope === 'volumes' ? `${series} volumes` : `${series} ${name}`;
}

const ACTIONS: Readonly<Record<GroupVerdict['action'], string>> = {
  replace: 'replace the champion',
  retrain: 'train again',
  recalibrate: 'recalibrate: forecast --adapt, or train again',
  nothing: 'nothing to do',
};

function actionOf({action, replacements}: GroupVerdict): string {
  const last = replacements.at(-1);
  if (action !== 'replace' || last === undefined) return ACTIONS[action];
  return `${ACTIONS.replace} by ${last.to.model}: it lost ${percent(1 - last.lossRatio)} less`;
}

function challengerLines({challengers}: GroupVerdict): readonly string[] {
  return challengers.map(({model, pairedNights, wonNights, lossRatio, reason}) => {
    const lost = lossRatio === undefined ? '' : `, loss ${lossRatio.toFixed(3)} x the champion's`;
    return `challenger ${model}: won ${wonNights} of ${pairedNights} nights${lost}; ${reason}`;
  });
}

function levelLines({levels}: GroupVerdict): readonly string[] {
  if (levels.nights === 0) return [];
  const told = levels.levels.filter(({level}) => level === 0.05 || level === 0.95);
  return told.map(
    ({level, share, ask}) =>
      `level ${level} holds ${percent(share)} in ${levels.nights} ${levels.nights === 1 ? 'night' : 'nights'}: ask for ${ask.toFixed(3)}`,
  );
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
    `${plans.length === 1 ? '1 plan' : `${plans.length} plans`} held against what happened: every scenario at every step`,
    ...broken
      .slice(0, BROKEN_SHOWN)
      .map(
        ({createdAtUs, scenario, steps, keptSteps, stuckBytes}) =>
          `${paint.warn('short:')} ${printable(scenario)} of ${formatInstantUs(createdAtUs)}: ${steps - keptSteps} of ${steps} hours, up to ${formatBytes(stuckBytes)}`,
      ),
    ...(broken.length > BROKEN_SHOWN ? [`and ${broken.length - BROKEN_SHOWN} more (--json has all)`] : []),
  ];
}

function checkLine({about, passed, message}: MonitorCheck): string {
  return `${passed ? 'ok' : paint.warn('FAILED')}: ${about}: ${message}`;
}

function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
}
