import {availableParallelism, tmpdir} from 'node:os';
import {rename, rm, writeFile} from 'node:fs/promises';

import {asTargetError, openEngine, sqlText} from './duckdb-engine.js';
import {PARQUET_OPTIONS} from './series-sql.js';

const MEMORY_BYTES = 1 << 30;

/**
 * Writes a CSV text with a header as a Parquet file, wholly or not at all. `types` are DuckDB's, one a column of the
 * header. Throws TargetError when the disk refuses.
 */
export async function writeParquet(
  csv: string,
  types: Readonly<Record<string, 'VARCHAR' | 'TIMESTAMP' | 'INTEGER' | 'DOUBLE'>>,
  filePath: string,
): Promise<void> {
  const temporary = `${filePath}.${process.pid}.tmp`;
  const source = `${temporary}.csv`;
  const limits = {scratchFolder: tmpdir(), memoryBytes: MEMORY_BYTES, threads: availableParallelism()};
  const engine = await openEngine(limits);
  const columns = Object.entries(types).map(([name, type]) => `${sqlText(name)}: ${sqlText(type)}`);
  try {
    await writeFile(source, csv);
    await engine.connection.run(
      `COPY (SELECT * FROM read_csv(${sqlText(source)}, header = true, delim = ',', quote = '"', escape = '"',
        auto_detect = false, columns = {${columns.join(', ')}})) TO ${sqlText(temporary)} (${PARQUET_OPTIONS})`,
    );
    await rename(temporary, filePath);
  } catch (error) {
    await rm(temporary, {force: true});
    throw asTargetError(error, `writing ${filePath}`);
  } finally {
    await rm(source, {force: true});
    engine.close();
  }
}
