/**
 * Exponential smoothing in state space form (Hyndman, Koehler, Ord and Snyder 2008, tables 2.2 and 2.3). With q the level
 * one step on, b* the trend one step on, s the season's state one cycle ago (1 or 0 without a season), and d = y - mu:
 *
 *     additive trend:         b* = phi b   q = l + b*      multiplicative trend:  b* = b^phi   q = l b*
 *     no season or additive:  mu = q + s   l' = q + alpha d      b' = b* + beta d      s' = s + gamma d
 *     multiplicative season:  mu = q s     l' = q + alpha d / s  b' = b* + beta d / s  s' = s + gamma d / q
 *     multiplicative trend:   mu = q s     l' as above           b' = b* + beta d / (s l)  s' as above
 *
 * These hold for additive errors e = d and for multiplicative errors e = d / mu alike: for the same parameters both
 * give the same path, and differ only in what is minimised.
 */
export interface EtsForm {
  readonly error: 'A' | 'M';
  /** `d`: damped. A multiplicative trend is a factor a step, and has no additive season. */
  readonly trend: 'N' | 'A' | 'Ad' | 'M' | 'Md';
  readonly season: 'N' | 'A' | 'M';
  /** Steps of the season; 1 without one. */
  readonly seasonSteps: number;
}

/** Whether the trend is a factor. */
export function hasFactorTrend({trend}: EtsForm): boolean {
  return trend === 'M' || trend === 'Md';
}

export interface EtsParameters {
  readonly alpha: number;
  /** 0 without trend. */
  readonly beta: number;
  /** 0 without season. */
  readonly gamma: number;
  /** 1 where the trend is not damped. */
  readonly phi: number;
}

/** Level, trend and the seasons' states; `seasons[0]` belongs to the first step that comes. */
export interface EtsState {
  level: number;
  trend: number;
  readonly seasons: Float64Array;
}

/** Whether the season's states are factors: of a multiplicative season, and of none where the trend is one. */
export function hasFactorSeason(form: EtsForm): boolean {
  return form.season === 'M' || hasFactorTrend(form);
}

/** A full season's states that change nothing: 1 for factors, else 0. */
export function neutralSeason(form: EtsForm): Float64Array {
  return new Float64Array(form.seasonSteps).fill(hasFactorSeason(form) ? 1 : 0);
}

/**
 * Runs the recursion over the values and leaves `state` behind the last one. Returns -2 log likelihood less a
 * constant: `n log(sum e^2)`, with multiplicative errors `+ 2 sum log |mu|`. At a gap the state moves on without a
 * correction. Infinity, and a state that means nothing, when a multiplicative form meets a mean that is not positive.
 */
export function smooth(
  values: Float64Array,
  form: EtsForm,
  parameters: EtsParameters,
  state: EtsState,
): number {
  const run = hasFactorTrend(form)
    ? smoothFactorTrend
    : form.season === 'M'
      ? smoothMultiplicative
      : smoothAdditive;
  const value = run(values, parameters, state, form.error === 'M');
  rotate(state.seasons, values.length % state.seasons.length);
  return value;
}

// Three plain loops over typed arrays, written out: they run some thousand times a series.
function smoothAdditive(
  values: Float64Array,
  {alpha, beta, gamma, phi}: EtsParameters,
  state: EtsState,
  isRelative: boolean,
): number {
  const {seasons} = state;
  let {level, trend} = state;
  const sums = noErrors();
  let phase = 0;
  for (const y of values) {
    const damped = phi * trend;
    const q = level + damped;
    const s = seasons[phase] ?? 0;
    const mu = q + s;
    if (isRelative && !(mu > 0)) return Infinity;
    const d = !Number.isNaN(y) ? y - mu : 0;
    if (!Number.isNaN(y)) addError(sums, d, isRelative ? mu : 1);
    level = q + alpha * d;
    trend = damped + beta * d;
    seasons[phase] = s + gamma * d;
    phase = phase + 1 === seasons.length ? 0 : phase + 1;
  }
  state.level = level;
  state.trend = trend;
  return deviance(sums);
}

