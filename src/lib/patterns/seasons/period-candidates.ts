import {quantile} from '../../core/index.js';
import {fromPower, powerSpectrum} from './fourier.js';
import type {SeasonValues} from './locking-test.js';

const MOST_CANDIDATES = 6;
/** A peak stands so many times above the noise around it, at least: noise does once in 400 frequencies. */
const LEAST_RATIO = 6;
const MOST_MULTIPLE = 6;
const NEIGHBOUR_SHARE = 0.25;
const LEAST_NEIGHBOURS = 8;

/**
 * Periods, in steps, that stand out of the periodogram and are confirmed on the autocorrelation (Vlachos et al. 2005, "On
 * periodicity detection and structural periodic similarity"), the strongest first: the noise of a frequency is the median power
 * around it. A peak may be a harmonic of the period: for each, all multiples are told that the autocorrelation shows, in
 * rising order. NaN counts as 0. Periods from 2 steps to half the length.
 */
export function periodCandidates({level, white}: SeasonValues): readonly (readonly number[])[] {
  const steps = level.length;
  const length = 2 ** Math.ceil(Math.log2(2 * steps));
  const power = (values: Float64Array): Float64Array =>
    powerSpectrum(
      values.map((value) => (Number.isNaN(value) ? 0 : value)),
      length,
    );
  const covariances = fromPower(power(level));
  const pairs = fromPower(power(level.map((value) => (Number.isNaN(value) ? 0 : 1))));
  const variance = (covariances[0] ?? 0) / Math.max(1, pairs[0] ?? 0);
  const correlationAt = (lag: number): Correlation => {
    const count = Math.max(1, pairs[Math.round(lag)] ?? 0);
    const height = (covariances[Math.round(lag)] ?? 0) / count / Math.max(1e-300, variance);
    return {height, slack: 2 / Math.sqrt(count)};
  };
  return peaksOf(power(white), length / steps)
    .map((bin) => confirmed(length / bin, steps, correlationAt))
    .filter((periods) => periods.length > 0);
}

interface Correlation {
  readonly height: number;
  /** What noise reaches. */
  readonly slack: number;
}

/** Bins, broken, of the peaks that stand out most. `padding`: how many bins there are for one independent frequency. */
function peaksOf(power: Float64Array, padding: number): readonly number[] {
  const half = power.length / 2;
  const peaks: {bin: number; ratio: number}[] = [];
  const noiseAt = noiseOf(power, padding);
  for (let bin = Math.ceil(2 * padding - 0.01); bin <= half; bin += 1) {
    const [before, here, after] = [power[bin - 1] ?? 0, power[bin] ?? 0, power[bin + 1] ?? 0];
    if (here < before || here < after) continue;
    const ratio = (here * Math.LN2) / noiseAt(bin);
    const bend = before - 2 * here + after;
    if (ratio >= LEAST_RATIO) peaks.push({bin: bin + (bend < 0 ? (before - after) / 2 / bend : 0), ratio});
  }
  return peaks
    .toSorted((left, right) => right.ratio - left.ratio)
    .slice(0, MOST_CANDIDATES)
    .map(({bin}) => bin);
}

/** The median power around a bin, worked out anew when it is an eighth of what it was learned from away. */
function noiseOf(power: Float64Array, padding: number): (bin: number) => number {
  const half = power.length / 2;
  let known = {bin: -Infinity, reach: 0, noise: 0};
  return (bin) => {
    if (bin - known.bin > known.reach / 8) {
      const reach = Math.ceil(Math.max(LEAST_NEIGHBOURS * padding, NEIGHBOUR_SHARE * bin));
      const around = power.subarray(Math.max(1, bin - reach), Math.min(half, bin + reach) + 1);
      known = {bin, reach, noise: Math.max(1e-300, quantile(around, 0.5))};
    }
    return known.noise;
  };
}

/** The multiples of a period that the autocorrelation shows as well as any. */
function confirmed(
  period: number,
  steps: number,
  correlationAt: (lag: number) => Correlation,
): readonly number[] {
  const found = Array.from({length: MOST_MULTIPLE}, (_, index) => (index + 1) * period)
    .filter((multiple) => multiple <= steps / 2)
    .map((multiple) => ({multiple, ...correlationAt(multiple)}));
  const highest = found.reduce((most, {height}) => Math.max(most, height), 0);
  return found
    .filter(({height, slack}) => height >= slack && height >= Math.min(highest / 2, highest - slack))
    .map(({multiple}) => multiple);
}
