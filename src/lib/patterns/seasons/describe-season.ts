import type {Season} from './season.js';

const DAY_SECONDS = 86_400;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Above so much of the way from the quietest to the busiest cell, a cell is busy. */
const BUSY_SHARE = 0.6;
const YEAR_DAYS = 366;

/** A season for people. */
export interface SeasonWords {
  /** `weekly`, or `every 36 h`. */
  readonly name: string;
  /** The course over a cycle in a few cells: 24 hours, 7 weekdays, 31 days, or as many as there are. */
  readonly cells: readonly number[];
  /** When it is busy: `9-17 h`, `Mon-Fri`; empty when the season has no clock. */
  readonly busy: string;
  /** For the axis of a picture, at equal distances from the first cell on. */
  readonly ticks: readonly string[];
}

const TICKS: Readonly<Partial<Record<Season['kind'], readonly string[]>>> = {
  daily: ['0', '6', '12', '18'],
  weekly: WEEKDAYS,
  yearly: MONTHS.map((month) => month.slice(0, 1)),
};

/** Name, course and busy times of a season. Hours are those of the zone that it was found in. */
export function describeSeason(season: Season): SeasonWords {
  const {kind, periodSeconds, profile} = season;
  if (kind === 'other')
    return {name: `every ${lengthOf(periodSeconds)}`, cells: profile, busy: '', ticks: []};
  const cells =
    kind === 'weekly' ? averagedTo(profile, 7) : kind === 'daily' ? averagedTo(profile, 24) : profile;
  return {name: kind, cells, busy: busyTimes(season, cells), ticks: TICKS[kind] ?? []};
}

/** `5 h`, `1.5 d`: two digits behind the point at most. */
function lengthOf(seconds: number): string {
  const isShort = seconds < 4 * DAY_SECONDS;
  return `${Number((seconds / (isShort ? 3600 : DAY_SECONDS)).toFixed(isShort ? 2 : 1))} ${isShort ? 'h' : 'd'}`;
}

/** Fewer cells, each the mean of its part; as they are when there are fewer already. */
function averagedTo(values: readonly number[], cells: number): readonly number[] {
  if (values.length <= cells) return values;
  return Array.from({length: cells}, (_, cell) => {
    const part = values.slice(
      Math.floor((cell * values.length) / cells),
      Math.floor(((cell + 1) * values.length) / cells),
    );
    return part.reduce((total, value) => total + value, 0) / part.length;
  });
}

function busyTimes({kind, isFromEnd}: Season, cells: readonly number[]): string {
  const runs = busyRuns(cells);
  const hours = 24 / cells.length;
  const told = runs.map(({from, length}) => {
    const last = (from + length - 1) % cells.length;
    if (kind === 'daily') return `${Math.round(from * hours)}-${Math.round((last + 1) * hours)} h`;
    if (kind === 'weekly') return range(WEEKDAYS[from], WEEKDAYS[last]);
    if (kind === 'monthly' && isFromEnd === true)
      return range(fromEnd(cells.length - 1 - from), fromEnd(cells.length - 1 - last));
    if (kind === 'monthly' || kind === 'four-weekly')
      return range(`day ${from + 1}`, `${last + 1}`, from === last);
    return range(dateAt(from / cells.length), dateAt((last + 1) / cells.length - 1 / YEAR_DAYS));
  });
  return kind === '52-weekly' ? '' : told.join(', ');
}

function range(from = '', to = '', isOne = from === to): string {
  return isOne ? from : `${from}-${to}`;
}

function fromEnd(days: number): string {
  return days === 0 ? 'last day' : `last-${days}`;
}

function dateAt(share: number): string {
  const date = new Date(
    Date.UTC(2000, 0, 1 + Math.min(YEAR_DAYS - 1, Math.max(0, Math.floor(share * YEAR_DAYS)))),
  );
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}

interface Run {
  readonly from: number;
  readonly length: number;
}

/** Runs of busy cells in a circle, the longest first, three at most. */
function busyRuns(cells: readonly number[]): readonly Run[] {
  const [least, most] = [Math.min(...cells), Math.max(...cells)];
  const isBusy = (cell: number): boolean =>
    (cells[(cell + cells.length) % cells.length] ?? 0) > least + BUSY_SHARE * (most - least);
  const runs: Run[] = [];
  for (let cell = 0; cell < cells.length; cell += 1) {
    if (!isBusy(cell) || isBusy(cell - 1)) continue;
    let length = 1;
    while (length < cells.length && isBusy(cell + length)) length += 1;
    runs.push({from: cell, length});
  }
  return runs
    .toSorted((left, right) => right.length - left.length)
    .slice(0, 3)
    .toSorted((left, right) => left.from - right.from);
}
