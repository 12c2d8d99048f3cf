import {quantile, type Random, type Series} from '../core/index.js';
import type {SuddenGrowth} from '../patterns/index.js';
import {cutEnd, panelSteps} from './history.js';
import type {FittedModel} from './model.js';
import {addSuddenGrowth, joinSuddenGrowth} from './sudden-growth-term.js';

/**
 * What is foreseen of the peaks of many series over a horizon, in the series' unit; the order is the panel's.
 */
export interface PeakForecast {
  /** Median of each series' peak. */
  readonly point: Float64Array;
  /**
   * Joint samples of the peaks: `samples[s][i]`. One s is one possible future of all series together, so that
   * quantiles are taken of sums over series and never summed.
   */
  readonly samples: readonly Float64Array[];
}

export interface PeakOptions {
  readonly horizonSteps: number;
  /** The most past origins to learn errors from. */
  readonly originCount: number;
  /** The most samples; there are never more than origins, as one error told twice would feign knowledge. */
  readonly sampleCount: number;
  readonly random: Random;
  /** `relative`: a series that has grown since an origin errs by as much more, fourfold at most. */
  readonly errors?: 'absolute' | 'relative';
  /**
   * Sudden growth of each series, in the panel's order, also later than the history: then errors of horizons with sudden
   * growth do not count, and it is a term of its own that any series may have (`addSuddenGrowth`). Absent: it is an error
   * of the series that had it, like any other.
   */
  readonly sudden?: readonly (readonly SuddenGrowth[])[] | undefined;
  /** Shared by calls with the same model, horizon and series, whose history has grown in between. */
  readonly memory?: OriginMemory;
}

/**
 * What was learned at past origins, so that a walk through history foresees only once from each. Histories should grow
 * by `everySteps` from call to call: origins then lie a multiple or a divisor of it apart, on one grid.
 */
export interface OriginMemory {
  readonly everySteps: number;
  /** By the steps known at the origin and the steps foreseen. Begins empty. */
  readonly origins: Map<string, PastOrigin>;
}

const MOST_GROWTH = 4;
/**
 * So many horizons must lie side by side in what errors are learned from. Those of origins that share most of their
 * horizon are one error told often: of one and a half horizons' worth, the next horizon errs by more half of the time.
 */
const LEAST_APART = 8;

/**
 * Foresees the peak of every series over the horizon, and how wrong that may be for all of them at once: at each past
 * origin the peak that followed is compared with the one foreseen from what was known then, and the errors of one
 * origin, all series together, make one sample. Origins are spread evenly over the last two thirds of the history.
 *
 * A series of which nothing but zeros is known at an origin (a newer volume) takes the error of another origin of its
 * own, or, when it has none, the share by which all others together erred. Where fewer than
 * eight horizons lie side by side there, shorter ones are compared and their errors scaled up in proportion, as of a
 * drift, which is too much for errors that do not add up. No history at all: one sample, the
 * prediction; an unknown series: 0. `fitted` should have been fitted on nothing after the origins: a model that saw
 * what it foresees errs too little. Overlapping horizons make samples alike, so that few of them say less than their
 * number; take bounds by `upperQuantile`. All series end at the same time; no sample is negative.
 */
export async function forecastPeaks(
  fitted: FittedModel,
  panel: readonly Series[],
  options: PeakOptions,
): Promise<PeakForecast> {
  const now = peaksOf(await fitted.predict(panel, options.horizonSteps));
  const past = await pastOrigins(fitted, panel, options);
  if (past.length === 0) return {point: now, samples: [now]};
  const samples = past.map((origin) => new Float64Array(origin.errors.length));
  for (const [index, series] of panel.entries()) {
    const sudden = options.sudden?.[index] ?? [];
    const errors = errorsOfSeries(past, index, now[index] ?? 0, {...options, id: series.id, sudden});
    for (const [sample, error] of errors.entries()) {
      const peaks = samples[sample];
      if (peaks !== undefined) peaks[index] = Math.max(0, (now[index] ?? 0) + error);
    }
  }
  if (options.sudden) {
    const history = joinSuddenGrowth(options.sudden, panelSteps(panel));
    addSuddenGrowth(samples, now, history, {...options, random: options.random.fork('sudden growth')});
  }
  const median = (_: number, index: number): number =>
    quantile(
      samples.map((sample) => sample[index] ?? 0),
      0.5,
    );
  return {point: now.map(median), samples};
}

/** How wrong the peaks foreseen from one origin were. */
export interface PastOrigin {
  /** The first step foreseen, and the one after the last compared. */
  readonly fromStep: number;
  readonly endStep: number;
  readonly predicted: Float64Array;
  /** Peak that came less peak foreseen; NaN where the series was not there yet. */
  readonly errors: Float64Array;
  /** Errors of all series over what was foreseen of them. */
  readonly fleetShare: number;
}

/**
 * Over how many steps past forecasts are compared with what came: the horizon, cut by a quarter until enough lie side by
 * side. By quarters, so that a growing history seldom changes it and what was learned before serves on.
 */
