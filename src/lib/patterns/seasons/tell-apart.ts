import {type Fold, slotOf} from './fold.js';
import {lagOneCorrelation} from './variance.js';

/** How many times likelier the better of two periods must be: e^3, a likelihood ratio of 20. */
const LOG_ODDS = 3;
/** A cycle is foretold from days this share of it away, too: of a year three days, of a month none. */
const REACH_SHARE = 1 / 120;

/**
 * Which of two folds of about the same length foretells cycles better from the other cycles, and whether by far:
 * the likelihood of the errors under noise that is as correlated as they are. `values` fluctuate around 0.
 */
export function tellApart(
  values: Float64Array,
  one: Fold,
  other: Fold,
): {readonly better: Fold; readonly isSure: boolean} {
  const [errors, otherErrors] = [foretellingErrors(values, one), foretellingErrors(values, other)];
  const [squares, otherSquares] = [sumOfSquares(errors), sumOfSquares(otherErrors)];
  const better = squares <= otherSquares ? one : other;
  const correlation = Math.min(0.99, Math.max(0, lagOneCorrelation(better === one ? errors : otherErrors)));
  const known = values.filter((value) => !Number.isNaN(value)).length;
  const independent = (known * (1 - correlation)) / (1 + correlation);
  const logOdds = (independent / 2) * Math.abs(Math.log(squares / otherSquares));
  return {better, isSure: logOdds >= LOG_ODDS};
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((total, value) => total + (Number.isNaN(value) ? 0 : value * value), Number.MIN_VALUE);
}

/** What is left of each value by the mean of the other cycles around its place, weighted by a triangle. */
function foretellingErrors(values: Float64Array, fold: Fold): Float64Array {
  const slots = Math.max(2, Math.round(fold.periodSteps));
  const fine = {...fold, slots};
  const reach = Math.round(slots * REACH_SHARE);
  const rows = 1 + fold.cycleOf.reduce((most, cycle) => Math.max(most, cycle), 0);
  const sums = new Float64Array((rows + 1) * slots);
  const counts = new Float64Array((rows + 1) * slots);
  const add = (at: number, value: number): void => {
    sums[at] = (sums[at] ?? 0) + value;
    counts[at] = (counts[at] ?? 0) + 1;
  };
  for (const [step, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    const slot = slotOf(fine, step);
    add((fold.cycleOf[step] ?? 0) * slots + slot, value);
    add(rows * slots + slot, value);
  }
  return values.map((value, step) => {
    if (Number.isNaN(value)) return value;
    const slot = slotOf(fine, step);
    const row = (fold.cycleOf[step] ?? 0) * slots;
    let [total, weight] = [0, 0];
    for (let away = -reach; away <= reach; away += 1) {
      const at = (slot + away + slots) % slots;
      const share = reach + 1 - Math.abs(away);
      total += share * ((sums[rows * slots + at] ?? 0) - (sums[row + at] ?? 0));
      weight += share * ((counts[rows * slots + at] ?? 0) - (counts[row + at] ?? 0));
    }
    return weight > 0 ? value - total / weight : value;
  });
}
