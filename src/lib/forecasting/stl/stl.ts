import {loess, loessAt, type LoessWindow} from './loess.js';

/** A series as season + trend + remainder; one value a step each. */
export interface Decomposition {
  readonly season: Float64Array;
  readonly trend: Float64Array;
}

/** Passes of the inner loop; without outliers to fear, two are enough (section 3.3 of the paper). */
const PASSES = 2;

/**
 * Seasonal-trend decomposition by local regression, not robust (Cleveland, Cleveland, McRae and Terpenning 1990, section
 * 2.3). `values` have no gaps and hold at least two seasons. `windowSeasons` (odd): over how many seasons a season may
 * change. The trend's window is the smallest odd number over 1.5 m / (1 - 1.5 / windowSeasons) (section 3.4).
 */
export function stl(values: Float64Array, seasonSteps: number, windowSeasons: number): Decomposition {
  const trendSteps = nextOdd((1.5 * seasonSteps) / (1 - 1.5 / windowSeasons));
  const ofTrend: LoessWindow = {windowSteps: trendSteps, degree: 1};
  let season: Float64Array = new Float64Array(values.length);
  let trend: Float64Array = new Float64Array(values.length);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const cycles = smoothCycles(minus(values, trend), seasonSteps, {windowSteps: windowSeasons, degree: 0});
    const low = loess(lowPass(cycles, seasonSteps), {windowSteps: nextOdd(seasonSteps), degree: 1});
    season = low.map((value, step) => (cycles[seasonSteps + step] ?? 0) - value);
    trend = loess(minus(values, season), ofTrend);
  }
  return {season, trend};
}

/** Every phase of the season smoothed on its own and drawn out by one season at both ends. */
function smoothCycles(values: Float64Array, seasonSteps: number, window: LoessWindow): Float64Array {
  const cycles = new Float64Array(values.length + 2 * seasonSteps);
  for (let phase = 0; phase < seasonSteps; phase += 1) {
    const count = Math.ceil((values.length - phase) / seasonSteps);
    const own = Float64Array.from({length: count}, (_, cycle) => values[phase + cycle * seasonSteps] ?? 0);
    const smooth = loess(own, window);
    cycles[phase] = loessAt(own, -1, window);
    for (const [cycle, value] of smooth.entries()) cycles[phase + (cycle + 1) * seasonSteps] = value;
    cycles[phase + (count + 1) * seasonSteps] = loessAt(own, count, window);
  }
  return cycles;
}

function lowPass(cycles: Float64Array, seasonSteps: number): Float64Array {
  return movingMean(movingMean(movingMean(cycles, seasonSteps), seasonSteps), 3);
}

/** Means of all whole windows: shorter than the values by the window less one. */
export function movingMean(values: Float64Array, windowSteps: number): Float64Array {
  const means = new Float64Array(Math.max(0, values.length - windowSteps + 1));
  let sum = 0;
  for (let step = 0; step < values.length; step += 1) {
    sum += (values[step] ?? 0) - (step >= windowSteps ? (values[step - windowSteps] ?? 0) : 0);
    if (step >= windowSteps - 1) means[step - windowSteps + 1] = sum / windowSteps;
  }
  return means;
}

function minus(left: Float64Array, right: Float64Array): Float64Array {
  return left.map((value, step) => value - (right[step] ?? 0));
}

function nextOdd(value: number): number {
  const whole = Math.ceil(value);
  return whole + (whole % 2 === 0 ? 1 : 0);
}
