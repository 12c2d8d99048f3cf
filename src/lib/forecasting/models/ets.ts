import {setImmediate} from 'node:timers/promises';
import {z} from 'zod';

import {parseWith, type Series} from '../../core/index.js';
import {mergeSaved, pickSaved} from '../each-series.js';
import {initialState} from '../ets/initial-state.js';
import {project, smooth, type EtsForm, type EtsParameters} from '../ets/recursion.js';
import {savedError, savedSmoothing, savedTrend} from '../ets/saved-smoothing.js';
import {chooseEts} from '../ets/search.js';
import {fromFirstKnown, RECENT_STEPS, requireSteps, seenSeasons} from '../history.js';
import type {FitOptions, FittedModel, ForecastModel} from '../model.js';
import {isStill, kindOf} from '../series-kind.js';

/**
 * Exponential smoothing (Hyndman, Koehler, Ord and Snyder 2008): all 19 admissible forms (`chooseEts`), chosen per series by
 * AICc. Parameters are kept, states are not: predict runs the recursion over the history it is given, from
 * initial states found by rule. Not `eachSeries`: what was not seen in fit is smoothed here instead of repeating its season,
 * and plans of young volumes rely on it. A gap moves the state on without correction. Fewer than five values are
 * repeated from the last (naive); a constant series and one not seen in fit get simple smoothing with alpha 0.3, and an
 * additive season where two cycles are there; an all-zero or intermittent series is smoothed like any other, and so foreseen at its recent mean.
 */
export const ets: ForecastModel = {
  name: 'ets',
  summary: 'exponential smoothing with trend and season, form chosen by AICc',
  scope: 'each',
  fit: fitAll,
  merge: mergeSaved,
  pick: pickSaved,
  load: (data, source = 'ets') =>
    Promise.resolve().then(() => {
      const {seasonSteps, series} = parseWith(savedSchema, data, source);
      return fitted(seasonSteps, new Map(series.map((choice) => [choice.id, choice])));
    }),
};

const savedSchema = z.object({
  seasonSteps: z.array(z.int().positive()),
  series: z.array(
    z.object({
      id: z.string(),
      form: z.object({
        error: savedError,
        trend: savedTrend,
        season: z.enum(['N', 'A', 'M']),
        seasonSteps: z.int().positive(),
      }),
      parameters: savedSmoothing,
    }),
  ),
});

interface Choice {
  readonly form: EtsForm;
  readonly parameters: EtsParameters;
}

/** Simple smoothing that forgets everything but the last value. */
const NAIVE: Choice = {
  form: {error: 'A', trend: 'N', season: 'N', seasonSteps: 1},
  parameters: {alpha: 1, beta: 0, gamma: 0, phi: 1},
};

/** Some tenths of a second: Ctrl-C is heard in between. */
const YIELD_EVERY = 4;

async function fitAll(panel: readonly Series[], options: FitOptions): Promise<FittedModel> {
  requireSteps('ets', panel, 1);
  const choices = new Map<string, Choice>();
  for (const [done, {id, values}] of panel.entries()) {
    if (done % YIELD_EVERY === 0) {
      await setImmediate();
      options.signal?.throwIfAborted();
      options.onProgress?.({model: 'ets', unit: 'series', done, total: panel.length});
    }
    const known = recent(values);
    // A volume that is yet to come must not be foreseen by a choice made of nothing.
    if (isStill(kindOf(known, options.seasonSteps))) continue;
    const {form, parameters} = chooseEts(known, seenSeasons(known, options.seasonSteps)) ?? NAIVE;
    choices.set(id, {form, parameters});
  }
  return fitted(options.seasonSteps, choices);
}

function fitted(seasonSteps: readonly number[], choices: ReadonlyMap<string, Choice>): FittedModel {
  return {
    model: 'ets',
    intermittentFromPast: true,
    predict: (histories, horizonSteps) =>
      Promise.resolve(histories.map((history) => predictOne(history, seasonSteps, choices, horizonSteps))),
    notes: {forms: countForms(choices)},
    save: () => ({seasonSteps, series: [...choices].map(([id, choice]) => ({id, ...choice}))}),
  };
}

function predictOne(
  history: Series,
  seasonSteps: readonly number[],
  choices: ReadonlyMap<string, Choice>,
  horizonSteps: number,
): Float64Array {
  const known = recent(history.values);
  const chosen = choices.get(history.id);
  const usable = chosen !== undefined && 2 * chosen.form.seasonSteps <= known.length;
  const simple = fallback(known, seasonSteps);
  for (const {form, parameters} of usable ? [chosen, simple] : [simple]) {
    const state = initialState(known, form);
    if (smooth(known, form, parameters, state) === Infinity) continue;
    const path = project(form, parameters, state, horizonSteps);
    if (path.every(isPlausible(known, horizonSteps))) return path;
  }
  return new Float64Array(horizonSteps).fill(Number.NaN);
}

/**
 * Whether a value can come of this history: no further beyond what was seen than three times its range, and three times
 * what growth as fast as all of the range in all of the history would add. Multiplicative parts multiply errors, too: on
 * bytes that go from a few to 10^12 within hours, paths went to 10^90.
 */
function isPlausible(known: Float64Array, horizonSteps: number): (value: number) => boolean {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of known) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const beyond = 3 * (most - least) * (1 + horizonSteps / known.length);
  // What is still has no range: its one value and rounding are all that can come.
  const rounding = 1e-9 * Math.max(Math.abs(least), Math.abs(most));
  return (value) => value >= least - beyond - rounding && value <= most + beyond + rounding;
}

function recent(values: Float64Array): Float64Array {
  return fromFirstKnown(fromFirstKnown(values).subarray(-RECENT_STEPS));
}

function fallback(known: Float64Array, seasonSteps: readonly number[]): Choice {
  const [season] = isStill(kindOf(known, seasonSteps)) ? [] : seenSeasons(known, seasonSteps);
  const gamma = season === undefined ? 0 : 0.1;
  return {
    form: {error: 'A', trend: 'N', season: season === undefined ? 'N' : 'A', seasonSteps: season ?? 1},
    parameters: {alpha: 0.3, beta: 0, gamma, phi: 1},
  };
}

/** `A,Ad,A24 x 12, A,N,N x 3`: the most frequent first. */
function countForms(choices: ReadonlyMap<string, Choice>): string {
  const counts = new Map<string, number>();
  for (const {form} of choices.values()) {
    const name = `${form.error},${form.trend},${form.season}${form.season === 'N' ? '' : form.seasonSteps}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, left], [, right]) => right - left);
  return sorted.map(([name, count]) => `${name} x ${count}`).join(', ') || 'none chosen';
}
