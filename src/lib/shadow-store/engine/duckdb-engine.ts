import type * as duckdb from '@duckdb/node-api';

import {errorText, invariant, ToolError, TargetError} from '../../core/index.js';

type DuckDb = typeof duckdb;

/** DuckDB in memory with one connection; everything that lasts is in files. */
export interface Engine {
  readonly duckdb: DuckDb;
  readonly connection: duckdb.DuckDBConnection;
  close(): void;
}

export interface EngineLimits {
  /** Where it may spill to. */
  readonly scratchFolder: string;
  readonly memoryBytes: number;
  readonly threads: number;
}

/** Opens DuckDB (about 50 ms). Left to itself it would take 80 % of the memory and spill into the working folder. */
export async function openEngine(limits: EngineLimits): Promise<Engine> {
  const duckdb = await import('@duckdb/node-api');
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.ceil(limits.memoryBytes / 1024)}KiB`,
    threads: String(limits.threads),
    temp_directory: limits.scratchFolder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  return {
    duckdb,
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A text as an SQL literal: for the few places that take no bound parameter, such as the target of COPY. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A file's path for `read_parquet`, which would take `*`, `?` and `[` for a pattern. */
export function literalPath(file: string): string {
  return file.replace(/[*?[]/g, '[$&]');
}

/** A name that a query answers as `encode(...)`: as VARCHAR it would lose a byte order mark at its begin. */
export function nameOf({duckdb}: Engine, value: unknown): string {
  invariant(value instanceof duckdb.DuckDBBlobValue, 'names come as BLOB');
  return Buffer.from(value.bytes).toString('utf8');
}

const FROM_THE_SYSTEM = /^(IO Error|Out of Memory Error)/;

/** What a failure of the disk or of memory looks like to the user; anything else that was thrown stays as it is. */
export function asTargetError(thrown: unknown, doing: string): unknown {
  if (thrown instanceof ToolError || !(thrown instanceof Error)) return thrown;
  const isSystem = 'syscall' in thrown || FROM_THE_SYSTEM.test(thrown.message);
  if (!isSystem) return thrown;
  return new TargetError('store-refused', `cannot ${doing}: ${errorText(thrown)}`, {cause: thrown});
}
