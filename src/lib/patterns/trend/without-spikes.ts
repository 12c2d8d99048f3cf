import {medianOf} from '../median-of.js';

/** Neighbours on either side that a value is held against. */
export const SPIKE_REACH = 3;
export const SPIKE_DEVIATIONS = 4;
/** The median absolute deviation of normal values times this is their standard deviation. */
export const MAD_TO_DEVIATION = 1.4826;

/** Values that are far from the median of their neighbours, by the usual distance from it, take that median. NaN stays NaN. */
export function withoutSpikes(values: Float64Array): Float64Array {
  const around = runningMedian(values);
  const away = values.map((value, index) => Math.abs(value - (around[index] ?? 0)));
  const most = SPIKE_DEVIATIONS * MAD_TO_DEVIATION * medianOf(away);
  return values.map((value, index) => ((away[index] ?? 0) > most ? (around[index] ?? value) : value));
}

/** Medians of the neighbours on either side, as many of one as of the other: a slope is no spike at the ends either. */
export function runningMedian(values: Float64Array): Float64Array {
  return values.map((_, index) => {
    const reach = Math.min(SPIKE_REACH, index, values.length - 1 - index);
    return medianOf(values.subarray(index - reach, index + reach + 1));
  });
}
