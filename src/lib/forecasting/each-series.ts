import {setImmediate} from 'node:timers/promises';
import {z} from 'zod';

import {parseWith, type Series} from '../core/index.js';
import {fromFirstKnown, requireSteps} from './history.js';
import type {FitOptions, FittedModel, ForecastModel} from './model.js';
import {repeatSeason} from './repeat-season.js';
import {isStill, kindOf} from './series-kind.js';

/** A model that looks at one series at a time; P is what it keeps of a fit, plain JSON data. */
export interface SeriesMethod<P> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly parameters: z.ZodType<P>;
  /** Looks at no more than so many steps at the end; all when absent. */
  readonly mostSteps?: number;
  /**
   * Parameters for a history that begins with a known value, is not constant and may have gaps (NaN); `seasonSteps` are all
   * candidates, of which `seenSeasons` tells those seen twice. Undefined when the history is too short for the method.
   */
  choose(known: Float64Array, seasonSteps: readonly number[]): P | undefined;
  /** The path after the end of a history, which may have grown since the choice. Not finite: the season is repeated. */
  foresee(known: Float64Array, parameters: P, horizonSteps: number): Float64Array;
  /** A name for the choice, counted over the series and told to people. */
  readonly describe?: (parameters: P) => string;
}

/** Some tenths of a second: Ctrl-C is heard in between. */
const YIELD_EVERY = 8;

/**
 * The forecasting model of a method for single series. What all of them have in common: a constant series stays as it
 * is; one too short for the method, not seen in fit, or for which the method finds no finite path repeats its last
 * season (or last value); one of which nothing is known is foreseen as NaN.
 */
export function eachSeries<P>(method: SeriesMethod<P>): ForecastModel {
  const savedSchema = z.object({
    seasonSteps: z.array(z.int().positive()),
    series: z.array(z.object({id: z.string(), parameters: method.parameters})),
  });
  return {
    name: method.name,
    summary: method.summary,
    scope: 'each',
    fit: async (panel, options) =>
      fittedEach(method, options.seasonSteps, await chooseAll(method, panel, options)),
    merge: mergeSaved,
    pick: pickSaved,
    load: (data, source = method.name) =>
      Promise.resolve().then(() => {
        const {seasonSteps, series} = parseWith(savedSchema, data, source);
        return fittedEach(method, seasonSteps, new Map(series.map(({id, parameters}) => [id, parameters])));
      }),
  };
}

const anySaved = z.object({
  seasonSteps: z.array(z.int().positive()),
  series: z.array(z.looseObject({id: z.string()})),
});

/** Joins what fits of parts of a panel have saved. */
export function mergeSaved(saves: readonly unknown[]): unknown {
  const parts = saves.map((saved) => anySaved.parse(saved));
  return {seasonSteps: parts[0]?.seasonSteps ?? [], series: parts.flatMap(({series}) => series)};
}

/** What was saved of these series. */
export function pickSaved(saved: unknown, series: readonly Series[]): unknown {
  const {seasonSteps, series: all} = anySaved.parse(saved);
  const ids = new Set(series.map(({id}) => id));
  return {seasonSteps, series: all.filter(({id}) => ids.has(id))};
}

async function chooseAll<P>(
  method: SeriesMethod<P>,
  panel: readonly Series[],
  {seasonSteps, signal, onProgress}: FitOptions,
): Promise<ReadonlyMap<string, P>> {
  requireSteps(method.name, panel, 1);
  const choices = new Map<string, P>();
  for (const [done, {id, values}] of panel.entries()) {
    if (done % YIELD_EVERY === 0) {
      await setImmediate();
      signal?.throwIfAborted();
      onProgress?.({model: method.name, unit: 'series', done, total: panel.length});
    }
    const known = lookedAt(method, values);
    const chosen = isStill(kindOf(known, seasonSteps)) ? undefined : method.choose(known, seasonSteps);
    // Parsed, so that keys have the order that they have when it is read again.
    if (chosen !== undefined) choices.set(id, method.parameters.parse(chosen));
  }
  return choices;
}

function fittedEach<P>(
  method: SeriesMethod<P>,
  seasonSteps: readonly number[],
  choices: ReadonlyMap<string, P>,
): FittedModel {
  return {
    model: method.name,
    intermittentFromPast: true,
    predict: async (histories, horizonSteps) => {
      await setImmediate();
      return histories.map(({id, values}) =>
        foreseeOne(method, values, {seasonSteps, horizonSteps, chosen: choices.get(id)}),
      );
    },
    ...(method.describe && {notes: {forms: countForms(method.describe, choices)}}),
    save: () => ({seasonSteps, series: [...choices].map(([id, parameters]) => ({id, parameters}))}),
  };
}

function foreseeOne<P>(
  method: SeriesMethod<P>,
  values: Float64Array,
  {
    seasonSteps,
    horizonSteps,
    chosen,
  }: {readonly seasonSteps: readonly number[]; readonly horizonSteps: number; readonly chosen: P | undefined},
): Float64Array {
  const known = lookedAt(method, values);
  if (chosen !== undefined && !isStill(kindOf(known, seasonSteps))) {
    const path = method.foresee(known, chosen, horizonSteps);
    if (path.every((value) => Number.isFinite(value))) return path;
  }
  return repeatSeason(known, seasonSteps, horizonSteps);
}

function lookedAt({mostSteps = Infinity}: {readonly mostSteps?: number}, values: Float64Array): Float64Array {
  const known = fromFirstKnown(values);
  return fromFirstKnown(known.subarray(Math.max(0, known.length - mostSteps)));
}

/** `A,Ad,A24 x 12, A,N,N x 3`: the most frequent first. */
function countForms<P>(describe: (parameters: P) => string, choices: ReadonlyMap<string, P>): string {
  const counts = new Map<string, number>();
  for (const parameters of choices.values()) {
    const name = describe(parameters);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, left], [, right]) => right - left);
  return sorted.map(([name, count]) => `${name} x ${count}`).join(', ') || 'none chosen';
}
