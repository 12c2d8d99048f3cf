import type {HistoryColumn} from '../engine/series-sql.js';
import type {StoredSeconds} from '../shadow-store.js';

/**
 * Every statement that is sent to a server. All of it is understood by ClickHouse 18.16 as by current ones, so there is no
 * statement by version; 18.16 has no query parameters, hence `literal`.
 *
 * Tables of a store; with a cluster those marked * are Distributed over its shards, by volume, above a `_local` one each:
 *
 *     store        one row: the header, as store.json of a store in files, and the cluster's name
 *     batches      one row a commit: its manifest; what no row here names does not count
 *     minutes *    sums a (volume, minute); hours * likewise
 *     footprints * files of footprints in parts; a partition each, so that an old one goes at once
 *     rejects *    files of rejected rows in parts
 */
const SUMMED = ['reads', 'writes', 'trims', 'read_bytes', 'write_bytes'] as const;
const SERIES_COLUMNS = `volume String, start_us Int64,
  ${SUMMED.map((name) => `${name} UInt64`).join(', ')}, footprint_growth_bytes Int64,
  used_bytes UInt64, used_at_us Int64, is_sampled UInt8, attempt UInt64`;
const FILE_COLUMNS = 'attempt UInt64, path String, part UInt64, data String';
const FILE_ORDER = 'ORDER BY (attempt, path, part) SETTINGS index_granularity = 8';
/** A part of a file is up to a MiB. */
const MONTH = "toYYYYMM(toDateTime(intDiv(start_us, 1000000), 'UTC'))";
const ALL_SHARDS = ['minutes', 'hours', 'footprints', 'rejects'] as const;
const LATEST_OF_STEP = 'argMaxIf(used_bytes, used_at_us, is_sampled)';

type ShardedTable = (typeof ALL_SHARDS)[number];
type Table = ShardedTable | 'store' | 'batches';

/** Of both granularities. */
export function seriesTable(stored: StoredSeconds): 'minutes' | 'hours' {
  return stored === 60 ? 'minutes' : 'hours';
}

