import {type Series, US_PER_SECOND} from '../../core/index.js';
import type {HistoryColumn} from '../engine/series-sql.js';
import {coveredShares, coveredSpans, eitherSpans, type Span} from '../files/coverage.js';
import {coarsestStored} from '../files/layout.js';
import type {HistoryQuery, Metric, SeriesQuery} from '../shadow-store.js';
import {levelsFrom} from '../usage-level.js';
import {type Axis, axisOf, type OpenStore, refuseTooLarge} from './read-history.js';

const COLUMN_OF = {
  'write-bytes': 'writeBytes',
  'read-bytes': 'readBytes',
  writes: 'writes',
  reads: 'reads',
} as const satisfies Record<Exclude<Metric, 'used-bytes'>, HistoryColumn>;

/** See ShadowStore.readSeries; the volumes are known to the store. */
export async function readSeries(
  store: OpenStore,
  volumes: readonly string[],
  query: SeriesQuery,
  metric: Metric,
): Promise<readonly Series[]> {
  const axis = axisOf(query, store.contents);
  refuseTooLarge(volumes.length, axis);
  const series =
    metric === 'used-bytes'
      ? await readLevels(store, volumes, axis)
      : await readSums(store, volumes, axis, {column: COLUMN_OF[metric], least: query.leastCoverage ?? 0});
  const sorted = series.sort((left, right) => (left.id < right.id ? -1 : 1));
  return metric === 'used-bytes' ? sorted.map((one) => withCeiling(one, store.contents.provisioned)) : sorted;
}

/** A volume cannot use more than it is provisioned with, where that was told. */
function withCeiling(series: Series, provisioned: ReadonlyMap<string, number>): Series {
  const ceiling = provisioned.get(series.id);
  return ceiling === undefined ? series : {...series, ceiling};
}

/** See ShadowStore.readCoverage; the volumes are known to the store. */
export function readCoverage(
  {contents}: OpenStore,
  volumes: readonly string[],
  query: HistoryQuery,
): readonly Series[] {
  const axis = axisOf(query, contents);
  refuseTooLarge(volumes.length, axis);
  const requests = coveredSpans(contents, volumes, 'requests');
  const usage = coveredSpans(contents, volumes, 'usage');
  return volumes.map((id) => {
    const spans = eitherSpans(requests.get(id) ?? [], usage.get(id) ?? []);
    return {id, startUs: axis.startUs, stepSeconds: axis.stepSeconds, values: coveredShares(spans, axis)};
  });
}

async function readSums(
  store: OpenStore,
  volumes: readonly string[],
  axis: Axis,
  {column, least}: {readonly column: HistoryColumn; readonly least: number},
): Promise<Series[]> {
  const answer: Series[] = [];
  const covered = coveredSpans(store.contents, volumes, 'requests');
  for await (const histories of store.source.readParts(volumes, axis, [column])) {
    for (const history of histories) {
      const values = history[column];
      blankUnknown(store, history.volume, axis, {
        values: [values],
        spans: covered.get(history.volume) ?? [],
        least,
      });
      answer.push({id: history.volume, startUs: axis.startUs, stepSeconds: axis.stepSeconds, values});
    }
  }
  return answer;
}

/**
 * Makes sums NaN in the steps of which the store does not know them: before the volume, and where logs cover a smaller
 * share than `least`, or nothing. A row tells that there was a log, whatever the coverage says.
 */
export function blankUnknown(
  store: OpenStore,
  volume: string,
  axis: Axis,
  of: {readonly values: readonly Float64Array[]; readonly spans: readonly Span[]; readonly least: number},
): void {
  const shares = coveredShares(of.spans, axis);
  const first = firstStepOf(store, volume, axis);
  for (const values of of.values) {
    for (let step = 0; step < values.length; step += 1) {
      const share = shares[step] ?? 0;
      const isUnknown = share < of.least || (share === 0 && values[step] === 0);
      if (step < first || isUnknown) values[step] = Number.NaN;
    }
  }
}

/** Used bytes at the end of each step of some volumes, in any order. */
export async function readLevels(
  store: OpenStore,
  volumes: readonly string[],
  axis: Axis,
): Promise<Series[]> {
  const fine = fineAxis(store, axis);
  const answer: Series[] = [];
  for await (const histories of store.source.readParts(volumes, fine, [
    'footprintGrowthBytes',
    'usedBytes',
  ])) {
    for (const {volume, footprintGrowthBytes, usedBytes} of histories) {
      const first = firstStepOf(store, volume, fine);
      const pruned = store.contents.pruned.get(coarsestStored(fine.stepSeconds))?.volumes.get(volume);
      const isTold = store.contents.footprintTold.has(volume);
      const base = isTold ? pruned : {growthBytes: Number.NaN, usedBytes: pruned?.usedBytes};
      const levels = levelsFrom(footprintGrowthBytes, usedBytes, first, base);
      const values = lastOfEachStep(levels, fine, axis);
      answer.push({id: volume, startUs: axis.startUs, stepSeconds: axis.stepSeconds, values});
    }
  }
  return answer;
}

/** From the store's begin to the axis' end, in steps of at most an hour that divide those of the axis. */
function fineAxis(store: OpenStore, axis: Axis): Axis {
  const stepSeconds = axis.stepSeconds % 3600 === 0 ? 3600 : axis.stepSeconds;
  const {startUs} = axisOf({stepSeconds: axis.stepSeconds}, store.contents);
  const endUs = axis.startUs + axis.steps * axis.stepSeconds * US_PER_SECOND;
  return {startUs, stepSeconds, steps: Math.max(0, endUs - startUs) / (stepSeconds * US_PER_SECOND)};
}

function lastOfEachStep(levels: Float64Array, fine: Axis, axis: Axis): Float64Array {
  const factor = axis.stepSeconds / fine.stepSeconds;
  const skipped = (axis.startUs - fine.startUs) / (fine.stepSeconds * US_PER_SECOND);
  const values = new Float64Array(axis.steps);
  for (let step = 0; step < axis.steps; step += 1) {
    values[step] = levels[skipped + (step + 1) * factor - 1] ?? Number.NaN;
  }
  return values;
}

/** The first step that the store can know of a volume; 0 when that is before the axis. */
export function firstStepOf({contents}: OpenStore, volume: string, axis: Axis): number {
  const prunedUs = contents.pruned.get(coarsestStored(axis.stepSeconds))?.beforeUs ?? -Infinity;
  const firstUs = Math.max(contents.volumes.get(volume)?.firstUs ?? axis.startUs, prunedUs);
  return Math.max(0, Math.floor((firstUs - axis.startUs) / (axis.stepSeconds * US_PER_SECOND)));
}