function smoothMultiplicative(
  values: Float64Array,
  {alpha, beta, gamma, phi}: EtsParameters,
  state: EtsState,
  isRelative: boolean,
): number {
  const {seasons} = state;
  let {level, trend} = state;
  const sums = noErrors();
  let phase = 0;
  for (const y of values) {
    const damped = phi * trend;
    const q = level + damped;
    const s = seasons[phase] ?? 1;
    const mu = q * s;
    if (!(mu > 0 && q > 0)) return Infinity;
    const d = !Number.isNaN(y) ? y - mu : 0;
    if (!Number.isNaN(y)) addError(sums, d, isRelative ? mu : 1);
    level = q + (alpha * d) / s;
    trend = damped + (beta * d) / s;
    seasons[phase] = s + (gamma * d) / q;
    phase = phase + 1 === seasons.length ? 0 : phase + 1;
  }
  state.level = level;
  state.trend = trend;
  return deviance(sums);
}

function smoothFactorTrend(
  values: Float64Array,
  {alpha, beta, gamma, phi}: EtsParameters,
  state: EtsState,
  isRelative: boolean,
): number {
  const {seasons} = state;
  let {level, trend} = state;
  const sums = noErrors();
  let phase = 0;
  for (const y of values) {
    const damped = phi === 1 ? trend : trend ** phi;
    const q = level * damped;
    const s = seasons[phase] ?? 1;
    const mu = q * s;
    if (!(mu > 0 && q > 0)) return Infinity;
    const d = !Number.isNaN(y) ? y - mu : 0;
    if (!Number.isNaN(y)) addError(sums, d, isRelative ? mu : 1);
    trend = damped + (beta * d) / (s * level);
    level = q + (alpha * d) / s;
    seasons[phase] = s + (gamma * d) / q;
    phase = phase + 1 === seasons.length ? 0 : phase + 1;
  }
  state.level = level;
  state.trend = trend;
  return deviance(sums);
}

interface ErrorSums {
  squares: number;
  logMeans: number;
  /** Of the means whose logarithms are not in `logMeans` yet: one logarithm of many is cheaper than many. */
  meanProduct: number;
  count: number;
}

function noErrors(): ErrorSums {
  return {squares: 0, logMeans: 0, meanProduct: 1, count: 0};
}

/** `unit` is the mean for relative errors, else 1. */
function addError(sums: ErrorSums, d: number, unit: number): void {
  const error = d / unit;
  sums.squares += error * error;
  sums.count += 1;
  if (unit === 1) return;
  const product = sums.meanProduct * unit;
  // A mean may be anything: the bounds are far from what a number can hold.
  if (product > 1e-100 && product < 1e100) sums.meanProduct = product;
  else {
    sums.logMeans += Math.log(sums.meanProduct) + Math.log(unit);
    sums.meanProduct = 1;
  }
}

/** A perfect fit stays finite. */
function deviance({squares, logMeans, meanProduct, count}: ErrorSums): number {
  return count * Math.log(Math.max(squares, Number.MIN_VALUE)) + 2 * (logMeans + Math.log(meanProduct));
}

/** The path of the means from a state on: `l + (phi + ... + phi^h) b`, or l times that power of b, with its season. */
export function project(
  form: EtsForm,
  {phi}: EtsParameters,
  {level, trend, seasons}: EtsState,
  horizonSteps: number,
): Float64Array {
  const path = new Float64Array(horizonSteps);
  const [isFactorTrend, isFactorSeason] = [hasFactorTrend(form), hasFactorSeason(form)];
  let reach = 0;
  let power = 1;
  for (let step = 0; step < horizonSteps; step += 1) {
    power *= phi;
    reach += power;
    const q = isFactorTrend ? level * trend ** reach : level + reach * trend;
    const s = seasons[step % seasons.length] ?? 0;
    path[step] = isFactorSeason ? q * s : q + s;
  }
  return path;
}

function rotate(seasons: Float64Array, phase: number): void {
  if (phase === 0) return;
  const head = seasons.slice(0, phase);
  seasons.copyWithin(0, phase);
  seasons.set(head, seasons.length - phase);
}
