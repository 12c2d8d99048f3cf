import type {Random, Series, TimeZone} from '../../core/index.js';
import {DAY_SECONDS, foldByClock, type LocalAxis} from './fold.js';
import {byLocalDay, localAxis} from './local-axis.js';
import {normalScores} from './normal-scores.js';
import {searchSeasons, type Searched, type Step} from './season-search.js';
import type {Seasons, UnseenSeason} from './season.js';

export interface SeasonOptions {
  /** Days, weeks, months and years are those of this place. */
  readonly zone: TimeZone;
  /** For the shuffles. */
  readonly random: Random;
}

/** Within days and weeks periods are looked for in the steps themselves, longer ones in days. */
const LONGEST_FINE_SECONDS = 8 * DAY_SECONDS;
const WEEK_SECONDS = 7 * DAY_SECONDS;
const LEAST_KNOWN_STEPS = 12;

/**
 * The seasons of a series: of the day, the week, the month and the year, of four and 52 weeks, and others from two steps
 * on. Each needs two whole cycles; a harmonic of a season is none of its own. Values are ranked first, so that neither
 * bursts nor the unit matter, and level and drift are taken off. NaN in the series is unknown.
 */
export function findSeasons(series: Series, {zone, random}: SeasonOptions): Seasons {
  const axis = localAxis(series, zone);
  const known = series.values.filter((value) => !Number.isNaN(value));
  const notYetSeen = unseen(axis);
  if (known.length < LEAST_KNOWN_STEPS || known.every((value) => value === known[0]))
    return {found: [], notYetSeen};
  const scores = normalScores(series.values);
  const whole: Searched = {scores, rest: scores, axis, found: []};
  const isFine = axis.stepSeconds < DAY_SECONDS;
  const fine = isFine ? searchSeasons(whole, withinDays(axis), random.fork('steps')) : whole;
  const days = isFine ? inDays(fine) : whole;
  return {found: searchSeasons(days, overDays(days), random.fork('days')).found, notYetSeen};
}

function withinDays({stepSeconds}: LocalAxis): readonly Step[] {
  return [
    {kind: 'daily', periods: ['day']},
    {kind: 'weekly', periods: ['week']},
    {shortestSteps: 2, longestSteps: LONGEST_FINE_SECONDS / stepSeconds},
  ];
}

function inDays({scores, rest, axis, found}: Searched): Searched {
  const {values, axis: days} = byLocalDay(rest, axis);
  return {scores: byLocalDay(scores, axis).values, rest: values, axis: days, found};
}

function overDays({axis, found}: Searched): readonly Step[] {
  const isByDay = axis.stepSeconds < WEEK_SECONDS;
  const isWeekKnown = found.some(({kind}) => kind === 'weekly');
  return [
    ...(isByDay && !isWeekKnown ? [{kind: 'weekly', periods: ['week']} as const] : []),
    // A stretch of every year begins on the same day of a month: years first.
    {
      either: [
        {kind: 'yearly', periods: ['year']},
        {kind: '52-weekly', periods: ['52-week']},
      ],
    },
    ...(isByDay
      ? [
          {
            either: [
              {kind: 'monthly', periods: ['month', 'month-end']},
              {kind: 'four-weekly', periods: ['4-week']},
            ],
          } as const,
        ]
      : []),
    {shortestSteps: 2, longestSteps: axis.localSeconds.length / 2},
  ];
}

const CLOCK_SEASONS = [
  {kind: 'daily', period: 'day'},
  {kind: 'weekly', period: 'week'},
  {kind: 'monthly', period: 'month'},
  {kind: 'yearly', period: 'year'},
] as const;

/** The seasons that steps are short enough for, and the history is not yet long enough. */
function unseen(axis: LocalAxis): readonly UnseenSeason[] {
  const {localSeconds, stepSeconds, first} = axis;
  const knownDays = ((localSeconds.length - first) * stepSeconds) / DAY_SECONDS;
  return CLOCK_SEASONS.flatMap(({kind, period}) => {
    const fold = foldByClock(axis, period);
    const isLookedFor = fold.periodSteps >= 2 && (kind === 'yearly' || stepSeconds <= DAY_SECONDS);
    if (!isLookedFor || fold.cycles >= 2) return [];
    const needed = {day: 2, week: 14, month: 62, year: 731}[period];
    return [{kind, needsDays: Math.max(1, Math.ceil(needed - knownDays))}];
  });
}
