import {writeFileAtomically} from '../core/index.js';
import {writeParquet} from '../shadow-store/index.js';

/** Writes forecasts, CSV or Parquet as the file's name ends, wholly or not at all. Throws TargetError. */
export async function writeForecast(csv: string, filePath: string): Promise<void> {
  if (!filePath.endsWith('.parquet')) return writeFileAtomically(filePath, csv);
  const header = csv.slice(0, csv.indexOf('\n')).split(',');
  await writeParquet(
    csv,
    Object.fromEntries(header.map((name) => [name, TYPES[name] ?? 'DOUBLE'])),
    filePath,
  );
}

const TYPES: Readonly<Record<string, 'VARCHAR' | 'TIMESTAMP' | 'INTEGER'>> = {
  volume: 'VARCHAR',
  boundary: 'VARCHAR',
  shard: 'VARCHAR',
  origin: 'TIMESTAMP',
  step: 'INTEGER',
  time: 'TIMESTAMP',
};
