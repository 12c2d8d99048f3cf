import {type Markup, markup} from '../../charts/index.js';
import {formatInstantUs} from '../../core/index.js';
import type {MonitorDocument} from '../documents/monitor-document.js';
import type {ReportData} from '../report-data.js';
import {renderPromises} from './promise-tables.js';
import {absent, type Section} from './section.js';
import {firstOf, renderTable} from './table.js';
import {counted, nearly, percent} from './words.js';

type Group = MonitorDocument['groups'][number];
type Row = MonitorDocument['rows'][number];

const MOST_ROWS = 100;
/** The interval whose width is told. */
const TOLD_INTERVAL = 0.9;
const SHOWN_LEVELS = [0.05, 0.95];

/** How forecasts that were kept, and promises of plans, did by what happened since. */
export function monitorSection({monitor}: ReportData): Section {
  const content =
    monitor === undefined
      ? absent('forecasts and plans held against what happened', 'foreshadow monitor --json > monitor.json')
      : renderMonitor(monitor);
  return {id: 'monitor', title: 'How forecasts did', content};
}

function renderMonitor(monitor: MonitorDocument): Markup {
  const {sinceUs, asOfUs, keptForecasts, waitingBlocks, groups} = monitor;
  const told = groups.map((group) => renderGroup(group, monitor));
  return markup`<p>${formatInstantUs(sinceUs)} to ${formatInstantUs(asOfUs)}: ${counted(keptForecasts, 'forecast')} kept, ${counted(waitingBlocks, 'block')} of their steps yet to come. “In 90 %” is the share of outcomes inside that interval: calibrated when it is the same. Bias is the median foreseen less what came, over what came; width is that of the 90 % interval, over what came; “x naive” is the quantile loss over that of the seasonal naive on the same steps: below 1 is better than that.</p>
${told}${renderPromises(monitor)}`;
}

function renderGroup(group: Group, {rows, checks}: MonitorDocument): Markup {
  const {granularity, metric, champion, drift} = group;
  const name = `${granularity} ${metric}`;
  const tested = checks.find(({check, about}) => check === 'drift' && about === name);
  const own = rows.filter((row) => row.granularity === granularity && row.metric === metric);
  const shown = own.filter(({role, scope}) => role !== 'reference' || scope === 'volumes');
  return markup`<h3>${name}, champion ${champion?.model ?? 'none'}: ${recommended(group)}</h3>
<p>${tested && verdictOf(tested)} The test raises one false alarm in ${drift.nightsPerFalseAlarm.toLocaleString('en')} nights at most, in the mean, as far as nights are independent.</p>
${scoresTable(name, shown)}${challengersTable(name, group)}${tellLevels(group)}`;
}

function verdictOf({passed, message}: MonitorDocument['checks'][number]): Markup {
  return passed
    ? markup`<span>Drift test: ${message}.</span>`
    : markup`<span class="bad">! Drift test: ${message}.</span>`;
}

const ACTIONS: Readonly<Record<Group['action'], string>> = {
  replace: 'replace the champion',
  retrain: 'train again',
  recalibrate: 'recalibrate (forecast --adapt), or train again',
  nothing: 'nothing to do',
};

function recommended({action, replacements}: Group): string {
  const newest = replacements.at(-1);
  if (action !== 'replace' || newest === undefined) return ACTIONS[action];
  return `${ACTIONS.replace} by ${newest.to.model}, which lost ${nearly(1 - newest.lossRatio)} less`;
}

function scoresTable(name: string, rows: readonly Row[]): Markup {
  if (rows.length === 0) return markup`<p class="note">Nothing of it has been scored yet.</p>\n`;
  const {shown, more} = firstOf(rows, MOST_ROWS, '"monitor --json" has them all');
  const intervals = rows[0]?.coverage.map(({expected}) => expected) ?? [];
  const number = (title: string) => ({title, isNumber: true});
  const table = renderTable(
    `What was foreseen of ${name}, against what came`,
    [
      ...[{title: 'of'}, {title: 'model'}, {title: 'role'}],
      ...intervals.map((interval) => number(`in ${percent(interval, 0)}`)),
      ...['bias', 'width', 'x naive', 'steps'].map(number),
    ],
    shown.map((row) => [
      ...[scopeOf(row), row.model, row.role],
      ...intervals.map((interval) =>
        shareOf(row.coverage.find(({expected}) => expected === interval)?.share),
      ),
      row.bias === undefined ? '-' : nearly(row.bias),
      shareOf(row.sharpness.find(({interval}) => interval === TOLD_INTERVAL)?.width),
      ...[row.lossVsNaive?.toFixed(2) ?? '-', row.steps.toLocaleString('en')],
    ]),
  );
  return markup`${table}${more}`;
}

function shareOf(share: number | undefined): string {
  return share === undefined ? '-' : nearly(share);
}

function scopeOf({scope, name, series}: Row): string {
  if (scope === 'boundary') return name;
  return scope === 'volumes' ? counted(series, 'volume') : `${series.toLocaleString('en')} ${name}`;
}

function challengersTable(name: string, {challengers}: Group): Markup {
  if (challengers.length === 0) return markup``;
  const number = (title: string) => ({title, isNumber: true});
  return renderTable(
    `Challengers of ${name}, on nights that the champion foresaw too`,
    [
      {title: 'challenger'},
      ...['nights', 'won', 'lost', 'loss x champion', 'in 95 %', 'champion in 95 %'].map(number),
      {title: 'what the rule says', isText: true},
    ],
    challengers.map((one) => [
      ...[one.model, one.pairedNights, one.wonNights, one.lostNights, one.lossRatio?.toFixed(3) ?? '-'],
      ...(one.pairedNights === 0
        ? ['-', '-']
        : [nearly(one.challengerCoverage), nearly(one.championCoverage)]),
      one.reason,
    ]),
  );
}

/** What levels really hold, and what to ask for to have them kept. */
function tellLevels({levels: {nights, levels}}: Group): Markup {
  if (nights === 0) return markup``;
  const told = levels
    .filter(({level}) => SHOWN_LEVELS.includes(level))
    .map(({level, share, ask}) => `level ${level} holds ${nearly(share)}: ask for ${ask.toFixed(3)} instead`);
  return told.length === 0
    ? markup``
    : markup`<p class="note">In ${counted(nights, 'night')} ${told.join('; ')}.</p>\n`;
}
