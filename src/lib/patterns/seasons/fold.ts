/** How steps are laid over each other to see a season: which cycle each is in, and where within it. */
export interface Fold {
  /** Mean length of a cycle, in steps. */
  readonly periodSteps: number;
  /** By step; cycle 0 is the last one, and ends with the series. */
  readonly cycleOf: Int32Array;
  /** By step: where in its cycle, from 0 to below 1. */
  readonly phaseOf: Float64Array;
  /** Whole cycles from the first known step to the end. */
  readonly cycles: number;
  /** Parts of a cycle that are told apart. */
  readonly slots: number;
}

/** The steps of a series by the clock of a place. */
export interface LocalAxis {
  readonly stepSeconds: number;
  /** The local time of the middle of each step, in seconds as if it were UTC. */
  readonly localSeconds: Float64Array;
  /** The first step of which something is known. */
  readonly first: number;
}

/** Periods that clocks and calendars have. `month-end` is the month counted from its end. */
export type ClockPeriod = 'day' | 'week' | '4-week' | 'month' | 'month-end' | 'year' | '52-week';

export const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;
/** 1970-01-01 was a Thursday; weeks begin on Mondays. */
const MONDAY_SECONDS = 4 * DAY_SECONDS;
const LONGEST_MONTH_DAYS = 31;
const LEAP_YEAR_DAYS = 366;

interface Clock {
  readonly periodSeconds: number;
  /** The parts that are told apart when steps are short enough. */
  readonly slots: number;
  /** Cycle and phase of a time; cycles are counted from any origin that the phase 0 is at. */
  readonly place: (localSeconds: number) => {readonly cycle: number; readonly phase: number};
}

/** Every `seconds` from a Monday's midnight on. */
function every(seconds: number, slots: number): Clock {
  return {
    periodSeconds: seconds,
    slots,
    place: (local) => {
      const cycles = (local - MONDAY_SECONDS) / seconds;
      return {cycle: Math.floor(cycles), phase: cycles - Math.floor(cycles)};
    },
  };
}

function placeInMonth(localSeconds: number, isFromEnd: boolean): {cycle: number; phase: number} {
  const date = new Date(localSeconds * 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const days = (localSeconds - Date.UTC(year, month, 1) / 1000) / DAY_SECONDS;
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = isFromEnd ? days + LONGEST_MONTH_DAYS - length : days;
  return {cycle: 12 * year + month, phase: day / LONGEST_MONTH_DAYS};
}

/** A date has the same phase in all years. */
function placeInYear(localSeconds: number): {cycle: number; phase: number} {
  const date = new Date(localSeconds * 1000);
  const year = date.getUTCFullYear();
  const inLeapYear = Date.UTC(2000, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(2000, 0, 1);
  const days =
    inLeapYear / 1000 / DAY_SECONDS + (localSeconds / DAY_SECONDS - Math.floor(localSeconds / DAY_SECONDS));
  return {cycle: year, phase: days / LEAP_YEAR_DAYS};
}

const CLOCKS: Readonly<Record<ClockPeriod, Clock>> = {
  day: every(DAY_SECONDS, 24),
  week: every(WEEK_SECONDS, 168),
  '4-week': every(4 * WEEK_SECONDS, 28),
  month: {
    periodSeconds: 30.436_875 * DAY_SECONDS,
    slots: LONGEST_MONTH_DAYS,
    place: (local) => placeInMonth(local, false),
  },
  'month-end': {
    periodSeconds: 30.436_875 * DAY_SECONDS,
    slots: LONGEST_MONTH_DAYS,
    place: (local) => placeInMonth(local, true),
  },
  year: {
    periodSeconds: 365.2425 * DAY_SECONDS,
    slots: 52,
    place: placeInYear,
  },
  '52-week': every(52 * WEEK_SECONDS, 52),
};

/** Length of a period in seconds, on the mean. */
export function periodSecondsOf(period: ClockPeriod): number {
  return CLOCKS[period].periodSeconds;
}

/** Folds by the clock: what is at nine o'clock, on a Monday or on the first of a month stays there. */
export function foldByClock({localSeconds, stepSeconds, first}: LocalAxis, period: ClockPeriod): Fold {
  const {periodSeconds, place} = CLOCKS[period];
  const end = place((localSeconds.at(-1) ?? 0) + stepSeconds / 2);
  const cyclesBack = (local: number): {cycle: number; phase: number} => {
    const {cycle, phase} = place(local);
    return {cycle: end.cycle - cycle - (phase >= end.phase ? 1 : 0), phase};
  };
  const cycleOf = new Int32Array(localSeconds.length);
  const phaseOf = new Float64Array(localSeconds.length);
  for (const [step, local] of localSeconds.entries()) {
    const {cycle, phase} = cyclesBack(local);
    cycleOf[step] = cycle;
    phaseOf[step] = phase;
  }
  // What is just before the first step is in the cycle that is not whole.
  const {cycle: cycles} = cyclesBack((localSeconds[first] ?? 0) - stepSeconds / 2 - 1);
  const slots = Math.max(2, Math.min(CLOCKS[period].slots, Math.ceil(periodSeconds / stepSeconds)));
  return {periodSteps: periodSeconds / stepSeconds, cycleOf, phaseOf, cycles: Math.max(0, cycles), slots};
}

/** Folds by a number of steps, which may be broken. */
export function foldBySteps(steps: number, periodSteps: number, first: number): Fold {
  const cycleOf = new Int32Array(steps);
  const phaseOf = new Float64Array(steps);
  for (let step = 0; step < steps; step += 1) {
    cycleOf[step] = Math.floor((steps - step - 0.5) / periodSteps);
    const cycles = (step + 0.5) / periodSteps;
    phaseOf[step] = cycles - Math.floor(cycles);
  }
  const cycles = Math.floor((steps - first) / periodSteps + 1e-9);
  return {
    periodSteps,
    cycleOf,
    phaseOf,
    cycles,
    slots: Math.max(2, Math.min(168, Math.floor(periodSteps + 1e-9))),
  };
}

/** The mean of the values in each slot of a fold; 0 in a slot of which none is known. */
export function slotMeans(values: Float64Array, fold: Fold): Float64Array {
  const sums = new Float64Array(fold.slots);
  const counts = new Float64Array(fold.slots);
  for (let step = 0; step < values.length; step += 1) {
    const value = values[step] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const slot = slotOf(fold, step);
    sums[slot] = (sums[slot] ?? 0) + value;
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return sums.map((sum, slot) => sum / Math.max(1, counts[slot] ?? 0));
}

/** Which slot a step is in. */
export function slotOf({phaseOf, slots}: Fold, step: number): number {
  return Math.min(slots - 1, Math.floor((phaseOf[step] ?? 0) * slots + 1e-9));
}
