import {formatInstantUs} from '../core/index.js';
import {quoted} from '../forecasting/index.js';
import type {PatternsSummary, SubjectPatterns} from './patterns-summary.js';

const HEADER = 'subject,id,pattern,name,at,days,strength,p_value,per_day,low,high,before,after,busy';

const NOTHING = HEADER.split(',')
  .slice(2)
  .map(() => '');

/**
 * One row a season, trend, change and day of being full: `days` is the length of the period, of the last stretch, or until full,
 * from `low` to `high`, empty for never; of a not-yet-seen season it is what is missing. The other columns where they apply.
 */
export function patternsCsv({subjects}: PatternsSummary): string {
  return [HEADER, ...subjects.flatMap(rowsOf)].map((row) => `${row}\n`).join('');
}

function rowsOf({subject, id, seasons, notYetSeen, trend, full}: SubjectPatterns): readonly string[] {
  const row = (...cells: readonly (string | number | null)[]): string =>
    [subject, id, ...cells].map((cell) => quoted(cell === null ? '' : String(cell))).join(',');
  return [
    ...seasons.map(({periodSeconds, strength, pValue, words}) =>
      row('season', words.name, '', periodSeconds / 86_400, strength, pValue, '', '', '', '', '', words.busy),
    ),
    ...notYetSeen.map(({kind, needsDays}) => row('not-yet-seen', kind, '', needsDays, ...NOTHING.slice(4))),
    ...(trend?.changes ?? []).map(({atUs, before, after}) =>
      row('change', '', formatInstantUs(atUs), ...NOTHING.slice(3, 9), before, after, ''),
    ),
    ...(trend
      ? [
          row(
            'trend',
            '',
            '',
            trend.stretchDays,
            '',
            '',
            trend.perDay,
            trend.interval.low,
            trend.interval.high,
            '',
            '',
            '',
          ),
        ]
      : []),
    ...(full ? [row('full', '', '', full.days, '', '', '', full.earliest, full.latest, '', '', '')] : []),
  ];
}
