import type {DuckDBAppender} from '@duckdb/node-api';

import {invariant} from '../../core/index.js';
import type {Engine} from './duckdb-engine.js';

/** DuckDB's vector size: the most rows that one data chunk takes. */
const CHUNK_ROWS = 2048;

/** Which rows of some columns to append, in their order, and the number of each one's volume. */
export interface RowChoice {
  readonly rowIndex: Int32Array;
  readonly number: Int32Array;
}

/** Appends rows to a table that has an INTEGER for the volume's number and then a DOUBLE a column. */
export async function appendRows(
  engine: Engine,
  table: string,
  columns: readonly Float64Array[],
  {rowIndex, number}: RowChoice,
): Promise<void> {
  const appender = await engine.connection.createAppender(table);
  for (let from = 0; from < rowIndex.length; from += CHUNK_ROWS) {
    appendChunk(engine, appender, columns, {
      rowIndex: rowIndex.subarray(from, from + CHUNK_ROWS),
      number: number.subarray(from, from + CHUNK_ROWS),
    });
  }
  appender.closeSync();
}

function appendChunk(
  engine: Engine,
  appender: DuckDBAppender,
  columns: readonly Float64Array[],
  {rowIndex, number}: RowChoice,
): void {
  const {DuckDBDataChunk, DuckDBIntegerVector, DuckDBDoubleVector, INTEGER, DOUBLE} = engine.duckdb;
  const chunk = DuckDBDataChunk.create([INTEGER, ...columns.map(() => DOUBLE)], rowIndex.length);
  const numbers = chunk.getColumnVector(0);
  invariant(numbers instanceof DuckDBIntegerVector, 'the first column is INTEGER');
  for (let row = 0; row < number.length; row += 1) numbers.setItem(row, number[row] ?? 0);
  numbers.flush();
  columns.forEach((values, column) => {
    const vector = chunk.getColumnVector(column + 1);
    invariant(vector instanceof DuckDBDoubleVector, 'the other columns are DOUBLE');
    for (let row = 0; row < rowIndex.length; row += 1) vector.setItem(row, values[rowIndex[row] ?? 0] ?? 0);
    vector.flush();
  });
  appender.appendDataChunk(chunk);
}
