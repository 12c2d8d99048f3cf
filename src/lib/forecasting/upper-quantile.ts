/**
 * A bound that the next value of an exchangeable sample stays under with probability `level`, K values seen.
 *
 * With enough values, `K >= level / (1 - level)`, it is the conformal one: the order statistic of rank
 * `ceil((K + 1) level)` (Vovk, Gammerman and Shafer 2005), which assumes nothing of the distribution. With fewer, no
 * value seen reaches that far, and the tail is extended: the m largest values exceed the one below them by amounts
 * taken for exponential, whose next one is bounded, the unknown mean included, by
 * `S ((p / (1 - level))^(1/m) - 1)`, S the sum of the exceedances and p = (m + 1) / (K + 1) the chance to exceed at
 * all (a Pareto law of the ratio of one exponential to a sum of m). m = min(K - 1, max(3, 2 sqrt(K))). Heavier tails
 * than exponential break it. One value alone is its own bound; none gives NaN.
 */
export function upperQuantile(samples: Iterable<number>, level: number): number {
  return upperOfSorted(Float64Array.from(samples).sort(), level);
}

/** The same for values already in rising order. */
export function upperOfSorted(sorted: Float64Array, level: number): number {
  const count = sorted.length;
  const rank = Math.max(1, Math.ceil((count + 1) * level - ROUNDING));
  if (rank <= count) return sorted[rank - 1] ?? Number.NaN;
  if (count < 2) return sorted[0] ?? Number.NaN;
  const exceeding = Math.min(count - 1, Math.max(3, Math.ceil(2 * Math.sqrt(count))));
  const threshold = sorted[count - exceeding - 1] ?? 0;
  const top = sorted.subarray(count - exceeding);
  const excess = top.reduce((total, value) => total + (value - threshold), 0);
  const reach = (exceeding + 1) / (count + 1) / (1 - level);
  const extended = threshold + excess * (reach ** (1 / exceeding) - 1);
  return Math.max(extended, sorted[count - 1] ?? extended);
}

/** 0.9 x 10 is a little more than 9 in binary: a rank must not rise by that. */
const ROUNDING = 1e-9;