/** A text as a literal: whatever is in it, only letters, digits and a few signs appear as they are. */
export function literal(text: string): string {
  const escaped = [...Buffer.from(text, 'utf8')].map((byte) => {
    const sign = String.fromCharCode(byte);
    return /[A-Za-z0-9 _.:/-]/.test(sign) ? sign : `\\x${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  });
  return `'${escaped.join('')}'`;
}

/** A name of a database, table or cluster. Throws a bug for one that was not checked before. */
export function identifier(name: string): string {
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) throw new Error(`"${name}" was not checked`);
  return `\`${name}\``;
}

export const VERSION_SQL = 'SELECT version() FORMAT RowBinary';

/** What makes the tables of a store, in order; each does nothing where it is done already. */
export function createStatements(database: string, cluster: string | undefined): readonly string[] {
  const base = identifier(database);
  const everywhere = cluster === undefined ? '' : ` ON CLUSTER ${identifier(cluster)}`;
  const engine = (table: string, isSharded: boolean): string => {
    if (cluster === undefined) return 'MergeTree()';
    const path = isSharded ? `/foreshadow/{shard}/${database}/${table}` : `/foreshadow/${database}/${table}`;
    return `ReplicatedMergeTree('${path}', '${isSharded ? '{replica}' : '{shard}-{replica}'}')`;
  };
  const create = (table: string, columns: string, rest: string, isSharded: boolean): string[] => {
    const isSplit = isSharded && cluster !== undefined;
    const local = isSplit ? `${table}_local` : table;
    const made = `CREATE TABLE IF NOT EXISTS ${base}.${local}${everywhere} (${columns}) ENGINE = ${engine(table, isSharded)} ${rest}`;
    if (!isSplit) return [made];
    const key = columns === SERIES_COLUMNS ? 'cityHash64(volume)' : 'cityHash64(path)';
    return [
      made,
      `CREATE TABLE IF NOT EXISTS ${base}.${table}${everywhere} (${columns}) ENGINE = Distributed(${identifier(cluster)}, ${base}, ${local}, ${key})`,
    ];
  };
  const series = `PARTITION BY ${MONTH} ORDER BY (volume, start_us)`;
  return [
    `CREATE DATABASE IF NOT EXISTS ${base}${everywhere}`,
    ...create('minutes', SERIES_COLUMNS, series, true),
    ...create('hours', SERIES_COLUMNS, series, true),
    ...create('footprints', FILE_COLUMNS, `PARTITION BY attempt ${FILE_ORDER}`, true),
    ...create('rejects', FILE_COLUMNS, FILE_ORDER, true),
    ...create(
      'batches',
      'batch_id String, attempt UInt64, shard String, manifest String',
      'ORDER BY (batch_id, attempt)',
      false,
    ),
    ...create('store', 'header String, cluster String', 'ORDER BY header', false),
  ];
}

/** header, cluster */
export function headerSql(database: string): string {
  return `SELECT header, cluster FROM ${place(database, 'store')} ORDER BY header LIMIT 1 FORMAT RowBinary`;
}

/** batch_id, attempt, shard, manifest: of several attempts of a batch the least, so that every reader chooses the same. */
export function batchesSql(database: string): string {
  return `SELECT batch_id, attempt, shard, manifest FROM ${place(database, 'batches')} ORDER BY batch_id, attempt LIMIT 1 BY batch_id FORMAT RowBinary`;
}

/** batch_id, attempt of all that are committed. */
export function committedSql(database: string): string {
  return `SELECT batch_id, min(attempt) FROM ${place(database, 'batches')} GROUP BY batch_id FORMAT RowBinary`;
}

export function insertSql(database: string, table: Table): string {
  return `INSERT INTO ${place(database, table)} FORMAT RowBinary`;
}

/** Which rows count, and which of them are wanted. */
export interface RowChoice {
  readonly database: string;
  readonly stored: StoredSeconds;
  /** Those of committed batches. */
  readonly attempts: readonly string[];
  readonly fromUs: number;
  /** Exclusive. */
  readonly toUs: number;
  /** All when absent. */
  readonly volumes?: readonly string[] | undefined;
}

/** Columns of a history, as they are summed up for each step. */
const STEP_EXPRESSIONS: Readonly<Record<Exclude<HistoryColumn, 'usedBytes'>, string>> = {
  reads: 'sum(reads)',
  writes: 'sum(writes)',
  trims: 'sum(trims)',
  readBytes: 'sum(read_bytes)',
  writeBytes: 'sum(write_bytes)',
  footprintGrowthBytes: 'sum(footprint_growth_bytes)',
};

/** volume, step (from fromUs) and the columns asked for as Float64; usedBytes is NaN where no sample is; no order. */
export function historySql(rows: RowChoice, stepUs: number, columns: readonly HistoryColumn[]): string {
  const values = columns.map((column) =>
    column === 'usedBytes'
      ? `if(max(is_sampled) = 1, toFloat64(${LATEST_OF_STEP}), nan)`
      : `toFloat64(${STEP_EXPRESSIONS[column]})`,
  );
  const step = `toUInt64(intDiv(start_us - ${whole(rows.fromUs)}, ${whole(stepUs)}))`;
  const source = columns.includes('usedBytes') ? mergedSql(rows) : chosenSql(rows, '*');
  return `SELECT volume, ${step} AS step, ${values.join(', ')} FROM (${source}) GROUP BY volume, step FORMAT RowBinary`;
}

/**
 * Rows merged so that (volume, start_us) is unique, in that order: volume, start_us, the sums as Float64, growth,
 * used_bytes, used_at_us (Float64, NaN without a sample).
 */
export function exportSql(rows: RowChoice): string {
  const sums = [...SUMMED, 'footprint_growth_bytes'].map((name) => `toFloat64(sum(${name}))`);
  const sampled = (value: string): string => `if(max(is_sampled) = 1, toFloat64(${value}), nan)`;
  return `SELECT volume, start_us, ${sums.join(', ')}, ${sampled(LATEST_OF_STEP)},
    ${sampled('maxIf(used_at_us, is_sampled)')}
    FROM (${mergedSql(rows)}) GROUP BY volume, start_us ORDER BY volume, start_us FORMAT RowBinary`;
}

/** volume, and what its rows add up to, as Float64: see VOLUME_SUMS. */
export function sumsSql(rows: RowChoice): string {
  const sums = [...SUMMED, 'footprint_growth_bytes', 'is_sampled'].map((name) => `toFloat64(sum(${name}))`);
  return `SELECT volume, toFloat64(count()), toFloat64(min(start_us)), toFloat64(max(start_us)), ${sums.join(', ')}
    FROM ${place(rows.database, seriesTable(rows.stored))} WHERE ${chosen(rows)} GROUP BY volume FORMAT RowBinary`;
}

/** attempt, and how many rows it has, and reads, writes, trims of them. */
export function attemptsSql(database: string, stored: StoredSeconds): string {
  return `SELECT attempt, count(), sum(reads), sum(writes), sum(trims) FROM ${place(database, seriesTable(stored))} GROUP BY attempt FORMAT RowBinary`;
}

/** The parts of a file in order. */
export function fileSql(
  database: string,
  table: 'footprints' | 'rejects',
  attempt: string,
  path: string,
): string {
  return `SELECT data FROM ${place(database, table)} WHERE attempt = ${whole(attempt)} AND path = ${literal(path)} ORDER BY part FORMAT RowBinary`;
}

/** Removes the file of footprints of an attempt. */
export function dropFootprintsSql(database: string, cluster: string, attempt: string): string {
  const local = cluster === '' ? 'footprints' : 'footprints_local';
  const everywhere = cluster === '' ? '' : ` ON CLUSTER ${identifier(cluster)}`;
  return `ALTER TABLE ${identifier(database)}.${local}${everywhere} DROP PARTITION ${whole(attempt)}`;
}

/**
 * How far the replicas are that a query over the cluster asks: table, path of the replica, whether it cannot know,
 * inserts that it lacks, the time of the oldest of them (s), the last entry of the table's log, the one that the
 * replica reads next, and the time now (s). With `isLocal` those of this server.
 */
export function replicasSql(database: string, cluster: string, isLocal: boolean): string {
  const source = isLocal ? 'system.replicas' : `cluster(${identifier(cluster)}, system, replicas)`;
  const tables = isLocal ? ["'store'", "'batches'"] : ALL_SHARDS.map((table) => `'${table}_local'`);
  return `SELECT zookeeper_path, replica_name, toUInt8(is_readonly OR is_session_expired), toUInt64(inserts_in_queue),
      toUInt64(toUInt32(inserts_oldest_time)), toUInt64(log_max_index), toUInt64(log_pointer),
      toUInt64(toUInt32(now()))
    FROM ${source} WHERE database = ${literal(database)} AND table IN (${tables.join(', ')}) FORMAT RowBinary`;
}

/** Bytes of the series on the disks of all servers, one copy of each. */
export function bytesSql(database: string, cluster: string): string {
  const source = cluster === '' ? 'system.parts' : `cluster(${identifier(cluster)}, system, parts)`;
  const tables = (['minutes', 'hours'] as const).flatMap((table) => [`'${table}'`, `'${table}_local'`]);
  return `SELECT toFloat64(sum(bytes_on_disk)) FROM ${source} WHERE active AND database = ${literal(database)} AND table IN (${tables.join(', ')}) FORMAT RowBinary`;
}

/** Of samples at one time the largest counts, of times the last: so much of it must be grouped first. */
function mergedSql(rows: RowChoice): string {
  const sums = [...SUMMED, 'footprint_growth_bytes'].map((name) => `sum(${name}) AS ${name}`);
  // An alias that is a column's name would be put for the column within the aggregates of old servers.
  return `SELECT volume, start_us, is_sampled, used_at_us, ${sums.join(', ').replaceAll('sum(', 'sum(source.')},
    max(source.used_bytes) AS used_bytes
    FROM (${chosenSql(rows, '*')}) AS source GROUP BY volume, start_us, is_sampled, used_at_us`;
}

function chosenSql(rows: RowChoice, columns: string): string {
  return `SELECT ${columns} FROM ${place(rows.database, seriesTable(rows.stored))} WHERE ${chosen(rows)}`;
}

function chosen({attempts, fromUs, toUs, volumes}: RowChoice): string {
  const conditions = [
    `start_us >= ${whole(fromUs)}`,
    `start_us < ${whole(toUs)}`,
    isOneOf('attempt', attempts.map(whole)),
  ];
  if (volumes !== undefined) conditions.unshift(isOneOf('volume', volumes.map(literal)));
  return conditions.join(' AND ');
}

function isOneOf(column: string, values: readonly string[]): string {
  return values.length === 0 ? '1 = 0' : `${column} IN (${values.join(', ')})`;
}

/** A whole number as it stands in a statement. */
function whole(value: number | string): string {
  const text = String(value);
  if (!/^-?\d+$/.test(text)) throw new Error(`${text} is no whole number`);
  return text;
}

function place(database: string, table: Table): string {
  return `${identifier(database)}.${identifier(table)}`;
}
