import {parse} from 'csv-parse/sync';

import {InputError} from '../core/index.js';
import {quoted} from './forecast-csv.js';

/** A file that `forecast --out` wrote. */
export interface ForecastPart {
  readonly file: string;
  readonly text: string;
}

const FIRST_COLUMNS = ['volume', 'origin', 'step', 'time', 'point'];

/**
 * Joins the forecasts of several shards into one CSV, in order of volume and step. Throws InputError when a file is not a
 * forecast, when columns or origins differ, or when a volume is foreseen twice.
 */
export function mergeForecasts(parts: readonly ForecastPart[]): {csv: string; volumes: number} {
  const tables = parts.map(readPart);
  const [first] = tables;
  if (!first) throw new InputError('no-forecasts', 'there is nothing to merge');
  const owners = new Map<string, {file: string; rows: readonly string[][]}>();
  for (const table of tables) {
    sameOrRefuse(first, table, 'columns', table.header.join(','), first.header.join(','));
    sameOrRefuse(first, table, 'origin', table.origin, first.origin);
    for (const [volume, rows] of table.volumes) {
      const owner = owners.get(volume);
      if (owner) throw foreseenTwice(volume, owner.file, table.file);
      owners.set(volume, {file: table.file, rows});
    }
  }
  const names = [...owners.keys()].sort();
  const lines = names.flatMap((name) =>
    (owners.get(name)?.rows ?? []).map((row) => row.map(quoted).join(',')),
  );
  return {csv: `${[first.header.join(','), ...lines].join('\n')}\n`, volumes: names.length};
}

interface PartTable {
  readonly file: string;
  readonly header: readonly string[];
  /** Empty in a file without rows. */
  readonly origin: string;
  readonly volumes: ReadonlyMap<string, readonly string[][]>;
}

function readPart({file, text}: ForecastPart): PartTable {
  const [header = [], ...rows] = readRows(file, text);
  if (FIRST_COLUMNS.some((name, index) => header[index] !== name)) {
    throw new InputError('not-a-forecast', `${file}:1: a forecast begins with ${FIRST_COLUMNS.join(',')}`, {
      hints: ['foreshadow forecast --shard 1/2 --out part-1.csv'],
    });
  }
  const volumes = new Map<string, string[][]>();
  for (const row of rows) {
    const own = volumes.get(row[0] ?? '');
    if (own) own.push(row);
    else volumes.set(row[0] ?? '', [row]);
  }
  return {file, header, origin: rows[0]?.[1] ?? '', volumes};
}

function readRows(file: string, text: string): string[][] {
  try {
    return parse(text);
  } catch (error) {
    throw new InputError(
      'not-a-forecast',
      `${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function sameOrRefuse(
  first: PartTable,
  other: PartTable,
  what: string,
  found: string,
  expected: string,
): void {
  if (found === expected || (what === 'origin' && (found === '' || expected === ''))) return;
  throw new InputError(
    'unlike-forecasts',
    `${other.file}: ${what}: "${found}", where ${first.file} has "${expected}"`,
    {hints: ['forecast all shards with the same --model-file, --as-of, --horizon and --levels']},
  );
}

function foreseenTwice(volume: string, one: string, other: string): InputError {
  return new InputError('volume-twice', `${other}: volume ${JSON.stringify(volume)} is in ${one} too`, {
    hints: ['give every shard once, and all of the same n'],
  });
}