export function comparedSteps(historySteps: number, horizonSteps: number): number {
  let compared = horizonSteps;
  while (compared > 1 && LEAST_APART * compared > learnedSteps(historySteps))
    compared = Math.floor((compared * 3) / 4);
  return compared;
}

function learnedSteps(historySteps: number): number {
  return historySteps - Math.floor(historySteps / 3);
}

async function pastOrigins(
  fitted: FittedModel,
  panel: readonly Series[],
  {horizonSteps, originCount, sampleCount, memory = {everySteps: 1, origins: new Map()}}: PeakOptions,
): Promise<readonly PastOrigin[]> {
  const steps = panelSteps(panel);
  const pastSteps = comparedSteps(steps, horizonSteps);
  const count = Math.min(originCount, sampleCount);
  if (steps < 2 || count < 1) return [];
  const roomSteps = Math.max(0, learnedSteps(steps) - pastSteps);
  const strideSteps = onGrid(Math.floor(roomSteps / Math.max(1, count - 1)), memory.everySteps);
  const origins: PastOrigin[] = [];
  for (let held = pastSteps; held <= pastSteps + roomSteps && origins.length < count; held += strideSteps) {
    const key = `${steps - held}+${pastSteps}`;
    const origin =
      memory.origins.get(key) ?? (await originAt(fitted, panel, held, {pastSteps, horizonSteps}));
    memory.origins.set(key, origin);
    origins.push(origin);
  }
  return origins;
}

/** The largest multiple of a grid that is not above `steps`, or else the largest divisor; at least 1. */
function onGrid(steps: number, everySteps: number): number {
  if (steps >= everySteps) return steps - (steps % everySteps);
  let divisor = Math.max(1, steps);
  while (everySteps % divisor !== 0) divisor -= 1;
  return divisor;
}

async function originAt(
  fitted: FittedModel,
  panel: readonly Series[],
  held: number,
  {pastSteps, horizonSteps}: {readonly pastSteps: number; readonly horizonSteps: number},
): Promise<PastOrigin> {
  const histories = panel.map((series) => cutEnd(series, held));
  const predicted = peaksOf(await fitted.predict(histories, pastSteps));
  const errors = predicted.map((peak, index) => {
    const {values} = panel[index] ?? {values: new Float64Array()};
    const split = histories[index]?.values.length ?? 0;
    return wasThere(values.subarray(0, split))
      ? (peakOf(values.subarray(split, split + pastSteps)) - peak) * (horizonSteps / pastSteps)
      : Number.NaN;
  });
  const fromStep = Math.max(0, panelSteps(panel) - held);
  const span = {fromStep, endStep: fromStep + pastSteps};
  return {...span, predicted, errors, fleetShare: fleetShare(predicted, errors)};
}

/** One error an origin; those that are not known, or of sudden growth, are taken from elsewhere. */
function errorsOfSeries(
  past: readonly PastOrigin[],
  index: number,
  peakNow: number,
  {
    errors,
    random,
    id,
    sudden,
  }: Pick<PeakOptions, 'errors' | 'random'> & {
    readonly id: string;
    readonly sudden: readonly SuddenGrowth[];
  },
): readonly number[] {
  const raw = past.map((origin) => {
    if (sudden.some(({step}) => step >= origin.fromStep && step < origin.endStep)) return Number.NaN;
    const foreseen = origin.predicted[index] ?? 0;
    const growth = errors === 'relative' && foreseen > 0 ? peakNow / foreseen : 1;
    return (origin.errors[index] ?? Number.NaN) * Math.min(MOST_GROWTH, Math.max(1 / MOST_GROWTH, growth));
  });
  const own = raw.filter((error) => !Number.isNaN(error));
  if (own.length === raw.length) return raw;
  const draw = random.fork(id);
  return raw.map((error, sample) => {
    if (!Number.isNaN(error)) return error;
    return own[draw.below(own.length)] ?? (past[sample]?.fleetShare ?? 0) * peakNow;
  });
}

function fleetShare(predicted: Float64Array, errors: Float64Array): number {
  let foreseen = 0;
  let wrong = 0;
  for (const [index, error] of errors.entries()) {
    if (Number.isNaN(error)) continue;
    foreseen += predicted[index] ?? 0;
    wrong += error;
  }
  return foreseen > 0 ? wrong / foreseen : 0;
}

/** Peaks of paths, never negative; 0 for a path that is not known. */
function peaksOf(paths: readonly Float64Array[]): Float64Array {
  return Float64Array.from(paths, (path) => Math.max(0, peakOf(path) || 0));
}

/** The largest known value; NaN when none is known. */
function peakOf(values: Float64Array): number {
  let peak = Number.NaN;
  for (let step = 0; step < values.length; step += 1) {
    const value = values[step] ?? Number.NaN;
    if (!(value <= peak) && !Number.isNaN(value)) peak = value;
  }
  return peak;
}

function wasThere(history: Float64Array): boolean {
  for (let step = 0; step < history.length; step += 1) if ((history[step] ?? 0) > 0) return true;
  return false;
}
