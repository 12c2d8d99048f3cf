import {quantile} from '../../core/index.js';
import {medianOf} from '../median-of.js';
import {
  MAD_TO_DEVIATION,
  runningMedian,
  SPIKE_DEVIATIONS,
  SPIKE_REACH,
  withoutSpikes,
} from './without-spikes.js';

/** A stretch between two changes is no shorter than this. */
export const LEAST_STRETCH = 7;
/** Above it, values are taken to add up: what may change is by how much they grow. */
const ADDING_UP = 0.9;
/** A change must make the squares less by so many times the noise's variance and the log of the length, for each number it adds. */
/** A jump is at least so many times the growth around it. */
const JUMP_GROWTHS = 3;
const PENALTY = 4;

/**
 * Where the level or the slope of a series changes: the indices at which stretches after the first begin. Exact optimal
 * partitioning (Jackson et al. 2005, IEEE Signal Processing Letters 12) into lines, of values from which their correlation
 * with the one before was taken off (AR1seg of Chakar et al. 2017, Bernoulli 23, whose robust estimate of it is not moved by
 * changes). Values that stand alone are put back to their neighbours' median before: a spike is no change. Of values
 * that add up, such as used bytes, the growth may change, or they jump and stay. NaN is passed over.
 */
export function changePoints(values: Float64Array): readonly number[] {
  const at = Array.from(values.keys()).filter((index) => !Number.isNaN(values[index]));
  if (at.length < 2 * LEAST_STRETCH) return [];
  const known = withoutSpikes(Float64Array.from(at, (index) => values[index] ?? 0));
  const correlation = robustCorrelation(known);
  const addsUp = correlation > ADDING_UP;
  const own = known
    .subarray(1)
    .map((value, index) => value - (addsUp ? 1 : correlation) * (known[index] ?? 0));
  const changes = addsUp ? [...growthChanges(own), ...lastingJumps(known, own)] : partition(own, 2);
  return [...new Set(changes)]
    .toSorted((left, right) => left - right)
    .filter((change, index, all) => index === 0 || change - (all[index - 1] ?? 0) >= LEAST_STRETCH)
    .map((change) => at[change + 1] ?? 0);
}

/**
 * Lag-1 correlation from medians of differences over one and over two steps, 0 to 1 (Chakar et al. 2017, section 2); less
 * their median, as values may grow.
 */
function robustCorrelation(values: Float64Array): number {
  const usual = (lag: number): number => {
    const differences = values.subarray(lag).map((value, index) => value - (values[index] ?? 0));
    const middle = quantile(differences, 0.5);
    return quantile(
      differences.map((each) => Math.abs(each - middle)),
      0.5,
    );
  };
  const one = usual(1);
  return one > 0 ? Math.min(1, Math.max(0, (usual(2) / one) ** 2 - 1)) : 0;
}

/** Changes of the mean of growths, of which one that is far off both from those before and those after counts no more than others. */
function growthChanges(growths: Float64Array): readonly number[] {
  const most = SPIKE_DEVIATIONS * deviationOf(growths);
  const clipped = growths.map((growth, index) => {
    const before = medianOf(growths.subarray(Math.max(0, index - SPIKE_REACH), index || 1));
    const after = medianOf(
      growths.subarray(Math.min(index + 1, growths.length - 1), index + 1 + SPIKE_REACH),
    );
    const near = Math.abs(growth - before) < Math.abs(growth - after) ? before : after;
    return Math.min(near + most, Math.max(near - most, growth));
  });
  return partition(clipped, 1);
}

/** Growths far beyond those around them, after which the level stays. */
function lastingJumps(values: Float64Array, growths: Float64Array): readonly number[] {
  const usual = runningMedian(growths);
  const least = 2 * SPIKE_DEVIATIONS * Math.max(deviationOf(growths), 1e-3 * span(values));
  return Array.from(growths.keys()).filter((index) => {
    const jump = (growths[index] ?? 0) - (usual[index] ?? 0);
    const most = Math.max(least, JUMP_GROWTHS * Math.abs(usual[index] ?? 0));
    if (Math.abs(jump) < most || index < LEAST_STRETCH || index > growths.length - LEAST_STRETCH)
      return false;
    const before = quantile(values.subarray(index + 1 - LEAST_STRETCH, index + 1), 0.5);
    const after = quantile(values.subarray(index + 1, index + 1 + LEAST_STRETCH), 0.5);
    return (after - before) / jump > 0.5;
  });
}

function span(values: Float64Array): number {
  return (
    values.reduce((most, value) => Math.max(most, value), -Infinity) -
    values.reduce((least, value) => Math.min(least, value), Infinity)
  );
}

/** Standard deviation of the noise, from the median of differences: changes of the level do not move it. */
function deviationOf(values: Float64Array): number {
  const differences = values.subarray(1).map((value, index) => value - (values[index] ?? 0));
  const middle = quantile(differences, 0.5);
  return (
    (MAD_TO_DEVIATION *
      quantile(
        differences.map((each) => Math.abs(each - middle)),
        0.5,
      )) /
    Math.SQRT2
  );
}

/** Beginnings of the stretches of the partition with the least squares around means (1 number each) or lines (2). */
function partition(values: Float64Array, numbers: 1 | 2): readonly number[] {
  const {length} = values;
  const deviation = Math.max(deviationOf(values), 1e-3 * span(values), Number.MIN_VALUE);
  const penalty = PENALTY * (numbers + 1) * Math.log(length) * deviation ** 2;
  const squares = createSquares(values, numbers);
  const least = new Float64Array(length + 1).fill(Infinity);
  const from = new Int32Array(length + 1);
  least[0] = -penalty;
  for (let end = LEAST_STRETCH; end <= length; end += 1) {
    for (let begin = 0; begin <= end - LEAST_STRETCH; begin += 1) {
      const cost = (least[begin] ?? 0) + squares(begin, end) + penalty;
      if (cost < (least[end] ?? 0)) {
        least[end] = cost;
        from[end] = begin;
      }
    }
  }
  const begins: number[] = [];
  for (let begin = from[length] ?? 0; begin > 0; begin = from[begin] ?? 0) begins.push(begin);
  return begins.reverse();
}

/** Squares left by the best mean or line over [begin, end), from running sums. */
function createSquares(values: Float64Array, numbers: 1 | 2): (begin: number, end: number) => number {
  const {length} = values;
  const middle = quantile(values, 0.5);
  const sums = new Float64Array(length + 1);
  const moments = new Float64Array(length + 1);
  const powers = new Float64Array(length + 1);
  for (const [index, value] of values.entries()) {
    const each = value - middle;
    sums[index + 1] = (sums[index] ?? 0) + each;
    moments[index + 1] = (moments[index] ?? 0) + index * each;
    powers[index + 1] = (powers[index] ?? 0) + each * each;
  }
  return (begin, end) => {
    const count = end - begin;
    const total = (sums[end] ?? 0) - (sums[begin] ?? 0);
    const around = (powers[end] ?? 0) - (powers[begin] ?? 0) - (total * total) / count;
    if (numbers === 1) return Math.max(0, around);
    const center = begin + (count - 1) / 2;
    const along = (moments[end] ?? 0) - (moments[begin] ?? 0) - center * total;
    return Math.max(0, around - (along * along * 12) / (count * (count * count - 1)));
  };
}
