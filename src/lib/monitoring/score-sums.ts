import {pinballLoss} from '../forecasting/index.js';
import {KEPT_LEVELS} from './kept-forecast.js';

/** Central intervals that are told, by the kept levels at their ends. */
export const INTERVALS = [
  {share: 0.5, low: 0.25, high: 0.75},
  {share: 0.9, low: 0.05, high: 0.95},
  {share: 0.95, low: 0.025, high: 0.975},
] as const;

const ENDS = INTERVALS.map(({low, high}) => [levelIndex(low), levelIndex(high)] as const);
const MEDIAN = levelIndex(0.5);

/** How forecasts did, as sums over steps of series, so that many can be pooled. In the unit of the metric. */
export interface ScoreSums {
  /** Steps of series whose outcome is known, and those whose is not. */
  readonly steps: number;
  readonly unknownSteps: number;
  readonly absoluteOutcome: number;
  /** Median less outcome: above 0 more was foreseen than came. */
  readonly error: number;
  /** Mean over levels of 2 x pinball loss (as in `scoreForecast`). */
  readonly loss: number;
  /** By interval: steps whose outcome lay inside, ends included, and widths. */
  readonly inside: readonly number[];
  readonly width: readonly number[];
  /** By kept level: steps whose outcome was at or under the quantile. */
  readonly under: readonly number[];
}

/** Nothing yet. */
export const NO_SCORES: ScoreSums = {
  ...{steps: 0, unknownSteps: 0, absoluteOutcome: 0, error: 0, loss: 0},
  inside: INTERVALS.map(() => 0),
  width: INTERVALS.map(() => 0),
  under: KEPT_LEVELS.map(() => 0),
};

/**
 * Scores steps of one series: `quantiles[i][step]` at `KEPT_LEVELS[i]`, `outcome[step]`, NaN where it is not known. A step
 * for which nothing was foreseen is unknown too. Outcomes are rounded to 32 bits, as kept quantiles are: what was foreseen
 * exactly stays so.
 */
export function scoreSteps(quantiles: readonly Float64Array[], outcome: Float64Array): ScoreSums {
  let [steps, absoluteOutcome, error, loss] = [0, 0, 0, 0];
  const [inside, width] = [INTERVALS.map(() => 0), INTERVALS.map(() => 0)];
  const under = KEPT_LEVELS.map(() => 0);
  for (const [step, exact] of outcome.entries()) {
    const y = Math.fround(exact);
    const at = (index: number): number => quantiles[index]?.[step] ?? Number.NaN;
    const median = at(MEDIAN);
    if (Number.isNaN(y) || Number.isNaN(median)) continue;
    steps += 1;
    absoluteOutcome += Math.abs(y);
    error += median - y;
    for (const [index, level] of KEPT_LEVELS.entries()) {
      loss += (2 * pinballLoss(y, at(index), level)) / KEPT_LEVELS.length;
      if (y <= at(index)) under[index] = (under[index] ?? 0) + 1;
    }
    for (const [index, [low, high]] of ENDS.entries()) {
      width[index] = (width[index] ?? 0) + at(high) - at(low);
      if (at(low) <= y && y <= at(high)) inside[index] = (inside[index] ?? 0) + 1;
    }
  }
  return {
    ...{steps, unknownSteps: outcome.length - steps, absoluteOutcome, error, loss},
    ...{inside, width, under},
  };
}

/** All of them together. */
export function poolScores(all: Iterable<ScoreSums>): ScoreSums {
  let pooled = NO_SCORES;
  for (const one of all) pooled = addScores(pooled, one);
  return pooled;
}

function addScores(left: ScoreSums, right: ScoreSums): ScoreSums {
  const added = (one: readonly number[], other: readonly number[]): readonly number[] =>
    one.map((value, index) => value + (other[index] ?? 0));
  return {
    steps: left.steps + right.steps,
    unknownSteps: left.unknownSteps + right.unknownSteps,
    absoluteOutcome: left.absoluteOutcome + right.absoluteOutcome,
    error: left.error + right.error,
    loss: left.loss + right.loss,
    inside: added(left.inside, right.inside),
    width: added(left.width, right.width),
    under: added(left.under, right.under),
  };
}

/** What sums come to; figures are absent where nothing could be scored, shares of outcomes also where all were 0. */
export interface ScoreFigures {
  readonly steps: number;
  readonly unknownSteps: number;
  /** Share of outcomes inside each interval, which is `expected` when calibrated. */
  readonly coverage: readonly {readonly expected: number; readonly share: number}[];
  /** Foreseen (the median) less what came, over what came. */
  readonly bias?: number;
  /** Mean width of each interval over the mean outcome: the sharper, the less. */
  readonly sharpness: readonly {readonly interval: number; readonly width: number}[];
  /** Quantile loss over the sum of outcomes. */
  readonly wql?: number;
}

/** The figures of sums. */
export function tellScores(sums: ScoreSums): ScoreFigures {
  const {steps, unknownSteps, absoluteOutcome, error, loss, inside, width} = sums;
  const perOutcome = absoluteOutcome > 0;
  return {
    ...{steps, unknownSteps},
    coverage:
      steps === 0
        ? []
        : INTERVALS.map(({share}, index) => ({expected: share, share: (inside[index] ?? 0) / steps})),
    ...(perOutcome && {bias: error / absoluteOutcome, wql: loss / absoluteOutcome}),
    sharpness: perOutcome
      ? INTERVALS.map(({share}, index) => ({interval: share, width: (width[index] ?? 0) / absoluteOutcome}))
      : [],
  };
}

function levelIndex(level: number): number {
  return KEPT_LEVELS.findIndex((kept) => kept === level);
}
