import {rename, rm} from 'node:fs/promises';
import type {DuckDBValue} from '@duckdb/node-api';

import {asTargetError, type Engine, sqlText} from '../engine/duckdb-engine.js';
import {type OpenFiles, seriesFiles} from './read-history.js';
import {exportSql, noRowsSql, PARQUET_OPTIONS} from '../engine/series-sql.js';
import type {ExportQuery} from '../shadow-store.js';

/** See SeriesSource.exportRows. */
export async function exportSeries(
  store: OpenFiles,
  volumes: readonly string[],
  filePath: string,
  query: ExportQuery,
): Promise<{readonly rows: number}> {
  const fromUs = query.fromUs ?? Number.MIN_SAFE_INTEGER;
  const toUs = query.toUs ?? Number.MAX_SAFE_INTEGER;
  const {duckdb} = store.engine;
  const files = seriesFiles(store, {stored: query.granularity, fromUs, toUs});
  const source = files.length === 0 ? noRowsSql() : 'read_parquet($files)';
  return copyToFile(store.engine, exportSql(source, query.granularity), filePath, {
    format: query.format,
    parameters: {
      ...(files.length === 0 ? {} : {files: duckdb.listValue(files)}),
      names: duckdb.listValue(volumes),
      from_us: BigInt(fromUs),
      to_us: BigInt(toUs),
    },
  });
}

/** Writes what a query with $names answers to a new file, wholly or not at all. Throws TargetError when the disk refuses. */
export async function copyToFile(
  {connection, duckdb}: Engine,
  sql: string,
  filePath: string,
  options: {readonly format: 'csv' | 'parquet'; readonly parameters: Record<string, DuckDBValue>},
): Promise<{readonly rows: number}> {
  const format = options.format === 'csv' ? 'FORMAT csv, HEADER' : PARQUET_OPTIONS;
  const temporary = `${filePath}.${process.pid}.tmp`;
  try {
    const copied = await connection.run(
      `COPY (${sql}) TO ${sqlText(temporary)} (${format}, USE_TMP_FILE false)`,
      options.parameters,
      // The type of an empty list cannot be seen from its items.
      {names: duckdb.LIST(duckdb.VARCHAR)},
    );
    await rename(temporary, filePath);
    return {rows: copied.rowsChanged};
  } catch (error) {
    await rm(temporary, {force: true});
    throw asTargetError(error, `export to ${filePath}`);
  }
}
