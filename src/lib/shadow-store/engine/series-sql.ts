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

/**
 * Rows of some volumes as they are, in the order of the names: `position` (of the name in $names) and the columns after it
 * as DOUBLE, NaN without a usage sample. Parameters: $files, $names.
 */
export function copiedRowsSql(): string {
  const numbers = SERIES_COLUMNS.slice(1).map((name) => `coalesce(source.${name}::DOUBLE, 'nan'::DOUBLE)`);
  return `SELECT wanted.position, ${numbers.join(', ')}
    FROM read_parquet($files) AS source JOIN ${wantedSql()} ON source.volume = wanted.volume
    ORDER BY wanted.position, source.start_us`;
}

/** Rows that start at $from_us or later, merged over files and sorted. Parameters: $files, $from_us. */
export function mergedFilesSql(stored: StoredSeconds): string {
  const kept = '(SELECT * FROM read_parquet($files) WHERE start_us >= $from_us::BIGINT)';
  return `SELECT ${SERIES_COLUMNS.join(', ')} FROM (${rolledUpSql(kept, stored)}) ORDER BY volume, start_us`;
}

/** Numbers of a volume that VOLUME_SUMS_SQL answers, in their order after the name (see nameOf), all DOUBLE. */
export const VOLUME_SUMS = [
  'rows',
  'firstUs',
  'lastUs',
  'reads',
  'writes',
  'trims',
  'readBytes',
  'writeBytes',
  'growthBytes',
  'usageSamples',
] as const;

/** What rows that start in [$from_us, $to_us) of some files add up to, a volume each. Parameters: also $files. */
export const VOLUME_SUMS_SQL = `SELECT encode(volume), count(*)::DOUBLE, min(start_us)::DOUBLE, max(start_us)::DOUBLE,
    ${SUMMED.map((name) => `sum(${name})::DOUBLE`).join(', ')}, sum(footprint_growth_bytes)::DOUBLE,
    count(used_bytes)::DOUBLE
    FROM read_parquet($files) WHERE start_us >= $from_us::BIGINT AND start_us < $to_us::BIGINT GROUP BY volume`;

/**
 * What has to be known of rows of some files that start before $to_us once they are gone, a volume each: how many they
 * are, their footprint growth, their newest usage sample with its time, and the growth of later steps than that one and
 * of steps from $since_us on. Parameters: also $files.
 */
export function remainderSql(stored: StoredSeconds): string {
  const rows = '(SELECT * FROM read_parquet($files) WHERE start_us < $to_us::BIGINT)';
  return `WITH newest AS (SELECT volume, ${LATEST_SAMPLE} AS sample FROM ${rows} GROUP BY volume)
    SELECT encode(volume), count(*)::DOUBLE, sum(footprint_growth_bytes)::DOUBLE,
      any_value(sample.bytes)::DOUBLE, any_value(sample.at_us)::DOUBLE,
      coalesce(sum(footprint_growth_bytes) FILTER (
        start_us > ${floorSql('sample.at_us', stored * US_PER_SECOND)}), 0)::DOUBLE,
      coalesce(sum(footprint_growth_bytes) FILTER (start_us >= $since_us::BIGINT), 0)::DOUBLE
    FROM ${rows} AS source JOIN newest USING (volume) GROUP BY volume`;
}

/**
 * Faults of the rows of one file, in the order in which they lie in it: how many are not after the one before by volume
 * and time, and how many do not begin at a whole step. Parameter: $files. Without ORDER BY the window streams.
 */
export function orderFaultsSql(stored: StoredSeconds): string {
  return `SELECT count(*)::DOUBLE,
      count(*) FILTER (volume < before OR (volume = before AND start_us <= start_before))::DOUBLE,
      count(*) FILTER (start_us % ${stored * US_PER_SECOND} <> 0)::DOUBLE
    FROM (SELECT volume, start_us, lag(volume) OVER () AS before, lag(start_us) OVER () AS start_before
      FROM read_parquet($files))`;
}

/**
 * How many (volume, hour) rows of hourly files differ from the sums of the minutes in other files, and one of them.
 * Parameters: $minutes and $hours the files, $from_us: earlier minutes are not looked for.
 */
export function granularityFaultsSql(): string {
  const differs = SERIES_COLUMNS.slice(2).map((name) => `summed.${name} IS DISTINCT FROM stated.${name}`);
  const from = (files: string): string =>
    `(SELECT * FROM read_parquet(${files}) WHERE start_us >= $from_us::BIGINT)`;
  return `SELECT count(*)::DOUBLE, encode(any_value(volume)), min(start_us)::DOUBLE
    FROM (${rolledUpSql(from('$minutes'), 3600)}) AS summed
    FULL JOIN (${rolledUpSql(from('$hours'), 3600)}) AS stated USING (volume, start_us)
    WHERE ${differs.join(' OR ')}`;
}

/** A source without rows: `read_parquet` takes no empty list. */
export function noRowsSql(): string {
  const numbers = SERIES_COLUMNS.slice(1).map((name) => `NULL::BIGINT AS ${name}`);
  return `(SELECT NULL::VARCHAR AS volume, ${numbers.join(', ')} WHERE false)`;
}

/** Columns of an export of regular steps after the volume, in their order; all but the time may be unknown. */
export const STEP_COLUMNS = [
  'start_us',
  'coverage',
  ...SUMMED,
  'footprint_growth_bytes',
  'used_bytes',
] as const;

/** The table that regular steps are loaded into; NaN is unknown. */
export function createStepsSql(): string {
  const columns = STEP_COLUMNS.map((name) => `${name} DOUBLE`);
  return `CREATE OR REPLACE TEMP TABLE steps (volume INTEGER, ${columns.join(', ')})`;
}

/** The steps loaded, in that order. Parameter: $names of the volumes. */
export function stepRowsSql(): string {
  const known = (name: string): string => `nullif(${name}, 'nan'::DOUBLE)::BIGINT AS ${name}`;
  const columns = STEP_COLUMNS.slice(2).map(known);
  return `SELECT list_extract($names::VARCHAR[], volume + 1) AS volume, start_us::BIGINT AS start_us,
    round(coverage, 6) AS coverage, ${columns.join(', ')} FROM steps`;
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
