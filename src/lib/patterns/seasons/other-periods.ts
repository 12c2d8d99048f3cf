import {foldBySteps, periodSecondsOf} from './fold.js';
import {rawLocking} from './locking-test.js';
import {periodCandidates} from './period-candidates.js';
import type {Season} from './season.js';
import {flattened, type Tested, testFold, type Trial} from './test-fold.js';

export interface OtherSearch extends Omit<Trial, 'kind' | 'level' | 'tries'> {
  /** The first step of which something is known. */
  readonly first: number;
  readonly found: readonly Season[];
  readonly shortestSteps: number;
  readonly longestSteps: number;
}

/** A season nobody named must be so improbable, after correction for all frequencies that were looked at. */
const LEVEL = 0.0001;
/** A length that is worse than this before it is made exact is no season. */
const WORTH_LEVEL = 0.05;
const LEAST_WINDOW_STEPS = 8;
/** Of two lengths that explain about the same, the longer one is a multiple of the other. */
const MULTIPLE_SHARE = 0.8;
const DAY_SIDEBANDS = 3;

/** A season of a length that has no name, the shortest that explains about the most; undefined when there is none. */
export function findOtherPeriod(search: OtherSearch): Tested | undefined {
  const {rest, first, shortestSteps, longestSteps} = search;
  const steps = rest.length - first;
  const most = Math.min(longestSteps, steps / 2);
  if (most < shortestSteps) return undefined;
  const isTaken = takenFrequencies(search, steps);
  const window = Math.min(steps / 2, Math.max(most, LEAST_WINDOW_STEPS));
  const test = (multiple: number): Tested | undefined => {
    if (isTaken(1 / multiple)) return undefined;
    const period = refine(rest, multiple, first);
    if (period === undefined || period < shortestSteps || period > most || isTaken(1 / period))
      return undefined;
    const fold = foldBySteps(rest.length, period, first);
    return testFold(fold, {...search, kind: 'other', level: LEVEL, tries: steps / 2});
  };
  const tested = periodCandidates(flattened(rest.subarray(first), window)).flatMap((multiples) => {
    for (const multiple of multiples) {
      const passed = test(multiple);
      if (passed) return [passed];
    }
    return [];
  });
  const enough = MULTIPLE_SHARE * Math.max(0, ...tested.map(({share}) => share));
  return tested
    .filter(({share}) => share >= enough)
    .toSorted((left, right) => left.fold.periodSteps - right.fold.periodSteps)[0];
}

/**
 * Frequencies, in cycles a step, that belong to a season with a name, or are harmonics of one that was found. While weeks
 * cannot be seen yet, also those beside the day's harmonics: a day that is not the same all week has them.
 */
function takenFrequencies({found, stepSeconds}: OtherSearch, steps: number): (frequency: number) => boolean {
  const named = (['day', 'week', 'month', '4-week', 'year', '52-week'] as const).map(periodSecondsOf);
  const [day, week] = [periodSecondsOf('day'), periodSecondsOf('week')];
  const isWeekUnseen = found.some(({kind}) => kind === 'daily') && steps * stepSeconds < 2 * week;
  const fromHarmonic = (frequency: number, seconds: number): number => {
    const harmonics = (frequency * seconds) / stepSeconds;
    return (Math.abs(harmonics - Math.max(1, Math.round(harmonics))) * stepSeconds) / seconds;
  };
  return (frequency) =>
    named.some((seconds) => Math.abs(frequency - stepSeconds / seconds) < 1 / steps) ||
    found.some(
      ({periodSeconds}) =>
        fromHarmonic(frequency, periodSeconds) < Math.min(2 / steps, stepSeconds / periodSeconds / 4),
    ) ||
    (isWeekUnseen && fromHarmonic(frequency, day) < (DAY_SIDEBANDS * stepSeconds) / week);
}

/** The length close by at which cycles go most in step; a whole number of steps when that does as well. Undefined when they do not. */
function refine(rest: Float64Array, period: number, first: number): number | undefined {
  const flat = flattened(rest, period);
  const evidence = (candidate: number): number =>
    -Math.log(Math.max(1e-300, rawLocking(flat, foldBySteps(rest.length, candidate, first))));
  const cycles = Math.max(2, (rest.length - first) / period);
  let chosen = {period, evidence: evidence(period)};
  if (chosen.evidence < -Math.log(WORTH_LEVEL)) return undefined;
  for (const reach of [0.6, 0.12]) {
    const around = Array.from(
      {length: 11},
      (_, index) => chosen.period * (1 + ((index - 5) / 5) * (reach / cycles)),
    );
    for (const candidate of around) {
      const found = {period: candidate, evidence: evidence(candidate)};
      if (found.evidence > chosen.evidence) chosen = found;
    }
  }
  const whole = Math.round(chosen.period);
  const isNear = whole >= 2 && Math.abs(whole - chosen.period) * cycles <= Math.max(0.5, 0.1 * whole);
  return isNear && evidence(whole) >= 0.95 * chosen.evidence ? whole : chosen.period;
}
