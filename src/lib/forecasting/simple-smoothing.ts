/**
 * Simple exponential smoothing, `l(t) = alpha y(t) + (1 - alpha) l(t-1)`, with the first level and, where none is
 * given, the alpha that minimise the squared one-step errors. For a given alpha every error is linear in the first
 * level, so that only alpha is searched for (golden section, 1e-4 to 0.9999). No gaps.
 */
export function simpleSmoothing(
  values: Float64Array,
  alpha?: number,
): {readonly alpha: number; readonly level: number} {
  const best = alpha ?? goldenSection((share) => smoothWith(values, share).squares, 1e-4, 0.9999);
  return {alpha: best, level: smoothWith(values, best).level};
}

function smoothWith(values: Float64Array, alpha: number): {squares: number; level: number} {
  // Errors from a first level of 0 are e; a first level l lowers them by l (1 - alpha)^t.
  let [level, power, ee, ep, pp] = [0, 1, 0, 0, 0];
  for (const value of values) {
    const error = value - level;
    ee += error * error;
    ep += error * power;
    pp += power * power;
    level += alpha * error;
    power *= 1 - alpha;
  }
  const first = ep / pp;
  return {squares: ee - ep * first, level: level + first * power};
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

function goldenSection(evaluate: (at: number) => number, lowest: number, highest: number): number {
  let [low, high] = [lowest, highest];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [evaluate(left), evaluate(right)];
  while (high - low > 1e-5) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = evaluate(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = evaluate(right);
    }
  }
  return (low + high) / 2;
}
