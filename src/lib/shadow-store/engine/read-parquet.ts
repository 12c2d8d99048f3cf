import {access} from 'node:fs/promises';
import {availableParallelism, tmpdir} from 'node:os';

import {errorText, InputError} from '../../core/index.js';
import {literalPath, openEngine, sqlText} from './duckdb-engine.js';

const MEMORY_BYTES = 1 << 30;

/**
 * All rows of a small Parquet file, in order; times come as Date. Throws InputError when it is not there or cannot be
 * read.
 */
export async function readParquet(
  filePath: string,
): Promise<{readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[]}> {
  const limits = {scratchFolder: tmpdir(), memoryBytes: MEMORY_BYTES, threads: availableParallelism()};
  const engine = await openEngine(limits);
  try {
    await access(filePath);
    const reader = await engine.connection.runAndReadAll(
      `SELECT * FROM read_parquet(${sqlText(literalPath(filePath))})`,
    );
    return {columns: reader.columnNames(), rows: reader.getRowsJS()};
  } catch (error) {
    throw new InputError('cannot-read', `cannot read ${filePath}: ${errorText(error)}`, {cause: error});
  } finally {
    engine.close();
  }
}
