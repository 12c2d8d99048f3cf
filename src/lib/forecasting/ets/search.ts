import {farError} from './far-error.js';
import {initialState} from './initial-state.js';
import {minimise} from './nelder-mead.js';
import {hasFactorTrend, smooth, type EtsForm, type EtsParameters, type EtsState} from './recursion.js';

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
 * `admissibleForms`, of which those with multiplicative parts need positive values. One with a multiplicative trend must also
 * be less wrong far ahead (`farError`) than the best without: chosen by AICc alone, they made the last 48 training steps of M4
 * Hourly worse. Undefined when there are too few values for any form.
 */
export function chooseEts(values: Float64Array, seasons: readonly number[]): EtsChoice | undefined {
  const isPositive = values.every((value) => Number.isNaN(value) || value > 0);
  const forms = admissibleForms(seasons).filter(({error}) => isPositive || error === 'A');
  const plain = lowest(
    values,
    forms.filter((form) => !hasFactorTrend(form)),
  );
  const factor = lowest(values, forms.filter(hasFactorTrend));
  if (!plain || !factor || factor.aicc >= plain.aicc) return plain;
  return farError(values, factor) < farError(values, plain) ? factor : plain;
}

function lowest(values: Float64Array, forms: readonly EtsForm[]): EtsChoice | undefined {
  return forms
    .map((form) => fitEtsForm(values, form))
    .reduce<EtsChoice | undefined>((best, next) => {
      return next !== undefined && next.aicc < (best?.aicc ?? Infinity) ? next : best;
    }, undefined);
}

/**
 * The forms that are stable and whose errors fit their parts (Hyndman et al. 2008, 4 and 12; R's `ets` leaves out the same):
 * additive errors only with additive trend and season, a multiplicative trend never with an additive season. Of one season
 * 19: 6 with additive errors, 13 with multiplicative ones.
 */
export function admissibleForms(seasons: readonly number[]): readonly EtsForm[] {
  const combine = (
    error: EtsForm['error'],
    trends: readonly EtsForm['trend'][],
    kinds: readonly ('A' | 'M')[],
  ): readonly EtsForm[] =>
    trends.flatMap((trend): readonly EtsForm[] => [
      {error, trend, season: 'N', seasonSteps: 1},
      ...kinds.flatMap((season) =>
        seasons.map((seasonSteps): EtsForm => ({error, trend, season, seasonSteps})),
      ),
    ]);
  return [
    ...combine('A', ['N', 'A', 'Ad'], ['A']),
    ...combine('M', ['N', 'A', 'Ad'], ['A', 'M']),
    ...combine('M', ['M', 'Md'], ['M']),
  ];
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
  const ofTrend = trend === 'N' ? 0 : isDamped(trend) ? 3 : 2;
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
    ...(isDamped(trend) ? [0] : []),
  ]);
}

/** A point without bounds as parameters within theirs: 0 < alpha < 1, beta < alpha, gamma < 1 - alpha, phi .8-.98. */
function toParameters(point: Float64Array, {trend, season}: EtsForm): EtsParameters {
  let next = 0;
  const share = (): number => 1e-4 + 0.9998 / (1 + Math.exp(-(point[next++] ?? 0)));
  const alpha = share();
  const beta = trend === 'N' ? 0 : alpha * share();
  const gamma = season === 'N' ? 0 : (1 - alpha) * share();
  const phi = isDamped(trend) ? 0.8 + 0.18 * share() : 1;
  return {alpha, beta, gamma, phi};
}

function isDamped(trend: EtsForm['trend']): boolean {
  return trend === 'Ad' || trend === 'Md';
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}
