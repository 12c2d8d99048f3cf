import {US_PER_SECOND} from '../../core/index.js';
import {appendRows} from '../engine/append-rows.js';
import type {Engine} from '../engine/duckdb-engine.js';
import {createStepsSql, STEP_COLUMNS, stepRowsSql} from '../engine/series-sql.js';
import {coveredShares, coveredSpans, eitherSpans} from '../files/coverage.js';
import type {StepExportQuery} from '../shadow-store.js';
import {copyToFile} from './export-series.js';
import {ALL_COLUMNS, type Axis, axisOf, type OpenStore, refuseTooLarge} from './read-history.js';
import {blankUnknown, firstStepOf, readLevels} from './read-series.js';

/** Numbers that are in memory at once, about: 32 MiB of them. */
const MOST_CELLS = 2 ** 22;
const SUMS = ALL_COLUMNS.filter((column) => column !== 'usedBytes');

/** See ShadowStore.exportSteps; the volumes are known to the store. */
export async function exportSteps(
  store: OpenStore,
  volumes: readonly string[],
  filePath: string,
  query: StepExportQuery,
): Promise<{readonly rows: number}> {
  const axis = axisOf(query, store.contents);
  refuseTooLarge(STEP_COLUMNS.length, axis);
  const engine = await store.engine();
  await engine.connection.run(createStepsSql());
  const total = query.sumAs === undefined ? undefined : emptySum(axis);
  const atOnce = Math.max(1, Math.floor(MOST_CELLS / STEP_COLUMNS.length / Math.max(1, axis.steps)));
  for (let from = 0; from < volumes.length; from += atOnce) {
    const some = await readSteps(store, volumes.slice(from, from + atOnce), axis);
    for (const [index, steps] of some.entries()) {
      if (total) addTo(total, steps);
      else await append(engine, axis, from + index, steps.columns);
    }
  }
  if (total) await append(engine, axis, 0, meanCoverage(total));
  const names = engine.duckdb.listValue(query.sumAs === undefined ? volumes : [query.sumAs]);
  return copyToFile(engine, stepRowsSql(), filePath, {format: query.format, parameters: {names}});
}

/** The steps of one volume: a column each of STEP_COLUMNS but the time, NaN where it is not known. */
interface VolumeSteps {
  readonly columns: readonly Float64Array[];
  /** The first step in which there is the volume. */
  readonly firstStep: number;
}

/** In the order of the volumes. */
async function readSteps(
  store: OpenStore,
  volumes: readonly string[],
  axis: Axis,
): Promise<readonly VolumeSteps[]> {
  const requests = coveredSpans(store.contents, volumes, 'requests');
  const usage = coveredSpans(store.contents, volumes, 'usage');
  const levels = new Map((await readLevels(store, volumes, axis)).map(({id, values}) => [id, values]));
  const found = new Map<string, VolumeSteps>();
  for await (const histories of store.source.readParts(volumes, axis, SUMS)) {
    for (const history of histories) {
      const {volume} = history;
      const spans = requests.get(volume) ?? [];
      const sums = SUMS.map((column) => history[column]);
      blankUnknown(store, volume, axis, {values: sums, spans, least: 0});
      const coverage = coveredShares(eitherSpans(spans, usage.get(volume) ?? []), axis);
      const level = levels.get(volume) ?? new Float64Array(axis.steps).fill(Number.NaN);
      found.set(volume, {columns: [coverage, ...sums, level], firstStep: firstStepOf(store, volume, axis)});
    }
  }
  return volumes.flatMap((volume) => found.get(volume) ?? []);
}

/** Sums over volumes, and of how many volumes there are in each step. */
interface Total {
  readonly columns: readonly Float64Array[];
  readonly volumes: Float64Array;
}

function emptySum({steps}: Axis): Total {
  const columns = STEP_COLUMNS.slice(1).map((name) =>
    new Float64Array(steps).fill(name === 'coverage' ? 0 : Number.NaN),
  );
  return {columns, volumes: new Float64Array(steps)};
}

function addTo(total: Total, {columns, firstStep}: VolumeSteps): void {
  for (let step = firstStep; step < total.volumes.length; step += 1) {
    total.volumes[step] = (total.volumes[step] ?? 0) + 1;
    for (const [index, values] of columns.entries()) {
      const value = values[step] ?? Number.NaN;
      const sums = total.columns[index];
      if (sums && !Number.isNaN(value)) sums[step] = (sums[step] || 0) + value;
    }
  }
}

function meanCoverage({columns: [coverage, ...rest], volumes}: Total): readonly Float64Array[] {
  return [volumes.map((count, step) => (count === 0 ? 0 : (coverage?.[step] ?? 0) / count)), ...rest];
}

async function append(
  engine: Engine,
  axis: Axis,
  number: number,
  columns: readonly Float64Array[],
): Promise<void> {
  const startUs = Float64Array.from(
    {length: axis.steps},
    (_, step) => axis.startUs + step * axis.stepSeconds * US_PER_SECOND,
  );
  await appendRows(engine, 'steps', [startUs, ...columns], {
    rowIndex: Int32Array.from({length: axis.steps}, (_, step) => step),
    number: new Int32Array(axis.steps).fill(number),
  });
}
