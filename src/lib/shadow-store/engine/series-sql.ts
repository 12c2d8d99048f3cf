import type {StoredSeconds} from '../shadow-store.js';

const US_PER_SECOND = 1_000_000;
const SUMMED = ['reads', 'writes', 'trims', 'read_bytes', 'write_bytes'] as const;

/** The newest usage sample; of two at the same time the larger, so that the answer does not depend on any order. */
const LATEST_SAMPLE = "(max({'at_us': used_at_us, 'bytes': used_bytes}) FILTER (used_bytes IS NOT NULL))";

/** The columns of a series file, in their order. used_bytes and used_at_us are null where no sample was taken. */
export const SERIES_COLUMNS = [
  'volume',
  'start_us',
  ...SUMMED,
  'footprint_growth_bytes',
  'used_bytes',
  'used_at_us',
] as const;

/** Columns of a history, as it is computed for each step: sums, and the last sample with its bytes. */
const STEP_EXPRESSIONS = {
  reads: 'sum(reads)',
  writes: 'sum(writes)',
  trims: 'sum(trims)',
  readBytes: 'sum(read_bytes)',
  writeBytes: 'sum(write_bytes)',
  footprintGrowthBytes: 'sum(footprint_growth_bytes)',
  usedBytes: `coalesce(${LATEST_SAMPLE}.bytes, 'nan'::DOUBLE)`,
} as const;
export type HistoryColumn = keyof typeof STEP_EXPRESSIONS;

/**
 * The table that rows are loaded into before they go to files. Everything but the volume's number is DOUBLE, so that
 * typed arrays go in as they are (BIGINT would need a BigInt a value); whole numbers up to 2^53 are exact in it.
 */
export function createStageSql(): string {
  const columns = SERIES_COLUMNS.slice(1).map((name) => `${name} DOUBLE`);
  return `CREATE OR REPLACE TEMP TABLE stage (volume INTEGER, ${columns.join(', ')})`;
}

/**
 * The staged rows of `stored` seconds a step with the types and the order of a series file. Parameter: $names of the
 * volumes, in the order of their bytes, which is the order that readers of Parquet prune by. Minutes must have been
 * staged in order: DuckDB keeps the order of a table through a projection, and sorting again would cost as much as all
 * the rest.
 */
export function stagedRowsSql(stored: StoredSeconds): string {
  const typed = `SELECT volume, start_us::BIGINT AS start_us,
    ${SUMMED.map((name) => `${name}::UBIGINT AS ${name}`).join(', ')},
    footprint_growth_bytes::BIGINT AS footprint_growth_bytes,
    nullif(used_bytes, 'nan'::DOUBLE)::UBIGINT AS used_bytes,
    nullif(used_at_us, 'nan'::DOUBLE)::BIGINT AS used_at_us
    FROM stage`;
  const rows = stored === 60 ? typed : `${rolledUpSql(`(${typed})`, stored)} ORDER BY volume, start_us`;
  return `SELECT list_extract($names::VARCHAR[], volume + 1) AS volume, * EXCLUDE (volume) FROM (${rows})`;
}

/** Rows of any source with the columns of a series file, merged so that (volume, step) is unique. */
export function rolledUpSql(source: string, stored: StoredSeconds): string {
  // A sum of unsigned numbers is HUGEINT, which Parquet would get as DOUBLE.
  const sums = SUMMED.map((name) => `sum(${name})::UBIGINT AS ${name}`);
  return `SELECT volume, ${floorSql('start_us', stored * US_PER_SECOND)} AS start_us, ${sums.join(', ')},
    sum(footprint_growth_bytes)::BIGINT AS footprint_growth_bytes,
    ${LATEST_SAMPLE}.bytes AS used_bytes, ${LATEST_SAMPLE}.at_us AS used_at_us
    FROM ${source} AS source GROUP BY ALL`;
}

/**
 * Steps of some volumes from any source with the columns of a series file. Parameters: $names the volumes, $from_us
 * and $to_us the time (whole steps), $step_us. Answers `position` (of the name in $names), `step` (from $from_us) and
 * the columns asked for as DOUBLE; steps without rows are left out; no order.
 */
export function historySql(source: string, columns: readonly HistoryColumn[]): string {
  const values = columns.map((column) => `(${STEP_EXPRESSIONS[column]})::DOUBLE AS "${column}"`);
  return `SELECT wanted.position, ((start_us - $from_us::BIGINT) // $step_us::BIGINT)::INTEGER AS step,
    ${values.join(', ')}
    FROM ${source} AS source JOIN ${wantedSql()} ON source.volume = wanted.volume
    WHERE start_us >= $from_us::BIGINT AND start_us < $to_us::BIGINT
    GROUP BY ALL`;
}

/** Rows of some volumes in a time, merged over batches and sorted. Parameters: $names, $from_us, $to_us. */
export function exportSql(source: string, stored: StoredSeconds): string {
  const chosen = `(SELECT source.* FROM ${source} AS source JOIN ${wantedSql()} ON source.volume = wanted.volume
    WHERE start_us >= $from_us::BIGINT AND start_us < $to_us::BIGINT)`;
  return `SELECT ${SERIES_COLUMNS.join(', ')} FROM (${rolledUpSql(chosen, stored)}) ORDER BY volume, start_us`;
}

/** A source without rows: `read_parquet` takes no empty list. */
export function noRowsSql(): string {
  const numbers = SERIES_COLUMNS.slice(1).map((name) => `NULL::BIGINT AS ${name}`);
  return `(SELECT NULL::VARCHAR AS volume, ${numbers.join(', ')} WHERE false)`;
}

/** Parquet options of all files: zstd, and row groups small enough that a volume's rows are few of them. */
export const PARQUET_OPTIONS = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440';

function wantedSql(): string {
  return `(SELECT unnest($names) AS volume, unnest(range(len($names)))::INTEGER AS position) AS wanted`;
}

/** Rounded down to a whole step; `%` alone would round towards zero, which is up before 1970. */
function floorSql(time: string, stepUs: number): string {
  return `${time} - ((${time} % ${stepUs}) + ${stepUs}) % ${stepUs}`;
}
