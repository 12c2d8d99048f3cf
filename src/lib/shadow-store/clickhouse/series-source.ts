import {US_PER_SECOND} from '../../core/index.js';
import {appendRows} from '../engine/append-rows.js';
import type {Engine} from '../engine/duckdb-engine.js';
import {
  createStageSql,
  type HistoryColumn,
  SERIES_COLUMNS,
  stagedRowsSql,
  VOLUME_SUMS,
} from '../engine/series-sql.js';
import {sumsOf, type VolumeSums} from '../engine/volume-sums.js';
import {coarsestStored} from '../files/layout.js';
import {copyToFile} from '../reading/export-series.js';
import {type Axis, blankHistory, type SeriesSource} from '../reading/read-history.js';
import type {ExportQuery, VolumeHistory} from '../shadow-store.js';
import type {RowReader} from './row-binary.js';
import type {Session} from './session.js';
import {exportSql, historySql, type RowChoice, sumsSql} from './statements.js';

/** Volumes that are named in one query. */
const VOLUMES_AT_ONCE = 1000;
/** Rows of an export that are in memory at once come of so many volumes. */
const EXPORTED_AT_ONCE = 100;

/** What series are read from. */
interface Served {
  readonly session: Session;
  /** Attempts of the batches that count. */
  readonly attempts: readonly string[];
  readonly engine: () => Promise<Engine>;
  readonly close: () => void;
}

/** Series as the servers add them up: only sums a step come over the wire. */
export function servedSeries(served: Served): SeriesSource {
  return {
    readParts: (volumes, axis, columns) => readParts(served, volumes, axis, columns),
    exportRows: (volumes, filePath, query) => exportRows(served, volumes, filePath, query),
    sumHours: () => sumHours(served),
    close: served.close,
  };
}

async function* readParts(
  served: Served,
  volumes: readonly string[],
  axis: Axis,
  columns: readonly HistoryColumn[],
): AsyncGenerator<readonly VolumeHistory[]> {
  const stepUs = axis.stepSeconds * US_PER_SECOND;
  for (const names of slices(volumes, VOLUMES_AT_ONCE)) {
    const histories = new Map(names.map((volume) => [volume, blankHistory(volume, axis, columns)]));
    const choice: RowChoice = {
      ...{database: served.session.place.database, attempts: served.attempts, volumes: names},
      stored: coarsestStored(axis.stepSeconds),
      fromUs: axis.startUs,
      toUs: axis.startUs + axis.steps * stepUs,
    };
    if (axis.steps > 0) {
      await served.session.rows(historySql(choice, stepUs, columns), (row) => {
        scatter(row, histories, columns);
        return 0;
      });
    }
    yield [...histories.values()];
  }
}

/** A row is decoded as a whole before anything of it is kept: it may be decoded again when more of it is here. */
function scatter(
  row: RowReader,
  histories: ReadonlyMap<string, VolumeHistory>,
  columns: readonly HistoryColumn[],
): void {
  const history = histories.get(row.text());
  const step = row.unsigned();
  for (const column of columns) {
    const value = row.double();
    if (history !== undefined) history[column][step] = value;
  }
}

async function exportRows(
  {session, attempts, engine: opened}: Served,
  volumes: readonly string[],
  filePath: string,
  query: ExportQuery,
): Promise<{readonly rows: number}> {
  const engine = await opened();
  await engine.connection.run(createStageSql());
  const sorted = [...volumes].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const numberOf = new Map(sorted.map((name, number) => [name, number]));
  for (const names of slices(sorted, EXPORTED_AT_ONCE)) {
    const choice: RowChoice = {
      ...{database: session.place.database, attempts, volumes: names, stored: query.granularity},
      fromUs: query.fromUs ?? Number.MIN_SAFE_INTEGER,
      toUs: query.toUs ?? Number.MAX_SAFE_INTEGER,
    };
    const rows = await session.rows(exportSql(choice), (row) => ({
      number: numberOf.get(row.text()) ?? 0,
      startUs: row.signed(),
      values: SERIES_COLUMNS.slice(2).map(() => row.double()),
    }));
    const columns = [
      Float64Array.from(rows, ({startUs}) => startUs),
      ...SERIES_COLUMNS.slice(2).map((_, index) => Float64Array.from(rows, ({values}) => values[index] ?? 0)),
    ];
    await appendRows(engine, 'stage', columns, {
      rowIndex: Int32Array.from(rows.keys()),
      number: Int32Array.from(rows, ({number}) => number),
    });
  }
  // The rows are merged already, whatever their granularity.
  return copyToFile(engine, stagedRowsSql(60), filePath, {
    format: query.format,
    parameters: {names: engine.duckdb.listValue(sorted)},
  });
}

async function sumHours({session, attempts}: Served): Promise<ReadonlyMap<string, VolumeSums>> {
  const choice: RowChoice = {
    ...{database: session.place.database, attempts, stored: 3600},
    fromUs: Number.MIN_SAFE_INTEGER,
    toUs: Number.MAX_SAFE_INTEGER,
  };
  const rows = await session.rows(
    sumsSql(choice),
    (row) => [row.text(), sumsOf(VOLUME_SUMS.map(() => row.double()))] as const,
  );
  return new Map(rows);
}

function* slices<T>(items: readonly T[], length: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += length) yield items.slice(from, from + length);
}
