import type {Random} from '../../core/index.js';
import {type Fold, slotMeans, slotOf} from './fold.js';
import {lockingTest, type SeasonValues} from './locking-test.js';
import type {Season, SeasonKind} from './season.js';
import {varianceOf} from './variance.js';
import {whitened, withoutLevel} from './without-level.js';

/** A season that passed the test, and how its steps are folded. */
export interface Tested {
  readonly fold: Fold;
  readonly season: Season;
  /** Share that it explains of what was left when it was looked for. */
  readonly share: number;
}

/** What a period is tested on. */
export interface Trial {
  readonly kind: SeasonKind;
  /** Scores without the seasons that were found before. */
  readonly rest: Float64Array;
  readonly scores: Float64Array;
  readonly stepSeconds: number;
  readonly random: Random;
  /** Noise passes with this probability. */
  readonly level: number;
  /** Periods that were looked at for this one, when it was not named beforehand. */
  readonly tries?: number;
  readonly isFromEnd?: boolean;
}

/** What explains less is of no use, however sure it is. */
const LEAST_STRENGTH = 0.02;

/** Values around their level, and the same as good as white but for a season of that length. */
export function flattened(values: Float64Array, periodSteps: number): SeasonValues {
  const level = withoutLevel(values, periodSteps);
  return {level, white: whitened(level)};
}

/** The season of a fold; undefined when cycles do not go in step, less than two are known, or it explains next to nothing. */
export function testFold(fold: Fold, trial: Trial): Tested | undefined {
  const {kind, rest, scores, stepSeconds, random, level, tries = 1, isFromEnd} = trial;
  if (fold.cycles < 2 || fold.periodSteps < 2) return undefined;
  const flat = flattened(rest, fold.periodSteps);
  const source = random.fork(`${kind} ${fold.periodSteps}`);
  const locking = lockingTest(flat, fold, source, level / tries);
  if (locking === undefined || locking.pValue * tries > level) return undefined;
  const profile = slotMeans(flat.level, fold);
  const explained = explainedVariance(flat.level, fold, profile);
  const shareOf = (values: Float64Array): number =>
    Math.min(1, explained / Math.max(1e-12, varianceOf(values)));
  const strength = shareOf(withoutLevel(scores, fold.periodSteps));
  if (strength < LEAST_STRENGTH) return undefined;
  return {
    ...{fold, share: shareOf(flat.level)},
    season: {
      ...{kind, cycles: locking.cycles, periodSeconds: fold.periodSteps * stepSeconds},
      strength,
      pValue: Math.min(1, locking.pValue * tries),
      profile: [...profile],
      ...(isFromEnd === true && {isFromEnd}),
    },
  };
}

/** The values less the profile of a season. */
export function withoutSeason(values: Float64Array, fold: Fold): Float64Array {
  return withoutProfile(values, fold, slotMeans(withoutLevel(values, fold.periodSteps), fold));
}

function withoutProfile(values: Float64Array, fold: Fold, profile: Float64Array): Float64Array {
  return values.map((value, step) => value - (profile[slotOf(fold, step)] ?? 0));
}

/** By how much a profile makes the variance less, less what as many slots explain of noise. */
function explainedVariance(values: Float64Array, fold: Fold, profile: Float64Array): number {
  const left = varianceOf(withoutProfile(values, fold, profile));
  const known = values.filter((value) => !Number.isNaN(value)).length;
  return Math.max(0, varianceOf(values) - left * (known / Math.max(1, known - fold.slots)));
}
