import {InputError} from '../core/index.js';
import {quoted} from './forecast-csv.js';
import {fleetHash, parseShardMark, SHARD_COLUMN, type ShardMark} from './shard.js';

/** A file that `forecast --shard --out` wrote, as cells of text; the first row is the header. */
export interface ForecastPart {
  readonly file: string;
  readonly rows: readonly (readonly string[])[];
}

const FIRST_COLUMNS = ['volume', 'origin', 'step', 'time', 'point'];

/**
 * Joins the forecasts of all shards into one CSV, in order of volume and step, without the marks. Throws InputError when a
 * file is not the forecast of a shard, when columns, origins, models or fleets differ, when a shard or a volume is there
 * twice, and when shards, volumes or steps are missing, with which.
 */
export function mergeForecasts(parts: readonly ForecastPart[]): {csv: string; volumes: number} {
  const tables = parts.map(readPart);
  const [first] = tables;
  const told = tables.find(({mark}) => mark !== undefined);
  if (!first || !told) throw new InputError('no-forecasts', 'there is no row to merge in any of the files');
  for (const table of tables) {
    sameOrRefuse(first, table, 'columns', (one) => one.header.join(','));
    sameOrRefuse(told, table, 'origin', (one) => one.origin);
    sameOrRefuse(told, table, 'model', ({mark}) => mark?.model);
    sameOrRefuse(told, table, 'number of shards', ({mark}) => mark && String(mark.count));
    sameOrRefuse(told, table, 'fleet', ({mark}) => mark?.fleet);
  }
  refuseTwice(tables);
  const owners = ownersOf(tables);
  refuseMissing(tables, told.mark, [...owners.keys()]);
  refuseCutOff(owners);
  const names = [...owners.keys()].sort();
  const lines = names.flatMap((name) =>
    (owners.get(name)?.rows ?? []).map((row) => row.slice(0, -1).map(quoted).join(',')),
  );
  return {csv: `${[first.header.slice(0, -1).join(','), ...lines].join('\n')}\n`, volumes: names.length};
}

type Rows = readonly (readonly string[])[];

interface PartTable {
  readonly file: string;
  readonly header: readonly string[];
  /** Undefined in a file without rows, as is the mark: a small fleet may leave a shard empty. */
  readonly origin: string | undefined;
  readonly mark: ShardMark | undefined;
  readonly volumes: ReadonlyMap<string, Rows>;
}

function readPart({file, rows: [header = [], ...rows]}: ForecastPart): PartTable {
  if (FIRST_COLUMNS.some((name, index) => header[index] !== name)) {
    throw new InputError('not-a-forecast', `${file}:1: a forecast begins with ${FIRST_COLUMNS.join(',')}`, {
      hints: ['foreshadow forecast --shard 1/2 --out part-1.csv'],
    });
  }
  const [first] = rows;
  const text = first?.at(-1) ?? '';
  const mark = parseShardMark(text);
  const isMarked = header.at(-1) === SHARD_COLUMN && (first === undefined || mark !== undefined);
  const other = rows.findIndex((row) => row.at(-1) !== text);
  if (!isMarked || other >= 0) {
    const place = isMarked ? `${file}: row ${other + 2}` : file;
    throw new InputError(
      'not-a-shard',
      `${place}: not the forecast of one shard, by its column ${SHARD_COLUMN}`,
      {
        hints: ['give what forecast --shard I/N --out wrote, each as it is'],
      },
    );
  }
  return {file, header, origin: first?.[1], mark, volumes: byVolume(rows)};
}

function byVolume(rows: Rows): ReadonlyMap<string, Rows> {
  const volumes = new Map<string, (readonly string[])[]>();
  for (const row of rows) {
    const own = volumes.get(row[0] ?? '');
    if (own) own.push(row);
    else volumes.set(row[0] ?? '', [row]);
  }
  return volumes;
}

function sameOrRefuse(
  expected: PartTable,
  found: PartTable,
  what: string,
  of: (table: PartTable) => string | undefined,
): void {
  const [one, other] = [of(expected), of(found)];
  if (one === other || other === undefined) return;
  throw new InputError(
    'unlike-forecasts',
    `${found.file}: ${what}: "${other}", where ${expected.file} has "${one ?? ''}"`,
    {
      hints: [
        'forecast all shards of the same store with the same --model-file, --as-of, --horizon and --levels',
      ],
    },
  );
}

function refuseTwice(tables: readonly PartTable[]): void {
  const files = new Map<number, string>();
  for (const {file, mark} of tables) {
    if (!mark) continue;
    const other = files.get(mark.index);
    if (other !== undefined) {
      throw new InputError('shard-twice', `${file}: shard ${mark.index}/${mark.count} is in ${other} too`, {
        hints: ['give every shard once'],
      });
    }
    files.set(mark.index, file);
  }
}

function ownersOf(tables: readonly PartTable[]): ReadonlyMap<string, {file: string; rows: Rows}> {
  const owners = new Map<string, {file: string; rows: Rows}>();
  for (const {file, volumes} of tables) {
    for (const [volume, rows] of volumes) {
      const owner = owners.get(volume);
      if (owner) {
        throw new InputError(
          'volume-twice',
          `${file}: volume ${JSON.stringify(volume)} is in ${owner.file} too`,
          {hints: ['give every shard once, and all of the same n']},
        );
      }
      owners.set(volume, {file, rows});
    }
  }
  return owners;
}

/** The volumes that all shards foresee together are told by a hash in each of them. */
function refuseMissing(
  tables: readonly PartTable[],
  mark: ShardMark | undefined,
  volumes: readonly string[],
): void {
  if (mark === undefined || fleetHash(volumes) === mark.fleet) return;
  const given = new Set(tables.map((table) => table.mark?.index));
  const missing = Array.from({length: mark.count}, (_, index) => index + 1).filter((one) => !given.has(one));
  const empty = tables.filter((table) => table.mark === undefined).map(({file}) => file);
  const names = missing.map((index) => `${index}/${mark.count}`).join(', ');
  const mayBe = empty.length === 0 ? '' : ` (${empty.join(', ')} without rows may be among them)`;
  if (missing.length > empty.length)
    throw new InputError('shards-missing', `missing shards: ${names}${mayBe}`, {
      hints: ['give the files of all shards'],
    });
  throw new InputError(
    'volumes-missing',
    'all shards are there, but not all of their volumes: a file was cut off',
    {
      hints: [`forecast the shards again: ${tables.map(({file}) => file).join(', ')}`],
    },
  );
}

function refuseCutOff(owners: ReadonlyMap<string, {file: string; rows: Rows}>): void {
  const steps = Math.max(...[...owners.values()].map(({rows}) => rows.length));
  for (const [volume, {file, rows}] of owners) {
    if (rows.length === steps) continue;
    throw new InputError(
      'steps-missing',
      `${file}: volume ${JSON.stringify(volume)} has ${rows.length} of ${steps} steps: the file was cut off`,
      {hints: ['forecast that shard again']},
    );
  }
}
