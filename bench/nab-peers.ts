/**
 * Two detectors of the Numenta Anomaly Benchmark, made again from their definitions: their scores are published, so they tell
 * whether bench/nab-score.ts scores as the benchmark does.
 */

const GAUSSIAN_ROWS = 6400;
const GAUSSIAN_STEP_ROWS = 100;

/**
 * Windowed Gaussian: one less the tail probability of a value under the normal distribution of the last 6400 values; once these
 * are full, the window moves on by 100 at a time.
 */
export function createWindowedGaussian(): (atUs: number, value: number) => number {
  const values: number[] = [];
  let [mean, deviation] = [0, 1];
  return (_atUs, value) => {
    const score = values.length === 0 ? 0 : 1 - normalTail(Math.abs(value - mean) / deviation);
    values.push(value);
    const extra = values.length - GAUSSIAN_ROWS;
    if (extra > 0 && extra < GAUSSIAN_STEP_ROWS) return score;
    if (extra > 0) values.splice(0, GAUSSIAN_STEP_ROWS);
    mean = values.reduce((total, one) => total + one, 0) / values.length;
    deviation = Math.sqrt(values.reduce((total, one) => total + (one - mean) ** 2, 0) / values.length);
    if (deviation === 0) deviation = 1e-6;
    return score;
  };
}

/** P(Z > z): Abramowitz and Stegun 7.1.26 would be too coarse for scores near 1; this is the rational form of W. J. Cody's erfc as in Numerical Recipes 6.2.2, error below 1.2e-7 relative. */
function normalTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const exponent = coefficients.reduceRight((total, coefficient) => total * t + coefficient, 0);
  return 0.5 * t * Math.exp(-x * x + exponent);
}

const ENTROPY_ROWS = 52;
const ENTROPY_BINS = 5;
/** 99 % quantile of chi-squared with 4 degrees of freedom. */
const ENTROPY_LIMIT = 13.276704135987622;

/**
 * Relative entropy with many hypotheses (Wang et al. 2011, "Statistical Techniques for Online Anomaly Detection in Data Centers",
 * figure 1): 1 where the histogram of the last 52 values agrees with none seen before, by 2 W KL against chi-squared.
 * As defined for the benchmark, its five bins lie between the least and the greatest value of the whole file.
 */
export function createRelativeEntropy(file: Float64Array): (atUs: number, value: number) => number {
  const least = file.reduce((low, value) => Math.min(low, value), Infinity);
  const width = (file.reduce((high, value) => Math.max(high, value), -Infinity) - least) / ENTROPY_BINS;
  const recent: number[] = [];
  const hypotheses: (readonly number[])[] = [];
  return (_atUs, value) => {
    recent.push(Math.min(Math.ceil((value - least) / width), ENTROPY_BINS - 1));
    if (recent.length > ENTROPY_ROWS) recent.shift();
    if (width === 0 || recent.length < ENTROPY_ROWS) return 0;
    const shares = new Array<number>(ENTROPY_BINS).fill(0);
    for (const bin of recent) shares[bin] = (shares[bin] ?? 0) + 1 / ENTROPY_ROWS;
    const isNew = !hypotheses.some((known) => 2 * ENTROPY_ROWS * divergence(shares, known) < ENTROPY_LIMIT);
    if (isNew) hypotheses.push(shares);
    return isNew && hypotheses.length > 1 ? 1 : 0;
  };
}

/** Kullback-Leibler divergence. */
function divergence(shares: readonly number[], from: readonly number[]): number {
  return shares.reduce((total, share, bin) => {
    return share > 0 ? total + share * Math.log(share / (from[bin] ?? 0)) : total;
  }, 0);
}
