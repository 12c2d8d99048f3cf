import {access} from 'node:fs/promises';
import {availableParallelism, tmpdir} from 'node:os';

import {errorText, InputError} from '../../core/index.js';
import {literalPath, openEngine, sqlText} from './duckdb-engine.js';

const MEMORY_BYTES = 1 << 30;

/** Rows whose number in a column lies within; both ends count. */
export interface RowRange {
  readonly column: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The rows of a small Parquet file, all or those of a range, in order; times come as Date. Throws InputError when it is not
 * there or cannot be read.
 */
export async function readParquet(
  filePath: string,
  range?: RowRange,
): Promise<{readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[]}> {
  const limits = {scratchFolder: tmpdir(), memoryBytes: MEMORY_BYTES, threads: availableParallelism()};
  const engine = await openEngine(limits);
  try {
    await access(filePath);
    const where =
      range === undefined ? '' : ` WHERE "${range.column.replaceAll('"', '""')}" BETWEEN $1 AND $2`;
    const reader = await engine.connection.runAndReadAll(
      `SELECT * FROM read_parquet(${sqlText(literalPath(filePath))})${where}`,
      range && [range.from, range.to],
    );
    return {columns: reader.columnNames(), rows: reader.getRowsJS()};
  } catch (error) {
    throw new InputError('cannot-read', `cannot read ${filePath}: ${errorText(error)}`, {cause: error});
  } finally {
    engine.close();
  }
}
