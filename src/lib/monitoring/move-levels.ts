import {KEPT_LEVELS} from './kept-forecast.js';
import {poolScores, type ScoreSums} from './score-sums.js';

/** As in `forecastAdapted`. */
const RATE = 0.05;
const MOST_NIGHTS = 64;
const LEAST_NIGHTS = 10;
/** Coverage of 90 % that is off by less is left alone. */
const TOLERATED = 0.03;
/** Of a mean of nights, beyond which it is not by chance. */
const STANDARD_ERRORS = 3;

/** How levels would have to be asked for to be kept. */
export interface LevelAdvice {
  /** From which all this is, at most 64. */
  readonly nights: number;
  readonly levels: readonly {
    readonly level: number;
    /** Share of outcomes at or under its quantile. */
    readonly share: number;
    /** The level to ask for instead. */
    readonly ask: number;
  }[];
  /** Coverage of the 90 % interval is off by more than three points and three standard errors of its nights. */
  readonly isOff: boolean;
}

/**
 * Adaptive conformal inference (Gibbs and Candes 2021) over nights, the oldest first: `ask <- ask + 0.05 (level - share
 * of the night)`, as `forecast --adapt` does for each volume from its history; here over all volumes from what was kept.
 */
export function adviseLevels(nights: readonly ScoreSums[]): LevelAdvice {
  const known = nights.filter(({steps}) => steps > 0).slice(-MOST_NIGHTS);
  const pooled = poolScores(known);
  const levels = KEPT_LEVELS.map((level, index) => {
    const shareOf = ({under, steps}: ScoreSums): number => (under[index] ?? 0) / Math.max(1, steps);
    const ask = known.reduce<number>((asked, night) => asked + RATE * (level - shareOf(night)), level);
    return {level, share: shareOf(pooled), ask: Math.min(0.995, Math.max(0.005, ask))};
  });
  return {nights: known.length, levels, isOff: isOff(known)};
}

function isOff(nights: readonly ScoreSums[]): boolean {
  if (nights.length < LEAST_NIGHTS) return false;
  const shares = nights.map(({inside, steps}) => (inside[1] ?? 0) / steps);
  const centre = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const squares = shares.reduce((sum, share) => sum + (share - centre) ** 2, 0);
  const error = Math.sqrt(squares / (shares.length - 1) / shares.length);
  return Math.abs(centre - 0.9) > Math.max(TOLERATED, STANDARD_ERRORS * error);
}
