import {type Engine, literalPath, nameOf} from './duckdb-engine.js';
import {VOLUME_SUMS, VOLUME_SUMS_SQL} from './series-sql.js';

/** What the rows of a volume add up to; times are starts of the first and of the last step. */
export type VolumeSums = Readonly<Record<(typeof VOLUME_SUMS)[number], number>>;

/**
 * Adds up the rows of Parquet files (absolute paths) that start in [fromUs, toUs), by volume. Throws what the engine
 * throws for a file that is gone or damaged.
 */
export async function sumVolumes(
  engine: Engine,
  files: readonly string[],
  {fromUs = Number.MIN_SAFE_INTEGER, toUs = Number.MAX_SAFE_INTEGER}: {fromUs?: number; toUs?: number} = {},
): Promise<ReadonlyMap<string, VolumeSums>> {
  const {connection, duckdb} = engine;
  const sums = new Map<string, VolumeSums>();
  if (files.length === 0) return sums;
  const result = await connection.stream(VOLUME_SUMS_SQL, {
    files: duckdb.listValue(files.map(literalPath)),
    from_us: BigInt(fromUs),
    to_us: BigInt(toUs),
  });
  for await (const chunk of result) {
    for (const [name, ...numbers] of chunk.getRows()) {
      sums.set(nameOf(engine, name), sumsOf(numbers.map(Number)));
    }
  }
  return sums;
}

/** Numbers in the order of VOLUME_SUMS. */
export function sumsOf(numbers: readonly number[]): VolumeSums {
  const of = (name: keyof VolumeSums): number => numbers[VOLUME_SUMS.indexOf(name)] ?? 0;
  return {
    ...{rows: of('rows'), firstUs: of('firstUs'), lastUs: of('lastUs')},
    ...{reads: of('reads'), writes: of('writes'), trims: of('trims')},
    ...{readBytes: of('readBytes'), writeBytes: of('writeBytes')},
    ...{growthBytes: of('growthBytes'), usageSamples: of('usageSamples')},
  };
}
