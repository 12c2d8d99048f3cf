import type * as augurs from '@bsull/augurs/prophet';
import type * as wasmstan from '@bsull/augurs-prophet-wasmstan';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {setImmediate} from 'node:timers/promises';
import {z} from 'zod';

import {parseWith, type Series} from '../../core/index.js';
import {fromFirstKnown, RECENT_STEPS, requireSteps, seenSeasons} from '../history.js';
import type {FittedModel, ForecastModel} from '../model.js';
import {repeatSeason} from '../repeat-season.js';

/**
 * Prophet (Taylor and Letham 2018) by the augurs library and its Stan optimiser: piecewise linear growth with Fourier
 * seasons, or logistic growth up to the `ceiling` of a series that has one. It has no state that could be carried on, so
 * that every prediction is a fit of its own, some tenths of a second a series: what is kept is only which seasons to look
 * for. Gaps are left out. A ceiling that the history reached is none. A series that is too short, hardly moves, or on which
 * the optimiser fails repeats its last season.
 */
export const prophet: ForecastModel = {
  name: 'prophet',
  summary:
    'piecewise growth up to the provisioned size, with Fourier seasons; slow: fitted anew for every forecast',
  scope: 'each',
  fit: (panel, {seasonSteps}) =>
    Promise.resolve().then(() => {
      requireSteps('prophet', panel, 1);
      return fitted(seasonSteps);
    }),
  load: (data, source = 'prophet') =>
    Promise.resolve().then(() => fitted(parseWith(savedSchema, data, source).seasonSteps)),
  merge: (saves) => saves[0],
};

const savedSchema = z.object({seasonSteps: z.array(z.int().positive())});

/** With fewer known values there is nothing to put change points between. */
const LEAST_KNOWN = 12;
/** A history that moves by a smaller share of its ceiling makes the optimiser trap. */
const LEAST_MOVED = 1e-6;

function fitted(seasonSteps: readonly number[]): FittedModel {
  return {
    model: 'prophet',
    predict: async (histories, horizonSteps) => {
      const library = await loadLibrary();
      const paths: Float64Array[] = [];
      for (const history of histories) {
        await setImmediate();
        paths.push(predictOne(library, history, seasonSteps, horizonSteps));
      }
      return paths;
    },
    save: () => ({seasonSteps}),
  };
}

type Library = Pick<typeof augurs, 'Prophet'> & Pick<typeof wasmstan, 'optimizer'>;

let loading: Promise<Library> | undefined;

/** Both packages are WebAssembly; the first must be given its bytes. */
function loadLibrary(): Promise<Library> {
  loading ??= (async () => {
    const [{default: init, Prophet}, {optimizer}] = await Promise.all([
      import('@bsull/augurs/prophet'),
      import('@bsull/augurs-prophet-wasmstan'),
    ]);
    const main = createRequire(import.meta.url).resolve('@bsull/augurs/prophet');
    await init({module_or_path: await readFile(main.replace(/\.js$/, '_bg.wasm'))});
    return {Prophet, optimizer};
  })();
  return loading;
}

function predictOne(
  library: Library,
  history: Series,
  seasonSteps: readonly number[],
  horizonSteps: number,
): Float64Array {
  const known = fromFirstKnown(fromFirstKnown(history.values).subarray(-RECENT_STEPS));
  const steps = Array.from(known, (_, step) => step).filter((step) => !Number.isNaN(known[step]));
  const values = steps.map((step) => known[step] ?? 0);
  const [least, most] = extent(values);
  const ceiling = history.ceiling !== undefined && history.ceiling > most ? history.ceiling : undefined;
  const isStill = !(most - least > LEAST_MOVED * (ceiling ?? 0));
  if (values.length < LEAST_KNOWN || isStill) return repeatSeason(known, seasonSteps, horizonSteps);
  const cap = (count: number): {cap?: number[]} =>
    ceiling === undefined ? {} : {cap: new Array<number>(count).fill(ceiling)};
  const growth = ceiling === undefined ? 'linear' : 'logistic';
  const model = createModel(library, growth, history.stepSeconds, seenSeasons(known, seasonSteps));
  const timeOf = (step: number): number => step * history.stepSeconds;
  try {
    if (
      !hasFitted(() => {
        model.fit({ds: steps.map(timeOf), y: values, ...cap(values.length)});
      })
    )
      return repeatSeason(known, seasonSteps, horizonSteps);
    const ahead = Array.from({length: horizonSteps}, (_, step) => timeOf(known.length + step));
    const path = Float64Array.from(model.predict({ds: ahead, ...cap(horizonSteps)}).yhat.point);
    return path.every((value) => Number.isFinite(value))
      ? path
      : repeatSeason(known, seasonSteps, horizonSteps);
  } finally {
    model.free();
  }
}

function extent(values: readonly number[]): readonly [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), Infinity),
    values.reduce((most, value) => Math.max(most, value), -Infinity),
  ];
}

/** False when the optimiser found nothing: the library throws an Error of no type of its own. */
function hasFitted(fit: () => void): boolean {
  try {
    fit();
    return true;
  } catch {
    return false;
  }
}

const DAY_SECONDS = 86_400;
const OFF = {type: 'manual', enabled: false} as const;

function createModel(
  {Prophet, optimizer}: Library,
  growth: 'linear' | 'logistic',
  stepSeconds: number,
  seasons: readonly number[],
): InstanceType<Library['Prophet']> {
  const model = new Prophet({
    // By its range and not by its largest value: on a high level with little change the optimiser fails.
    ...{optimizer, growth, scaling: 'minMax', uncertaintySamples: 0},
    ...{yearlySeasonality: OFF, weeklySeasonality: OFF, dailySeasonality: OFF},
  });
  for (const steps of seasons) {
    const period = (steps * stepSeconds) / DAY_SECONDS;
    model.addSeasonality(`every ${steps}`, {period, fourierOrder: fourierOrder(steps, period)});
  }
  return model;
}

/** Prophet's own orders: 4 a day, 3 a week, 10 a year; never more than the season's steps can tell. */
function fourierOrder(steps: number, periodDays: number): number {
  const usual = periodDays <= 1 ? 4 : periodDays <= 31 ? 3 : 10;
  return Math.max(1, Math.min(usual, Math.floor((steps - 1) / 2)));
}
