/**
 * The values as normal scores of their ranks (van der Waerden): robust to bursts and heavy tails, and the same under any
 * rising transformation. Equal values get the score of their mean rank; NaN stays NaN.
 */
export function normalScores(values: Float64Array): Float64Array {
  const order = Array.from(values.keys())
    .filter((step) => !Number.isNaN(values[step]))
    .sort((left, right) => (values[left] ?? 0) - (values[right] ?? 0));
  const scores = new Float64Array(values.length).fill(Number.NaN);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    const value = values[order[first] ?? 0];
    while (end < order.length && values[order[end] ?? 0] === value) end += 1;
    const score = normalQuantile((first + end + 1) / 2 / (order.length + 1));
    for (; first < end; first += 1) scores[order[first] ?? 0] = score;
  }
  return scores;
}

/** Quantile of the standard normal distribution, to seven digits (Wichura 1988, AS 241, PPND7). */
export function normalQuantile(level: number): number {
  const q = level - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const r = Math.sqrt(-Math.log(q < 0 ? level : 1 - level));
  const far = r > 5;
  const s = far ? r - 5 : r - 1.6;
  const size = far
    ? (((0.017337203997 * s + 0.42868294337) * s + 3.081226386) * s + 6.657905115) /
      ((0.012258202635 * s + 0.24197894225) * s + 1)
    : (((0.17023821103 * s + 1.3067284816) * s + 2.75681539) * s + 1.4234372777) /
      ((0.12021132975 * s + 0.7370016425) * s + 1);
  return q < 0 ? -size : size;
}
