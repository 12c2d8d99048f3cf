import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import type {PatternsSummary, SubjectPatterns} from '../lib/workflows/patterns-summary.js';
import type {Progress} from './progress.js';
import {sparkline} from './sparkline.js';
import {printable, renderTable} from './table.js';

const ROWS_SHOWN = 40;
const RANKED_SHOWN = 10;
const COURSE_COLUMNS = 12;
const STRIP_COLUMNS = 24;
const DAYS_SHOWN = 3650;

/** How many series were looked through. */
export function patternsProgress(
  progress: Progress,
): (told: {readonly done: number; readonly total: number}) => void {
  return ({done, total}) => {
    progress.update(`${done} of ${total}`);
  };
}

/** Growth, what is full first, and seasons: a table each. */
export async function renderPatterns(summary: PatternsSummary): Promise<string> {
  const {metric, granularity, fromUs, toUs, timeZone, csv, plot} = summary;
  const about = `${granularity} ${metric}, ${formatInstantUs(fromUs)} to ${formatInstantUs(toUs)}`;
  const sections = [
    `${about}, seasons by the clocks of ${timeZone}`,
    await growthTable(summary),
    await fullTable(summary),
    await seasonTable(summary),
    unseenLines(summary),
    [csv, plot].flatMap((file) => (file === undefined ? [] : [`written to ${printable(file)}`])).join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

async function growthTable({subjects, metric}: PatternsSummary): Promise<string> {
  const show = metric.endsWith('bytes') ? formatBytes : (value: number): string => value.toPrecision(3);
  const rows = subjects
    .slice(0, ROWS_SHOWN)
    .map(({id, course, trend}) => [
      id,
      sparkline(course, COURSE_COLUMNS),
      ...(trend === null
        ? ['-', '-', '-', '-']
        : [
            `${trend.perDay > 0 ? '+' : ''}${show(trend.perDay)}`,
            show(trend.interval.low),
            show(trend.interval.high),
            `${Math.round(trend.stretchDays)} d`,
          ]),
    ]);
  const titles = ['a day', 'low', 'high', 'for'];
  const table = await renderTable(
    [
      {title: 'of'},
      {title: 'course', isWhole: true},
      ...titles.map((title) => ({title, align: 'right', isWhole: true}) as const),
    ],
    rows,
  );
  return withMore(table, subjects.length - rows.length);
}

/** The soonest first. */
async function fullTable({fullRanking}: PatternsSummary): Promise<string> {
  if (fullRanking.length === 0) return '';
  const rows = fullRanking
    .slice(0, RANKED_SHOWN)
    .map(({id, full: {days, earliest, latest}}) => [
      id,
      days === null ? 'never' : daysText(days),
      latest === null
        ? `not before ${daysText(earliest ?? 0)}`
        : `${daysText(earliest ?? 0)} to ${daysText(latest)}`,
    ]);
  const table = await renderTable(
    [{title: 'full first'}, {title: 'in', align: 'right'}, {title: 'with the growth that is possible'}],
    rows,
  );
  return withMore(table, fullRanking.length - rows.length);
}

function daysText(days: number): string {
  return days > DAYS_SHOWN ? '> 10 years' : `${days < 10 ? days.toFixed(1) : days.toFixed(0)} d`;
}

async function seasonTable({subjects}: PatternsSummary): Promise<string> {
  const all = subjects.flatMap(({id, seasons}) => seasons.map((season) => ({id, ...season})));
  if (all.length === 0) return 'no season is to be seen';
  const rows = all
    .slice(0, ROWS_SHOWN)
    .map(({id, words, strength, pValue, orElse}) => [
      id,
      orElse === undefined ? words.name : `${words.name} (or ${orElse})`,
      `${(100 * strength).toFixed(0)} %`,
      Math.max(1e-9, pValue).toExponential(0),
      sparkline(words.cells, STRIP_COLUMNS),
      words.busy,
    ]);
  const table = await renderTable(
    [
      {title: 'of'},
      {title: 'season', isWhole: true},
      {title: 'share', align: 'right', isWhole: true},
      {title: 'p', align: 'right', isWhole: true},
      {title: 'course', isWhole: true},
      {title: 'busy'},
    ],
    rows,
  );
  return withMore(table, all.length - rows.length);
}

function withMore(table: string, more: number): string {
  return more > 0 ? `${table}\nand ${more} more (--json or --csv FILE has all)` : table;
}

/** What no volume can show yet. */
function unseenLines({subjects}: PatternsSummary): string {
  const needs = new Map<string, number[]>();
  for (const {kind, needsDays} of subjects.flatMap(({notYetSeen}: SubjectPatterns) => notYetSeen))
    needs.set(kind, [...(needs.get(kind) ?? []), needsDays]);
  return [...needs]
    .map(([kind, days]) => {
      const [least, most] = [Math.min(...days), Math.max(...days)];
      const span = least === most ? `${least}` : `${least} to ${most}`;
      const who = days.length === subjects.length ? '' : ` (${days.length} of ${subjects.length})`;
      return `${kind} seasons are not yet seen${who}: two cycles need ${span} more days`;
    })
    .join('\n');
}
