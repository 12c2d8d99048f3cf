import {type Series, US_PER_SECOND} from '../../core/index.js';
import type {HistoryColumn} from '../engine/series-sql.js';
import type {HistoryQuery, Metric} from '../shadow-store.js';
import {levelsFrom} from '../usage-level.js';
import {type Axis, axisOf, type OpenStore, readBuckets, refuseTooLarge} from './read-history.js';

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
  query: HistoryQuery,
  metric: Metric,
): Promise<readonly Series[]> {
  const axis = axisOf(query, store.contents);
  refuseTooLarge(volumes.length, axis);
  const series =
    metric === 'used-bytes'
      ? await readLevels(store, volumes, axis)
      : await readSums(store, volumes, axis, COLUMN_OF[metric]);
  return series.sort((left, right) => (left.id < right.id ? -1 : 1));
}

async function readSums(
  store: OpenStore,
  volumes: readonly string[],
  axis: Axis,
  column: HistoryColumn,
): Promise<Series[]> {
  const answer: Series[] = [];
  for await (const histories of readBuckets(store, volumes, axis, [column])) {
    for (const history of histories) {
      const values = history[column];
      values.fill(Number.NaN, 0, firstStepOf(store, history.volume, axis));
      answer.push({id: history.volume, startUs: axis.startUs, stepSeconds: axis.stepSeconds, values});
    }
  }
  return answer;
}

async function readLevels(store: OpenStore, volumes: readonly string[], axis: Axis): Promise<Series[]> {
  const fine = fineAxis(store, axis);
  const answer: Series[] = [];
  for await (const histories of readBuckets(store, volumes, fine, ['footprintGrowthBytes', 'usedBytes'])) {
    for (const {volume, footprintGrowthBytes, usedBytes} of histories) {
      const levels = levelsFrom(footprintGrowthBytes, usedBytes, firstStepOf(store, volume, fine));
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

/** The step that a volume's first minute lies in; 0 when that is before the axis. */
function firstStepOf(store: OpenStore, volume: string, axis: Axis): number {
  const firstUs = store.contents.volumes.get(volume)?.firstUs ?? axis.startUs;
  return Math.max(0, Math.floor((firstUs - axis.startUs) / (axis.stepSeconds * US_PER_SECOND)));
}
