import {initialState} from './initial-state.js';
import {minimise} from './nelder-mead.js';
import {smooth, type EtsForm, type EtsParameters, type EtsState} from './recursion.js';

export interface EtsChoice {
  readonly form: EtsForm;
  readonly parameters: EtsParameters;
  /** Akaike's criterion with correction for few values; the lowest of all forms tried. */
  readonly aicc: number;
}

const EVALUATIONS_PER_PARAMETER = 40;
/** In units of -2 log likelihood: far less than any difference of AICc that matters. */
const TOLERANCE = 0.01;

/**
 * The form and parameters with the lowest AICc (Hyndman et al. 2008, 2.8) among the forms that the values allow:
 * seasons of the given lengths, multiplicative ones only where all values are positive, additive errors with a
 * multiplicative season never. Undefined when there are too few values for any form.
 */
export function chooseEts(values: Float64Array, seasons: readonly number[]): EtsChoice | undefined {
  const isPositive = values.every((value) => Number.isNaN(value) || value > 0);
  return allForms(seasons, isPositive)
    .map((form) => fitEtsForm(values, form))
    .reduce<EtsChoice | undefined>((best, next) => {
      return next !== undefined && next.aicc < (best?.aicc ?? Infinity) ? next : best;
    }, undefined);
}

function allForms(seasons: readonly number[], isPositive: boolean): readonly EtsForm[] {
  const errors = isPositive ? (['A', 'M'] as const) : (['A'] as const);
  return errors.flatMap((error) =>
    (['N', 'A', 'Ad'] as const).flatMap((trend): readonly EtsForm[] => [
      {error, trend, season: 'N', seasonSteps: 1},
      ...seasons.map((seasonSteps): EtsForm => ({error, trend, season: 'A', seasonSteps})),
      ...(error === 'M' ? seasons : []).map((seasonSteps): EtsForm => ({
        error,
        trend,
        season: 'M',
        seasonSteps,
      })),
    ]),
  );
}

/** The parameters of one form. Undefined when it has as many as there are values. */
export function fitEtsForm(values: Float64Array, form: EtsForm): EtsChoice | undefined {
  const knownCount = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  const spare = knownCount - parameterCount(form) - 1;
  if (spare <= 0) return undefined;
  const first = initialState(values, form);
  const scratch: EtsState = {level: 0, trend: 0, seasons: new Float64Array(first.seasons.length)};
  const start = startingPoint(form);
  const {at, value} = minimise(
    (point) => {
      scratch.level = first.level;
      scratch.trend = first.trend;
      scratch.seasons.set(first.seasons);
      return smooth(values, form, toParameters(point, form), scratch);
    },
    start,
    {edge: 1, maxEvaluations: EVALUATIONS_PER_PARAMETER * start.length, tolerance: TOLERANCE},
  );
  const k = parameterCount(form);
  return {form, parameters: toParameters(at, form), aicc: value + 2 * k + (2 * k * (k + 1)) / spare};
}

/** Smoothing parameters, initial states (a season has one less than its steps) and the variance. */
function parameterCount({trend, season, seasonSteps}: EtsForm): number {
  const ofTrend = trend === 'N' ? 0 : trend === 'A' ? 2 : 3;
  const ofSeason = season === 'N' ? 0 : seasonSteps;
  return 3 + ofTrend + ofSeason;
}

/** alpha 0.3, beta a tenth of it, gamma a tenth of the rest, phi in the middle. */
function startingPoint({trend, season}: EtsForm): Float64Array {
  const tenth = logit(0.1);
  return Float64Array.from([
    logit(0.3),
    ...(trend === 'N' ? [] : [tenth]),
    ...(season === 'N' ? [] : [tenth]),
    ...(trend === 'Ad' ? [0] : []),
  ]);
}

/** A point without bounds as parameters within theirs: 0 < alpha < 1, beta < alpha, gamma < 1 - alpha, phi .8-.98. */
function toParameters(point: Float64Array, {trend, season}: EtsForm): EtsParameters {
  let next = 0;
  const share = (): number => 1e-4 + 0.9998 / (1 + Math.exp(-(point[next++] ?? 0)));
  const alpha = share();
  const beta = trend === 'N' ? 0 : alpha * share();
  const gamma = season === 'N' ? 0 : (1 - alpha) * share();
  const phi = trend === 'Ad' ? 0.8 + 0.18 * share() : 1;
  return {alpha, beta, gamma, phi};
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}
