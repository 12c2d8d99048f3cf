import type {Random} from '../../core/index.js';
import {
  type ClockPeriod,
  DAY_SECONDS,
  type Fold,
  foldByClock,
  foldBySteps,
  type LocalAxis,
  slotMeans,
} from './fold.js';
import {rawLocking} from './locking-test.js';
import {findOtherPeriod} from './other-periods.js';
import type {Season, SeasonKind} from './season.js';
import {tellApart} from './tell-apart.js';
import {flattened, type Tested, testFold, withoutSeason} from './test-fold.js';
import {withoutLevel} from './without-level.js';

/** A season of clocks and calendars must be so improbable under noise. */
const LEVEL = 0.001;
const MOST_OTHERS = 3;
/** A season that fits into another goes when noise would repeat as well within a cycle of that. */
const PART_LEVEL = 0.2;
const MOST_PARTS = 31;

/** A season by name, and the ways to fold for it. */
export interface Named {
  readonly kind: SeasonKind;
  readonly periods: readonly ClockPeriod[];
}

/** What seasons are looked for in. */
export interface Searched {
  /** Normal scores of the values. */
  readonly scores: Float64Array;
  /** The same without the seasons of `found`. */
  readonly rest: Float64Array;
  readonly axis: LocalAxis;
  readonly found: readonly Season[];
}

/** What is looked for, one after the other. */
export type Step =
  | Named
  /** Two that are hard to tell apart. */
  | {readonly either: readonly [Named, Named]}
  /** Any length that the periodogram shows. */
  | {readonly shortestSteps: number; readonly longestSteps: number};

/** Looks for seasons step by step; each that is found is taken off what is left. */
export function searchSeasons(searched: Searched, steps: readonly Step[], random: Random): Searched {
  let state = searched;
  for (const step of steps) {
    if ('shortestSteps' in step) {
      for (let count = 0; count < MOST_OTHERS; count += 1) {
        const tested = findOtherPeriod({...state, ...step, ...state.axis, random});
        if (!tested) break;
        state = withFound(state, tested);
      }
    } else {
      const find = (): Tested | undefined =>
        'either' in step ? eitherOf(state, step.either, random) : bestOf(state, step, random);
      const tested = find();
      const rival = tested && rivalOf(state, tested, random);
      if (rival) state = withFound(state, rival);
      const chosen = rival ? find() : tested;
      if (chosen) state = withFound(state, chosen);
    }
  }
  return state;
}

/** The best way to fold for a season. */
function bestOf({scores, rest, axis}: Searched, {kind, periods}: Named, random: Random): Tested | undefined {
  const trial = {kind, rest, scores, stepSeconds: axis.stepSeconds, random, level: LEVEL / periods.length};
  return periods
    .flatMap(
      (period) => testFold(foldByClock(axis, period), {...trial, isFromEnd: period === 'month-end'}) ?? [],
    )
    .toSorted((left, right) => right.share - left.share)[0];
}

/** The one of two that foretells cycles better. When that is not sure, it says so. */
function eitherOf(
  searched: Searched,
  [one, other]: readonly [Named, Named],
  random: Random,
): Tested | undefined {
  const [first, second] = [bestOf(searched, one, random), bestOf(searched, other, random)];
  if (!first || !second) return first ?? second;
  const longest = Math.max(first.fold.periodSteps, second.fold.periodSteps);
  const {better, isSure} = tellApart(withoutLevel(searched.rest, longest), first.fold, second.fold);
  const [chosen, rival] = better === first.fold ? [first, second] : [second, first];
  return isSure ? chosen : {...chosen, season: {...chosen.season, orElse: rival.season.kind}};
}

/** Ten days fit into a month about three times: a season that nobody named, if it surely foretells better than one by name. */
function rivalOf(searched: Searched, {fold}: Tested, random: Random): Tested | undefined {
  const {axis, rest} = searched;
  if (axis.stepSeconds < DAY_SECONDS) return undefined;
  const longestSteps = fold.periodSteps * 0.9;
  const rival = findOtherPeriod({...searched, ...axis, random, shortestSteps: 2, longestSteps});
  if (!rival) return undefined;
  const {better, isSure} = tellApart(withoutLevel(rest, fold.periodSteps), fold, rival.fold);
  return isSure && better === rival.fold ? rival : undefined;
}

function withFound(state: Searched, tested: Tested): Searched {
  const kept = state.found.filter((season) => !isOnlyPart(season, state, tested));
  return {
    ...state,
    rest: withoutSeason(state.rest, tested.fold),
    found: [...kept, tested.season].toSorted((left, right) => left.periodSeconds - right.periodSeconds),
  };
}

/**
 * Whether a season that was found before is nothing but a part of a longer one: a job of every Sunday makes the day of all
 * days look busy at its hour. Within the longer one's cycle it must come back.
 */
function isOnlyPart(season: Season, {scores, axis}: Searched, {fold}: Tested): boolean {
  const parts = Math.round((fold.periodSteps * axis.stepSeconds) / season.periodSeconds);
  const isWhole = Math.abs((fold.periodSteps * axis.stepSeconds) / season.periodSeconds / parts - 1) < 0.01;
  if (!isWhole || parts < 2 || parts > MOST_PARTS || fold.slots % parts !== 0 || fold.slots < 2 * parts)
    return false;
  const cycle = slotMeans(withoutLevel(scores, fold.periodSteps), fold);
  const within: Fold = foldBySteps(fold.slots, fold.slots / parts, 0);
  return rawLocking(flattened(cycle, fold.slots / parts), within) > PART_LEVEL;
}
