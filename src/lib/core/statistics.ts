/** Sum of the values. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Arithmetic mean; NaN for no values. */
export function mean(values: ArrayLike<number> & Iterable<number>): number {
  return sum(values) / values.length;
}

/**
 * The `level` quantile (0 to 1) by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996,
 * the default of R and NumPy). NaN for no values.
 */
export function quantile(values: Iterable<number>, level: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * Math.min(1, Math.max(0, level));
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (position - below);
}
