import {
  floorToStepUs,
  GRANULARITY_SECONDS,
  InputError,
  US_PER_SECOND,
  type Granularity,
  type Series,
} from '../core/index.js';
import type {Metric, SeriesQuery} from '../shadow-store/index.js';

/** What of a shadow store is needed to forecast from it. */
export interface PanelSource {
  info(): {readonly firstUs?: number; readonly endUs?: number};
  readSeries(query: SeriesQuery, metric: Metric): Promise<readonly Series[]>;
  /** Where it can tell, a part of a fleet is read without holding the others. */
  volumes?(): readonly {readonly name: string}[];
}

export interface PanelQuery {
  readonly granularity: Granularity;
  readonly metric: Metric;
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  /** Steps that begin before this are left out; the history before it still tells levels. */
  readonly fromUs?: number | undefined;
  /** Nothing from this time on is looked at. */
  readonly asOfUs: number;
}

/** A step of which logs cover a smaller share is not known: what is missing would look like a drop. */
const LEAST_COVERAGE = 0.9;

/**
 * One series a volume, all over the same steps: the whole ones only, from the first that begins in the store to the
 * last that has ended both in the store and at `asOfUs`. A step cut off at either end would look like a drop in what
 * is counted. Sums of steps that no log covers, or too little of, are NaN: models fill such gaps by the season before
 * for fitting, and no error is measured on them. Used bytes are carried over gaps. Throws InputError when the store
 * holds no whole step by then.
 */
export async function readPanel(source: PanelSource, query: PanelQuery): Promise<readonly Series[]> {
  const stepSeconds = GRANULARITY_SECONDS[query.granularity];
  const {firstUs, endUs} = source.info();
  if (firstUs === undefined || endUs === undefined) {
    throw new InputError('store-empty', 'the store holds no data', {hints: ['foreshadow ingest FILE...']});
  }
  const stepUs = stepSeconds * US_PER_SECOND;
  const fromUs = Math.ceil(Math.max(firstUs, query.fromUs ?? firstUs) / stepUs) * stepUs;
  const toUs = floorToStepUs(Math.min(query.asOfUs, endUs), stepSeconds);
  if (toUs <= fromUs) {
    throw new InputError(
      'no-whole-step',
      `no whole ${query.granularity} step lies in the store's history by then`,
      {
        hints: ['a finer --granularity', 'a later --as-of', 'ingest a longer history'],
      },
    );
  }
  const {volumes, metric} = query;
  return source.readSeries(
    {fromUs, toUs, stepSeconds, leastCoverage: LEAST_COVERAGE, ...(volumes && {volumes})},
    metric,
  );
}

/** The steps that a horizon in seconds takes at a granularity, rounded up. */
export function horizonStepsOf(horizonSeconds: number, granularity: Granularity): number {
  return Math.ceil(horizonSeconds / GRANULARITY_SECONDS[granularity]);
}
