/** Where a local regression looks: `windowSteps` nearest values (odd), fitted by a polynomial of `degree`. */
export interface LoessWindow {
  readonly windowSteps: number;
  readonly degree: 0 | 1;
}

/**
 * Local regression of evenly spaced values (Cleveland, Cleveland, McRae and Terpenning 1990, "STL", section 2.2) at
 * every step: tricube weights over the nearest `windowSteps`; where the window is longer than the values its reach
 * grows by half of what is missing. Only every tenth of the window is computed, the rest interpolated (section 2.6).
 */
export function loess(values: Float64Array, window: LoessWindow): Float64Array {
  const count = values.length;
  if (count < 2) return Float64Array.from(values);
  const jump = Math.min(Math.ceil(window.windowSteps / 10), count - 1);
  const smooth = new Float64Array(count);
  let before = 0;
  smooth[0] = loessAt(values, 0, window);
  for (let step = jump; ; step += jump) {
    const at = Math.min(step, count - 1);
    const right = loessAt(values, at, window);
    const left = smooth[before] ?? 0;
    for (let between = before + 1; between <= at; between += 1)
      smooth[between] = left + ((right - left) * (between - before)) / (at - before);
    before = at;
    if (at === count - 1) return smooth;
  }
}

/** The local regression at one place, in steps from the first value; it may lie a step outside. */
export function loessAt(values: Float64Array, at: number, {windowSteps, degree}: LoessWindow): number {
  const count = values.length;
  const width = Math.min(windowSteps, count);
  const from = Math.max(0, Math.min(count - width, at - (windowSteps - 1) / 2));
  const to = from + width - 1;
  const reach = Math.max(at - from, to - at) + Math.max(0, Math.floor((windowSteps - count) / 2));
  if (reach === 0) return values[from] ?? Number.NaN;
  const sums = {weight: 0, x: 0, xx: 0, y: 0, xy: 0};
  for (let index = from; index <= to; index += 1) {
    const x = index - at;
    const share = Math.abs(x) / reach;
    if (share >= 0.999) continue;
    const cubed = 1 - share * share * share;
    const weight = share <= 0.001 ? 1 : cubed * cubed * cubed;
    const y = values[index] ?? 0;
    sums.weight += weight;
    sums.x += weight * x;
    sums.xx += weight * x * x;
    sums.y += weight * y;
    sums.xy += weight * x * y;
  }
  return intercept(sums, degree, count);
}

/** The weighted line at x = 0, or the weighted mean where a line cannot be told. */
function intercept(
  {weight, x, xx, y, xy}: {weight: number; x: number; xx: number; y: number; xy: number},
  degree: 0 | 1,
  count: number,
): number {
  const [meanX, meanY] = [x / weight, y / weight];
  const spread = xx / weight - meanX * meanX;
  if (degree === 0 || !(Math.sqrt(Math.max(0, spread)) > 0.001 * (count - 1))) return meanY;
  return meanY - (meanX * (xy / weight - meanX * meanY)) / spread;
}
