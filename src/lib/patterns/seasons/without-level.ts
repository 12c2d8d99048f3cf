import {quantile} from '../../core/index.js';
import {lagOneCorrelation} from './variance.js';

/**
 * The values less their running median over a window, which takes drift and level shifts off, without smearing a shift, and
 * leaves a season of that length (or one that fits into it) whole. NaN is left out of the medians and stays NaN. Where the window
 * reaches over an end, the medians go on with the slope that most of them have.
 */
export function withoutLevel(values: Float64Array, windowSteps: number): Float64Array {
  const steps = values.length;
  const window = Math.max(1, Math.round(windowSteps));
  const medians = runningMedians(values, window);
  const first = Math.min(Math.ceil(window / 2), Math.floor((steps - 1) / 2));
  const last = Math.max(first, steps - 1 - first);
  const slope = usualSlope(medians.subarray(first, last + 1), Math.max(1, Math.round(window / 4)));
  return values.map((value, step) => {
    const within = Math.min(last, Math.max(first, step));
    return value - (medians[within] ?? 0) - slope * (step - within);
  });
}

/** The median of what `levels` change by over `lag` steps, a step. */
function usualSlope(levels: Float64Array, lag: number): number {
  const pairs = levels.length - lag;
  return pairs < 1
    ? 0
    : quantile(
        levels.subarray(lag).map((level, step) => level - (levels[step] ?? 0)),
        0.5,
      ) / lag;
}

/** Medians of windows around each step; where less than a quarter of one is known, that of the step before. */
function runningMedians(values: Float64Array, window: number): Float64Array {
  const steps = values.length;
  const medians = new Float64Array(steps);
  const sorted = new SortedValues(window);
  const before = Math.floor(window / 2);
  let next = 0;
  let median = quantile(
    values.filter((value) => !Number.isNaN(value)),
    0.5,
  );
  for (let step = 0; step < steps; step += 1) {
    for (const end = Math.min(steps, step - before + window); next < end; next += 1)
      sorted.add(values[next] ?? Number.NaN);
    if (step - before > 0) sorted.remove(values[step - before - 1] ?? Number.NaN);
    if (sorted.count >= window / 4) median = sorted.median();
    medians[step] = median;
  }
  return medians;
}

/** The known values of a window, in order. */
class SortedValues {
  count = 0;
  private readonly values: Float64Array;

  constructor(most: number) {
    this.values = new Float64Array(most + 2);
  }

  add(value: number): void {
    if (Number.isNaN(value)) return;
    const at = this.place(value);
    this.values.copyWithin(at + 1, at, this.count);
    this.values[at] = value;
    this.count += 1;
  }

  remove(value: number): void {
    if (Number.isNaN(value)) return;
    const at = this.place(value);
    this.values.copyWithin(at, at + 1, this.count);
    this.count -= 1;
  }

  median(): number {
    const middle = Math.floor(this.count / 2);
    const upper = this.values[middle] ?? 0;
    return this.count % 2 === 1 ? upper : (upper + (this.values[middle - 1] ?? 0)) / 2;
  }

  /** How many are below a value. */
  private place(value: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.values[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The values less what their predecessor foretells of them (AR(1), by the lag-1 autocorrelation): the spectrum of what is
 * left is flatter, so that neither a random walk nor a jump passes for a season. NaN where either of the two is.
 */
export function whitened(values: Float64Array): Float64Array {
  const correlation = lagOneCorrelation(values);
  return values.map((value, step) =>
    step === 0 ? Number.NaN : value - correlation * (values[step - 1] ?? Number.NaN),
  );
}
